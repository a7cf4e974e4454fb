"""The Cookie header (RFC 6265 §4.2) made safe for parsers that unquote."""

from __future__ import annotations


def without_escapes(header: str) -> str:
    """The header without pairs that hold a backslash, which no cookie value may (RFC 6265 §4.1.1).

    Python's own parser unquotes them in quadratic time before 3.11.10 and 3.12.6 (CVE-2024-7592).
    """
    if "\\" not in header:
        return header
    return ";".join(pair for pair in header.split(";") if "\\" not in pair)
