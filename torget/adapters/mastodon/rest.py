"""Calls to a Mastodon server, answers as values, faults classified by status."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from torget.channels import http
from torget.channels.contract import AccountAccess, AccountSnapshot, File, SendError
from torget.protocols import clocks, jsonvalues

LIMITS_SECONDS = 3600.0
ACCOUNT_CODES = frozenset({401, 403})
Query = Sequence[tuple[str, str]]


class Fault(SendError):  # noqa: N818 - shorter, and what it is everywhere here
    """A SendError that remembers the HTTP status; 0 when no answer came."""

    def __init__(self, message: str, *, status: int = 0, **how: Any) -> None:
        super().__init__(message, **how)
        self.status = status


@dataclass(frozen=True, slots=True)
class Limits:
    """What a server takes. The defaults are Mastodon's own (entity V2::Instance, `configuration`)."""

    characters: int = 500
    url_characters: int = 23
    pictures: int = 4
    picture_bytes: int = 8_000_000
    streaming: str = ""  # where its streams are, when that is another address


_limits: dict[str, tuple[float, Limits]] = {}


def server(account: AccountSnapshot) -> str:
    """The server's address, https unless told otherwise, without a slash at the end."""
    given = str(account.settings.get("server", "")).strip().rstrip("/")
    if given and "://" not in given:
        given = f"https://{given}"
    if not given:
        raise Fault("The account has no server.", account=True)
    return given


def host(account: AccountSnapshot) -> str:
    """The server's name."""
    return urlsplit(server(account)).netloc.lower()


def call(
    account: AccountAccess,
    method: str,
    path: str,
    *,
    given: Mapping[str, Any] | None = None,
    query: Query = (),
    key: str = "",
    files: Mapping[str, File] | None = None,
    writes: bool = False,
) -> Any:
    """One request as the account; what came back, as JSON.

    `key` is the Idempotency-Key. `writes`: something may have been done when no clear answer comes.

    Raises:
        Fault: classified.
    """
    headers = {"accept": "application/json"}
    if token := account.secrets.get("access_token", ""):
        headers["authorization"] = f"Bearer {token}"
    if key:
        headers["idempotency-key"] = key
    content: bytes | None = None
    if files is not None:
        headers["content-type"], content = _multipart(given or {}, files)
    elif given is not None:
        headers["content-type"] = "application/json"
        content = json.dumps(given, ensure_ascii=False).encode()
    asked = urlencode(query)
    url = f"{server(account)}{path}{'?' if asked else ''}{asked}"
    try:
        answer = http.request(method, url, headers=headers, content=content)
    except http.HttpError as fault:
        raise Fault(str(fault), ambiguous=writes and fault.maybe_sent) from fault
    if not 200 <= answer.status < 300:
        raise _fault(answer, writes=writes)
    try:
        return jsonvalues.load(answer.body) if answer.body else {}
    except ValueError as fault:
        raise Fault("The answer cannot be read.", ambiguous=writes, status=answer.status) from fault


def _multipart(fields: Mapping[str, Any], files: Mapping[str, File]) -> tuple[str, bytes]:
    """A form with files (RFC 7578). Names are ours; a file's own name is not sent along."""
    boundary = secrets.token_hex(16)
    found = bytearray()
    for name, value in fields.items():
        found += f'--{boundary}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n'.encode()
        found += f"{value}\r\n".encode()
    for name, file in files.items():
        found += f'--{boundary}\r\ncontent-disposition: form-data; name="{name}"; filename="bilde"\r\n'.encode()
        found += f"content-type: {file.media_type}\r\n\r\n".encode() + file.content + b"\r\n"
    found += f"--{boundary}--\r\n".encode()
    return f"multipart/form-data; boundary={boundary}", bytes(found)


def _fault(answer: http.Response, *, writes: bool) -> Fault:
    """Classified by status (docs.joinmastodon.org, "Responses you may encounter")."""
    message, status = f"HTTP {answer.status}", answer.status
    if status == 429:
        wait = _until_reset(answer)
        return Fault(message, limited=True, retry_after_seconds=wait, status=status)
    if status in ACCOUNT_CODES:
        return Fault(message, account=True, status=status)
    if status >= 500 or status in {408, 425} or 300 <= status < 400:
        # Also 503: the server says so when it gives up waiting for itself.
        return Fault(message, ambiguous=writes, status=status)
    return Fault(message, permanent=True, status=status)


def _until_reset(answer: http.Response) -> float | None:
    """Seconds until the limit ends; the header holds a moment in ISO 8601."""
    reset = clocks.when(answer.headers.get("x-ratelimit-reset", ""))
    if reset is None:
        return http.seconds_told(answer.headers.get("retry-after", ""))
    return max(1.0, reset.timestamp() - time.time())


def known_limits(account: AccountSnapshot) -> Limits:
    """What the server takes, as far as this process knows; asks nothing."""
    held = _limits.get(host(account)) if account.settings.get("server") else None
    most = account.settings.get("max_characters")
    return held[1] if held else Limits(characters=int(most)) if most else Limits()


def limits(account: AccountAccess) -> Limits:
    """What the server takes, asked at most once an hour.

    Raises:
        Fault: it cannot be asked.
    """
    held = _limits.get(host(account))
    if held and time.monotonic() - held[0] < LIMITS_SECONDS:
        return held[1]
    told = call(account, "GET", "/api/v2/instance")
    configuration = told.get("configuration") if isinstance(told, dict) else None
    found = _read_limits(configuration if isinstance(configuration, dict) else {})
    _limits[host(account)] = (time.monotonic(), found)
    return found


def streaming(account: AccountAccess) -> str:
    """The address of the server's streams, without a slash at the end.

    Raises:
        Fault: the server cannot be asked.
    """
    own = server(account)
    told = limits(account).streaming.rstrip("/").replace("ws", "http", 1)
    # The key goes nowhere in clear that the server itself would not take it.
    return told if urlsplit(told).scheme == urlsplit(own).scheme else own


def _read_limits(held: Mapping[str, Any]) -> Limits:
    own = Limits()
    urls = held.get("urls")
    streams = urls.get("streaming") if isinstance(urls, dict) else None

    def number(part: str, name: str, otherwise: int) -> int:
        value = (held.get(part) or {}).get(name)
        return value if isinstance(value, int) and value > 0 else otherwise

    return Limits(
        number("statuses", "max_characters", own.characters),
        number("statuses", "characters_reserved_per_url", own.url_characters),
        number("statuses", "max_media_attachments", own.pictures),
        number("media_attachments", "image_size_limit", own.picture_bytes),
        streams if isinstance(streams, str) else "",
    )
