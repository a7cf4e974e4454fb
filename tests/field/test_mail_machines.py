"""A machine's sign never throws a person's words away; a reaction is a sign; ids that are empty are none."""

from __future__ import annotations

import pytest

from tests.field.letters import PLAIN, letter, news, parted, understood

OURS = "t.0123456789abcdef0123456789abcdef@nordvaag.example.no"
STATUS = "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n"
READ = f"Original-Message-ID: <{OURS}>\nDisposition: manual-action/MDN-sent-manually; displayed\n"


@pytest.mark.parametrize(
    "subject",
    [
        "Automatisk svar: Hei",
        "Out of office policy",
        "Autosvar fra dere virker ikke",
        "Fraværsmelding for Ola i 3B",
        "Delivery status of my order",
        "Ikke levert: avisa",
        "Undelivered mail from you",
        "Vacation",
        "Re: Automatic reply: Åpningstider",
        "VS: Undeliverable: Svar",
    ],
)
def test_a_subject_makes_nobody_a_machine(subject):
    for headers in ({}, {"In_Reply_To": f"<{OURS}>"}):
        found = understood(letter("Kan dere hjelpe?", subject=subject, **headers))
        assert (found.body, found.machine) == ("Kan dere hjelpe?", "")
        assert found.may_answer


@pytest.mark.parametrize(
    ("headers", "machine"),
    [
        ({"X_Auto_Response_Suppress": "None"}, ""),
        ({"X_Auto_Response_Suppress": "none"}, ""),
        ({"X_Auto_Response_Suppress": "DR, RN, NRN"}, ""),
        ({"X_Auto_Response_Suppress": "OOF, AutoReply"}, "quiet"),
        ({"X_Auto_Response_Suppress": "All"}, "quiet"),
        ({"Auto_Submitted": "no"}, ""),
        ({"Auto_Submitted": "No (typed by hand)"}, ""),
        ({"X_Autoreply": "no"}, ""),
        ({"X_Autoreply": "yes"}, "quiet"),
        ({"Precedence": "auto_reply"}, "quiet"),
        ({"Precedence": "bulk"}, "list"),
        ({"X_Failed_Recipients": "a@b.example"}, ""),
        ({"Return_Path": "<>"}, "quiet"),
        ({"Auto_Submitted": "auto-generated"}, "generated"),
        ({"X_Torget_Loop": "postmottak@nordvaag.example.no"}, "quiet"),
        ({"X_MS_Reactions": "disallow"}, ""),
    ],
)
def test_a_header_may_mark_a_mail_and_never_takes_it_away(headers, machine):
    found = (
        understood(letter("Kan dere hjelpe?", subject="Autosvar", **headers))
        if (
            headers.get("Auto_Submitted") != "auto-generated" and headers.get("Return_Path") != "<>"
        )
        else understood(letter("Kan dere hjelpe?", **headers))
    )
    assert (found.body, found.machine) == ("Kan dere hjelpe?", machine)
    assert found.may_answer == (machine == "")


@pytest.mark.parametrize(
    ("sender", "subject", "headers"),
    [
        ("Kari <kari@innbygger.example>", "VS: Undelivered", {}),
        ("Kari <kari@innbygger.example>", "Re: Undelivered Mail", {"In_Reply_To": "<x@y>"}),
        ("Bo Unce <bounce.hansen@innbygger.example>", "Undelivered Mail", {}),
    ],
)
def test_a_report_a_person_sends_on_is_a_message(sender, subject, headers):
    parts = [(PLAIN, "Hva betyr dette?"), ("Content-Type: message/delivery-status", STATUS)]
    for kind in ("mixed", "report; report-type=delivery-status"):
        found = understood(parted(kind, *parts, From=sender, subject=subject, **headers))
        assert found.body == "Hva betyr dette?"


def test_a_postmaster_who_writes_is_a_person_and_one_who_reports_is_not():
    person = letter(
        "Kan dere svare?", From="<postmaster@skole.example>", subject="Re: Undelivered mail"
    )
    assert understood(person).body == "Kan dere svare?"
    report = letter(
        "550 5.1.1 unknown", From="<postmaster@skole.example>", subject="Undeliverable: Svar"
    )
    assert news(report).kind == "bounce"


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (letter("Jeg er borte", Auto_Submitted="auto-replied; owner-email=x"), "auto_reply"),
        (letter("Borte", subject="Fraværsmelding", Return_Path="<>"), "auto_reply"),
        (letter("Borte", subject="Automatic reply", Auto_Submitted="auto-generated"), "auto_reply"),
        (letter("Borte", X_Autoreply="yes", Return_Path="<>"), "auto_reply"),
        (
            parted(
                "report; report-type=delivery-status",
                ("Content-Type: message/delivery-status", STATUS),
                From="<mailer-daemon@mx.example>",
            ),
            "bounce",
        ),
    ],
)
def test_with_proof_it_is_news(raw, kind):
    assert news(raw).kind == kind


def test_a_read_receipt_is_of_the_mail_it_names():
    raw = parted(
        "report; report-type=disposition-notification",
        (PLAIN, "Lest"),
        ("Content-Type: message/disposition-notification", READ),
    )
    assert (news(raw).kind, news(raw).of, news(raw).detail) == ("receipt", OURS, "read")


def test_a_form_that_calls_its_mail_an_answer_stands_for_somebody():
    raw = letter(
        "Navn: Kari",
        From="noreply@skjema.example",
        Auto_Submitted="auto-replied",
        Reply_To="kari@x.example",
    )
    assert understood(raw).author.external_id == "kari@x.example"


@pytest.mark.parametrize("value", ["<>", "", "<> <>", "<   >", "null"])
def test_an_empty_id_is_no_id(value):
    found = understood(letter("Hei", In_Reply_To=value, References=value))
    assert found.parents == ()
    made = understood(letter("Hei", Message_ID=value)).external_id
    assert made.partition("#")[0].endswith("@no-message-id.invalid")
    assert made != understood(letter("Hå", Message_ID=value)).external_id


@pytest.mark.parametrize(
    ("raw", "sign"),
    [
        (letter("👍", Content_Disposition="reaction", In_Reply_To=f"<{OURS}>"), "👍"),
        (parted("mixed", (f"{PLAIN}\nContent-Disposition: reaction", "❤️")), "❤️"),
        (
            parted(
                "alternative",
                (PLAIN, "😢 Kari reacted via Gmail"),
                (
                    "Content-Type: text/vnd.google.email-reaction+json",
                    '{"version":1,"emoji":"\\ud83d\\ude22"}',
                ),
                ("Content-Type: text/html", "<p>😢 Kari reacted via Gmail</p>"),
            ),
            "😢",
        ),
    ],
)
def test_a_reaction_is_a_sign_no_machine_answers(raw, sign):
    found = understood(raw)
    assert found.reaction == sign
    assert sign in found.body
    assert ("reaction", {"sign": sign}) in found.remarks
    assert not found.may_answer
    assert found.attachments == []


@pytest.mark.parametrize("held", ['{"emoji":null,"version":1}', "{", "", '{"emoji":""}'])
def test_a_reaction_nobody_understands_is_a_mail_with_a_file(held):
    raw = parted(
        "mixed", (PLAIN, "Takk"), ("Content-Type: text/vnd.google.email-reaction+json", held)
    )
    found = understood(raw)
    assert (found.body, found.reaction, len(found.attachments)) == ("Takk", "", 1)
