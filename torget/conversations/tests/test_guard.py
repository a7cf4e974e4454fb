from __future__ import annotations

from itertools import pairwise

import pytest

from torget.conversations.guard import look, national_ids


def codes(text, **more):
    return [one.code for one in look(text, **more)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Fødselsnummeret er 13097248022", "national_id"),
        ("Du får plass på grunn av diagnosen", "health"),
        ("Når du er sykmeldt", "health"),
        ("Du er sjukmeldt no", "health"),
        ("brystkreft", "health"),
        ("Psykisk helse er viktig", "health"),
        ("because of your illness", "health"),
        ("She is pregnant", "health"),
        ("rullestolen din", "health"),
        ("Ring 412 34 567", "phone"),
        ("Ring +47 41234567", "phone"),
        ("tlf 22225555", "phone"),
        ("Skriv til kari@innbygger.no.", "email"),
        ("Sønnen din får plass", "family"),
        ("Dottera di får plass", "family"),
        ("your daughter has a place", "family"),
        ("født 12.03.2015", "birth"),
        ("kontonummer 1234 56 78903", "bank"),
    ],
)
def test_what_may_be_about_somebody_is_found(text, code):
    assert code in codes(text)


@pytest.mark.parametrize(
    "text",
    [
        "Sykkelveien er stengt, ta med sykkelen.",
        "Naturkreftene hadde kreftene i behold.",
        "Blindveien ved brua er brøytet.",
        "Vi er avhengige av været, og behandler saken i dag.",
        "Rust på broa og ruste opp skolen.",
        "Vi hiver ut søppelet. Det gikk ille.",
        "Ring oss på 70 00 00 00.",
        "Saksnummer NV-2026-17, gårdsnummer 12, bruksnummer 345.",
        "Budsjettet er 12 345 678 kroner, åpent 08.00–15.30.",
        "Nødnummer 113, politiet 02800.",
        "Skriv til postmottak@nordvaag.test eller skole@nordvaag.test.",
        "Barna får is, og foreldrene er velkomne.",
        "Legevakten er åpen hele døgnet.",
        "Kontonummer 1234 56 78901 finnes ikke.",
        "Bygget er født av en god idé fra 2015.",
    ],
)
def test_ordinary_answers_are_left_in_peace(text):
    assert look(text, own=["70 00 00 00", "postmottak@nordvaag.test", "nordvaag.test"]) == []


def test_d_numbers_count_as_national_identity_numbers():
    assert national_ids("53109700009") == ["53109700009"]
    assert national_ids("13097248022") == ["13097248022"]


def test_a_name_that_was_not_to_be_shown_is_found_in_any_form():
    found = look("Hei Kari! Karis sak, ikke karianne.", hidden_name="Kari Nordmann")
    assert [one.words for one in found] == ["Kari", "Karis"]


def test_findings_stand_where_they_stand_and_never_overlap():
    text = "Sønnen din med ADHD kan ringe 412 34 567"
    found = look(text, files=2)
    assert [text[one.start : one.end] for one in found] == ["Sønnen din", "ADHD", "412 34 567", ""]
    assert found[-1].code == "files"
    assert all(a.end <= b.start for a, b in pairwise(found))
