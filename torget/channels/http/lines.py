"""An answer that goes on (server-sent events): read line by line, as checked as `http.request`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection
from pyreqwest.client import SyncClientBuilder
from pyreqwest.exceptions import PyreqwestError
from pyreqwest.response import SyncResponse

from torget.channels.http import HttpError, bound, checked_address, checked_url

LONGEST_LINE = 1_000_000


@contextmanager
def opened(
    url: str, *, headers: Mapping[str, str], silent_seconds: float
) -> Iterator[tuple[int, Iterator[bytes]]]:
    """GET; the status and the answer's lines as they come, without their ends. No redirects.

    Raises:
        HttpError: no answer, a line longer than a megabyte, or nothing at all for `silent_seconds`.
        RuntimeError: called inside a database transaction.
    """
    if connection.in_atomic_block:
        raise RuntimeError("channels.http called inside a transaction")
    place = checked_url(url)
    address = checked_address(place.host, place.port)
    line = bound(SyncClientBuilder(), place.host, address, place.port)
    line = line.read_timeout(timedelta(seconds=silent_seconds))
    try:
        with line.build() as client:
            asking = client.get(place.url).headers(dict(headers))
            # Otherwise the library waits until it has 64 KB or the answer's end.
            asking = asking.streamed_read_buffer_limit(0)
            with asking.build_streamed() as answer:
                yield answer.status, _lines(answer)
    except PyreqwestError as fault:
        raise HttpError(f"{type(fault).__name__} at {place.host}", maybe_sent=True) from fault


def _lines(answer: SyncResponse) -> Iterator[bytes]:
    rest = b""
    while (chunk := answer.body_reader.read_chunk()) is not None:
        *whole, rest = (rest + bytes(chunk)).split(b"\n")
        yield from (line.rstrip(b"\r") for line in whole)
        if len(rest) > LONGEST_LINE:
            raise HttpError("The answer has no end to its line.", maybe_sent=True)
