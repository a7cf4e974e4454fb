"""Invitations by mail are told as what, when and where, in Oslo time, whatever program made them."""

from __future__ import annotations

import pytest

from tests.field.letters import PLAIN, b64, letter, parted, understood

EVENT = """BEGIN:VCALENDAR
METHOD:{method}
BEGIN:VEVENT
UID:1
DTSTART;TZID=Europe/Oslo:20261203T090000
DTEND;TZID=Europe/Oslo:20261203T103000
SUMMARY:Møte\\, om byggesak
LOCATION:Rådhuset\\nMøterom 2
ORGANIZER;CN=Per Strand:mailto:per@x.example
ATTENDEE;CN=Kari Nordmo;PARTSTAT={answer}:mailto:kari@x.example
{more}END:VEVENT
END:VCALENDAR
"""
WHEN = "Når: torsdag 3. desember 2026 kl. 09.00–10.30"
WHERE = "Hvor: Rådhuset Møterom 2"


def event(method="REQUEST", answer="NEEDS-ACTION", more=""):
    return EVENT.format(method=method, answer=answer, more=more)


def calendar(lines):
    return f"BEGIN:VCALENDAR\n{lines}\nEND:VCALENDAR\n"


@pytest.mark.parametrize(
    ("method", "answer", "more", "first", "also"),
    [
        (
            "REQUEST",
            "",
            "",
            "Innkalling: Møte, om byggesak",
            "Arrangør: Per Strand (per@x.example)",
        ),
        (
            "REQUEST",
            "",
            "RRULE:FREQ=WEEKLY;COUNT=5\n",
            "Innkalling: Møte, om byggesak",
            "Gjentas: hver uke",
        ),
        (
            "REQUEST",
            "",
            "DESCRIPTION:Ta med\\nkart\n",
            "Innkalling: Møte, om byggesak",
            "Ta med\nkart",
        ),
        (
            "REPLY",
            "ACCEPTED",
            "",
            "Svar på innkalling (kommer): Møte, om byggesak",
            "Svar fra: Kari Nordmo (kari@x.example)",
        ),
        (
            "REPLY",
            "DECLINED",
            "COMMENT:Jeg er syk\n",
            "Svar på innkalling (kommer ikke): Møte, om byggesak",
            "Jeg er syk",
        ),
        ("REPLY", "TENTATIVE", "", "Svar på innkalling (kanskje): Møte, om byggesak", ""),
        ("CANCEL", "", "", "Avlyst: Møte, om byggesak", ""),
        ("REQUEST", "", "STATUS:CANCELLED\n", "Avlyst: Møte, om byggesak", ""),
        ("COUNTER", "", "", "Forslag om ny tid: Møte, om byggesak", ""),
        ("PUBLISH", "", "", "Kalenderhendelse: Møte, om byggesak", ""),
    ],
)
def test_what_when_and_where_are_told(method, answer, more, first, also):
    raw = letter(event(method, answer, more), f"text/calendar; charset=utf-8; method={method}")
    found = understood(raw)
    lines = found.body.split("\n")
    assert lines[:2] == [first, WHEN]
    assert WHERE in lines
    assert also in found.body
    assert [file.media_type for file in found.attachments] == ["text/calendar"]


@pytest.mark.parametrize(
    ("lines", "when"),
    [
        ("DTSTART:20261203T080000Z\nDURATION:PT45M", "torsdag 3. desember 2026 kl. 09.00–09.45"),
        ("DTSTART:20260703T070000Z", "fredag 3. juli 2026 kl. 09.00"),
        ("DTSTART:20261203T090000", "torsdag 3. desember 2026 kl. 09.00"),
        ('DTSTART;TZID="W. Europe Standard Time":20260703T090000', "fredag 3. juli 2026 kl. 09.00"),
        ("DTSTART;TZID=America/New_York:20261203T090000", "torsdag 3. desember 2026 kl. 15.00"),
        ("DTSTART;VALUE=DATE:20261203", "torsdag 3. desember 2026"),
        ("DTSTART;VALUE=DATE:20261203\nDTEND;VALUE=DATE:20261204", "torsdag 3. desember 2026"),
        (
            "DTSTART;VALUE=DATE:20261203\nDTEND;VALUE=DATE:20261205",
            "torsdag 3. desember 2026 – fredag 4. desember 2026",
        ),
        (
            "DTSTART:20261203T220000Z\nDTEND:20261204T010000Z",
            "torsdag 3. desember 2026 kl. 23.00 – fredag 4. desember 2026 kl. 02.00",
        ),
        ("DTSTART:20261203T080000Z\nDTEND:rot\nX-ROT\n;;;", "torsdag 3. desember 2026 kl. 09.00"),
        ("DTSTART:20261203T080000Z\nDTEND:20261203T070000Z", "torsdag 3. desember 2026 kl. 09.00"),
    ],
)
def test_times_are_told_as_the_clock_shows_here(lines, when):
    held = calendar(f"BEGIN:VEVENT\n{lines}\nSUMMARY:Befaring\nEND:VEVENT")
    assert (
        understood(letter(held, "text/calendar")).body == f"Kalenderhendelse: Befaring\nNår: {when}"
    )


@pytest.mark.parametrize(
    ("held", "body"),
    [
        (
            calendar(
                "BEGIN:VEVENT\nDTSTART:99999999T999999\nSUMMARY:Rot\nLOCATION:Her\nEND:VEVENT"
            ),
            "Kalenderhendelse: Rot\nHvor: Her",
        ),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Uten\n slutt", "Kalenderhendelse: Utenslutt"),
        (
            calendar("BEGIN:VTODO\nSUMMARY:Husk\nDUE:20261203T080000Z\nEND:VTODO"),
            "Kalenderhendelse: Husk\nNår: torsdag 3. desember 2026 kl. 09.00",
        ),
        (
            calendar(
                "BEGIN:VTIMEZONE\nTZID:Rot\nBEGIN:STANDARD\nDTSTART:rot\nEND:STANDARD\nEND:VTIMEZONE\nBEGIN:VEVENT\nDTSTART;TZID=Rot:20261203T090000\nSUMMARY:X\nEND:VEVENT"
            ),
            "Kalenderhendelse: X\nNår: torsdag 3. desember 2026 kl. 09.00",
        ),
        (
            calendar(
                "BEGIN:VEVENT\nDTSTART:99991231T235900Z\nDURATION:P9999D\nSUMMARY:X\nEND:VEVENT"
            ),
            "Kalenderhendelse: X",
        ),
        ("ikke en kalender", ""),
        ("", ""),
    ],
)
def test_of_a_broken_calendar_the_rest_is_told(held, body):
    found = understood(letter(held, "text/calendar; charset=utf-8"))
    assert found.body == body
    assert len(found.attachments) == 1


def test_it_stands_below_the_words_once_however_often_it_comes():
    raw = parted(
        "mixed",
        (PLAIN, "Passer dette?"),
        ("Content-Type: text/calendar; charset=utf-8; method=REQUEST", event()),
        (
            "Content-Type: application/ics; name=invite.ics\nContent-Transfer-Encoding: base64",
            b64(event()),
        ),
        (
            "Content-Type: application/octet-stream; name=m.ics\nContent-Transfer-Encoding: base64",
            b64(event()),
        ),
    )
    body = understood(raw).body
    assert body.startswith("Passer dette?\n\nInnkalling: Møte, om byggesak\n")
    assert body.count("Innkalling") == 1


def test_of_a_whole_year_the_first_are_told_and_how_many_more_there_are():
    one = "BEGIN:VEVENT\nDTSTART:202612{day:02}T080000Z\nSUMMARY:Kamp {day}\nEND:VEVENT\n"
    held = calendar("".join(one.format(day=day) for day in range(1, 31)))
    body = understood(letter(held, "text/calendar")).body
    assert body.count("Kamp") == 10
    assert "Filen har 20 hendelser til." in body


def test_the_alphabet_it_declares_is_often_wrong():
    raw = letter(event().encode("cp1252"), "text/calendar; charset=utf-8; method=REQUEST")
    assert understood(raw).body.startswith("Innkalling: Møte, om byggesak")
