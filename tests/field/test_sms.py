"""What telephones and SMS centres really send, read whole: field cases, and more of each kind."""

from __future__ import annotations

import json
import struct
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from tests.field.mutations import INPUTS, in_time, inputs, mutations, tried
from torget.adapters.sms import adapter, centre
from torget.channels.contract import (
    AccountAccess,
    InboundMessage,
    NetworkEvent,
    RawItem,
    Unparseable,
)
from torget.protocols import gsm7, smpp
from torget.protocols.smpp import Message, Pdu

AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
NINE = datetime(2026, 11, 30, 9, tzinfo=UTC)
ACCOUNT = AccountAccess(1, "sms", "2097", "Nordvåg kommune", {"way": "smpp"})
CASES = inputs("*.txt")
KARI = "+4790000001"


def bodies(raw: bytes) -> list[bytes]:
    """One PDU's body a line, in hexadecimal."""
    return [bytes.fromhex(line.decode("ascii")) for line in raw.split()]


def pdus(*held: bytes) -> list[Pdu]:
    return [Pdu(smpp.DELIVER_SM, 0, number, body) for number, body in enumerate(held, 1)]


def items(*rounds: tuple[float, list[Pdu]]) -> list[RawItem]:
    """What the centre's deliveries become, each round at its time, and after everything is late."""
    cursor: dict[str, Any] = {}
    found = []
    for now, some in [*rounds, (1e9, [])]:
        some_items, cursor = centre.keep(some, cursor, now=now)
        found += some_items
    return found


def said(item: RawItem, account: AccountAccess = ACCOUNT) -> InboundMessage:
    (one,) = adapter.parse(item, account, received_at=AT)
    assert isinstance(one, InboundMessage)
    return one


def texts(*rounds: tuple[float, list[Pdu]]) -> list[str]:
    return [said(one).body for one in items(*rounds)]


def message(payload: bytes, coding: int = 0, *, udh: bytes = b"", source: str = KARI) -> bytes:
    header = bytes([len(udh)]) + udh if udh else b""
    esm_class = smpp.UDH_INDICATOR if udh else 0
    return smpp.message_body(Message(source, "2097", header + payload, esm_class, coding))


def part(payload: bytes, number: int, total: int = 2, *, reference: int = 7, coding: int = 8, **more: Any) -> bytes:  # fmt: skip
    return message(payload, coding, udh=bytes([0, 3, reference, total, number]), **more)


def alone(payload: bytes, coding: int = 0) -> str:
    (text,) = texts((1.0, pdus(message(payload, coding))))
    return text


# The field cases ---------------------------------------------------------------------------------


@pytest.mark.parametrize("turned", [False, True])
def test_a_letter_torn_between_two_parts_is_whole(turned):
    held = bodies((INPUTS / "58-sms-emoji-cut-between-parts.txt").read_bytes())
    found = pdus(*(held[::-1] if turned else held))
    assert texts((1.0, found)) == [
        "Vannet flommer over veien ved brua i Storelva, kom fort! 🚨🚨🚨 Hilsen Kari"
    ]


def test_a_message_class_leaves_the_alphabet_as_it_is():
    held = bodies((INPUTS / "61-sms-message-class-1.txt").read_bytes())
    assert texts((1.0, pdus(*held))) == ["Blåbærsyltetøy på brødet"]


# What is declared: coding groups -----------------------------------------------------------------

WORDS = "Blåbærsyltetøy på brødet"
GSM, WIDE = gsm7.encode(WORDS), WORDS.encode("utf-16-be")


@pytest.mark.parametrize(
    ("coding", "octets"),
    [
        *((coding, GSM) for coding in (0x00, 0x10, 0x11, 0x13, 0x40, 0x50, 0x80, 0xB0, 0xC0, 0xC8, 0xD0, 0xD3, 0xF0, 0xF1, 0xF3)),
        *((coding, WIDE) for coding in (0x08, 0x18, 0x19, 0x48, 0x58, 0xE0, 0xE8)),
        *((coding, WORDS.encode("latin-1")) for coding in (0x03, 0x04, 0x14, 0xF4, 0xF5)),
        *((coding, WORDS.encode()) for coding in (0x04, 0xF6)),
        (0x08, b"\xfe\xff" + WIDE),
        (0x08, b"\xff\xfe" + WORDS.encode("utf-16-le")),
        (0x08, WORDS.encode("utf-16-le")),
        (0x01, GSM),
    ],
)  # fmt: skip
def test_a_coding_group_decides_the_alphabet(coding, octets):
    assert alone(octets, coding) == WORDS


@pytest.mark.parametrize(
    ("octets", "coding", "text"),
    [
        (b"Kari_N [a] $5", 0x01, "Kari_N [a] $5"),
        ("Школа".encode("iso-8859-5"), 0x06, "Школа"),
        ("学校はいつ".encode("shift_jis"), 0x05, "学校はいつ"),
        ("你好".encode("utf-16-be"), 0x08, "你好"),
        ("🚨".encode("utf-16-be"), 0x08, "🚨"),
        ("Pris €5 – nå".encode("cp1252"), 0x03, "Pris €5 – nå"),
    ],
)
def test_other_alphabets_are_read(octets, coding, text):
    assert alone(octets, coding) == text


@pytest.mark.parametrize("coding", [0x04, 0x20, 0x31, 0x60, 0xF5])
def test_what_is_no_text_is_said_in_words(coding):
    assert alone(b"\x01\x06\x2f\x1f\x00\xb6", coding) == (
        "[Ikke tekst, men data for et program. Vi kan ikke vise dem.]"
    )


# Pieces are joined before they are decoded -------------------------------------------------------

ONE, TWO = "Ferga går ik".encode("utf-16-be"), "ke i dag".encode("utf-16-be")


def test_an_escape_torn_between_two_parts_is_whole():
    whole = gsm7.encode("Pris 5€")
    first, second = whole[:-1], whole[-1:]
    found = pdus(part(first, 1, coding=0), part(second, 2, coding=0))
    assert texts((1.0, found)) == ["Pris 5€"]


def test_parts_may_come_in_any_order_and_hours_between_makes_them_others():
    found = pdus(part(ONE, 1), part(TWO, 2))
    assert texts((1.0, found[1:]), (60.0, found[:1])) == ["Ferga går ikke i dag"]
    later = texts((1.0, found[:1]), (3 * 3600.0, found[1:]))
    assert later == [
        "Ferga går ik\n[En del av meldingen kom ikke fram.]",
        "[En del av meldingen kom ikke fram.]\nke i dag",
    ]


def test_a_reference_used_again_mixes_no_texts():
    first, again, rest = pdus(part(ONE, 1), part("Nå går".encode("utf-16-be"), 1), part(TWO, 2))
    assert texts((1.0, [first]), (600.0, [again, rest])) == [
        "Ferga går ik\n[En del av meldingen kom ikke fram.]",
        "Nå gårke i dag",
    ]


@pytest.mark.parametrize("more", [{"source": "+4790000002"}, {"reference": 8}, {"total": 3}])
def test_parts_of_others_are_not_joined(more):
    assert len(texts((1.0, pdus(part(ONE, 1), part(TWO, 2, **more))))) == 2


def test_the_same_part_told_twice_is_one():
    found = pdus(part(ONE, 1), part(ONE, 1), part(TWO, 2))
    assert texts((1.0, found)) == ["Ferga går ikke i dag"]


def test_a_part_that_is_missing_in_the_middle_is_said_where_it_was():
    found = pdus(*(part(f"{n}".encode("utf-16-be"), n, 4) for n in (1, 2, 4)))
    assert texts((1.0, found)) == ["12\n[En del av meldingen kom ikke fram.]\n4"]


def test_parts_in_several_alphabets_are_each_read_in_their_own():
    found = pdus(part(gsm7.encode("Brød "), 1, coding=0), part("🚨".encode("utf-16-be"), 2))
    assert texts((1.0, found)) == ["Brød 🚨"]


def test_a_reference_of_two_octets_and_one_beside_the_text_join_as_well():
    wide = pdus(*(message(octets, 8, udh=bytes([8, 4, 1, 2, 2, n])) for n, octets in ((1, ONE), (2, TWO))))  # fmt: skip
    assert texts((1.0, wide)) == ["Ferga går ikke i dag"]
    beside = [
        message(octets, 8) + b"".join(struct.pack(">HHB", tag, 1, value) for tag, value in ((0x020C, 9), (0x020E, 2), (0x020F, n)))
        for n, octets in ((1, ONE), (2, TWO))
    ]  # fmt: skip
    assert texts((1.0, pdus(*beside))) == ["Ferga går ikke i dag"]


# Providers over HTTP -----------------------------------------------------------------------------


def told(held: Any, media_type: str = "application/json") -> list[Any]:
    body = held if isinstance(held, bytes) else json.dumps(held, ensure_ascii=False).encode()
    return list(adapter.parse(RawItem("x", body, media_type), ACCOUNT, received_at=AT))


SMS = {"id": 17, "from": 4790000001, "text": "Hull i veien", "receivedAt": "2026-11-30T09:00:00Z"}


@pytest.mark.parametrize(
    "held",
    [
        SMS,
        [SMS],
        {"messages": [SMS]},
        {"results": [SMS], "messageCount": 1},
        {**SMS, "status": None, "to": None, "receivedAt": 1796029200},
        {**SMS, "receivedAt": None, "timestamp": "30.11.2026 10:00"},
        {"messageId": "17", "msisdn": "+4790000001", "body": "Hull i veien", "time": "1796029200000"},
    ],
)  # fmt: skip
def test_whatever_a_provider_calls_it_a_message_is_one(held):
    (one,) = told(held)
    assert (one.external_id, one.author.external_id, one.body) == ("17", KARI, "Hull i veien")
    assert one.occurred_at == NINE


def test_a_form_is_read_as_well():
    body = b"id=17&from=%2B4790000001&text=Hull+i+veien+p%C3%A5+br%C3%B8yting"
    (one,) = told(body, "application/x-www-form-urlencoded; charset=UTF-8")
    assert (one.external_id, one.body) == ("17", "Hull i veien på brøyting")


def test_of_several_one_that_cannot_be_read_is_set_aside():
    found = told([SMS, {"text": "uten avsender"}, "x", {**SMS, "id": None, "text": "To"}, {**SMS, "id": "", "text": "Tre"}])  # fmt: skip
    assert [one.body for one in found if isinstance(one, InboundMessage)] == [
        "Hull i veien",
        "To",
        "Tre",
    ]
    assert [one.kind for one in found if isinstance(one, NetworkEvent)] == ["unread", "unread"]
    assert len({one.external_id for one in found if isinstance(one, InboundMessage)}) == 3


def test_a_part_a_provider_did_not_join_says_that_it_is_one():
    (one,) = told({**SMS, "concat-part": "2", "concat-total": "3"})
    assert one.body == "Hull i veien\n[Del 2 av 3]"


@pytest.mark.parametrize(
    "held", [{}, [], {"messages": []}, {"text": None}, None, 5, {"from": None, "text": "x"}]
)
def test_what_is_no_message_is_set_aside_or_nothing(held):
    with suppress(Unparseable):
        assert told(held) == []


# Fuzzed ------------------------------------------------------------------------------------------


@pytest.mark.growth
@pytest.mark.timeout(3600)
@tried
@given(mutations(CASES))
def test_no_change_of_a_delivery_crashes_its_reader_or_takes_its_time(changed):
    _name, raw = changed
    lines = [line for line in raw.split() if len(line) % 2 == 0]
    held = []
    for line in lines:
        try:
            held.append(bytes.fromhex(line.decode("ascii")))
        except ValueError:
            held.append(line[:200])
    with in_time():
        found = items((1.0, pdus(*held)))
        kept = 0
        for one in found:
            kept += 1
            try:
                assert adapter.parse(one, ACCOUNT, received_at=AT)
            except Unparseable:
                continue
    # Nothing that was delivered is lost: every text is there, or is a part of one that is.
    assert bool(kept) == bool(held)
