"""Payloads a hostile or broken network might send: real ones, damaged."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

STRANGE = [
    None,
    True,
    -1,
    10**30,
    1.5,
    "",
    "\ud800",
    "at://",
    "did:plc:x",
    [],
    {},
    [None],
    {"uri": 1},
    "9" * 400,
]


def mutated(held: Any, dice: random.Random) -> Any:
    """One place in it replaced by something strange, or taken away."""
    if isinstance(held, dict) and held and dice.random() < 0.85:
        key = dice.choice(list(held))
        if dice.random() < 0.15:
            return {name: value for name, value in held.items() if name != key}
        return held | {key: mutated(held[key], dice)}
    if isinstance(held, list) and held and dice.random() < 0.85:
        place = dice.randrange(len(held))
        return [*held[:place], mutated(held[place], dice), *held[place + 1 :]]
    return dice.choice(STRANGE)


def mutants(seeds: Sequence[Any], count: int, *, seed: int = 4) -> Iterator[bytes]:
    """JSON with one to three places mutated; of every fifth a byte is changed as well. The same seed, the same bytes."""
    dice = random.Random(seed)
    for _turn in range(count):
        held = dice.choice(seeds)
        for _time in range(dice.randint(1, 3)):
            held = mutated(held, dice)
        body = bytearray(json.dumps(held).encode())
        if dice.random() < 0.2 and body:
            body[dice.randrange(len(body))] = dice.randrange(256)
        yield bytes(body)
