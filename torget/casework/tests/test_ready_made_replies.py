from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.cast import make_question, make_staff
from torget.casework.models import CannedReply
from torget.casework.rules import canned_replies, pending_replies
from torget.casework.rules.replying import Reply
from torget.errors import NotAllowed, Refused
from torget.people.actor import Actor
from torget.people.models import Unit
from torget.people.roles import Role


@pytest.fixture
def write(nordvaag, per, now):
    def make(name, nb, *, nn="", en="", unit=None):
        slug = name.lower().replace(" ", "-").replace("ø", "o").replace("å", "a")
        text = canned_replies.Text(name, slug, {"nb": nb, "nn": nn, "en": en}, unit)
        return canned_replies.write(nordvaag, text, by=per, at=now)

    return make


def test_variables_are_filled_in(nordvaag, write, ola):
    question = make_question(nordvaag, "Hvor er dunken?", name="Kari Nordmann")
    one = write("Svar", "Hei {fornavn}! Sak {saksnummer} i {enhet}. {avsender}, tlf. {telefon}")
    assert canned_replies.fill(one, question, ola.staff) == (
        f"Hei Kari! Sak {question.ref} i Servicetorget. Ola, tlf. 70 00 00 00"
    )


def test_what_is_not_known_leaves_no_gap(nordvaag, write, ola):
    question = make_question(nordvaag, "Hvor er dunken?", name="")
    assert canned_replies.fill(write("Svar", "Hei {fornavn}!"), question, ola.staff) == "Hei!"


def test_a_name_that_is_not_shown_is_not_put_into_a_public_answer(nordvaag, write, ola):
    asked = make_question(nordvaag, "Hvor er dunken?", name="Kari", visibility="public")
    one = write("Svar", "Hei {fornavn}!")
    assert canned_replies.fill(one, asked, ola.staff) == "Hei!"
    shown = make_question(
        nordvaag, "Hvor er dunken?", name="Kari", visibility="public", show_name=True
    )
    assert canned_replies.fill(one, shown, ola.staff) == "Hei Kari!"


def test_the_language_follows_the_conversation(nordvaag, write, ola):
    one = write("Svar", "Hei på bokmål", nn="Hei på nynorsk", en="Hello")
    for language, said in (("nb", "Hei på bokmål"), ("nn", "Hei på nynorsk"), ("en", "Hello")):
        question = make_question(nordvaag, "Hvor?", language=language)
        assert canned_replies.fill(one, question, ola.staff) == said
    only = write("Bare bokmål", "Hei igjen")
    assert (
        canned_replies.fill(only, make_question(nordvaag, language="en"), ola.staff) == "Hei igjen"
    )


def test_unknown_variables_and_taken_shortcuts_are_refused(nordvaag, write, per, now):
    with pytest.raises(Refused, match=r"\{fornamn\}"):
        write("Svar", "Hei {fornamn}")
    write("Svar", "Hei")
    with pytest.raises(Refused, match="Kortnavnet er i bruk"):
        write("Svar", "Hei igjen")
    with pytest.raises(Refused, match="bokmål"):
        write("Tom", " ", nn="Hei")


def test_the_three_that_fit_best_are_offered(nordvaag, write):
    write("Nytt lokk til dunken", "Du får nytt lokk til avfallsdunken gratis på Servicetorget.")
    write("Brøyting av vei", "Vi brøyter hovedveiene først, så boligveiene innen tolv timer.")
    write("Søke SFO", "Du søker om plass i SFO på Min side. Fristen er 1. mars.")
    write("Bibliotek", "Biblioteket er åpent til klokka åtte.")
    asked = make_question(nordvaag, "Hei! Når kommer brøytebilen? Veien vår er ikke brøytet.")
    assert (
        next(one.name for one in canned_replies.offered(asked, asked.preview)) == "Brøyting av vei"
    )
    asked = make_question(nordvaag, "Lokket på avfallsdunken min er sprukket")
    assert (
        next(one.name for one in canned_replies.offered(asked, asked.preview))
        == "Nytt lokk til dunken"
    )
    asked = make_question(nordvaag, "Xyzzy plugh")
    assert canned_replies.offered(asked, asked.preview) == []


def test_those_of_other_units_and_municipalities_are_not_offered(
    nordvaag, elsewhere, write, charlie, now
):
    technical = Unit.objects.get(municipality=nordvaag, slug="teknisk-drift")
    write("Brøyting", "Vi brøyter nå.", unit=technical)
    theirs = canned_replies.Text("Brøyting i Sørvik", "sorvik", {"nb": "Vi brøyter i Sørvik."})
    canned_replies.write(elsewhere, theirs, by=charlie, at=now)
    snow = make_question(nordvaag, "Når blir veien brøytet?")
    assert snow.unit == technical
    assert [one.name for one in canned_replies.search(snow, "")] == ["Brøyting"]
    other = make_question(nordvaag, "Når åpner dere?")
    assert canned_replies.search(other, "") == []


def test_only_those_who_may_write_them(nordvaag, ola, now):
    with pytest.raises(NotAllowed):
        canned_replies.write(nordvaag, canned_replies.Text("x", "x", {"nb": "x"}), by=ola, at=now)
    front = Unit.objects.get(municipality=nordvaag, slug="servicetorget")
    lead = Actor.of_staff(make_staff(nordvaag, "Tor", Role.DUTY_LEAD, over="teknisk-drift"))
    with pytest.raises(NotAllowed):
        canned_replies.write(
            nordvaag, canned_replies.Text("x", "x", {"nb": "x"}, front), by=lead, at=now
        )


def test_a_link_puts_it_in_without_scripts_and_sending_counts_it(client, question, write, ola):
    one = write("Brøyting", "Hei! Vi brøyter {enhet}.")
    client.force_login(ola.staff.user)
    address = f"/desk/sak/{question.ref}"
    page = client.get(address).content.decode()
    assert f"?mal={one.pk}#svar" in page
    page = client.get(f"{address}?mal={one.pk}").content.decode()
    assert "Hei! Vi brøyter Teknisk drift.</textarea>" in page
    assert f'value="{one.pk}"' in page
    assert CannedReply.objects.get().used == 0
    client.post(f"{address}/svar", {"svar-body": "Hei! Vi brøyter.", "svar-canned": f"{one.pk}"})
    assert CannedReply.objects.get().used == 1


def test_used_counts_no_others(question, elsewhere, charlie, ola, now):
    theirs = canned_replies.write(
        elsewhere, canned_replies.Text("x", "x", {"nb": "x"}), by=charlie, at=now
    )
    pending_replies.submit(question, Reply("Hei", canned=[theirs.pk]), by=ola, at=now, seconds=0)
    theirs.refresh_from_db()
    assert theirs.used == 0


def test_while_one_writes_they_are_found_by_shortcut(client, question, write, ola):
    write("Brøyting av vei", "Vi brøyter.")
    write("Lokk", "Lokk.")
    client.force_login(ola.staff.user)
    rows = client.get(f"/desk/sak/{question.ref}/maler?q=broyt").json()["rows"]
    assert [(row["about"], row["insert"]) for row in rows] == [("/broyting-av-vei", "Vi brøyter.")]


def test_the_pages_write_preview_and_retire_one(client, nordvaag, per):
    client.force_login(per.staff.user)
    data = {"name": "Lokk", "shortcut": "lokk", "body_nb": "Hei {fornavn}", "active": "on"}
    shown = client.post("/desk/svarmaler/ny", data | {"vis": "1"})
    assert "Hei Kari" in shown.content.decode()
    assert not CannedReply.objects.exists()
    client.post("/desk/svarmaler/ny", data)
    one = CannedReply.objects.get()
    wrong = client.post(f"/desk/svarmaler/{one.pk}", data | {"body_nb": "Hei {tull}"})
    assert wrong.status_code == 422
    assert "{tull}" in wrong.content.decode()
    client.post(f"/desk/svarmaler/{one.pk}", data | {"active": ""})
    assert not CannedReply.objects.get().active
    assert "Ikke i bruk" in client.get("/desk/svarmaler").content.decode()


def test_the_page_asks_the_database_no_more_when_there_are_many(client, question, write, ola):
    client.force_login(ola.staff.user)
    asked = []
    for many in (2, 25):
        for number in range(many):
            write(
                f"Brøyting {many} {number}",
                "Vi brøyter veien, {fornavn}. Hilsen {signatur} i {enhet}.",
            )
        client.get(f"/desk/sak/{question.ref}")
        with CaptureQueriesContext(connection) as queries:
            page = client.get(f"/desk/sak/{question.ref}")
        asked.append(len(queries))
    assert len(page.context["canned_listed"]) > 10
    assert asked[0] == asked[1] < 60
