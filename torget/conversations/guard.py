"""What should not stand in public: identity numbers, health, telephone numbers and addresses, other people."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import phonenumbers

_ELEVEN = re.compile(r"(?<!\d)(\d{6})[ .\u00a0-]?(\d{5})(?!\d)")
_FIRST = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)
_SECOND = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)

NATIONAL_ID, HEALTH, PHONE, EMAIL = "national_id", "health", "phone", "email"
FAMILY, BIRTH, BANK, NAME, FILES = "family", "birth", "bank", "name", "files"

# Whole words and stems, in bokmål, nynorsk and English; `*` stands for any ending. Left out on purpose, because public
# answers are full of them and they tell nothing of anybody: legevakt, legekontor, behandling, avhengig, operasjon, blind(vei).
_HEALTH_WORDS = """
syk syke sykt sykere sykdom* sykeleg* sykemeld* sykmeld* sykehus* sykepenge* hjemmesykepleie* sjuk sjuke sjukt sjukare
sjukdom* sjukeleg* sjukemeld* sjukmeld* sjukehus* sjukepenge* heimesjukepleie* diagnos* depresjon* deprimer* angst angsten
angstlid* *kreft *kreften kreftsyk* kreftsjuk* kreftbehand* diabete* epilep* adhd add autis* asperger* tourette* demens*
dement demente alzheimer* parkinson* psykisk* psykiatri* psykolog* psykose* psykotisk* schizofren* bipolar* medisin
medisinen* medisiner* medisinar* medikament* resept resepten resepter reseptar insulin* allergi* astma* gravid* svangerskap*
abort aborten aborter* hiv kronisk* kroniker* lidelse* lidels* smerte* smertar* rusmis* rusavheng* ruspåvirk* rusproblem*
rusbehand* alkoholis* alkoholproblem* funksjonsneds* funksjonshem* utviklingshem* rullestol* uføretrygd* ufør uføre selvmord*
sjølvmord* selvskad* sjølvskad* spiseforstyrr* eteforstyrr* hjerneslag* hjerteinfark* hjarteinfark* legeerklæring*
legeerklering* bup* dps
ill illness* sick sickness* disease* diagnosed diagnosis cancer* depressed depression* anxiety* autism autistic dementia
psychiatr* psycholog* psychosis medication* medicine* prescription* allergic allergy allergies asthma* pregnan* disabled
disabilit* wheelchair* suicid* mental mentally chronic chronically hospitali* addict* epilepsy insulin
"""
# What the words for family say only when they are somebody's.
_OWN = r"(?:ditt|din|di|dine|hans|hennes|hennar|deira|deres)"
_KIN = (
    r"(?:barnet|barna|barnebarnet|sønnen|sonen|datteren|dattera|dottera|gutten|guten|jenta|mannen|ektemannen|kona|kånå|"
    r"ektefellen|samboeren|sambuaren|moren|mora|faren|broren|broren|søsteren|søstera|systera|naboen)"
)
_FAMILY = re.compile(
    rf"\b{_KIN}\s+{_OWN}\b|"
    r"\b(?:your|his|her|their)\s+(?:son|daughter|child|children|kid|kids|husband|wife|partner|mother|father|brother|"
    r"sister|neighbour|neighbor)\b",
    re.IGNORECASE,
)
_BIRTH = re.compile(
    r"\b(?:født|fødd|fødselsdato|fødselsdag|born|birthday|date of birth)\b[^.\n]{0,20}?"
    r"\b\d{1,2}[./-]\s?(?:\d{1,2}[./-]\s?)?(?:\d{4}|\d{2})\b",
    re.IGNORECASE,
)
# Each begins where no other can have begun, and no part is longer than RFC 5321 allows: tried once, not at every letter.
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}", re.IGNORECASE)
_BANK = re.compile(r"(?<!\d)(\d{4})[ .\u00a0](\d{2})[ .\u00a0](\d{5})(?!\d)")
_BANK_WEIGHTS = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)


def _words_pattern(words: str) -> re.Pattern[str]:
    shapes = (re.escape(word).replace(r"\*", r"\w*") for word in words.split())
    return re.compile(rf"\b(?:{'|'.join(shapes)})\b", re.IGNORECASE)


_HEALTH = _words_pattern(_HEALTH_WORDS)


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something in a text that may be about somebody: where it stands and what it is (a code)."""

    start: int
    end: int
    code: str
    words: str


def _valid(digits: list[int]) -> bool:
    # Since 2032-style numbers the first check digit may leave any remainder of 0–3 (Skatteetaten, new control sum).
    first = sum(weight * digit for weight, digit in zip(_FIRST, digits, strict=False)) % 11
    return (
        first in {0, 1, 2, 3} and sum(w * d for w, d in zip(_SECOND, digits, strict=True)) % 11 == 0
    )


def _national_ids(text: str) -> Iterable[re.Match[str]]:
    for match in _ELEVEN.finditer(text):
        if _valid([int(digit) for digit in "".join(match.groups())]):
            yield match


def national_ids(text: str) -> list[str]:
    """The national identity numbers and D-numbers in a text, by their check digits."""
    return ["".join(match.groups()) for match in _national_ids(text)]


def _bank_accounts(text: str) -> Iterable[re.Match[str]]:
    """Norwegian bank account numbers, by their check digit (modulus 11, weights 5 4 3 2 7 6 5 4 3 2)."""
    for match in _BANK.finditer(text):
        digits = [int(digit) for digit in "".join(match.groups())]
        rest = 11 - sum(w * d for w, d in zip(_BANK_WEIGHTS, digits, strict=False)) % 11
        if rest % 11 == digits[-1]:
            yield match


def _phones(text: str, own: Iterable[str]) -> Iterable[tuple[int, int]]:
    """Telephone numbers valid in Norway or written with a country code, less the municipality's own."""
    ours = {
        phonenumbers.format_number(number.number, phonenumbers.PhoneNumberFormat.E164)
        for text_of_ours in own
        for number in phonenumbers.PhoneNumberMatcher(
            text_of_ours, "NO", leniency=phonenumbers.Leniency.POSSIBLE
        )
    }
    for match in phonenumbers.PhoneNumberMatcher(text, "NO"):
        # Norwegian numbers have eight digits; shorter ones are offices and emergency lines.
        number = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
        if number not in ours and len(number) >= 11:
            yield match.start, match.end


def _emails(text: str, own: Iterable[str]) -> Iterable[re.Match[str]]:
    ours = {address.lower() for address in own}
    for match in _EMAIL.finditer(text):
        address = match.group().lower().rstrip(".")
        if address not in ours and address.rpartition("@")[2] not in ours:
            yield match


def look(
    text: str, *, own: Iterable[str] = (), hidden_name: str = "", files: int = 0
) -> list[Finding]:
    """What in a text that will be public may be about somebody, in the order it stands.

    Args:
        text: what was written.
        own: the municipality's own telephone numbers, e-mail addresses and mail domains; they are no findings.
        hidden_name: the name of a resident who did not want it shown.
        files: how many files go along; they cannot be looked through, and are a finding at the end of the text.
    """
    own = list(own)
    spans = [(m.start(), m.end(), NATIONAL_ID) for m in _national_ids(text)]
    spans += [(m.start(), m.end(), BANK) for m in _bank_accounts(text)]
    spans += [(m.start(), m.end(), EMAIL) for m in _emails(text, own)]
    spans += [(start, end, PHONE) for start, end in _phones(text, own)]
    spans += [(m.start(), m.end(), HEALTH) for m in _HEALTH.finditer(text)]
    spans += [(m.start(), m.end(), FAMILY) for m in _FAMILY.finditer(text)]
    spans += [(m.start(), m.end(), BIRTH) for m in _BIRTH.finditer(text)]
    for part in {part for part in hidden_name.split() if len(part) > 1}:
        pattern = re.compile(rf"(?<!\w){re.escape(part)}(?:s|')?(?!\w)", re.IGNORECASE)
        spans += [(m.start(), m.end(), NAME) for m in pattern.finditer(text)]
    kept: list[Finding] = []
    for start, end, code in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not kept or start >= kept[-1].end:  # the first, and of two at one place the longest
            kept.append(Finding(start, end, code, text[start:end]))
    if files:
        kept.append(Finding(len(text), len(text), FILES, ""))
    return kept
