"""Payloads spoiled in thousands of ways, quickly: one number from hypothesis decides each way."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from torget.channels.contract import RawItem

AT_ONCE, TIMES = 50, 200  # payloads in an example, examples
ODD = (
    None,
    True,
    0,
    -1,
    2**70,
    1e400,
    float("nan"),
    "",
    "\x00",
    "\ud800",
    "a" * 3000,
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-23:59",
    "https://[",
    [],
    {},
    [[]],
    {"id": {}},
    [None],
    "²",
)


def _places(value: object) -> list[tuple[object, object]]:
    """Every container in a JSON value, with each of its keys or indexes."""
    found: list[tuple[object, object]] = []
    if isinstance(value, dict | list):
        keys = list(value) if isinstance(value, dict) else range(len(value))
        for key in keys:
            found.append((value, key))
            found += _places(value[key])
    return found


def _spoil(held: object, rng: random.Random) -> object:
    places = _places(held)
    if not places:
        return rng.choice(ODD)
    inside, key = rng.choice(places)
    match rng.randrange(4):
        case 0:
            inside[key] = copy.deepcopy(rng.choice(ODD))
        case 1:
            del inside[key]
        case 2:
            other, its = rng.choice(places)
            inside[key] = copy.deepcopy(other[its])
        case _:
            inside[key] = [inside[key]] if rng.random() < 0.5 else {"x": inside[key]}
    return held


def bytes_spoiled(body: bytes, rng: random.Random) -> bytes:
    """A few octets changed, a piece cut out or doubled."""
    held = bytearray(body)
    for _each in range(rng.randint(1, 4)):
        place = rng.randrange(len(held) + 1)
        match rng.randrange(4):
            case 0 if held:
                held[place % len(held)] = rng.randrange(256)
            case 1:
                del held[place : place + rng.randrange(20)]
            case 2:
                held[place:place] = held[place : place + rng.randrange(20)]
            case _:
                held[place:place] = bytes([rng.randrange(256)])
    return bytes(held)


def json_spoiled(body: bytes, rng: random.Random) -> bytes:
    """One to three values of a JSON text replaced, dropped, moved or wrapped; now and then its bytes spoiled."""
    if rng.random() < 0.2:
        return bytes_spoiled(body, rng)
    held: object = json.loads(body)
    for _each in range(rng.randint(1, 3)):
        held = _spoil(held, rng)
    return json.dumps(held).encode()


def spoiled(item: RawItem, rng: random.Random) -> RawItem:
    """An envelope with something wrong with it: its JSON, its bytes, now and then a header."""
    headers = dict(item.headers)
    if headers and rng.random() < 0.1:
        headers[rng.choice(list(headers))] = rng.choice(("", "\x00", "æøå", "9" * 50))
    try:
        body = json_spoiled(item.body, rng)
    except ValueError:  # it is no JSON
        body = bytes_spoiled(item.body, rng)
    return replace(item, body=body, headers=headers)


def thousands(
    bodies: Sequence[bytes],
    parse: Callable[[bytes], object],
    *,
    spoil: Callable[[bytes, random.Random], bytes] = json_spoiled,
) -> None:
    """Lay ten thousand spoiled payloads before a parser; what it raises fails the test.

    For shapes beside those in the specimens, which the contract's own test spoils as often.
    """

    @settings(max_examples=TIMES, deadline=None, database=None)
    @given(st.integers(0, 2**64))
    def each(seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(AT_ONCE):
            parse(spoil(rng.choice(bodies), rng))

    each()
