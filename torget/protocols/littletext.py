"""LinkedIn's "little text format": signs with a meaning of their own are escaped, or the text is cut there."""

from __future__ import annotations

import re

# learn.microsoft.com/…/community-management/shares/little-text-format: reserved characters
_RESERVED = re.compile(r"[\\|{}@\[\]()<>#*_~]")
_ESCAPED = re.compile(r"\\([\\|{}@\[\]()<>#*_~])")


def escape(text: str) -> str:
    """The text so that LinkedIn shows it as it is. The escapes count towards the length."""
    return _RESERVED.sub(r"\\\g<0>", text)


def unescape(text: str) -> str:
    """The text people read."""
    return _ESCAPED.sub(r"\1", text)
