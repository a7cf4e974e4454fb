"""Whether work grows with what it is done on, measured in CPU time so that a busy machine does not decide it."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from contextlib import suppress

MOST_SECONDS = 1.0  # for one input at the limit
LOADED = 2.0  # what a busy machine may add
FLOOR_SECONDS = 0.25  # below it nothing can be told of growth, and it does no harm
# Four times as much may take four times as long, and a little for n log n and for memory; quadratic is sixteen.
MOST_GROWTH = 9.0


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
    sizes = [size for size in (most // 16, most // 4, most) if size]
    took: dict[int, float] = {}

    def measured(size: int, times: int) -> float:
        again = [seconds(act, make(size), allowed) for _each in range(times)]
        took[size] = min([*again, took.get(size, again[0])])
        return took[size]

    for fewer, size in zip([0, *sizes], sizes, strict=False):
        if measured(size, 1) > MOST_SECONDS and measured(size, 2) > MOST_SECONDS * LOADED:
            return f"{took[size]:.2f} s for {size}"
        # A second look at both: the machine may have had something else to do.
        if fewer and _too_much(took[fewer], took[size]):
            measured(fewer, 4)
            measured(size, 2)
            if _too_much(took[fewer], took[size]):
                times = took[size] / max(took[fewer], 1e-6)
                return f"{times:.1f} times as long for four times as much: {took[size]:.2f} s for {size}"
    return ""


def _too_much(before: float, after: float) -> bool:
    return after > FLOOR_SECONDS and before > FLOOR_SECONDS / 8 and after > MOST_GROWTH * before
