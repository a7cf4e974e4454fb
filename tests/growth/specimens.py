"""Hostile envelopes: every channel's own specimens, with what a stranger may write in them replaced by a hostile text."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from torget.channels.contract import RawItem

Make = Callable[[str], RawItem]


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the texts are in a JSON value."""
    pairs = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, inner in pairs:
        yield from _leaves(inner, (*path, key))
    if isinstance(value, str):
        yield path


def _lists(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the lists are."""
    pairs = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, inner in pairs:
        yield from _lists(inner, (*path, key))
    if isinstance(value, list) and value and path:
        yield path


def _put(whole: Any, path: tuple[Any, ...], value: Any) -> Any:
    whole = copy.deepcopy(whole)
    inside = whole
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value
    return whole


def _at(whole: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        whole = whole[key]
    return whole


def in_texts(item: RawItem) -> Iterator[tuple[str, Make]]:
    """For each text in a JSON envelope, a maker of envelopes that have another one there."""
    try:
        whole = json.loads(item.body)
    except ValueError:
        return
    for path in _leaves(whole):
        name = ".".join(map(str, path)) or "all"
        yield (
            name,
            lambda text, path=path: replace(
                item, body=_body(_put(whole, path, text) if path else text)
            ),
        )


def in_lists(item: RawItem) -> Iterator[tuple[str, Callable[[int], RawItem]]]:
    """For each list in a JSON envelope, a maker of envelopes in which it is as many bytes long as one asks for."""
    try:
        whole = json.loads(item.body)
    except ValueError:
        return
    for path in _lists(whole):
        kept = _at(whole, path)
        size = max(1, len(json.dumps(kept)))
        yield (
            ".".join(map(str, path)),
            lambda n, path=path, kept=kept, size=size: replace(
                item, body=_body(_put(whole, path, kept * max(1, n // size)))
            ),
        )


def whole(item: RawItem) -> Make:
    """A maker of envelopes that hold nothing but the text."""
    return lambda text: replace(item, body=text.encode("utf-8", "replace"))


def _body(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


# Mail --------------------------------------------------------------------------------------------

HEAD = "From: a@example.org\nTo: post@nordvaag.test\nSubject: x\nMessage-ID: <x@example.org>\n"
_HEADERS = (
    *(
        "From",
        "Sender",
        "Reply-To",
        "To",
        "Cc",
        "Subject",
        "Date",
        "Message-ID",
        "In-Reply-To",
        "References",
    ),
    *(
        "Received",
        "Authentication-Results",
        "Content-Type",
        "Content-Disposition",
        "Content-Transfer-Encoding",
    ),
    *(
        "Auto-Submitted",
        "List-Id",
        "Return-Path",
        "X-Failed-Recipients",
        "Delivered-To",
        "Precedence",
    ),
)


def mails() -> Iterator[tuple[str, Callable[[str], bytes]]]:
    """Mails that have the text in each of the places a stranger writes in."""
    for name in _HEADERS:
        yield (
            f"header {name}",
            lambda text, name=name: _raw(f"{name}: {_folded(text)}\n{HEAD}\nHei"),
        )
    for kind in (
        "plain",
        "plain; format=flowed",
        "plain; format=flowed; delsp=yes",
        "html",
        "calendar",
        "x-unknown",
    ):
        yield (
            f"text/{kind}",
            lambda text, kind=kind: _raw(f"{HEAD}Content-Type: text/{kind}\n\n{text}"),
        )
    for way in ("base64", "quoted-printable", "x-uuencode", "7bit"):
        yield way, lambda text, way=way: _raw(f"{HEAD}Content-Transfer-Encoding: {way}\n\n{text}")
    yield "answer", lambda text: _raw(f"{HEAD}\nTakk.\n\nOn 1.1.2026 a@b.no wrote:\n> {text}")
    yield (
        "report",
        lambda text: _raw(
            f'{HEAD}Content-Type: multipart/report; boundary="b"\n\n--b\n\n{text}\n--b\n'
            f"Content-Type: message/delivery-status\n\n{text}\n\n{text}\n--b\nContent-Type: text/rfc822-headers\n\n{text}\n--b--"
        ),
    )
    yield (
        "parts",
        lambda text: _raw(
            f'{HEAD}Content-Type: multipart/mixed; boundary="b"\n\n'
            + f"--b\n\n{text[:200]}\n" * min(180, len(text) // 200)
        ),
    )
    yield "forwarded", lambda text: _raw(f"{HEAD}Content-Type: message/rfc822\n\n{HEAD}\n{text}")


def _folded(text: str) -> str:
    return text.replace("\n", "\n ").replace("\r", " ")


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "replace")
