"""A request as signatures see it, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit


class Invalid(ValueError):  # noqa: N818 - names the verdict
    """A signature that does not hold; the text says why, without quoting what was sent."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request: `headers` in lower case; `target` is path and query as they stand on the request line."""

    method: str
    scheme: str
    authority: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, method: str, url: str, headers: Mapping[str, str] | None = None) -> Request:
        """The request for a whole address."""
        parts = urlsplit(url)
        target = parts.path or "/"
        if parts.query:
            target += f"?{parts.query}"
        return cls(
            method, parts.scheme, authority(parts.scheme, parts.netloc), target, headers or {}
        )


def authority(scheme: str, netloc: str) -> str:
    """Host and port in lower case, without the scheme's own port (RFC 9421 §2.2.3)."""
    host = netloc.rpartition("@")[2].lower()
    usual = {"http": ":80", "https": ":443"}.get(scheme, "")
    return host.removesuffix(usual) if usual else host
