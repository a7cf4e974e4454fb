"""The one way out over HTTP: bounded, checked against private addresses, never inside a transaction."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from django.conf import settings
from django.db import connection
from pyreqwest.client import ClientBuilder, SyncClient, SyncClientBuilder
from pyreqwest.exceptions import (
    BuilderError,
    ConnectError,
    ConnectTimeoutError,
    PoolTimeoutError,
    PyreqwestError,
)
from pyreqwest.http import Url

from torget.protocols.hosts import Address, BadHost, Place, is_outside, place_of

TIMEOUT_SECONDS = 20.0
CONNECT_SECONDS = 5.0
MOST_BYTES = 2_000_000
AGENT = "Torget (municipal town square)"
Builder = TypeVar("Builder", ClientBuilder, SyncClientBuilder)
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


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


def checked_address(host: str, port: int) -> str:
    """An address of the host (canonical, as in `checked_url`) that we may call.

    Raises:
        HttpError: unknown host, or one on the inside (private, loopback, link-local, metadata).
    """
    for address in addresses(host, port):
        if settings.ALLOW_PRIVATE_HOSTS or is_outside(address):
            return str(address)
    raise HttpError(
        f"{host} is an address on the inside, which channels may not call.", maybe_sent=False
    )


def addresses(host: str, port: int) -> list[Address]:
    """Every address of a host, the best to call first.

    Raises:
        HttpError: it has none.
    """
    try:
        answers = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as fault:
        why = getattr(fault, "strerror", None) or fault
        raise HttpError(f"No address for {host}: {why}", maybe_sent=False) from fault
    return [ipaddress.ip_address(str(sockaddr[0]).split("%")[0]) for *_rest, sockaddr in answers]


@lru_cache(maxsize=1)
def extra_certificates() -> tuple[bytes, ...]:
    """Certificates trusted besides the machine's own (TORGET_EXTRA_CA_FILE), each in PEM."""
    if not settings.EXTRA_CA_FILE:
        return ()
    return tuple(_CERTIFICATE.findall(Path(settings.EXTRA_CA_FILE).read_bytes()))


def bound(builder: Builder, host: str, address: str, port: int) -> Builder:
    """A client's builder that goes to the checked address only: no proxy, no redirects, no other look-up."""
    builder = builder.no_proxy().follow_redirects(False).user_agent(AGENT)
    builder = builder.connect_timeout(timedelta(seconds=CONNECT_SECONDS))
    for certificate in extra_certificates():
        builder = builder.add_root_certificate_pem(certificate)
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        builder = builder.resolve(host, address, port)
    return builder


@lru_cache(maxsize=256)
def _client(host: str, address: str, port: int) -> SyncClient:
    """A client for the checked address; its connections are kept for the next request."""
    return bound(SyncClientBuilder(), host, address, port).build()


@lru_cache(maxsize=2_000)
def checked_url(url: str) -> Place:
    """An address that is safe to read: with one spelling of its host, which is looked up, checked and called alike.

    Raises:
        HttpError: not http(s), or written so that two readers would find two hosts in it.
    """
    try:
        place = place_of(url)
    except BadHost as fault:
        raise HttpError(str(fault), maybe_sent=False) from fault
    # The client reads it once more, by rules of its own: it must find the same.
    try:
        read = Url(place.url)
    except ValueError as fault:
        raise HttpError("The address cannot be read.", maybe_sent=False) from fault
    if (read.host_str, read.port_or_known_default) != (place.host, place.port) or read.username:
        raise HttpError("The address can be read in two ways.", maybe_sent=False)
    return place


def fetch(url: str, *, timeout_seconds: float, most_bytes: int) -> Response:
    """GET what a stranger named: as `request`, and over https only.

    Raises:
        HttpError, RuntimeError: see `request`.
    """
    if not checked_url(url).url.startswith("https://") and not settings.ALLOW_PRIVATE_HOSTS:
        raise HttpError("What others name is fetched over https only.", maybe_sent=False)
    return request("GET", url, timeout_seconds=timeout_seconds, most_bytes=most_bytes)


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
    place = checked_url(url)
    seconds = timeout_seconds or min(TIMEOUT_SECONDS, settings.LEASE_SECONDS / 2)
    client = _client(place.host, checked_address(place.host, place.port), place.port)
    try:
        building = client.request(method, place.url).headers(dict(headers or {}))
        building = building.timeout(timedelta(seconds=seconds))
        if content is not None:
            building = building.body_bytes(content)
        with building.build_streamed() as answer:
            body = _bounded(answer, most_bytes)
            headers_lower = {name.lower(): value for name, value in answer.headers.items()}
            return Response(
                answer.status, headers_lower, body[:most_bytes], cut=len(body) > most_bytes
            )
    except PyreqwestError as fault:
        raise HttpError(
            f"{type(fault).__name__} at {place.host}", maybe_sent=not never_left(fault)
        ) from fault


def seconds_told(value: str) -> float | None:
    """A number of seconds out of a header (Retry-After); None for a date, for nothing, and for what is no number."""
    return float(value) if value.isascii() and value.isdigit() and len(value) <= 12 else None


def never_left(fault: PyreqwestError) -> bool:
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
