"""Envelopes of mail become what people said, or news, or a sentence for the quarantine."""

from __future__ import annotations

import pytest

from torget.adapters.email import adapter
from torget.channels.contract import (
    AccountAccess,
    BadSignature,
    InboundMessage,
    NetworkEvent,
    RawItem,
    Unparseable,
)
from torget.protocols.mail.tests.samples import NAMES, NOW, OURS, OWN, raw

ACCOUNT = AccountAccess(1, "email", OWN, "Servicetorget", {"authserv_id": "mx.nordvaag.test"})


def parsed(body: bytes, media_type: str = "message/rfc822") -> InboundMessage | NetworkEvent:
    found = adapter.parse(RawItem("id-1", body, media_type), ACCOUNT, received_at=NOW)
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("name", NAMES)
def test_every_mail_of_the_corpus_becomes_one_thing(name):
    assert isinstance(parsed(raw(name)), InboundMessage | NetworkEvent)


def test_an_answer_carries_its_way_to_the_conversation_and_only_the_new_words():
    said = parsed(raw("gmail_reply_nb"))
    assert isinstance(said, InboundMessage)
    assert said.body == "Takk! Det er det grønne spannet.\n\nHilsen Kari"
    assert "Hvilket spann gjelder det?" in said.folded
    assert (said.author.external_id, said.author.name) == (
        "kari.innbygger@innbygger.test",
        "Kari Nordmo",
    )
    assert said.case == "k7f3q2x9"
    assert said.parents[0] == OURS
    assert said.ref_hint == "NV-2026-1234"
    assert said.visibility == "private"
    assert said.author.verified == ""


def test_our_servers_word_makes_the_author_verified():
    said = parsed(
        b"Authentication-Results: mx.nordvaag.test; dmarc=pass header.from=innbygger.test\r\n"
        + raw("latin1")
    )
    assert isinstance(said, InboundMessage)
    assert said.author.verified == "dmarc"


@pytest.mark.parametrize(
    ("name", "kind", "of"),
    [
        ("bounce_postfix", "bounce", OURS),
        ("bounce_gmail_delay", "receipt", OURS),
        ("delivered_receipt", "receipt", OURS),
        ("auto_reply_rfc3834", "auto_reply", OURS),
        ("own_copy", "own", OURS),
        ("own_loop", "loop", OURS),
    ],
)
def test_what_machines_send_is_news_and_no_message(name, kind, of):
    proof = b"Auto-Submitted: auto-replied\r\n" if name == "own_loop" else b""
    news = parsed(proof + raw(name))
    assert isinstance(news, NetworkEvent)
    assert (news.kind, news.of) == (kind, of)


def test_a_list_is_shown_to_people_and_not_answered_by_machines():
    said = parsed(raw("mailing_list"))
    assert isinstance(said, InboundMessage)
    assert said.machine == "list"
    assert not said.may_answer


def test_a_question_of_a_hundred_thousand_letters_and_more_loses_none():
    text = "".join(f"Linje {number} om hullet i veien.\n" for number in range(5000))
    said = parsed(f"From: kari@innbygger.test\r\n\r\n{text}".encode())
    assert isinstance(said, InboundMessage)
    assert len(said.body) == 100_000
    assert "".join((said.body + said.folded).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("body", "media_type", "word"),
    [
        (b"", "message/rfc822", "tom"),
        (b"From: a@b.test\r\n" + b"X: y\r\n" * 2000 + b"\r\nhei", "message/rfc822", "hodefelt"),
        (b"Subject: uten avsender\r\n\r\nhei", "message/rfc822", "avsender"),
        (b"From: a@b.test\r\n\r\n", "message/rfc822-headers", "større"),
    ],
)
def test_what_cannot_be_understood_says_why_in_plain_words(body, media_type, word):
    with pytest.raises(Unparseable, match=word):
        parsed(body, media_type)


def test_nobody_can_push_mail_at_us_by_webhook():
    with pytest.raises(BadSignature):
        adapter.verify(ACCOUNT, {}, raw("latin1"))
