"""Field cases as hypothesis changes them: bytes lost, doubled, torn, mixed with another's, misdeclared."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

INPUTS = Path(__file__).parent / "inputs"
WHOLE = os.environ.get("GROWTH") == "whole"  # `make bench`
MOST_SECONDS = 1.0
# How often a reader is tried, and that nothing else but its answer counts.
tried = settings(
    max_examples=10_000 if WHOLE else 300,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
# What breaks readers, in every format the inputs are in.
_PIECES = [
    *(
        b"\x00",
        b"\xff",
        b"\xe5",
        b"\xc3",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
        b"\x1b$B",
        b"\r",
        b"\n\n",
    ),
    *(b"null", b'"', b"[]", b"{}", b"[[", b'{"a":', b"true", b"-1", b"1e999", b'""', b"\\ud83d"),
    *(
        b"<",
        b"<![",
        b"<!--",
        b"]]>",
        b"</",
        b"&",
        b"&#0;",
        b"&#x110000;",
        b"&aring;",
        b'="',
        b"<?xml ",
    ),
    *(b"=?utf-8?B?", b"?=", b"=C3", b"=", b"==", b"boundary=", b"--b1", b"--b1--", b"charset=hz"),
    *(b"charset=utf-16", b"name*0*=", b"Content-Type: ", b"multipart/signed", b"text/calendar"),
    *(b"Content-Transfer-Encoding: base64\n", b"> ", b">:", b"Fra: ", b"-- \n", b" \xe2\x80\xae"),
    *(
        b"9999-99-99T99:99:99Z",
        b"Date: 0",
        b"BEGIN:VEVENT\n",
        b"DTSTART:",
        b"RRULE:FREQ=SECONDLY\n",
    ),
]


def inputs(*patterns: str) -> list[Path]:
    """The field cases whose names match one of the patterns, such as "*.eml"."""
    return sorted({path for pattern in patterns for path in INPUTS.glob(pattern)})


@st.composite
def mutations(draw: st.DrawFn, paths: list[Path]) -> tuple[str, bytes]:
    """One of the files, by name, changed in one to six places."""
    path = draw(st.sampled_from(paths))
    held = bytearray(path.read_bytes())
    for _each in range(draw(st.integers(1, 6))):
        _change(draw, held, paths)
    return path.name, bytes(held)


def _change(draw: st.DrawFn, held: bytearray, paths: list[Path]) -> None:
    at = draw(st.integers(0, len(held)))
    end = min(len(held), at + draw(st.integers(0, 60)))
    match draw(st.sampled_from(["byte", "piece", "cut", "double", "end", "lines", "other"])):
        case "byte":
            held[at : at + 1] = bytes([draw(st.integers(0, 255))])
        case "piece":
            held[at:at] = draw(st.sampled_from(_PIECES))
        case "cut":
            del held[at:end]
        case "double":
            held[at:at] = held[at:end] * draw(st.sampled_from([1, 2, 50]))
        case "end":
            del held[at:]
        case "lines":
            lines = held.splitlines(keepends=True)
            held[:] = b"".join(draw(st.permutations(lines)) if len(lines) < 60 else lines[::-1])
        case "other":
            other = draw(st.sampled_from(paths)).read_bytes()
            begin = draw(st.integers(0, len(other)))
            held[at:at] = other[begin : begin + draw(st.integers(0, 400))]


@contextmanager
def in_time(clock: Callable[[], float] = time.process_time):
    """Less than a second of the processor's time, however busy the machine is."""
    begun = clock()
    yield
    assert clock() - begun < MOST_SECONDS
