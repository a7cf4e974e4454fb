"""Flowed text (RFC 3676): lines broken for transport, put together again; and written."""

from __future__ import annotations

import re

_QUOTE = re.compile(r"\A(>*) ?")


def unflow(text: str, *, delete_space: bool = False) -> str:
    """Paragraphs on one line each again (§4). The signature mark `-- ` never flows (§4.3)."""
    out: list[str] = []
    flowing = False
    depth = -1
    for line in text.replace("\r\n", "\n").split("\n"):
        quote = _QUOTE.match(line)
        marks = quote[1] if quote else ""
        content = line[quote.end() :] if quote else line
        is_signature = content == "-- "
        if flowing and len(marks) == depth and not is_signature:
            out[-1] += content
        else:
            out.append(f"{marks} {content}" if marks else content)
        flowing = content.endswith(" ") and not is_signature
        if flowing and delete_space:
            out[-1] = out[-1][:-1]
        depth = len(marks)
    return "\n".join(out)
