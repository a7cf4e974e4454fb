"""Calls to a Mastodon server, answers as values, faults classified by status."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from torget.channels.contract import AccountAccess, AccountSnapshot, File
from torget.channels.rest import Api

LIMITS_SECONDS = 3600.0
Query = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a server takes. The defaults are Mastodon's own (entity V2::Instance, `configuration`)."""

    characters: int = 500
    url_characters: int = 23
    pictures: int = 4
    picture_bytes: int = 8_000_000
    streaming: str = ""  # where its streams are, when that is another address


_limits: dict[str, tuple[float, Limits]] = {}


class MastodonApi(Api):
    """docs.joinmastodon.org, "Responses you may encounter"."""

    name = "Mastodon"
    root_setting = "server"
    account_statuses = frozenset({401, 403})

    def token(self, account: AccountAccess) -> str:
        return account.secrets.get("access_token", "")


API = MastodonApi()


def server(account: AccountSnapshot) -> str:
    """The server's address, https unless told otherwise, without a slash at the end."""
    return API.address(account)


def host(account: AccountSnapshot) -> str:
    """The server's name."""
    return urlsplit(server(account)).netloc.lower()


def call(
    account: AccountAccess,
    method: str,
    path: str,
    *,
    payload: Mapping[str, Any] | None = None,
    query: Query = (),
    key: str = "",
    files: Mapping[str, File] | None = None,
    writes: bool = False,
) -> Any:
    """One request as the account; what came back, as JSON.

    `key` is the Idempotency-Key. `writes`: something may have been done when no clear answer comes.

    Raises:
        SendError: classified.
    """
    headers = {"idempotency-key": key} if key else {}
    body: dict[str, Any] = {"form": payload, "files": files} if files else {"json": payload}
    return API.call(account, method, path, query, writes=writes, headers=headers, **body).value


def known_limits(account: AccountSnapshot) -> Limits:
    """What the server takes, as far as this process knows; asks nothing."""
    known = _limits.get(host(account)) if account.settings.get("server") else None
    most = account.settings.get("max_characters")
    return known[1] if known else Limits(characters=int(most)) if most else Limits()


def limits(account: AccountAccess) -> Limits:
    """What the server takes, asked at most once an hour.

    Raises:
        SendError: it cannot be asked.
    """
    known = _limits.get(host(account))
    if known and time.monotonic() - known[0] < LIMITS_SECONDS:
        return known[1]
    instance = call(account, "GET", "/api/v2/instance")
    configuration = instance.get("configuration") if isinstance(instance, dict) else None
    fresh = _read_limits(configuration if isinstance(configuration, dict) else {})
    _limits[host(account)] = (time.monotonic(), fresh)
    return fresh


def streaming(account: AccountAccess) -> str:
    """The address of the server's streams, without a slash at the end.

    Raises:
        SendError: the server cannot be asked.
    """
    own = server(account)
    address = limits(account).streaming.rstrip("/").replace("ws", "http", 1)
    # The key goes nowhere in clear that the server itself would not take it.
    return address if urlsplit(address).scheme == urlsplit(own).scheme else own


def _read_limits(configuration: Mapping[str, Any]) -> Limits:
    own = Limits()
    urls = configuration.get("urls")
    streams = urls.get("streaming") if isinstance(urls, dict) else None

    def number(part: str, name: str, otherwise: int) -> int:
        value = (configuration.get(part) or {}).get(name)
        return value if isinstance(value, int) and value > 0 else otherwise

    return Limits(
        number("statuses", "max_characters", own.characters),
        number("statuses", "characters_reserved_per_url", own.url_characters),
        number("statuses", "max_media_attachments", own.pictures),
        number("media_attachments", "image_size_limit", own.picture_bytes),
        streams if isinstance(streams, str) else "",
    )
