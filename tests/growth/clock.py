"""Whether work grows with what it is done on, measured in CPU time so that a busy machine does not decide it."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from contextlib import suppress

MOST_SECONDS = 1.0  # for one input at the limit
LOADED = 2.0  # what a busy machine may add
FLOOR_SECONDS = 0.04  # below it nothing can be told of growth
# Four times as much may take four times as long, and a little for n log n and for memory; quadratic is sixteen.
MOST_GROWTH = 8.0


def seconds(
    act: Callable[[object], object], held: object, allowed: tuple[type[Exception], ...]
) -> float:
    """The CPU time of one reading; what a reader may raise is an answer too."""
    gc.collect(0)
    begun = time.process_time()
    with suppress(*allowed):
        act(held)
    return time.process_time() - begun


def fault(
    act: Callable[[object], object],
    make: Callable[[int], object],
    most: int,
    *,
    allowed: tuple[type[Exception], ...] = (Exception,),
) -> str:
    """What is wrong with how long it takes; nothing, when it is bounded."""
    sizes = [size for size in (most // 64, most // 16, most // 4, most) if size]
    took: list[float] = []
    for size in sizes:
        held = make(size)
        took.append(seconds(act, held, allowed))
        if took[-1] > FLOOR_SECONDS:  # once more: something else may have been in the way
            took[-1] = min(took[-1], *(seconds(act, held, allowed) for _again in range(2)))
        if took[-1] > MOST_SECONDS * LOADED:
            return f"{took[-1]:.2f} s for {size}"
        if len(took) > 1 and took[-2] > FLOOR_SECONDS / 4 and took[-1] > FLOOR_SECONDS:
            growth = took[-1] / took[-2]
            if growth > MOST_GROWTH:
                return f"{growth:.1f} times as long for four times as much: {took[-1]:.2f} s for {size}"
    return ""
