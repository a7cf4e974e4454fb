"""Language tags as others write them (BCP 47, RFC 5646) → the codes the house keeps."""

from __future__ import annotations

import re
from typing import Any

from babel.core import get_global

MOST_CHARS = 3
# Undetermined, several, no language at all, uncoded (ISO 639-2): none of them says which.
_NONE = frozenset({"und", "mul", "zxx", "mis", "root"})
_PRIVATE = re.compile(r"q[a-t][a-z]")
_WHOLE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{1,8})*")
# What the registry keeps from before it had subtags, and what we write for the Norwegian nobody has narrowed.
_OLDER = {"no-bok": "nb", "no-nyn": "nn", "i-sami-no": "se", "sgn-no": "nsl", "i-klingon": "tlh"}
_HOUSE = {"no": "nb"}
_EXTENDED = frozenset({"zh", "ar", "sgn", "ms", "sw", "uz", "kok", "lv"})
_MOST_SAID = 200


def code(said: Any) -> str:
    """The language of a tag: two letters, or three where it has no shorter code; "" when it names none.

    Of region, script and variants nothing is kept ("nb-NO" is nb, "zh-Hant" zh). Of a list the first that names one.
    """
    if isinstance(said, list | tuple):
        return next((found for one in said[:20] if (found := code(one))), "")
    if not isinstance(said, str):
        return ""
    # Locales of POSIX come as nb_NO.UTF-8@euro.
    tag = re.split(r"[.@;,\s]", said[:_MOST_SAID].strip().casefold(), maxsplit=1)[0]
    tag = tag.replace("_", "-")
    if tag in _OLDER:
        return _OLDER[tag]
    if not _WHOLE.fullmatch(tag):
        return ""
    parts = tag.split("-")
    found = parts[0]
    if found in _EXTENDED and len(parts) > 1 and len(parts[1]) == 3 and parts[1].isalpha():
        found = parts[1]  # RFC 5646 §4.5: the extended language stands for itself
    found = str(get_global("language_aliases").get(found, found)).partition("_")[0]
    if found in _NONE or _PRIVATE.fullmatch(found) or len(found) > MOST_CHARS:
        return ""
    return _HOUSE.get(found, found)
