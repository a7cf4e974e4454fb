from __future__ import annotations

import pytest

from tests.cast import make_question, make_staff
from torget.conversations import rules
from torget.conversations.models import Conversation, Mention
from torget.conversations.rules import mentioning
from torget.errors import Refused
from torget.people import rules as people
from torget.people.actor import Actor
from torget.people.models import Unit
from torget.people.roles import Role


def told():
    return sorted(str(one.staff) for one in Mention.objects.all())


def test_a_colleague_is_named_by_first_or_whole_name(question, ola, per, siri, now):
    rules.note(question, 'Kan @Per se på dette? Og @"Siri Prøve"?', by=ola, at=now)
    assert told() == ["Per Prøve", "Siri Prøve"]
    rules.note(question, "@per igjen, @PER!", by=ola, at=now)
    assert Mention.objects.filter(staff=per.staff).count() == 2


@pytest.mark.parametrize(
    "text", ["Skriv til per@nordvaag.test", "Hei @ingen", "@", "Klokka 9 @ torget", "@@per"]
)
def test_what_names_nobody_is_only_words(question, ola, per, now, text):
    rules.note(question, text, by=ola, at=now)
    assert told() == []


def test_a_first_name_that_several_have_must_be_told_apart(nordvaag, question, ola, per, now):
    unit = Unit.objects.get(municipality=nordvaag, slug="servicetorget")
    namesake = people.add_staff(
        unit,
        email="per2@kommune.test",
        password="x",
        first_name="Per",
        last_name="Vik",
        at=now,
        by=Actor.system(nordvaag.pk),
    )
    people.grant(namesake, Role.RESPONDER, unit.parent, at=now, by=Actor.system(nordvaag.pk))
    with pytest.raises(Refused, match="Flere kolleger heter Per"):
        rules.note(question, "@per?", by=ola, at=now)
    assert not question.messages.filter(kind="note").exists()
    rules.note(question, '@"Per Vik"?', by=ola, at=now)
    assert told() == ["Per Vik"]


def test_a_unit_is_everyone_active_there_who_may_read(nordvaag, question, ola, per, liv, now):
    there = make_staff(nordvaag, "Tor", Role.RESPONDER, unit="teknisk-drift")
    gone = make_staff(nordvaag, "Nils", Role.RESPONDER, unit="teknisk-drift")
    gone.active = False
    gone.save()
    make_staff(nordvaag, "Ada", Role.ADMINISTRATOR, unit="teknisk-drift")
    rules.note(question, "Kan @teknisk-drift svare?", by=ola, at=now)
    assert [(one.staff, one.unit.slug) for one in Mention.objects.all()] == [
        (there, "teknisk-drift")
    ]


def test_a_mention_gives_no_reading_rights(client, nordvaag, question, ola, liv, charlie, now):
    note = rules.note(question, "@liv @charlie @per", by=ola, at=now)
    assert told() == []
    assert mentioning.named(question, note.body).outside == [liv.staff]
    assert not Conversation.objects.visible_to(liv).exists()
    client.force_login(ola.staff.user)
    page = client.post(f"/desk/sak/{question.ref}/notat", {"notat-body": "@liv?"}, follow=True)
    assert "Liv Prøve kan ikke lese saken og får ikke beskjed." in page.content.decode()


def test_one_who_loses_the_right_to_read_no_longer_sees_where_they_were_named(
    nordvaag, question, ola, now
):
    tor = Actor.of_staff(make_staff(nordvaag, "Tor", Role.RESPONDER, over="teknisk-drift"))
    rules.note(question, "@tor?", by=ola, at=now)
    assert mentioning.unseen(by=tor).count() == 1
    front = Unit.objects.get(municipality=nordvaag, slug="servicetorget")
    rules.forward(question, front, by=ola, at=now)
    assert mentioning.unseen(by=tor).count() == 0


def test_it_is_seen_when_the_conversation_is_opened(client, question, ola, per, now):
    rules.note(question, "@per?", by=ola, at=now)
    client.force_login(per.staff.user)
    page = client.get("/desk/nevnt").content.decode()
    assert question.subject in page
    assert 'data-counts="mentions"' in page
    mention = Mention.objects.get()
    opened = client.post(f"/desk/nevnt/{mention.pk}")
    assert opened.url == f"/desk/sak/{question.ref}#m{mention.message.public_id}"
    assert "Ingen nye steder" in client.get("/desk/nevnt").content.decode()


def test_the_open_page_says_it_is_seen_with_its_heartbeat(client, question, ola, per, now):
    rules.note(question, "@per?", by=ola, at=now)
    client.force_login(per.staff.user)
    client.post(f"/desk/sak/{question.ref}/her")
    assert Mention.objects.get().seen_at


def test_names_are_offered_while_one_writes(client, nordvaag, ola, per, liv):
    question = make_question(nordvaag)
    client.force_login(ola.staff.user)
    rows = client.get(f"/desk/sak/{question.ref}/navn?q=pe").json()["rows"]
    assert [row["insert"] for row in rows] == ['@"Per Prøve"']
    rows = client.get(f"/desk/sak/{question.ref}/navn?q=tek").json()["rows"]
    assert [row["insert"] for row in rows] == ["@teknisk-drift"]
    assert client.get(f"/desk/sak/{question.ref}/navn?q=liv").json()["rows"] == []
