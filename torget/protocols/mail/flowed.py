"""Flowed text (RFC 3676): lines broken for transport, put together again; and written."""

from __future__ import annotations

import re

_QUOTE = re.compile(r"\A(>*) ?")


def unflow(text: str, *, delete_space: bool = False) -> str:
    """Paragraphs on one line each again (§4). The signature mark `-- ` never flows (§4.3)."""
    # Joined once, at the end: adding each line to the one before takes time quadratic in their number.
    pieces: list[str] = []
    flowing = False
    depth = -1
    for line in text.replace("\r\n", "\n").split("\n"):
        quote = _QUOTE.match(line)
        marks = quote[1] if quote else ""
        content = line[quote.end() :] if quote else line
        is_signature = content == "-- "
        flows_on = content.endswith(" ") and not is_signature
        if not (flowing and len(marks) == depth and not is_signature):
            pieces.append(f"\n{marks} " if marks else "\n")
        pieces.append(content[:-1] if flows_on and delete_space else content)
        flowing = flows_on
        depth = len(marks)
    return "".join(pieces)[1:]
