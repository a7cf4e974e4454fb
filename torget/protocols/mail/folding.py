"""What the sender wrote now, apart from quoted history and signature; nothing is thrown away."""

from __future__ import annotations

import re

# "Den tor. 5. nov. 2026 kl. 10:00 skrev Ola <ola@example.no>:" and its relatives in nb, nn, sv, da, en, de, fr, pl.
_ATTRIBUTION = re.compile(
    r"\A[\s>*]*+(?:"
    r"(?:Den|På|Am|Op|On|Le|El|Dnia|W dniu|Kl\.?)\b.{4,400}?\b"
    r"(?:skrev|skreiv|skriv|wrote|schrieb|écrit|escribió|napisał\(?a?\)?|pisze)\b.{0,200}:"
    r"|(?:\w{2,9}[.,]{0,2} )?\d{1,2}\.? \w{3,10}\.? \d{4}\b.{0,60}\b(?:skrev|skreiv|wrote|schrieb)\b.{0,200}:"
    r"|.{3,200}\b(?:skrev følgende|skreiv følgjande|wrote the following)\b.{0,120}:"
    r"|\d{4}-\d{2}-\d{2}.{0,40}<?\S+@\S+>?:"
    r"|.{2,120}?<\S+@\S+> (?:skrev|skreiv|wrote)(?: .{0,80})?:"
    r")\s*\*?\Z",
    re.IGNORECASE,
)
# What every line of the above has; looked for first, because it is found or missed at once.
_SAYS = re.compile(
    r"skrev|skreiv|skriv|wrote|schrieb|écrit|escribió|napisa|pisze|\d{4}-\d{2}-\d{2}", re.IGNORECASE
)
_HAS_DATE = re.compile(r"\b(?:19|20)\d\d\b|\d{1,2}[:.]\d{2}\b|\d{1,2}[./]\s?\d{1,2}")
_DIVIDER = re.compile(
    r"\A\s*-{2,}\s*(?:Opprinnelig melding|Opphavleg melding|Original Message|Original melding|Ursprungligt meddelande|"
    r"Oprindelig meddelelse|Ursprüngliche Nachricht|Message d'origine|Original message|Reply message)\s*-{2,}\s*\Z",
    re.IGNORECASE,
)
_FORWARD = re.compile(
    r"\A\s*(?:-{2,}\s*(?:Forwarded message|Videresendt (?:melding|e-post)|Vidaresend melding|Forwarded by|Begin forwarded)"
    r"|Begin forwarded message:|Start på videresendt melding:|Starten på videresendt melding:|Vidaresend melding:)",
    re.IGNORECASE,
)
_FORWARD_SUBJECT = re.compile(r"\A\s*(?:VS|VID|Fwd?|FW|Vb|WG|TR)\s*:", re.IGNORECASE)
_HEADER_FROM = re.compile(r"\A[\s*_]*(?:Fra|Frå|From|Von|Från|De)\s*\*?\s*:\*?\s*\S", re.IGNORECASE)
_HEADER_MORE = re.compile(
    r"\A[\s*_]*(?:Sendt|Send|Sent|Dato|Date|Gesendet|Skickat|Envoyé|Til|To|An|Till|Kopi|Cc|À|Emne|Subject|Betreff|Ämne|Objet)"
    r"\s*\*?\s*:",
    re.IGNORECASE,
)
_RULE = re.compile(r"\A\s*(?:_{5,}|-{5,}|={5,}|\*{5,})\s*\Z")
_SIGNATURE_MARK = re.compile(r"\A-- ?\Z")
_FROM_A_DEVICE = re.compile(
    r"\A\s*(?:"
    r"(?:Sendt|Send|Sent|Skickat|Von meinem|Envoyé)\b.{0,20}\b(?:fra|frå|from|från|med|gesendet|de|via)\b.{0,20}\b"
    r"(?:iPhone|iPad|Galaxy|Samsung|Android|Huawei|Xiaomi|OnePlus|Pixel|Nokia|Sony|mobil\w*|telefon\w*|smarttelefon|nettbrett\w*|"
    r"Outlook|Yahoo|Mail|E-post|Epost|Proton|Windows|Gmail|ProtonMail|BlackBerry|phone|mobile|device|tablet)\b.{0,80}"
    r"|(?:Få|Get|Last ned|Skaff deg|Hämta|Hent) Outlook (?:for|for|på|til)\b.{0,80}"
    r"|Sendt via .{0,40}(?:telefon|mobil|app)\w*\.?"
    r")\Z",
    re.IGNORECASE,
)
_LONGEST_SIGNATURE_LINES = 15
_LOOK_AHEAD_LINES = 8
_MOST_ATTRIBUTIONS = 200  # lines with "wrote" in them that are looked at closely
_MOST_LINES = 10_000  # among which unmarked history is looked for
_LONGEST_ATTRIBUTION = 600


def fold(text: str, *, subject: str = "") -> tuple[str, str]:
    """Cut quoted history and signature from the end (or a quote from the start): (said, folded).

    Every line of the text is in one of the two. Quotes between answers stay: they are what is answered. What is
    forwarded stays: it is what the sender wants us to see. If nothing would be left, everything is kept as said.
    """
    lines = text.split("\n")
    folded = [False] * len(lines)
    forwarding = bool(_FORWARD_SUBJECT.match(subject))
    end = _history_start(lines, forwarding=forwarding)
    _mark(folded, end, len(lines))
    end = _trailing_quote_start(lines, end)
    _mark(folded, end, len(lines))
    _fold_signature(lines, folded, end)
    _fold_leading_quote(lines, folded)
    said = _join(lines, folded, kept=True)
    if not said:
        return text.strip("\n"), ""
    return said, _join(lines, folded, kept=False)


def _mark(folded: list[bool], start: int, end: int) -> None:
    folded[start:end] = [True] * (end - start)


def _join(lines: list[str], folded: list[bool], *, kept: bool) -> str:
    return (
        "\n".join(line for line, cut in zip(lines, folded, strict=True) if cut is not kept)
        .strip("\n")
        .rstrip()
    )


def _is_quote(line: str) -> bool:
    return line.lstrip(" ").startswith(">")


def _history_start(lines: list[str], *, forwarding: bool) -> int:
    """The first line of unmarked history (Outlook and others that do not write `>`), or the number of lines."""
    quoted = _last_quote(lines)
    looked_at = 0
    for at, line in enumerate(lines[:_MOST_LINES]):
        if _FORWARD.match(line):
            return len(lines)
        if _DIVIDER.match(line) and not forwarding:
            return at
        if not forwarding and _is_header_block(lines, at):
            return at - 1 if at and _RULE.match(lines[at - 1]) else at
        looked_at += bool(_SAYS.search(line))
        length = _attribution_lines(lines, at) if looked_at <= _MOST_ATTRIBUTIONS else 0
        if length and _strong(lines, at, length, quoted):
            return at
    return len(lines)


def _is_header_block(lines: list[str], at: int) -> bool:
    if not _HEADER_FROM.match(lines[at]):
        return False
    return (
        sum(bool(_HEADER_MORE.match(line)) for line in lines[at + 1 : at + _LOOK_AHEAD_LINES]) >= 2
    )


def _attribution_lines(lines: list[str], at: int) -> int:
    """How many lines the attribution starting here takes (clients wrap it over up to three); 0: it is none."""
    if not lines[at].strip():
        return 0
    for length in (1, 2, 3):
        joined = " ".join(
            line[: _LONGEST_ATTRIBUTION + 1].strip() for line in lines[at : at + length]
        )
        if len(joined) > _LONGEST_ATTRIBUTION:
            return 0
        ends = joined.endswith((":", ":*"))
        if ends and _SAYS.search(joined) and _ATTRIBUTION.match(joined):
            return length
    return 0


def _last_quote(lines: list[str]) -> int:
    """The last line that is quoted; -1: none is."""
    return next((at for at in range(len(lines) - 1, -1, -1) if _is_quote(lines[at])), -1)


def _strong(lines: list[str], at: int, length: int, last_quote: int) -> bool:
    """It is history without `>` marks: a date in it, an address or a name, nothing answered below, text after."""
    if last_quote >= at + length:
        return False
    joined = " ".join(lines[at : at + length])
    # "On Monday at 10:30 my neighbour wrote:" is part of the story; a client's line names an address or a full date.
    return bool(_HAS_DATE.search(joined)) and (
        "@" in joined or bool(re.search(r"\b20\d\d\b", joined))
    )


def _trailing_quote_start(lines: list[str], end: int) -> int:
    """Where the `>` quote at the end starts, with its attribution; `end` when what stands last is not quoted."""
    at = _without_blank(lines, end)
    if not at or not _is_quote(lines[at - 1]):
        at = _before_signature(lines, at)
        if not at or not _is_quote(lines[at - 1]):
            return end
    while at and (_is_quote(lines[at - 1]) or not lines[at - 1].strip()):
        at -= 1
    for length in (1, 2, 3):
        if at >= length and _attribution_lines(lines, at - length) == length:
            return at - length
    return at


def _without_blank(lines: list[str], end: int) -> int:
    while end and not lines[end - 1].strip():
        end -= 1
    return end


def _before_signature(lines: list[str], end: int) -> int:
    for at in range(end - 1, max(-1, end - 1 - _LONGEST_SIGNATURE_LINES), -1):
        if _SIGNATURE_MARK.match(lines[at]):
            return _without_blank(lines, at)
    return _without_blank(lines, end - 1) if end and _FROM_A_DEVICE.match(lines[end - 1]) else end


def _fold_signature(lines: list[str], folded: list[bool], end: int) -> None:
    for _ in range(3):
        end = _without_blank(lines, end)
        start = next(
            (
                at
                for at in range(end - 1, max(-1, end - 1 - _LONGEST_SIGNATURE_LINES), -1)
                if _SIGNATURE_MARK.match(lines[at])
            ),
            end,
        )
        if start == end and end and _FROM_A_DEVICE.match(lines[end - 1]):
            start = end - 1
        if start == end:
            return
        _mark(folded, start, end)
        end = start


def _fold_leading_quote(lines: list[str], folded: list[bool]) -> None:
    """A mail that starts with the quote and answers below it once: the quote is folded."""
    at = 0
    while at < len(lines) and not lines[at].strip():
        at += 1
    start, length = at, _attribution_lines(lines, at) if at < len(lines) else 0
    at += length
    while at < len(lines) and (_is_quote(lines[at]) or not lines[at].strip()):
        at += 1
    quoted = [line for line in lines[start + length : at] if line.strip()]
    rest = [
        line for line, cut in zip(lines[at:], folded[at:], strict=True) if not cut and line.strip()
    ]
    if quoted and rest and not any(_is_quote(line) for line in rest):
        _mark(folded, start, at)
