"""Damaged payloads: bytes flipped and cut, JSON with other things where things were expected."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random
from typing import Any

from torget.channels.contract import Item

ODD: tuple[Any, ...] = (
    *(
        None,
        True,
        -1,
        0,
        1e308,
        2**70,
        "",
        " ",
        "\x00",
        "\ud800",
        "æ" * 3000,
        "1970-13-45T99:99:99Z",
    ),
    *([], {}, [[]], {"a": None}, "https://[", "-- ", "0", "9" * 400),
)


def damaged(item: Item, dice: Random) -> Item:
    """The item with one to five things wrong with it."""
    body, headers = item.body, dict(item.headers)
    if dice.random() < 0.6:
        try:
            held = json.loads(body)
        except ValueError:
            pass
        else:
            for _ in range(dice.randint(1, 5)):
                held = _other(held, dice)
            return replace(item, body=json.dumps(held).encode("utf-8", "surrogatepass"))
    if headers and dice.random() < 0.2:
        headers[dice.choice(list(headers))] = dice.choice(("", "\x00", "æøå", "9" * 50))
    for _ in range(dice.randint(1, 5)):
        body = _bytes(body, dice)
    return replace(item, body=body, headers=headers)


def _bytes(body: bytes, dice: Random) -> bytes:
    at = dice.randrange(len(body) + 1)
    match dice.randrange(5):
        case 0:
            return body[:at]
        case 1:
            return body[:at] + dice.randbytes(dice.randint(1, 9)) + body[at:]
        case 2:
            return body[:at] + body[at + dice.randint(1, 40) :]
        case 3:
            return body[:at] + bytes([dice.randrange(256)]) + body[at + 1 :]
        case _:
            return body + body[:at]


def _other(held: Any, dice: Random) -> Any:
    """Somewhere in it something else, nothing, or the same twice."""
    if not isinstance(held, dict | list) or not held or dice.random() < 0.15:
        return dice.choice(ODD)
    if isinstance(held, list):
        at = dice.randrange(len(held))
        if dice.random() < 0.2:
            return held[:at] + held[at + 1 :]
        return [*held[:at], _other(held[at], dice), *held[at + 1 :]]
    key = dice.choice(list(held))
    if dice.random() < 0.25:
        return {name: value for name, value in held.items() if name != key}
    return {**held, key: _other(held[key], dice)}
