"""What the sender wrote now, apart from quoted history and signature; nothing is thrown away."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

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
_HAS_CLOCK = re.compile(r"\b\d{1,2}[:.]\d{2}\b")
_HAS_YEAR = re.compile(r"\b(?:19|20)\d\d\b|\b\d{1,2}[./-]\d{1,2}[./-]\d{2}\b")
_HAS_ADDRESS = re.compile(r"[^\s<>@]@[^\s<>@]")
_IN_ANGLES = re.compile(r"<[^<>\s]{1,128}@[^<>\s]{1,253}>")
_DOMAIN = re.compile(r"[^\s<>@]@([A-Za-z0-9.-]{3,253}[A-Za-z])")
_WEB_ADDRESS = re.compile(r"https?://\S+|www\.\S+")
# The end of an attribution that was wrapped inside the address.
_WRAPPED_END = re.compile(r"\A\s*[^\s<>]{0,254}>\)?\s?:\*?\s*\Z")
_DIVIDER = re.compile(
    r"\A\s*-{2,}\s*(?:Opprinnelig melding|Opphavleg melding|Original Message|Original melding|Ursprungligt meddelande|"
    r"Oprindelig meddelelse|Ursprüngliche Nachricht|Message d'origine|Original message|Reply message|Oryginalna wiadomość|Wiadomość oryginalna|Mensaje original|Messaggio originale|Oorspronkelijk bericht|"
    r"Alkuperäinen viesti|Исходное сообщение|Оригінальне повідомлення|Пересланное сообщение)\s*-{2,}\s*\Z",
    re.IGNORECASE,
)
_FORWARD = re.compile(
    r"\A\s*(?:-{2,}\s*(?:Forwarded message|Videresendt (?:melding|e-post)|Vidaresend melding|Forwarded by|Begin forwarded)"
    r"|Begin forwarded message:|Start på videresendt melding:|Starten på videresendt melding:|Vidaresend melding:)",
    re.IGNORECASE,
)
_REPLY_SUBJECT = re.compile(
    r"\A\s*(?:\[[^\[\]]{1,40}\]\s*){0,3}(?:Re|SV|AW|Antw|Odp|Vá|RV|Ynt|R)(?:\[\d+\])?\s*:",
    re.IGNORECASE,
)
_FORWARD_SUBJECT = re.compile(
    r"\A\s*(?:\[[^\[\]]{1,40}\]\s*){0,3}(?:VS|VID|Fwd?|FW|Vb|WG|TR)\s*:", re.IGNORECASE
)
# A label and what it names, in any language ("Надіслано: 25 листопада 2026 р. 14:05").
_LABEL = re.compile(r"\A[\s*_]*[^\W\d_][^\W\d_ .'-]{0,20}(?: [^\W\d_]{1,20})?\s?\*?:\*? \s?\S")
_HEADER_FROM = re.compile(
    r"\A[\s*_]*(?:Fra|Frå|From|Von|Från|De|Od|Van|Lähettäjä)\s*\*?\s*:\*?\s*\S", re.IGNORECASE
)
_HEADER_SENT = re.compile(
    r"\A[\s*_]*(?:Sendt|Send|Sent|Gesendet|Skickat|Envoyé|Wysłano|Lähetetty|Verzonden|Enviado)\s*\*?\s*:",
    re.IGNORECASE,
)
_HEADER_SUBJECT = re.compile(
    r"\A[\s*_]*(?:Emne|Subject|Betreff|Ämne|Objet|Temat|Aihe|Onderwerp|Asunto)\s*\*?\s*:",
    re.IGNORECASE,
)
_HEADER_MORE = re.compile(
    r"\A[\s*_]*(?:Dato|Date|Datum|Data|Til|To|An|Till|Do|Kopi|Cc|Kopia|DW|À|Aan|Para)\s*\*?\s*:",
    re.IGNORECASE,
)
_RULE = re.compile(r"\A\s*(?:_{5,}|-{3,}|={5,}|\*{5,})\s*\Z")
_SIGNATURE_MARK = re.compile(r"\A-- ?\Z")
_FROM_A_DEVICE = re.compile(
    r"\A\s*(?:"
    r"(?:Sendt|Send|Sent|Skickat|Gesendet|Von meinem|Envoyé|Wysłano|Wysłane)\b.{0,20}\b"
    r"(?:fra|frå|from|från|med|with|gesendet|mit|de|depuis|via|z|ze)\b.{0,20}\b"
    r"(?:iPhone|iPad|Galaxy|Samsung|Android|Huawei|Xiaomi|OnePlus|Pixel|Nokia|Sony|mobil\w*|telefon\w*|smarttelefon|nettbrett\w*|"
    r"Outlook|Yahoo|Mail|E-post|Epost|Proton|Windows|Gmail|ProtonMail|BlackBerry|phone|mobile|device|tablet)\b.{0,80}"
    r"|(?:Få|Get|Last ned|Skaff deg|Hämta|Hent) Outlook (?:for|for|på|til)\b.{0,80}"
    r"|Von meinem .{1,40} gesendet\.?|Lähetetty .{1,40}|Отправлено с .{1,40}|Надіслано з .{1,40}"
    r"|Sendt via .{0,40}(?:telefon|mobil|app)\w*\.?"
    r")\Z",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"\A\s*(?:[^\W\d_]{1,40}[,;:]? ){3}.{0,300}[.!]\s*\Z")
# "My answers stand below, in red": then they stand in what is quoted, and nothing marks them.
_ANSWERS_WITHIN = re.compile(
    r"\b(?:svar(?:a|er|ene|ar|et)?|kommentar\w{0,4}|merknad\w{0,4}|answers?|repl(?:y|ies)|comments?|antworten|anmerkungen)\b"
    r"[^\n.?!]{0,40}\b(?:under|nedenfor|nedanfor|nedenunder|innimellom|herunder|nedan|below|inline|unten|"
    r"(?:i|med|in) (?:rødt|raudt|blått|grønt|rött|red|blue|green|rot|teksten|texten|the text|your text))\b",
    re.IGNORECASE,
)
_MOST_LEADING = 2_000  # signs before the history in which that is looked for
_LONGEST_SIGNATURE_LINES = 15
_LOOK_AHEAD_LINES = 8
_MOST_ATTRIBUTIONS = 200  # lines with "wrote" in them that are looked at closely
_MOST_LINES = 10_000  # among which unmarked history is looked for
_LONGEST_ATTRIBUTION = 600


@dataclass(frozen=True, slots=True)
class _Proof:
    """What shows that history is what we wrote: our addresses and names; or that the mail answers one of ours."""

    own: Sequence[str]
    answers: bool
    is_reply: bool  # by its subject

    def is_ours(self, head: str) -> bool:
        """Whether the line or block that names who wrote what follows may name us. Unknown who we are, it may."""
        if not self.own:
            return True
        domains = {address.rpartition("@")[2].lower() for address in self.own if "@" in address}
        named = {domain_name.lower() for domain_name in _DOMAIN.findall(head)}
        if named:
            return any(
                name == domain or name.endswith(f".{domain}")
                for name in named
                for domain in domains
            )
        return self.answers or self.is_reply or self.names_us(head)

    def names_us(self, head: str) -> bool:
        """Whether a word of one of our names stands there."""
        low = head.lower()
        words = {
            word
            for own_name in self.own
            if "@" not in own_name
            for word in own_name.lower().split()
        }
        return any(len(word) > 4 and word.strip(",.") in low for word in words)


def fold(
    text: str,
    *,
    subject: str = "",
    own: Sequence[str] = (),
    answers: bool = False,
    exact_mark: bool = True,
) -> tuple[str, str]:
    """Cut quoted history and signature from the end (or a quote from the start): (said, folded).

    Every line of the text is in one of the two. History is folded by proof: a line or block that has an address, a time
    or the mark of a client, and what follows is ours. `own` are our addresses and names, `answers` that the mail answers
    one of ours; without them whose it is stays open, and does not count. Quotes between answers stay: they are what is
    answered. What is forwarded stays: it is what the sender wants us to see. If nothing would be left, all is said.
    Without an `exact_mark` ("-- " with its space, RFC 3676 §4.3) whole sentences below two dashes are no signature.
    """
    lines = text.split("\n")
    folded = [False] * len(lines)
    forwarding = bool(_FORWARD_SUBJECT.match(subject))
    proof = _Proof(own, answers, bool(_REPLY_SUBJECT.match(subject)))
    end = _history_start(lines, proof, forwarding=forwarding)
    if _ANSWERS_WITHIN.search("\n".join(lines[:end])[-_MOST_LEADING:]):
        end = len(lines)  # what follows is not only ours
    _mark(folded, end, len(lines))
    if not forwarding:
        end = _trailing_quote_start(lines, end, proof)
        _mark(folded, end, len(lines))
    _fold_signature(lines, folded, end, exact_mark=exact_mark)
    if not forwarding:
        _fold_only_quote(lines, folded, proof)
    text_now = _join(lines, folded, kept=True)
    if not text_now:
        return text.strip("\n"), ""
    return text_now, _join(lines, folded, kept=False)


def _mark(folded: list[bool], start: int, end: int) -> None:
    folded[start:end] = [True] * (end - start)


def _join(lines: list[str], folded: list[bool], *, kept: bool) -> str:
    return (
        "\n".join(line for line, cut in zip(lines, folded, strict=True) if cut is not kept)
        .strip("\n")
        .rstrip()
    )


def _is_quote(line: str) -> bool:
    return line.lstrip(" ").startswith(">") and not _WRAPPED_END.match(line)


def _history_start(lines: list[str], proof: _Proof, *, forwarding: bool) -> int:
    """The first line of unmarked history (Outlook and others that do not write `>`), or the number of lines."""
    quoted = _last_quote(lines)
    looked_at = 0
    for at, line in enumerate(lines[:_MOST_LINES]):
        if _FORWARD.match(line):
            return len(lines)
        if not forwarding and _begins_history(lines, at, proof):
            return at - 1 if at and _RULE.match(lines[at - 1]) else at
        looked_at += bool(_SAYS.search(line))
        length = _attribution_lines(lines, at) if looked_at <= _MOST_ATTRIBUTIONS else 0
        length = length or _says_that_we_wrote(lines, at, proof)
        if length and _strong(lines, at, length, quoted, proof):
            return at
    return len(lines)


def _says_that_we_wrote(lines: list[str], at: int, proof: _Proof) -> int:
    """As `_attribution_lines`, in any language: our address in angles, a day, a clock, a colon at the end."""
    if not proof.own or "@" not in "".join(
        line[:_LONGEST_ATTRIBUTION] for line in lines[at : at + 2]
    ):
        return 0
    for length in (1, 2):
        joined = _joined(lines[at : at + length])
        timed = _HAS_CLOCK.search(joined) and _HAS_YEAR.search(joined)
        if joined.endswith(":") and timed and _IN_ANGLES.search(joined) and proof.is_ours(joined):
            return length
    return 0


def _begins_history(lines: list[str], at: int, proof: _Proof) -> bool:
    """A client's divider, or the block of headers it puts above what is answered."""
    if _DIVIDER.match(lines[at]):
        return proof.is_ours(next(filter(_HEADER_FROM.match, _block(lines, at)), ""))
    if not _HEADER_FROM.match(lines[at]):
        return _is_our_block(lines, at, proof)
    block = _block(lines, at)
    more = [line for line in block[1:] if _is_label(line)]
    if len(more) < 2:
        return False
    sent = any(_HEADER_SENT.match(line) for line in more)
    subject = any(_HEADER_SUBJECT.match(line) for line in more)
    dated = any(_HAS_CLOCK.search(line) and _HAS_YEAR.search(line) for line in more)
    is_client = (sent and (subject or dated)) or (subject and (dated or "@" in block[0]))
    return (is_client or "@" in block[0]) and proof.is_ours(block[0])


def _is_our_block(lines: list[str], at: int, proof: _Proof) -> bool:
    """A block of headers in a language we do not know: our address first, and a day with its clock below."""
    if not proof.own or "@" not in lines[at][:_LONGEST_ATTRIBUTION] or not _LABEL.match(lines[at]):
        return False
    block = _block(lines, at)
    labelled = [line for line in block[1:] if _LABEL.match(line)]
    timed = any(_HAS_CLOCK.search(line) and _HAS_YEAR.search(line) for line in labelled)
    return len(labelled) >= 2 and timed and proof.is_ours(block[0])


def _block(lines: list[str], at: int) -> list[str]:
    return [line[:_LONGEST_ATTRIBUTION] for line in lines[at : at + _LOOK_AHEAD_LINES]]


def _is_label(line: str) -> bool:
    return bool(_HEADER_SENT.match(line) or _HEADER_SUBJECT.match(line) or _HEADER_MORE.match(line))


def _attribution_lines(lines: list[str], at: int) -> int:
    """How many lines the attribution starting here takes (clients wrap it over up to three); 0: it is none."""
    if not lines[at].strip():
        return 0
    for length in (1, 2, 3):
        joined = _joined(lines[at : at + length])
        if len(joined) > _LONGEST_ATTRIBUTION:
            return 0
        if not joined.endswith((":", ":*")):
            continue
        if _SAYS.search(joined) and _ATTRIBUTION.match(joined):
            return length
    return 0


def _joined(lines: list[str]) -> str:
    """Wrapped lines as one; an address is wrapped without a space."""
    joined = ""
    for line in lines:
        piece = line[: _LONGEST_ATTRIBUTION + 1].strip()
        joined += piece if joined.rfind("<") > joined.rfind(">") else f" {piece}"
    return joined.strip()


def _names_a_writer(lines: list[str], at: int, proof: _Proof) -> int:
    """As `_attribution_lines`, of the lines before a quote in any language: an address or our name, a time or year, a colon."""
    for length in (1, 2, 3):
        joined = _joined(lines[max(0, at - length) : at])
        if at < length or not lines[at - length].strip() or not joined.endswith((":", ":*")):
            continue
        named = "@" in joined or (_SAYS.search(joined) and proof.names_us(joined))
        if named and (_HAS_CLOCK.search(joined) or _HAS_YEAR.search(joined)):
            return length
    return 0


def _last_quote(lines: list[str]) -> int:
    """The last line that is quoted; -1: none is."""
    return next((at for at in range(len(lines) - 1, -1, -1) if _is_quote(lines[at])), -1)


def _strong(lines: list[str], at: int, length: int, last_quote: int, proof: _Proof) -> bool:
    """It is history without `>` marks: a date in it, an address or a name, nothing answered below, text after."""
    if last_quote >= at + length:
        return False
    joined = _joined(lines[at : at + length])
    # "On Monday at 10:30 my neighbour wrote:" is part of the story; a client's line names an address or a full date.
    return (
        bool(_HAS_DATE.search(joined))
        and ("@" in joined or bool(_HAS_YEAR.search(joined)))
        and proof.is_ours(joined)
    )


def _trailing_quote_start(lines: list[str], end: int, proof: _Proof) -> int:
    """Where the `>` quote at the end starts, with its attribution; `end` when what stands last is not quoted."""
    at = _without_blank(lines, end)
    if not at or not _is_quote(lines[at - 1]):
        at = _before_signature(lines, at)
        if not at or not _is_quote(lines[at - 1]):
            return end
    quote_end = at
    while at and (_is_quote(lines[at - 1]) or not lines[at - 1].strip()):
        at -= 1
    start = _with_attribution(lines, at, proof)
    if start < at:
        return start if proof.is_ours(_joined(lines[start:at])) else end
    inside = " ".join(line.lstrip("> ") for line in lines[at : min(quote_end, at + 4)])
    if not proof.own or proof.answers or _HAS_ADDRESS.search(inside):
        return at if proof.is_ours(inside) else end
    # Quoted by hand: "The law says:" and what it says. By a client: the mail is an answer, and no words lead up to it.
    led_up_to = at and lines[at - 1].rstrip().endswith(":")
    return at if proof.is_reply and not led_up_to else end


def _with_attribution(lines: list[str], at: int, proof: _Proof) -> int:
    """Where the attribution just above begins; `at` when there is none."""
    for length in (1, 2, 3):
        if at >= length and _attribution_lines(lines, at - length) == length:
            return at - length
    return at - _names_a_writer(lines, at, proof)


def _without_blank(lines: list[str], end: int) -> int:
    while end and not lines[end - 1].strip():
        end -= 1
    return end


def _before_signature(lines: list[str], end: int) -> int:
    for at in range(end - 1, max(-1, end - 1 - _LONGEST_SIGNATURE_LINES), -1):
        if _SIGNATURE_MARK.match(lines[at]):
            return _without_blank(lines, at)
    return _without_blank(lines, end - 1) if end and _FROM_A_DEVICE.match(lines[end - 1]) else end


def _fold_signature(lines: list[str], folded: list[bool], end: int, *, exact_mark: bool) -> None:
    # Who divides a text with the mark writes it more than once, or goes on asking below it.
    marks = sum(1 for line in lines[:end] if _SIGNATURE_MARK.match(line))
    for _ in range(3):
        end = _without_blank(lines, end)
        start = end
        if marks == 1:
            start = _marked_signature(lines, end, exact_mark=exact_mark)
        if start == end and end and _FROM_A_DEVICE.match(lines[end - 1]):
            start = end - 1
        if start == end:
            return
        _mark(folded, start, end)
        end = start


def _marked_signature(lines: list[str], end: int, *, exact_mark: bool) -> int:
    for at in range(end - 1, max(-1, end - 1 - _LONGEST_SIGNATURE_LINES), -1):
        if _SIGNATURE_MARK.match(lines[at]):
            below = [_WEB_ADDRESS.sub("", line) for line in lines[at + 1 : end]]
            goes_on = any("?" in line for line in below)
            goes_on |= not exact_mark and any(_SENTENCE.match(line) for line in below)
            return end if goes_on else at
    return end


def _fold_only_quote(lines: list[str], folded: list[bool], proof: _Proof) -> None:
    """What is answered once, below the quote of it or on both sides: the one quote there is, with its attribution, is folded."""
    first = next(
        (at for at, line in enumerate(lines) if not folded[at] and _is_quote(line)), len(lines)
    )
    end = first
    while (
        end < len(lines) and not folded[end] and (_is_quote(lines[end]) or not lines[end].strip())
    ):
        end += 1
    if any(_is_quote(line) and not folded[at] for at, line in enumerate(lines[end:], end)):
        return
    above = _without_blank(lines, first)
    start = _with_attribution(lines, above, proof)
    if start < above:
        is_history = proof.is_ours(_joined(lines[start:above]))
    else:
        # A quote nobody is named above is history only where everything begins with it.
        start = first
        is_history = not above and proof.is_ours("")
    if is_history and first < end:
        _mark(folded, start, end)
