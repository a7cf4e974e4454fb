"""Many things in one delivery: one that cannot be read is set aside by itself, and the rest goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from torget.channels.base import ODD, News
from torget.channels.contract import NetworkEvent, Unparseable


def each(pieces: Sequence[Any], read: Callable[[Any], Iterable[News]], *, why: str) -> list[News]:  # fmt: skip
    """What all the pieces say. For one that cannot be read an event of kind "unread" carries it, with the sentence.

    Raises:
        Unparseable: there are pieces, and none of them can be read.
    """
    news: list[News] = []
    bad: list[NetworkEvent] = []
    for piece in pieces:
        try:
            news += read(piece)
        except Unparseable as fault:
            bad.append(unread(piece, str(fault)))
        except ODD:
            bad.append(unread(piece, why))
    if bad and len(bad) == len(pieces):
        raise Unparseable(bad[0].detail)
    return news + bad


def unread(piece: Any, why: str) -> NetworkEvent:
    """A piece nobody could read, as it came: it goes to quarantine by itself."""
    body = piece if isinstance(piece, str) else json.dumps(piece, ensure_ascii=False, default=str)
    return NetworkEvent("unread", detail=why, data={"body": body})
