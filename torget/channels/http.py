"""The one way out over HTTP: bounded, checked against private addresses, never inside a transaction."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection
from pyreqwest.client import SyncClient, SyncClientBuilder
from pyreqwest.exceptions import (
    BuilderError,
    ConnectError,
    ConnectTimeoutError,
    PoolTimeoutError,
    PyreqwestError,
)

TIMEOUT_SECONDS = 20.0
CONNECT_SECONDS = 5.0
MOST_BYTES = 2_000_000
AGENT = "Torget (municipal town square)"


@dataclass(frozen=True, slots=True)
class Response:
    """An answer. Header names are lower case; a body over the limit is cut, and says so."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool = False


class HttpError(Exception):
    """No answer came. `maybe_sent`: the request may have reached the other side."""

    def __init__(self, message: str, *, maybe_sent: bool) -> None:
        super().__init__(message)
        self.maybe_sent = maybe_sent


def _checked_address(host: str, port: int) -> str:
    """An address of the host that we may call.

    Raises:
        HttpError: unknown host, or one on the inside (private, loopback, link-local, metadata).
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as fault:
        raise HttpError(
            f"No address for {host}: {fault.strerror or fault}", maybe_sent=False
        ) from fault
    for *_rest, sockaddr in found:
        address = ipaddress.ip_address(str(sockaddr[0]).split("%")[0])
        mapped = getattr(address, "ipv4_mapped", None) or address
        if settings.ALLOW_PRIVATE_HOSTS or mapped.is_global:
            return str(address)
    raise HttpError(
        f"{host} is an address on the inside, which channels may not call.", maybe_sent=False
    )


@lru_cache(maxsize=256)
def _client(host: str, address: str, port: int) -> SyncClient:
    """A client that connects to the checked address only; its connections are kept for the next request."""
    builder = SyncClientBuilder().no_proxy().follow_redirects(False).user_agent(AGENT)
    builder = builder.connect_timeout(timedelta(seconds=CONNECT_SECONDS))
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        builder = builder.resolve(host, address, port)
    return builder.build()


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
    timeout_seconds: float | None = None,
    most_bytes: int = MOST_BYTES,
) -> Response:
    """One request, no redirects, no retries; 20 seconds unless told, and never more than a lease allows a send.

    Raises:
        HttpError: no answer; says whether the request may have gone out.
        RuntimeError: called inside a database transaction, which must never wait for a network.
    """
    if connection.in_atomic_block:
        raise RuntimeError("channels.http called inside a transaction")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise HttpError("The address must begin with http:// or https://.", maybe_sent=False)
    if "@" in parts.netloc or "\\" in url or not url.isprintable() or " " in url:
        # Two parsers read such addresses differently: what we checked would not be what is called.
        raise HttpError("The address has characters that do not belong in one.", maybe_sent=False)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as fault:
        raise HttpError(f"Bad port in the address: {fault}", maybe_sent=False) from fault
    seconds = timeout_seconds or min(TIMEOUT_SECONDS, settings.LEASE_SECONDS / 2)
    client = _client(parts.hostname, _checked_address(parts.hostname, port), port)
    try:
        building = client.request(method, url).headers(dict(headers or {}))
        building = building.timeout(timedelta(seconds=seconds))
        if content is not None:
            building = building.body_bytes(content)
        with building.build_streamed() as answer:
            body = _bounded(answer, most_bytes)
            held = {name.lower(): value for name, value in answer.headers.items()}
            return Response(answer.status, held, body[:most_bytes], cut=len(body) > most_bytes)
    except PyreqwestError as fault:
        raise HttpError(
            f"{type(fault).__name__} at {parts.hostname}", maybe_sent=not _never_left(fault)
        ) from fault


def _never_left(fault: PyreqwestError) -> bool:
    """Whether the request certainly stayed here; when in doubt it may have left.

    The library's ConnectError also covers a line that was cut after the request went out; only its innermost
    "Connect" stage is before that.
    """
    if isinstance(fault, ConnectTimeoutError | PoolTimeoutError | BuilderError):
        return True
    causes = getattr(fault, "details", None) or {}
    stages = [cause.get("message", "") for cause in causes.get("causes") or []]
    return isinstance(fault, ConnectError) and "client error (Connect)" in stages


def _bounded(answer: object, most: int) -> bytes:
    """The body, or a little more than `most` bytes of a longer one."""
    reader = answer.body_reader  # type: ignore[attr-defined]  # the streamed response of pyreqwest
    kept = bytearray()
    while len(kept) <= most and (chunk := reader.read(65_536)):
        kept += bytes(chunk)
    return bytes(kept)
