"""The child: reads what is asked from its standard input, does it within its limits, answers on its standard output."""

from __future__ import annotations

import math
import os
import pickle
import resource
import struct
import sys
import time
from importlib import import_module

from torget.channels.apart import answers

FRAME = struct.Struct(">Q")
NICE = 10  # who waits for a page goes before strangers' pictures


def main(act: str, most_bytes: int, *, needs_django: bool) -> None:
    """Answer until the other end is closed: the process that asked has ended, or needs us no more."""
    into, out_of = os.dup(0), os.dup(1)
    silence = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1):
        os.dup2(silence, number)
    if needs_django:
        import_module("django").setup()
    module, _colon, name = act.partition(":")
    function = getattr(import_module(module), name)
    os.dup2(silence, 2)  # libraries complain of what they read, and would quote it in the log
    os.nice(NICE)
    cores = os.cpu_count() or 1
    _limit(resource.RLIMIT_DATA, most_bytes)
    _limit(resource.RLIMIT_CORE, 0)
    with os.fdopen(into, "rb") as asking, os.fdopen(out_of, "wb") as answering:
        answering.write(FRAME.pack(0))  # ready
        answering.flush()
        while head := asking.read(FRAME.size):
            seconds, asked = pickle.loads(asking.read(FRAME.unpack(head)[0]))  # noqa: S301 - our own process asks
            # The kernel ends it too, should the one who asked be gone.
            _limit(resource.RLIMIT_CPU, math.ceil(time.process_time() + cores * seconds) + 1)
            try:
                answer = answers.packed(function(asked))
            except Exception as fault:  # noqa: BLE001 - the one who asked must hear of it
                answer = answers.raised(fault)
            answering.write(FRAME.pack(len(answer)))
            answering.write(answer)
            answering.flush()
            del asked, answer


def _limit(what: int, most: int) -> None:
    _soft, hard = resource.getrlimit(what)
    resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), needs_django=sys.argv[3] == "1")
