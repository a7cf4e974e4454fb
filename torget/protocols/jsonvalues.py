"""JSON as strangers' programs write it, read in one place: null is nothing, ids may be numbers, lists may be one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from torget.protocols import encodings
from torget.protocols.plaintext import one_line

MOST_MEMBERS = 500
MOST_ADDRESS_CHARS = 2_000


def load(body: bytes | str) -> Any:
    """The value of a body. One bad byte spoils one letter, line breaks may stand in texts; NaN, which JSON has not, is nothing.

    Raises:
        ValueError: it is no JSON, or nested too deep.
    """
    if isinstance(body, bytes):
        encoding = json.detect_encoding(body)
        # What is no UTF-8 as a whole is read as any text is that calls itself so.
        body = (
            encodings.decode(body, encoding)
            if encoding.startswith("utf-8")
            else body.decode(encoding, "replace")
        )
    try:
        return json.loads(
            body.removeprefix("\ufeff"), parse_constant=lambda _name: None, strict=False
        )
    except RecursionError as fault:
        raise ValueError("nested too deep") from fault


def text(value: Any) -> str:
    """A text; a number as it is written; "" for null and for everything that is no text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 1e15
    return str(int(value)) if whole else str(value)


def key(value: Any, most_chars: int = 500) -> str:
    """An outside id, on one line: a text or a number. "" for null, for an empty one, and for nought: none of them is an id."""
    line = one_line(text(value), most_chars)
    return "" if line == "0" and not isinstance(value, str) else line


def needed(value: Any, what: str, most_chars: int = 500) -> str:
    """As `key`, of an id that must be there.

    Raises:
        ValueError: there is none; `what` says of what.
    """
    line = key(value, most_chars)
    if not line:
        raise ValueError(f"no id of {what}")
    return line


def many(value: Any) -> list[Any]:
    """One or several, as a list without nulls."""
    if value is None:
        return []
    members = value[:MOST_MEMBERS] if isinstance(value, list) else [value]
    return [member for member in members if member is not None]


def table(value: Any) -> Mapping[str, Any]:
    """An object; an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def tables(value: Any) -> list[Mapping[str, Any]]:
    """The objects among one or several."""
    return [member for member in many(value) if isinstance(member, Mapping)]


def within(value: Any, *path: str) -> Any:
    """What stands at a path of names; None where the way ends."""
    for name in path:
        value = table(value).get(name)
    return value


def whole(value: Any, otherwise: int = 0) -> int:
    """A whole number between 0 and 2^53, also written as text; else the other."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 16:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**53:
        return otherwise
    return int(value)


def address(value: Any, *, secure: bool = False) -> str:
    """A web address people may be led to; "" for anything else. `secure` takes https only."""
    address_text = text(value).strip()
    fits = address_text.startswith("https://" if secure else ("https://", "http://"))
    plain = address_text.isprintable() and not any(sign in address_text for sign in ' <>"\\')
    return address_text if fits and plain and len(address_text) <= MOST_ADDRESS_CHARS else ""
