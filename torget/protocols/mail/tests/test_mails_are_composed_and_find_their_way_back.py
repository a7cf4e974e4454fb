"""What we send is safe, the same every time, and an answer to it finds its conversation."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torget.protocols.mail import (
    BadAddress,
    Letter,
    Part,
    case_of,
    compose,
    machine,
    message_id,
    proven,
    read,
    tagged,
)
from torget.protocols.mail.tests.samples import NOW, OURS, OWN, raw, sample

LETTER = Letter(
    key="delivery:42",
    sender=OWN,
    sender_name="Servicetorget, Nordvåg kommune",
    recipient="kari@innbygger.test",
    recipient_name="Kari Nordmo",
    reply_to=tagged(OWN, "k7f3q2x9"),
    subject="Re: Sprukket lokk [NV-2026-1234]",
    body="Hei, Kari!\n\nVi bytter lokket i morgen – hilsen Martin.",
    date=NOW,
    in_reply_to="first@innbygger.test",
    references=("older@innbygger.test", "first@innbygger.test"),
    language="nb",
)


def test_a_letter_reads_back_as_written():
    mail = read(compose(LETTER), received_at=NOW)
    assert mail.text == LETTER.body
    assert mail.subject == LETTER.subject
    assert (mail.sender.address, mail.sender.name) == (OWN, "Servicetorget, Nordvåg kommune")
    assert mail.reply_to.address == "postmottak+k7f3q2x9@nordvaag.test"
    assert mail.in_reply_to == ["first@innbygger.test"]
    assert mail.references == ["older@innbygger.test", "first@innbygger.test"]
    assert mail.date == NOW
    assert not mail.header("auto-submitted")


def test_the_wire_carries_seven_bits_and_short_lines():
    wire = compose(replace(LETTER, body="æ" * 5000 + "\n" + "x" * 5000))
    assert wire.isascii()
    assert max(len(line) for line in wire.split(b"\r\n")) <= 998
    assert b"\n" not in wire.replace(b"\r\n", b"")


def test_a_second_try_is_the_same_mail_and_tells_nobody_our_key():
    letter = replace(LETTER, attachments=(Part("kart.png", "image/png", b"\x89PNG"),))
    assert compose(letter) == compose(letter)
    assert b"delivery:42" not in compose(letter)
    assert message_id("delivery:42", OWN) != message_id("delivery:43", OWN)


def test_automatic_mail_says_so():
    mail = read(compose(replace(LETTER, automatic=True)), received_at=NOW)
    assert mail.header("auto-submitted") == "auto-replied"


def test_our_own_copy_is_recognised_when_it_comes_back():
    found = machine(read(compose(LETTER), received_at=NOW), OWN)
    assert found is not None
    assert (found.kind, found.of) == ("own", message_id("delivery:42", OWN))


def test_an_attachment_travels():
    part = Part("../kart\u202egnp.png", "image/png", b"\x89PNG\r\n\x1a\n123")
    mail = read(compose(replace(LETTER, attachments=(part,))), received_at=NOW)
    assert [(one.name, one.media_type, one.content) for one in mail.attachments] == [
        ("kartgnp.png", "image/png", part.content)
    ]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "kari",
        "kari@",
        "@innbygger.test",
        "a b@innbygger.test",
        "kari@innbygger.test\r\nBcc: x@y.test",
        "<kari@innbygger.test>",
        "kari@innbygger.test,ola@innbygger.test",
        "kåre@innbygger.test",
        "a" * 65 + "@b.test",
        "kari..x@innbygger.test",
        "kari@-x.test",
        "kari@innbygger.test>",
        'kari"@innbygger.test',
        "kari@[127.0.0.1]",
    ],
)
def test_what_is_no_plain_address_is_refused(address):
    with pytest.raises(BadAddress):
        compose(replace(LETTER, recipient=address))


def test_a_norwegian_domain_goes_out_in_its_ascii_form():
    assert b"kari@xn--nordvg-mua.test" in compose(replace(LETTER, recipient="kari@nordvåg.test"))


HOSTILE = st.text(max_size=60) | st.sampled_from(
    ["x\r\nBcc: ond@ond.test", "x\n\nny kropp", "\x00\x0b\u2028Bcc: o@o.test"]
)


@settings(max_examples=200, deadline=None)
@given(subject=HOSTILE, name=HOSTILE, parent=HOSTILE, body=HOSTILE)
def test_no_value_can_add_a_header(subject, name, parent, body):
    letter = replace(
        LETTER,
        subject=subject,
        sender_name=name,
        recipient_name=name,
        in_reply_to=parent,
        references=(parent,),
        body=body,
    )
    mail = message_from_bytes(compose(letter))
    known = {
        "From",
        "To",
        "Reply-To",
        "Subject",
        "Date",
        "Message-ID",
        "In-Reply-To",
        "References",
        "X-Torget-Loop",
    }
    known |= {"Content-Language", "Content-Type", "Content-Transfer-Encoding", "MIME-Version"}
    assert set(mail.keys()) <= known
    assert len(mail.keys()) == len(set(mail.keys()))
    assert read(compose(letter), received_at=NOW).to[0].address == "kari@innbygger.test"


def test_the_address_finds_the_conversation_before_everything_else():
    case = case_of(sample("gmail_reply_nb"), OWN)
    assert case.token == "k7f3q2x9"
    assert case.parents == (OURS, "first@innbygger.test")
    assert case.ref_hint == "NV-2026-1234"


@pytest.mark.parametrize(
    "header",
    ["Delivered-To: postmottak+AbC_1@nordvaag.test", "Cc: X <POSTMOTTAK+AbC_1@Nordvaag.test>"],
)
def test_the_token_is_found_wherever_the_address_stands_and_keeps_its_letters(header):
    mail = read(header.encode() + b"\r\n" + raw("latin1"), received_at=NOW)
    assert case_of(mail, OWN).token == "AbC_1"


@pytest.mark.parametrize(
    "header",
    [
        "To: postmottak+kopi@nordvaag.test",
        "To: x-postmottak+a@nordvaag.test",
        "To: postmottak+a@nordvaag.test.evil.test",
        "To: postmottak+a@evil.test",
        "Subject: postmottak+a@nordvaag.test",
    ],
)
def test_other_addresses_carry_no_token(header):
    mail = read(header.encode() + b"\r\n" + raw("latin1"), received_at=NOW)
    assert case_of(mail, OWN).token == ""


def test_only_our_own_servers_word_on_the_sender_is_believed():
    def with_result(result: str) -> str:
        given = f"Authentication-Results: {result}\r\n".encode() + raw("latin1")
        return proven(read(given, received_at=NOW), "mx.nordvaag.test")

    assert with_result("mx.nordvaag.test; dmarc=pass header.from=innbygger.test") == "dmarc"
    assert with_result("mx.nordvaag.test; dkim=pass header.d=innbygger.test") == "dkim"
    assert with_result("mx.nordvaag.test; dkim=pass header.d=ond.test") == ""
    assert with_result("mx.nordvaag.test; dmarc=fail header.from=innbygger.test") == ""
    assert with_result("mx.ond.test; dmarc=pass header.from=innbygger.test") == ""
    assert with_result("mx.nordvaag.test; dmarc=pass header.from=innbygger.test.ond.test") == ""
