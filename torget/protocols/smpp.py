"""SMPP 3.4, the side of one who sends and receives texts: PDUs as bytes ↔ plain values (SMPP v3.4 issue 1.2)."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from torget.protocols import smscoding

# §5.1.2.1
BIND_RECEIVER, BIND_TRANSMITTER, BIND_TRANSCEIVER = 0x01, 0x02, 0x09
QUERY_SM, SUBMIT_SM, DELIVER_SM = 0x03, 0x04, 0x05
UNBIND, ENQUIRE_LINK, GENERIC_NACK = 0x06, 0x15, 0x80000000
RESPONSE = 0x80000000
HEAD = struct.Struct(">IIII")
MOST_BYTES = 70_000  # message_payload holds 64 KiB (§5.3.2.32)

# Optional parameters (§5.3.2)
TAG_RECEIPTED_ID, TAG_STATE, TAG_PAYLOAD = 0x001E, 0x0427, 0x0424
TAG_SAR_REF, TAG_SAR_TOTAL, TAG_SAR_NUMBER = 0x020C, 0x020E, 0x020F

UDH_INDICATOR = 0x40  # esm_class bit 6 (§5.2.12)
RECEIPT_BITS = 0x3C  # esm_class bits 5-2
ESM_RECEIPT = 0x04
CODING_DEFAULT, CODING_LATIN1, CODING_UCS2 = 0x00, 0x03, 0x08  # §5.2.19
TON_INTERNATIONAL, TON_NATIONAL, TON_ALPHANUMERIC = 1, 2, 5  # §5.2.5
NPI_ISDN = 1
# §5.2.28
STATES = {
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
}


class BadPdu(ValueError):  # noqa: N818 - names what was read
    """The octets are not a PDU we understand."""


@dataclass(frozen=True, slots=True)
class Pdu:
    """One protocol data unit: its head (§3.2) and the body as octets."""

    command: int
    status: int
    sequence: int
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Message:
    """What a submit_sm or deliver_sm carries (§4.4.1, §4.6.1). `payload` is with its user data header, if it has one."""

    source: str
    destination: str
    payload: bytes
    esm_class: int = 0
    data_coding: int = CODING_DEFAULT
    registered: int = 0
    optional: Mapping[int, bytes] = field(default_factory=dict)

    @property
    def is_receipt(self) -> bool:
        """It tells how one we sent went."""
        return self.esm_class & RECEIPT_BITS == ESM_RECEIPT


@dataclass(frozen=True, slots=True)
class Report:
    """A delivery receipt (Appendix B). `state` is one of `STATES`' names."""

    of: str
    state: str
    error: str = ""


def pack(pdu: Pdu) -> bytes:
    """The PDU as it goes over the line."""
    return (
        HEAD.pack(HEAD.size + len(pdu.body), pdu.command, pdu.status, pdu.sequence & 0x7FFFFFFF)
        + pdu.body
    )


def unpack(octets: bytes) -> tuple[Pdu, int] | None:
    """The first PDU in what was read, and how many octets it took; None while it is not all there.

    Raises:
        BadPdu: its length cannot be right; the line is of no more use.
    """
    if len(octets) < HEAD.size:
        return None
    length, command, status, sequence = HEAD.unpack_from(octets)
    if not HEAD.size <= length <= MOST_BYTES:
        raise BadPdu(f"A PDU of {length} octets")
    if len(octets) < length:
        return None
    return Pdu(command, status, sequence, bytes(octets[HEAD.size : length])), length


def text_field(text: str, most: int) -> bytes:
    """A C-octet string of at most `most` octets with its closing zero (§3.1)."""
    return text.encode("ascii", "ignore").replace(b"\x00", b"")[: most - 1] + b"\x00"


def bind_body(system_id: str, password: str, system_type: str = "") -> bytes:
    """The body of a bind (§4.1)."""
    parts = [text_field(system_id, 16), text_field(password, 9), text_field(system_type, 13)]
    return b"".join(parts) + bytes([0x34, 0, 0]) + b"\x00"


def address(number: str) -> tuple[int, int, str]:
    """TON, NPI and digits of a number or a name as sender (§5.2.5–5.2.6)."""
    if re.fullmatch(r"\+\d{5,15}", number):
        return TON_INTERNATIONAL, NPI_ISDN, number[1:]
    if re.fullmatch(r"\d{1,20}", number):
        return (TON_NATIONAL if len(number) > 7 else 0), NPI_ISDN, number
    return TON_ALPHANUMERIC, 0, number[:11]


def message_body(message: Message) -> bytes:
    """The body of a submit_sm or deliver_sm (§4.4.1); both have the same shape.

    Raises:
        BadPdu: more than 254 octets of text.
    """
    if len(message.payload) > 254:
        raise BadPdu("A short message of more than 254 octets")
    out = bytearray(b"\x00")
    for number in (message.source, message.destination):
        ton, npi, digits = address(number)
        out += bytes([ton, npi]) + text_field(digits, 21)
    out += bytes([message.esm_class, 0, 0]) + b"\x00\x00"
    out += bytes([message.registered, 0, message.data_coding, 0, len(message.payload)])
    out += message.payload
    for tag, value in message.optional.items():
        out += struct.pack(">HH", tag, len(value)) + value
    return bytes(out)


class _Reader:
    """Reads fields one after the other."""

    def __init__(self, body: bytes) -> None:
        self.body, self.at = body, 0

    def octet(self) -> int:
        if self.at >= len(self.body):
            raise BadPdu("The PDU ends too soon")
        self.at += 1
        return self.body[self.at - 1]

    def text(self, most: int) -> str:
        end = self.body.find(b"\x00", self.at, self.at + most)
        if end < 0:
            raise BadPdu("A text in the PDU has no end")
        text = self.body[self.at : end].decode("latin-1")
        self.at = end + 1
        return text

    def octets(self, count: int) -> bytes:
        if self.at + count > len(self.body):
            raise BadPdu("The PDU ends too soon")
        self.at += count
        return self.body[self.at - count : self.at]


def _address_in(reader: _Reader) -> str:
    ton, _npi, digits = reader.octet(), reader.octet(), reader.text(21)
    return f"+{digits.lstrip('+')}" if ton == TON_INTERNATIONAL and digits else digits


def read_message(body: bytes) -> Message:
    """The message in a deliver_sm or submit_sm.

    Raises:
        BadPdu: it ends too soon.
    """
    reader = _Reader(body)
    reader.text(6)
    source, destination = _address_in(reader), _address_in(reader)
    esm_class = reader.octet()
    reader.octets(2)
    reader.text(17)
    reader.text(17)
    registered, _replace, data_coding = reader.octet(), reader.octet(), reader.octet()
    reader.octet()
    payload = reader.octets(reader.octet())
    optional: dict[int, bytes] = {}
    while reader.at + 4 <= len(body):
        tag, length = struct.unpack(">HH", reader.octets(4))
        optional[tag] = reader.octets(length)
    payload = payload or optional.get(TAG_PAYLOAD, b"")
    return Message(source, destination, payload, esm_class, data_coding, registered, optional)


def text_at(body: bytes) -> str:
    """The one text field that most answers are (message_id, system_id).

    Raises:
        BadPdu: it has no end.
    """
    return _Reader(body).text(66) if body else ""


def _header_and_rest(message: Message) -> tuple[bytes, bytes]:
    if not message.esm_class & UDH_INDICATOR or not message.payload:
        return b"", message.payload
    length = message.payload[0]
    return message.payload[1 : 1 + length], message.payload[1 + length :]


def place(message: Message) -> tuple[int, int, int] | None:
    """Reference, how many and which of them, of a part of a long text (23.040 §9.2.3.24.1 and .8, or sar_*); else None."""
    header, _rest = _header_and_rest(message)
    at = 0
    while at + 2 <= len(header):
        kind, length = header[at], header[at + 1]
        value = header[at + 2 : at + 2 + length]
        if (kind, len(value)) == (0x00, 3):
            return _placed(value[0], value[1], value[2])
        if (kind, len(value)) == (0x08, 4):
            return _placed(value[0] * 256 + value[1], value[2], value[3])
        at += 2 + length
    sar = [
        int.from_bytes(message.optional.get(tag, b"")[:2], "big")
        for tag in (TAG_SAR_REF, TAG_SAR_TOTAL, TAG_SAR_NUMBER)
    ]
    return _placed(*sar) if TAG_SAR_TOTAL in message.optional else None


def _placed(reference: int, total: int, number: int) -> tuple[int, int, int] | None:
    return (reference, total, number) if total > 1 and 1 <= number <= total <= 255 else None


def octets_of(message: Message) -> bytes:
    """What it says, without the header that tells where its part belongs."""
    return _header_and_rest(message)[1]


def text_of(messages: Sequence[Message], *, default: str = "gsm") -> str | None:
    """The words of the parts of one text, in order: joined before they are decoded, so that no letter is torn.

    `default` is the alphabet behind data coding 0 at this SMSC: "gsm" or "latin1". None when it is no text.
    """
    texts = []
    for coding, parts in groupby(messages, key=lambda message: message.data_coding):
        text = smscoding.decode(b"".join(map(octets_of, parts)), coding, default)
        if text is None:
            return None
        texts.append(text)
    return "".join(texts)


def parted(pieces: tuple[bytes, ...], reference: int) -> list[bytes]:
    """Each piece with the header that lets the phone join them (23.040 §9.2.3.24.1); one alone has none."""
    if len(pieces) == 1:
        return list(pieces)
    return [
        bytes([5, 0, 3, reference & 0xFF, len(pieces), number]) + piece
        for number, piece in enumerate(pieces, 1)
    ]


_RECEIPT = re.compile(r"\b(id|stat|err):\s?(\S+)", re.IGNORECASE)


def report(message: Message) -> Report:
    """What a delivery receipt says, by its optional parameters, else by its text (Appendix B).

    Raises:
        BadPdu: it does not say of what.
    """
    fields = {
        key.lower(): value for key, value in _RECEIPT.findall(message.payload.decode("latin-1"))
    }
    of = message.optional.get(TAG_RECEIPTED_ID, b"").rstrip(b"\x00").decode("latin-1")
    of = of or fields.get("id", "")
    state = STATES.get(int.from_bytes(message.optional.get(TAG_STATE, b"")[:1], "big"), "")
    state = state or fields.get("stat", "").upper()[:7]
    if not of:
        raise BadPdu("A receipt that does not say of what")
    return Report(of[:65], state or "UNKNOWN", fields.get("err", "")[:10])
