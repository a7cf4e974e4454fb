"""Many colleagues at once, from whatever a spreadsheet writes: each row's fate first, and nothing half done."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.cast import make_staff
from torget.errors import NotAllowed, Refused
from torget.people import importing
from torget.people.actor import Actor
from torget.people.models import RoleGrant, Staff, Unit
from torget.people.roles import Role

PATH = "/desk/innstillinger/kollegaer/tabell"
HEAD = "E-post;Fornavn;Etternavn;Enhet;Rolle"
NINA = "nina@nordvaag.example.no;Nina;Ås;Teknisk drift;Svarer"


def table(*rows, head=HEAD):
    return "\r\n".join((head, *rows)).encode()


def fates(content, nordvaag):
    return [row.refused for row in importing.read(content, nordvaag)]


@pytest.fixture
def hers(liv):
    client = Client()
    client.force_login(liv.staff.user)
    return client


def test_forty_are_looked_at_and_then_invited_with_a_role_and_a_link_each(nordvaag, hers):
    rows = [f"n{n}@nordvaag.example.no;Nina{n};Ås;Teknisk drift;Svarer" for n in range(40)]
    rows.append("ukjent@nordvaag.example.no;Per;Ås;Månebasen;")
    file = SimpleUploadedFile("folk.csv", table(*rows), "text/csv")
    looked = hers.post(PATH, {"file": file}).content.decode()
    assert "40 blir invitert. Ingenting er gjort ennå." in looked
    assert "Ingen enhet heter «Månebasen»." in looked
    assert not Staff.objects.filter(first_name="Nina1").exists()
    kept = re.search(r'name="table" value="([^"]*)"', looked).group(1)
    done = hers.post(PATH, {"gjor": "inviter", "table": kept}, follow=True).content.decode()
    assert "40 er invitert." in done
    assert done.count('class="secret">http') == 40
    assert 'class="secret"' not in hers.get(PATH).content.decode()
    unit = Unit.objects.get(municipality=nordvaag, slug="teknisk-drift")
    given = RoleGrant.objects.filter(
        staff__first_name__startswith="Nina", unit=unit, role=Role.RESPONDER
    )
    assert given.count() == 40
    again = hers.post(PATH, {"gjor": "inviter", "table": kept}, follow=True).content.decode()
    assert Staff.objects.filter(last_name="Ås").count() == 40
    assert "invitert" not in again


@pytest.mark.parametrize("alphabet", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_any_alphabet_and_delimiter_of_a_spreadsheet_is_read(nordvaag, alphabet, delimiter):
    text = f"{HEAD}\n{NINA}\n".replace(";", delimiter)
    [row] = importing.read(text.encode(alphabet), nordvaag)
    assert (row.last_name, row.role, row.refused) == ("Ås", Role.RESPONDER, "")
    assert row.unit == Unit.objects.get(municipality=nordvaag, slug="teknisk-drift")


def test_columns_stand_in_any_order_and_may_be_quoted_over_lines(nordvaag):
    head = "Avdeling;Kommentar;last name;FORNAVN;E-postadresse"
    [row] = importing.read(
        table('"Teknisk drift";"to\nlinjer; her";Ås;Nina;Nina@Nordvaag.example.no', head=head),
        nordvaag,
    )
    assert (row.email, row.first_name, row.role, row.refused) == (
        "nina@nordvaag.example.no",
        "Nina",
        None,
        "",
    )


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('"=HYPERLINK(""http://x"")";Nina;Ås;Teknisk drift;', "formel"),
        ("+4799999999;Nina;Ås;Teknisk drift;", "formel"),
        ("nina;Nina;Ås;Teknisk drift;", "ikke en adresse"),
        ("n@x.example.no;Nina;;Teknisk drift;", "mangler"),
        ("n@x.example.no;Nina;Ås;;", "Ingen enhet"),
        ("n@x.example.no;Nina;Ås;Teknisk drift;Keiser", "Ingen rolle"),
        ("n@x.example.no;Nina", "mangler"),
        ("n@x.example.no;" + "N" * 61 + ";Ås;Teknisk drift;", "for langt"),
        (NINA, "lenger oppe"),
    ],
)
def test_a_row_that_cannot_be_is_told_of_and_the_rest_go_on(nordvaag, row, said):
    first, second, third = fates(
        table(NINA, row, "o@x.example.no;Ola;Nes;Teknisk drift;"), nordvaag
    )
    assert said in second
    assert (first, third) == ("", "")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\r\n\r\n", "empty"),
        (b"navn;adresse\r\nNina;Vei 1", "columns"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "columns"),
        (b"x" * (importing.MOST_BYTES + 1), "too_large"),
        (table(*[NINA] * (importing.MOST_ROWS + 1)), "too_many"),
        (HEAD.encode() + b'\r\n"' + b"x" * 200_000, "unreadable"),
    ],
)
def test_what_is_no_table_is_said(nordvaag, content, code):
    with pytest.raises(Refused) as refusal:
        importing.read(content, nordvaag)
    assert refusal.value.code == code


def test_who_works_here_already_is_left_alone(nordvaag, ola):
    row = f"{ola.staff.user.email.upper()};Ola;Nes;Teknisk drift;"
    assert fates(table(row), nordvaag) == ["Er her allerede."]


def test_all_are_invited_or_nobody(nordvaag, now):
    tor = Actor.of_staff(make_staff(nordvaag, "Tor", Role.ADMINISTRATOR, over="teknisk-drift"))
    content = table(NINA, "o@x.example.no;Ola;Nes;Servicetorget;")
    with pytest.raises(NotAllowed):
        importing.bring_in(content, nordvaag, by=tor, at=now)
    assert not Staff.objects.filter(first_name="Nina").exists()
