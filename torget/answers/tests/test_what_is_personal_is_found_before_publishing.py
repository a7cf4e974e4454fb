"""Names, numbers and addresses in a text to be published."""

from __future__ import annotations

import pytest

from tests.cast import make_question
from torget.answers import personal, rules
from torget.channels import rules as channels
from torget.conversations import rules as conversations
from torget.conversations.models import Message
from torget.errors import Refused
from torget.people.actor import Actor

ID = "13097248022"  # Skatteetaten's own example


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        (f"Nummeret er {ID}.", "national_id", ID),
        ("Skriv til kari.n@innbygger.test i dag", "email", "kari.n@innbygger.test"),
        ("Ring 91 23 45 67 nå", "phone", "91 23 45 67"),
        ("Ring 912 34 567 nå", "phone", "912 34 567"),
        ("Ring +47 91234567 nå", "phone", "+47 91234567"),
        ("Ring +46 70 123 45 67", "phone", "+46 70 123 45 67"),
        ("Hun bor i Fjellveien 12 B", "address", "Fjellveien 12 B"),
        ("Bor i Kong Olavs gate 3", "address", "Kong Olavs gate 3"),
        ("Bilen er AB 12345", "plate", "AB 12345"),
        ("Han er født 12. mars 1980", "birth", "født 12. mars 1980"),
        ("Født dato 12.03.1980", "birth", "12.03.1980"),
        ("Konto 1234 56 78903", "bank", "1234 56 78903"),
    ],
)
def test_it_is_found_by_its_shape(text, kind, found):
    assert [(one.kind, one.text) for one in personal.find(text)] == [(kind, found)]


@pytest.mark.parametrize(
    "text",
    [
        "Fristen er 1. mars, og du får svar i april.",
        "Det koster 1 200 kroner, eller 12 500 i året.",
        "Vi svarer innen 14 dager etter § 11 a.",
        "Åpent kl. 08.00–15.30 i uke 28 til 30, også 01.01.2026.",
        "En garasje på 50 kvadratmeter trenger ikke søknad.",
        "Saksnummer 2026/12345 og NV-2026-17.",
    ],
)
def test_ordinary_answers_are_left_alone(text):
    assert personal.find(text, ["Kari Nordmann"]) == []


def test_the_name_of_the_one_who_asked_is_found_wherever_it_stands():
    found = personal.find("Kari, vi retter lyset utenfor Nordmanns hus.", ["Kari Nordmann"])
    assert [one.text for one in found] == ["Kari", "Nordmanns"]


def test_the_text_is_cut_so_that_it_can_be_marked():
    text = "Ring 91 23 45 67 nå"
    pieces = personal.pieces(text, personal.find(text))
    assert "".join(piece for piece, _one in pieces) == text
    assert [piece for piece, one in pieces if one] == ["91 23 45 67"]


@pytest.fixture
def answered(nordvaag, ola, now):
    question = make_question(nordvaag, "Når kommer plogen?", name="Kari Nordmann")
    conversations.answer(question, "Den kommer i dag.", by=ola, at=now)
    question.refresh_from_db()
    return question


def publish(question, body, by, at, **more):
    return rules.publish(question, question="Når kommer plogen?", body=body, by=by, at=at, **more)


def test_what_looks_personal_is_published_only_when_somebody_has_said_it_may(answered, ola, now):
    body = "Ring oss på 70 00 00 00, Kari."
    with pytest.raises(Refused) as refusal:
        publish(answered, body, ola, now)
    assert refusal.value.code == "personal"
    with pytest.raises(Refused):
        publish(answered, body, ola, now, confirmed=["70 00 00 00"])
    assert publish(answered, body, ola, now, confirmed=["70 00 00 00", "Kari"]).body == body


def test_a_national_identity_number_is_refused_whatever_is_ticked(answered, ola, now):
    with pytest.raises(Refused) as refusal:
        publish(answered, f"Nummeret {ID}", ola, now, confirmed=[ID])
    assert refusal.value.code == "national_id"


def test_the_page_marks_it_and_says_what_to_do_and_publishes_nothing_yet(client, answered, ola):
    client.force_login(ola.staff.user)
    address = f"/desk/sak/{answered.ref}/publiser"
    given = {"question": "Når kommer plogen?", "body": "Ring Kari på 91 23 45 67."}
    page = client.post(address, given | {"look": "1"}).content.decode()
    assert "<mark>91 23 45 67</mark>" in page
    assert "Navnet til den som spurte" in page
    refused = client.post(address, given)
    assert refused.status_code == 422
    assert not answered.answers.exists()
    ticked = given | {"confirmed": ["91 23 45 67", "Kari"]}
    assert client.post(address, ticked).status_code == 302
    assert answered.answers.get().body == given["body"]


def test_what_was_said_aside_to_one_person_is_not_put_forward_for_everybody(
    client, nordvaag, ola, now
):
    channels.open_account(
        nordvaag.units.get(slug="servicetorget"),
        network="email",
        address="post@nordvaag.test",
        name="Post",
        by=Actor.system(nordvaag.pk),
        at=now,
    )
    asked = make_question(nordvaag, visibility="public", email="kari@innbygger.test")
    private = make_question(nordvaag)
    client.force_login(ola.staff.user)

    def put_forward(talk):
        page = client.get(f"/desk/sak/{talk.ref}/publiser")
        return page.context["form"]["body"].value()

    conversations.answer(
        asked,
        "Bare til deg.",
        by=ola,
        at=now,
        visibility="private",
        public_note="Vi har svart deg privat.",
    )
    Message.objects.filter(conversation=asked, body="Vi har svart deg privat.").update(
        hidden_at=now
    )
    assert put_forward(asked) == ""
    asked.refresh_from_db()
    conversations.answer(asked, "Til alle.", by=ola, at=now)
    asked.refresh_from_db()
    conversations.answer(asked, "Igjen til deg.", by=ola, at=now, visibility="private")
    assert put_forward(asked) == "Til alle."
    conversations.answer(private, "I dag.", by=ola, at=now)
    assert put_forward(private) == "I dag."
