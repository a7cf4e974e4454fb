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


def code(value: Any) -> str:
    """The language of a tag: two letters, or three where it has no shorter code; "" when it names none.

    Of region, script and variants nothing is kept ("nb-NO" is nb, "zh-Hant" zh). Of a list the first that names one.
    """
    if isinstance(value, list | tuple):
        return next((language for entry in value[:20] if (language := code(entry))), "")
    if not isinstance(value, str):
        return ""
    # Locales of POSIX come as nb_NO.UTF-8@euro.
    tag = re.split(r"[.@;,\s]", value[:_MOST_SAID].strip().casefold(), maxsplit=1)[0]
    tag = tag.replace("_", "-")
    if tag in _OLDER:
        return _OLDER[tag]
    if not _WHOLE.fullmatch(tag):
        return ""
    parts = tag.split("-")
    language = parts[0]
    if language in _EXTENDED and len(parts) > 1 and len(parts[1]) == 3 and parts[1].isalpha():
        language = parts[1]  # RFC 5646 §4.5: the extended language stands for itself
    language = str(get_global("language_aliases").get(language, language)).partition("_")[0]
    if language in _NONE or _PRIVATE.fullmatch(language) or len(language) > MOST_CHARS:
        return ""
    return _HOUSE.get(language, language)
