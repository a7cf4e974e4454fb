"""The alphabets of SMS: data coding of SMPP 3.4 §5.2.19 and the coding groups of 3GPP TS 23.038 §4 → text."""

from __future__ import annotations

from torget.protocols import encodings, gsm7

GSM, LATIN1, UCS2, DATA = "gsm", "latin1", "ucs2", "data"
# SMPP 3.4 §5.2.19: the values below 0x10, which a coding group has other meanings for only where SMPP has none.
_SMPP = {
    0x01: "ascii",
    0x02: DATA,
    0x03: LATIN1,
    0x04: DATA,
    0x05: "shift_jis",
    0x06: "iso-8859-5",
    0x07: "iso-8859-8",
    0x08: UCS2,
    0x0A: "iso-2022-jp",
    0x0D: "euc-jp",
    0x0E: "euc-kr",
}
_BY_BITS = (
    GSM,
    DATA,
    UCS2,
    GSM,
)  # bits 3 and 2 (23.038 §4); the last is reserved: read as the default
_COMPRESSED = 0x20  # bit 5 of the general groups
_TEXT_CONTROLS = frozenset(b"\t\n\r\x0c")


def alphabet(coding: int, default: str = GSM) -> str:
    """The alphabet behind a data coding; `default` is what 0 means at this centre. "" for a compressed text."""
    group = coding & 0xF0
    if coding == 0:
        return default
    if group == 0x00:
        return _SMPP.get(coding, default)
    if group < 0x80:  # general data coding, and what is to be deleted once it is read
        return "" if coding & _COMPRESSED else _BY_BITS[coding >> 2 & 3]
    if group == 0xE0:  # a message waits, its text in UCS-2
        return UCS2
    if group == 0xF0:  # a message class
        return DATA if coding & 0x04 else GSM
    return GSM  # a message waits (0xC0, 0xD0), and the reserved groups


def decode(octets: bytes, coding: int, default: str = GSM) -> str | None:
    """The words of a whole text, its parts joined; None when it is no text: compressed, or data for a program."""
    name = alphabet(coding, default)
    if not name:
        return None
    if name == GSM or (name == "ascii" and _is_gsm(octets)):
        return gsm7.decode(octets)
    if name == UCS2:
        return _ucs2(octets)
    if name == DATA:
        return None if _is_data(octets) else encodings.decode(octets)
    return encodings.decode(octets, "iso-8859-1" if name == LATIN1 else name)


def _ucs2(octets: bytes) -> str:
    """Big-endian (23.038 §6.2.3), but for a mark at the start, or zeros that stand in the other half of its letters."""
    first, second = octets[::2].count(0), octets[1::2].count(0)
    little = octets.startswith(b"\xff\xfe") or second > first + len(octets) // 4
    return octets.decode("utf-16-le" if little else "utf-16-be", "replace").removeprefix("\ufeff")


def _is_gsm(octets: bytes) -> bool:
    """ASCII has nothing but line breaks where GSM has its letters."""
    return any(octet < 0x20 and octet not in _TEXT_CONTROLS for octet in octets)


def _is_data(octets: bytes) -> bool:
    return any(octet < 0x20 and octet not in _TEXT_CONTROLS for octet in octets[:500])
