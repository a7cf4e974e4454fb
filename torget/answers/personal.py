"""What is personal in a text that is about to be published: found by its shape, or because the one who asked said it.

Pure. A national identity number must go; the rest a person must have looked at, for the municipality's own telephone
number and address are rightly there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from torget.conversations.guard import national_ids

NATIONAL_ID, NAME, EMAIL, PHONE, ADDRESS, BIRTH, PLATE, BANK = (
    "national_id",
    "name",
    "email",
    "phone",
    "address",
    "birth",
    "plate",
    "bank",
)
_MONTHS = "januar|februar|mars|april|mai|juni|juli|august|september|oktober|november|desember"
_STREET = "gata|gate|gaten|veien|vegen|vei|veg|plass|plassen|allé|alle|bakken|stien|svingen|kroken|lia|tunet|gt|vn"
_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (NATIONAL_ID, re.compile(r"(?<!\d)\d{6}[ .\u00a0-]?\d{5}(?!\d)")),
    (EMAIL, re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")),
    (BANK, re.compile(r"(?<!\d)\d{4}[ .]\d{2}[ .]\d{5}(?!\d)")),
    (
        BIRTH,
        re.compile(
            rf"(?i)\bfødt\s+(?:den\s+)?\d{{1,2}}\.?\s?(?:\d{{1,2}}\.?\s?|(?:{_MONTHS})\s?)(?:\d{{4}}|\d{{2}})?"
            r"|(?<![\d.])[0-3]?\d\.[01]?\d\.(?:19[2-9]\d|200\d|201\d)(?!\d)"
        ),
    ),
    (PHONE, re.compile(r"(?<![\d.])(?:(?:\+|00)47[ ]?)?[2-9]\d(?:[ ]?\d{2}){3}(?![\d,])")),
    (PHONE, re.compile(r"(?<![\d.])(?:(?:\+|00)47[ ]?)?[2-9]\d{2}[ ]\d{2}[ ]\d{3}(?!\d)")),
    (PHONE, re.compile(r"\+(?!47)\d{1,3}[ ]?\d{2,4}(?:[ ]?\d{2,4}){2,3}")),
    (PLATE, re.compile(r"\b[A-HJ-NP-Z]{2}[ ]?[1-9]\d{4}\b")),
    (
        ADDRESS,
        re.compile(
            rf"(?<![\w-])[A-ZÆØÅ][\wæøåÆØÅ-]{{0,40}}(?:[ ][A-ZÆØÅ][\wæøåÆØÅ-]{{0,40}}){{0,2}}[ ]?(?:{_STREET})[ ]\d{{1,3}}[ ]?[A-Ha-h]?\b"
        ),
    ),
)
_SHORTEST_NAME = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """Something personal, where it stands."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def refused(self) -> bool:
        """Whether it may not be published by anybody."""
        return self.kind == NATIONAL_ID


def _names(text: str, names: Iterable[str]) -> Iterator[Finding]:
    parts = {
        part
        for name in names
        for part in re.findall(r"[^\W\d_]+", name)
        if len(part) >= _SHORTEST_NAME
    }
    for part in sorted(parts):
        for match in re.finditer(rf"(?i)\b{re.escape(part)}s?\b", text):
            if match.group()[0].isupper():
                yield Finding(NAME, match.group(), *match.span())


def find(text: str, names: Iterable[str] = ()) -> list[Finding]:
    """Everything personal in a text, in its order, nothing twice; `names` are those of whoever asked."""
    findings: list[Finding] = []
    for kind, shape in _SHAPES:
        for match in shape.finditer(text):
            if kind == NATIONAL_ID and not national_ids(match.group()):
                continue
            findings.append(Finding(kind, match.group().strip(), match.start(), match.end()))
    findings += _names(text, names)
    shown: list[Finding] = []
    for finding in sorted(findings, key=lambda finding: (finding.start, -finding.end)):
        if not shown or finding.start >= shown[-1].end:
            shown.append(finding)
    return shown


def pieces(text: str, findings: Iterable[Finding]) -> list[tuple[str, Finding | None]]:
    """The text cut where something personal begins and ends, so that it can be marked."""
    cut, at = list[tuple[str, Finding | None]](), 0
    for finding in findings:
        cut += [(text[at : finding.start], None), (text[finding.start : finding.end], finding)]
        at = finding.end
    return [*cut, (text[at:], None)]
