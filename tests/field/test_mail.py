"""What people's mail programs really send arrives as it was meant: each field case, with its right value."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.field.mutations import INPUTS
from torget.adapters.email import adapter
from torget.channels.contract import (
    AccountAccess,
    InboundMessage,
    NetworkEvent,
    RawItem,
    Unparseable,
)
from torget.protocols.mail import read

OWN = "postmottak@nordvaag.example.no"
NAME = "Servicetorget i Nordvåg kommune"
RECEIVED = datetime(2026, 11, 30, 12, tzinfo=UTC)
ACCOUNT = AccountAccess(1, "email", OWN, NAME)
KARI = "kari.nordmo@innbygger.example"


def said(name: str) -> InboundMessage:
    """What the field case says."""
    found = parsed((INPUTS / name).read_bytes())
    assert isinstance(found, InboundMessage)
    return found


def parsed(raw: bytes) -> InboundMessage | NetworkEvent:
    """The one thing a mail becomes."""
    [found] = adapter.parse(RawItem("", raw, "message/rfc822"), ACCOUNT, received_at=RECEIVED)
    return found


def codes(message: InboundMessage) -> list[str]:
    """What a clerk is told beside it."""
    return [code for code, _values in message.remarks]


@pytest.mark.parametrize(
    ("name", "body", "folded"),
    [
        (
            "01-gmail-nb-signature-below-quote.eml",
            "Takk, da vet jeg det. Kan dere si fra når det er gjort?\n\n"
            "Kari Nordmo\nDaglig leder, Nordmo Regnskap\nWeb: www.nordmo-regnskap.example",
            ["ons. 25. nov. 2026 kl. 14:05 skrev", ">:", "> Hei Kari,", "> Hilsen Martin"],
        ),
        (
            "02-gmail-nb-signature-mark-below-quote.eml",
            "Takk, da vet jeg det.",
            ["ons. 25. nov.", ">:", "> Lokket blir byttet i morgen.", "Web: www.nordmo-"],
        ),
        (
            "05-sections-with-underscores.eml",
            "Hei, tre ting:\n\n1. Skolebussen kommer for sent.\n________________________________\n\n"
            "2. Garderoben er for liten.\n________________________________\n\n"
            "3. SFO stenger for tidlig.\n---\n\nHilsen Kari",
            [],
        ),
        (
            "07-numbered-list.eml",
            "Her er svarene, i samme rekkefølge som deres:\n\n3. Ja, vi har gjerde.\n"
            "4. Nei, hunden er ikke registrert.\n\nPunkt 4 haster.",
            [],
        ),
        (
            "08-forwarded-bounce-with-question.eml",
            "Hei! Jeg fikk denne da jeg skrev til rektor. Har dere riktig adresse til skolen?\n\n"
            "Hilsen Kari\n\nThis is the mail system at host mx.innbygger.example.\n\n"
            "<rektor@skolen.example>: host mx.skolen.example said: 550 5.1.1 User unknown",
            [],
        ),
        (
            "09-reply-about-vacation-rental.eml",
            "Thank you. Then I would like to apply. Where do I find the form?\n\nBest regards, Ann",
            [],
        ),
        (
            "11-body-part-with-name.eml",
            "Hei! Vi søker om å skjenke øl på julebordet 12. desember.",
            [],
        ),
        (
            "13-base64-with-padding-inside.eml",
            "Hei, det er hull i gangveien ved skolen. Barna mine må gå i veien. Kan det fikses før jul?",
            [],
        ),
        ("83-gb2312-means-gb18030.eml", "请问学校什么时候开学？镕基路", []),
        (
            "85-iso-8859-2-windows-1250.eml",
            "Kiedy szkoła zaczyna się? „Dziękuję” – Świetlica",
            [],
        ),
        (
            "86-broken-quoted-printable.eml",
            "Hei æøå, 50 =% rabatt? = OK slutt\ufffd",
            [],
        ),
        ("88-html-without-html-tag.eml", "Vi lurer på når badet åpner\nMvh\nKari", []),
        ("89-hidden-preheader.eml", "Hei, her er svaret.", []),
        ("91-empty-body.eml", "", []),
        (
            "93-outlook-plain-blank-lines.eml",
            "Hei, tegningene er vedlagt.\n\nMed vennlig hilsen\nKari Nordmo",
            ["Fra: Servicetorget", "Emne: Byggesøknad", "Vi mangler tegninger."],
        ),
        (
            "96-ios-nb.eml",
            "Ja takk!\n\nMvh Kari",
            ["Sendt fra min iPhone", "> 26. nov. 2026", "Hei, skal vi brøyte?"],
        ),
        (
            "98-samsung-nb.eml",
            "Takk!",
            ["Sendt fra min Galaxy", "Opprinnelig melding", "Hei, vannet er klart igjen."],
        ),
        (
            "103-one-latin1-byte-in-utf8.eml",
            "Når åpner badet på lørdag?\n\nSendt fra Nordnett \ufffdpent nett",
            [],
        ),
        (
            "105-school-bus-from-to-date.eml",
            "Hei, vi trenger skyss for Ola i uke 50:\n\nFra: Fjellveien 3\nTil: Nordvåg skole\n"
            "Dato: 7.-11. desember\n\nHan bruker rullestol og må ha bil med rampe. "
            "Kan dere ordne det?\n\nHilsen Kari",
            [],
        ),
        (
            "110-emoji-heading-quote-html-gmail.eml",
            "Takk 👍🏽",
            ["tor. 26. nov. 2026 kl. 13:05 skrev Servicetorget", "> Hei, hullet er tettet."],
        ),
        (
            "17-calendar-reply.eml",
            "Kari Nordmo har godtatt innkallingen.\n\nSvar på innkalling: Byggesak",
            [],
        ),
        (
            "18-calendar-only.eml",
            "Innkalling: Befaring i Strandgata 4\nNår: torsdag 3. desember 2026 kl. 10.00\n"
            "Hvor: Strandgata 4\n\nVi møtes ved porten. Ta med kart.",
            [],
        ),
        ("20-picture-in-the-html.eml", "Hullet ser slik ut:\n\nHilsen Kari", []),
        (
            "21-smime-opaque-signed.eml",
            "Hei, kan dere sende meg skjema for startlan?",
            [],
        ),
        (
            "23-web-form-reply-to.eml",
            "Navn: Kari Nordmo\nMelding: Gatelyset i Strandgata er mørkt.",
            [],
        ),
        (
            "80-neighbour-answers-forwarded-mail.eml",
            "Hei, jeg fikk denne videresendt fra en venn. Hva gjelder det?",
            [],
        ),
        ("124-one-mail-to-two-of-our-mailboxes.eml", "Vannet renner.", []),
    ],
)
def test_what_they_say_is_said_and_what_we_said_is_folded(name, body, folded):
    found = said(name)
    assert found.body == body
    assert all(line in found.folded for line in folded)
    assert bool(found.folded) == bool(folded)


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("11-body-part-with-name.eml", ["kart.pdf"]),
        ("15-filename-b-and-q.eml", ["Klage-på-brøyting-01234 Fjellvågen.pdf"]),
        ("17-calendar-reply.eml", ["vedlegg.ics"]),
        ("18-calendar-only.eml", ["vedlegg.ics"]),
        ("20-picture-in-the-html.eml", ["bilde-1.png"]),
        ("21-smime-opaque-signed.eml", []),
        ("112-outlook-react.eml", []),
        ("08-forwarded-bounce-with-question.eml", []),
    ],
)
def test_files_are_kept_and_what_is_no_file_is_none(name, files):
    assert [file.name for file in said(name).attachments] == files


def test_the_picture_in_the_markup_is_that_picture():
    [file] = said("20-picture-in-the-html.eml").attachments
    assert file.media_type == "image/png"
    assert file.content.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("name", "machine", "answered"),
    [
        ("08-forwarded-bounce-with-question.eml", "", True),
        ("09-reply-about-vacation-rental.eml", "", True),
        ("107-x-auto-response-none.eml", "", True),
        ("23-web-form-reply-to.eml", "generated", False),
    ],
)
def test_a_persons_words_are_filed_and_no_receipt_is_lost(name, machine, answered):
    found = said(name)
    assert (found.machine, found.may_answer) == (machine, answered)


def test_who_writes_is_who_it_says():
    assert said("106-comma-in-name.eml").author.name == "Nordmo, Kari"
    assert said("106-comma-in-name.eml").author.external_id == KARI
    form = said("23-web-form-reply-to.eml")
    assert (form.author.external_id, form.author.name) == (KARI, "Kari Nordmo")
    assert said("09-reply-about-vacation-rental.eml").parents[0].startswith("t.0123456789")
    assert said("80-neighbour-answers-forwarded-mail.eml").author.name == "Per Nabo"


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"undisclosed-recipients:;",
        b"Kari Nordmo",
        b"<>",
        b"Kari <kari>",
        b'"Kari" <@x.example>',
    ],
)
def test_without_an_address_it_waits_in_quarantine_with_words(value):
    raw = (INPUTS / "106-comma-in-name.eml").read_bytes()
    raw = raw.replace(b"Nordmo, Kari <kari.nordmo@innbygger.example>", value)
    with pytest.raises(Unparseable, match="ingen avsender"):
        parsed(raw)


@pytest.mark.parametrize(
    "value",
    [
        b"kari.nordmo@innbygger.example (Kari Nordmo)",
        b'"kari@falsk.example" <kari.nordmo@innbygger.example>',
        b"=?utf-8?q?kari=40falsk=2Eexample?= <kari.nordmo@innbygger.example>",
        b"Familien: Kari <kari.nordmo@innbygger.example>, per@x.example;",
        b"KARI.NORDMO@Innbygger.Example",
        b"kari.nordmo@innbygger.example <kari.nordmo@innbygger.example>",
        b"Kari <kari.nordmo@innbygger.example>, Per <per@x.example>",
    ],
)
def test_the_address_is_right_however_it_is_written(value):
    raw = (INPUTS / "106-comma-in-name.eml").read_bytes()
    raw = raw.replace(b"Nordmo, Kari <kari.nordmo@innbygger.example>", value)
    found = parsed(raw)
    assert isinstance(found, InboundMessage)
    assert found.author.external_id == KARI


@pytest.mark.parametrize(
    "subject",
    [
        "[NV-2026-1] Hei",
        "Re: [nv-2026-1] Hei",
        "SV: Hei [ NV-2026-1 ]",
        "Hei[NV-2026-1]",
        "VS: Re: [NV-2026-1]",
    ],
)
def test_the_number_of_a_case_is_found_in_the_subject(subject):
    raw = (INPUTS / "106-comma-in-name.eml").read_bytes()
    found = parsed(raw.replace(b"Subject: Hei", f"Subject: {subject}".encode()))
    assert isinstance(found, InboundMessage)
    assert found.ref_hint == "NV-2026-1"


def test_a_thumb_is_a_reaction():
    found = said("112-outlook-react.eml")
    assert found.body == "👍 Kari Nordmo reagerte på meldingen din:"
    assert (found.reaction, codes(found)) == ("👍", ["reaction"])


def test_what_is_signed_is_opened_and_it_is_told_that_nobody_could_check():
    found = said("21-smime-opaque-signed.eml")
    assert (found.encrypted, codes(found)) == (False, ["signature_unchecked"])


def test_a_bounce_that_names_nothing_is_of_nothing():
    news = parsed((INPUTS / "123-bounce-of-nothing-of-ours.eml").read_bytes())
    assert isinstance(news, NetworkEvent)
    assert (news.kind, news.of) == ("bounce", "")


@pytest.mark.parametrize("mark", [b"X-Torget-Loop: postmottak@nordvaag.example.no\r\n", b""])
def test_our_own_copy_is_our_own(mark):
    raw = (INPUTS / "126-our-own-copy.eml").read_bytes()
    news = parsed(raw.replace(b"X-Torget-Loop: postmottak@nordvaag.example.no\r\n", mark))
    assert news == NetworkEvent("own", "t.60b825cf22f6b286aeff72adab97a351@nordvaag.example.no")


def test_a_clock_that_is_years_off_is_what_its_sender_claims():
    found = said("24-date-years-old.eml")
    assert found.occurred_at == RECEIVED
    assert found.claimed_at == datetime(2018, 1, 1, 0, 4, 44, tzinfo=UTC)


def test_a_long_subject_with_joined_emoji_is_whole_when_read_back():
    mail = read((INPUTS / "115-out-subject-emoji-long.eml").read_bytes(), received_at=RECEIVED)
    assert mail.subject.startswith(
        "Re: Når åpner svømmehallen? 👩🏽\u200d🦽🏊\u200d♀️ og barnebassenget"
    )
    assert mail.subject.endswith("og barnebassenget [NV-2026-1]")
    assert "\ufffd" not in mail.subject
    assert mail.subject.count("og barnebassenget") == 12
