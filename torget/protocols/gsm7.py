"""How a text becomes SMS: the GSM 7-bit alphabet, UCS-2, and where a long text is cut (3GPP TS 23.038, 23.040)."""

from __future__ import annotations

from dataclasses import dataclass

# 3GPP TS 23.038 §6.2.1: the place of a character is its code; 0x1B leads to the extension table (§6.2.1.1).
_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
ESCAPE = 0x1B
_CODES = {char: bytes([code]) for code, char in enumerate(_BASIC) if code != ESCAPE}
_EXTENDED = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
_CODES |= {char: bytes([ESCAPE, code]) for char, code in _EXTENDED.items()}
_CHARS = dict(enumerate(_BASIC))
_EXTENDED_CHARS = {code: char for char, code in _EXTENDED.items()}

# 140 octets: 160 septets or 70 UTF-16 units; a part of a longer text gives six octets to its header (23.040 §9.2.3.24.1).
GSM_ALONE, GSM_PART = 160, 153
UCS_ALONE, UCS_PART = 70, 67


@dataclass(frozen=True, slots=True)
class Cut:
    """A text as the SMS it goes out in.

    `wide` are the characters that make all of it UCS-2 (70 instead of 160 a message), each once; none when it is
    GSM 7-bit. `units` is its whole length, in septets or UTF-16 units.
    """

    parts: tuple[str, ...]
    wide: tuple[str, ...]
    units: int

    @property
    def is_gsm(self) -> bool:
        """It goes in the 7-bit alphabet."""
        return not self.wide


def wide(text: str) -> tuple[str, ...]:
    """The characters outside the GSM alphabet, each once, in the order they come."""
    return tuple(dict.fromkeys(char for char in text if char not in _CODES))


def encode(text: str) -> bytes:
    """One septet an octet, as SMPP carries it (unpacked).

    Raises:
        ValueError: a character is outside the alphabet.
    """
    try:
        return b"".join(_CODES[char] for char in text)
    except KeyError as fault:
        raise ValueError(f"{fault.args[0]!r} is not in the GSM alphabet") from fault


def decode(septets: bytes) -> str:
    """The text of unpacked septets. An unknown escape shows its second character, as 23.038 §6.2.1.1 asks."""
    out = []
    escaped = False
    for octet in septets:
        code = octet & 0x7F
        if escaped:
            out.append(_EXTENDED_CHARS.get(code, _CHARS[code] if code != ESCAPE else " "))
            escaped = False
        elif code == ESCAPE:
            escaped = True
        else:
            out.append(_CHARS[code])
    return "".join(out)


def _cost(char: str, gsm: bool) -> int:
    if gsm:
        return len(_CODES[char])
    return 2 if char > "\uffff" else 1


def cut(text: str) -> Cut:
    """The text in parts; an escape pair or a surrogate pair is never parted. The parts joined are the text."""
    strange = wide(text)
    gsm = not strange
    alone, part = (GSM_ALONE, GSM_PART) if gsm else (UCS_ALONE, UCS_PART)
    units = sum(_cost(char, gsm) for char in text)
    if units <= alone:
        return Cut((text,), strange, units)
    parts: list[str] = []
    begin = used = 0
    for place, char in enumerate(text):
        cost = _cost(char, gsm)
        if used + cost > part:
            parts.append(text[begin:place])
            begin, used = place, 0
        used += cost
    parts.append(text[begin:])
    return Cut(tuple(parts), strange, units)


def ucs2(text: str) -> bytes:
    """UTF-16 big-endian, as SMS with characters outside the alphabet are sent; lone surrogates are replaced."""
    return text.encode("utf-16-be", "replace")
