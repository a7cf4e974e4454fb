"""Every mail of the corpus is read as a person would read it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from torget.protocols.mail import BadMail, identity, read
from torget.protocols.mail.tests.samples import NAMES, NOW, OWN, raw, sample


def test_the_corpus_is_there():
    assert len(NAMES) >= 25


@pytest.mark.parametrize("name", NAMES)
def test_every_mail_has_an_author_a_time_and_no_hidden_marks(name):
    mail = sample(name)
    assert "@" in mail.sender.address
    assert mail.date <= NOW
    assert mail.identity == identity(raw(name))
    for text in (
        mail.text,
        mail.subject,
        mail.sender.name,
        *(part.name for part in mail.attachments),
    ):
        assert not set(text) & set("\x00\x07\u202e\u202c\ufeff\ufffd"), text


@pytest.mark.parametrize(
    ("name", "subject", "text"),
    [
        ("latin1", "Søppel på stranda", "Det ligger søppel på stranda. Gjør dere noe?"),
        ("windows1252_called_utf8", "Råd", "En gåte – “å være” – koster 5 €."),
        ("utf8_called_latin1", "Råd", "Blåbærsyltetøy på øya – ikkje i elva."),
        ("unknown_charset", "Hei då", "Å nei."),
        ("utf16_body", "Bred", "Bred æøå"),
        ("broken_boundary", "Uten skille", "Teksten er her likevel, på norsk."),
        ("subject_split_inside_letter", "Hull i væien ved skøa smørja", "Hei."),
        ("right_to_left_override", "Fakturafdp.exe", "Nullbyte, klokke og omvendt tekst."),
    ],
)
def test_letters_survive_whatever_the_sender_declared(name, subject, text):
    mail = sample(name)
    assert (mail.subject, mail.text) == (subject, text)


def test_script_style_and_dangerous_links_are_gone_and_the_words_remain():
    mail = sample("html_with_script")
    assert mail.from_html
    assert mail.text == (
        "Lokket på søppelspannet er sprukket.\n\nTrykk her eller se saken (https://example.no/sak)."
    )


def test_flowed_lines_become_paragraphs_again():
    assert sample("format_flowed").text.startswith(
        "Dette er et langt avsnitt som klienten har brutt over flere linjer."
    )


def test_names_with_a_comma_stay_one_recipient():
    mail = sample("subject_split_inside_letter")
    assert [(to.address, to.name) for to in mail.to] == [
        (OWN, "Post, mottak"),
        ("andre@innbygger.test", "Andre"),
    ]
    assert mail.cc == ()


def test_a_mail_without_message_id_is_kept_and_always_gets_the_same_one():
    mail = sample("no_message_id")
    assert mail.synthetic_id
    assert mail.message_id.endswith("@no-message-id.invalid")
    assert sample("no_message_id").message_id == mail.message_id


def test_one_mail_delivered_by_two_routes_is_one():
    first = raw("latin1")
    second = (
        b"Received: from elsewhere by here; Fri, 6 Nov 2026 10:00:05 +0100\r\n"
        + first.replace(b"\r\n", b"\n")
    )
    assert identity(first) == identity(second)


def test_two_mails_with_one_message_id_are_two():
    first = raw("latin1")
    assert identity(first) != identity(first.replace(b"stranda. ", b"kaia. "))


def test_a_date_missing_or_in_the_future_becomes_the_time_of_receipt():
    assert sample("no_headers_to_speak_of").date == NOW
    future = raw("latin1").replace(b"6 Nov 2026", b"6 Nov 2036")
    mail = read(future, received_at=NOW)
    assert (mail.date, mail.date_given) == (NOW, False)
    assert read(raw("latin1"), received_at=NOW + timedelta(days=1)).date_given


@pytest.mark.parametrize(
    ("name", "attachments"),
    [
        ("apple_reply_nb", [("snø.png", "image/png", True)]),
        ("calendar_invite", [("vedlegg.ics", "text/calendar", False)]),
        ("nameless_inline_image", [("vedlegg.png", "image/png", True)]),
        ("nested_mail", [("Klage på støy.eml", "message/rfc822", False)]),
        ("winmail_dat", [("winmail.dat", "application/ms-tnef", False)]),
        ("pgp_signed", [("signature.asc", "application/pgp-signature", False)]),
        ("right_to_left_override", [("fakturafdp.exe", "application/octet-stream", False)]),
        ("lying_attachment", [("ferie bilde å.jpg", "application/pdf", False)]),
    ],
)
def test_attachments_are_known_by_content_under_a_safe_name(name, attachments):
    assert [
        (part.name, part.media_type, part.inline) for part in sample(name).attachments
    ] == attachments


def test_encrypted_mail_is_kept_whole():
    mail = sample("pgp_encrypted")
    assert mail.encrypted
    assert b"hQEMA1234" in mail.attachments[1].content


def test_truncated_base64_gives_what_is_there_and_says_so():
    part = sample("truncated_base64").attachments[0]
    assert part.content.startswith(b"\xff\xd8\xff")
    assert part.damaged
    assert sample("truncated_base64").text == "Her er bildet av hullet på Storgata."


HEAD = b"From: a@b.test\r\nMessage-ID: <x@b.test>\r\n"


def nested(levels: int) -> bytes:
    body = b"innerst"
    for level in range(levels):
        body = b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n%b\n--b%d--\n' % (
            level,
            level,
            body,
            level,
        )
    return HEAD + body


@pytest.mark.parametrize(
    ("bomb", "code"),
    [
        (b"", "empty"),
        (b" \r\n\r\n", "empty"),
        (nested(25), "too_deep"),
        (nested(5000), "too_many_parts"),
        (
            HEAD
            + b'Content-Type: multipart/mixed; boundary="b"\n\n'
            + b"--b\n\nx\n" * 300
            + b"--b--",
            "too_many_parts",
        ),
        (
            HEAD + b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\nx\n" * 100_000,
            "too_many_parts",
        ),
        (HEAD + b"Content-Type: message/delivery-status\n" + b"\r" * 400_000, "too_many_parts"),
        (HEAD + b"X-A: b\n" * 1200 + b"\nhei", "headers"),
        (HEAD + b"X-A: b\n" * 100_000 + b"\nhei", "headers"),
        (HEAD + b"Content-Type: text/plain" + b"; a=b" * 60_000 + b"\n\nhei", "headers"),
        (HEAD + b"\n" + b"x\n" * 2_100_000, "too_large"),
        (HEAD + b"\n" + b"x" * 60_000_000, "too_large"),
    ],
    ids=[
        "empty",
        "blank",
        "deep",
        "very deep",
        "parts",
        "more parts",
        "a report of gaps",
        "headers",
        "more headers",
        "parameters",
        "lines",
        "size",
    ],
)
def test_bombs_are_refused_with_a_reason(bomb, code):
    with pytest.raises(BadMail) as refused:
        read(bomb, received_at=NOW)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "harmless",
    [
        HEAD + b"\n" + b"x" * 100_000,
        HEAD + b"To: " + b"<a@b.test>," * 40_000 + b"\n\nhei",
        HEAD + b"Subject: " + b"=?utf-8?Q?a?= " * 30_000 + b"\n\nhei",
        HEAD + b"References: " + b"<a@b> " * 60_000 + b"\n\nhei",
        HEAD + b"Content-Type: text/html\n\n" + b"<div>" * 100_000 + b"hei",
        HEAD + b"Content-Type: text/html\n\n" + b"hei<div <" + b"<a href='" * 90_000,
        nested(15),
    ],
    ids=["long line", "recipients", "words", "references", "nested html", "open tags", "nested"],
)
def test_what_is_only_strange_is_read(harmless):
    assert read(harmless, received_at=NOW).text


def test_a_very_long_text_is_cut_and_says_so():
    mail = read(HEAD + b"\n" + b"ord " * 400_000, received_at=NOW)
    assert mail.truncated
    assert len(mail.text) == 1_000_000
