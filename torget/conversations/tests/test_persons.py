"""One person, many identities: merged and parted again, noted with an end, blocked without losing a word."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.cast import make_question, make_staff
from torget.conversations.models import Block, Conversation, Message, Person, PersonNote
from torget.conversations.persons import family
from torget.conversations.rules import merging, persons
from torget.errors import NotAllowed, Refused
from torget.history.models import Entry
from torget.people.actor import Actor
from torget.people.roles import Role


@pytest.fixture
def two(nordvaag):
    """Kari has written from her work and from home."""
    home = make_question(nordvaag, "Fra hjemmet", name="Kari Nordmann", email="kari@hjemme.test")
    work = make_question(nordvaag, "Fra jobben", name="Kari Nordmann", email="kari@jobb.test")
    return home, work


@pytest.fixture
def desk(ola):
    client = Client()
    client.force_login(ola.staff.user)
    return client


def test_two_become_one_and_are_two_again(two, ola, now):
    home, work = two
    done = persons.merge(home.person, work.person, reason="Ringte og sa det", by=ola, at=now)
    work.person.refresh_from_db()
    assert set(family(work.person)) == {home.person_id, work.person_id}
    assert family(work.person)[0] == home.person_id
    persons.unmerge(done, by=ola, at=now)
    persons.unmerge(done, by=ola, at=now)
    work.person.refresh_from_db()
    assert family(work.person) == [work.person_id]
    assert Conversation.objects.get(pk=work.pk).person_id == work.person_id
    verbs = list(Entry.objects.filter(verb__startswith="person.").values_list("verb", flat=True))
    assert verbs == ["person.merged", "person.unmerged"]


def test_nobody_is_merged_with_themselves_nor_twice(two, nordvaag, ola, now):
    home, work = two
    with pytest.raises(Refused):
        persons.merge(home.person, home.person, reason="x", by=ola, at=now)
    persons.merge(home.person, work.person, reason="x", by=ola, at=now)
    work.person.refresh_from_db()
    with pytest.raises(Refused):
        persons.merge(home.person, work.person, reason="x", by=ola, at=now)
    third = make_question(nordvaag, "Tredje", email="tredje@hjemme.test").person
    with pytest.raises(Refused):
        persons.merge(third, work.person, reason="x", by=ola, at=now)
    done = persons.merge(third, home.person, reason="x", by=ola, at=now)
    assert len(family(work.person)) == 3
    persons.unmerge(done, by=ola, at=now)
    work.person.refresh_from_db()
    assert len(family(work.person)) == 2


def test_a_merge_opens_no_door_for_residents(two, ola, now):
    home, work = two
    persons.merge(home.person, work.person, reason="x", by=ola, at=now)
    for mine, other in ((home, work), (work, home)):
        me = Actor.resident(mine.municipality_id, mine.person_id)
        seen = Conversation.objects.visible_to(me)
        assert mine in seen
        assert other not in seen


def test_persons_of_two_municipalities_are_never_merged(two, elsewhere, ola, now):
    stranger = make_question(elsewhere, "Utenfor", email="kari@hjemme.test").person
    with pytest.raises(Refused):
        persons.merge(two[0].person, stranger, reason="x", by=ola, at=now)


def test_the_page_shows_all_one_has_said_in_every_channel(two, ola, desk, now):
    home, work = two
    persons.merge(home.person, work.person, reason="Ringte", by=ola, at=now)
    page = desk.get(f"/desk/person/{work.person_id}", follow=True).content.decode()
    for words in ("Fra hjemmet", "Fra jobben", "kari@hjemme.test", "kari@jobb.test", "Ringte"):
        assert words in page
    beside = desk.get(f"/desk/sak/{home.ref}").content.decode()
    assert "Fra jobben" in beside


def test_by_address_or_case_number_somebody_is_merged_from_the_page(two, desk):
    home, work = two
    answer = desk.post(
        f"/desk/person/{home.person_id}/samme",
        {"samme-other": work.ref, "samme-reason": "Samme telefon"},
        follow=True,
    )
    assert "Slått sammen" in answer.content.decode()
    assert Person.objects.get(pk=work.person_id).merged_into_id == home.person_id
    missing = desk.post(
        f"/desk/person/{home.person_id}/samme",
        {"samme-other": "ukjent@hjemme.test", "samme-reason": "x"},
    )
    assert missing.status_code == 422


def test_identities_of_talk_one_may_not_read_are_not_shown(two, nordvaag, now):
    home, work = two
    school = Actor.of_staff(
        make_staff(nordvaag, "Tora", Role.RESPONDER, unit="teknisk-drift", over="teknisk-drift")
    )
    unit = school.staff.unit
    Conversation.objects.filter(pk=home.pk).update(unit=unit)
    lead = Actor.of_staff(make_staff(nordvaag, "Pia", Role.DUTY_LEAD))
    persons.merge(home.person, work.person, reason="x", by=lead, at=now)
    client = Client()
    client.force_login(school.staff.user)
    page = client.get(f"/desk/person/{home.person_id}").content.decode()
    assert "kari@hjemme.test" in page
    assert "kari@jobb.test" not in page
    assert "Fra jobben" not in page


@pytest.mark.parametrize("reads", ["kept", "joined"])
def test_a_lead_of_another_unit_learns_no_name_address_or_reason_of_talk_they_may_not_read(
    nordvaag, per, now, reads
):
    kept = make_question(nordvaag, "Fra Kari", name="Kari Prøve", email="kari@hjemme.test")
    joined = make_question(nordvaag, "Fra Berit", name="Berit Prøve", email="berit@jobb.test")
    done = persons.merge(
        kept.person, joined.person, reason="GRUNN om Kari og Berit", by=per, at=now
    )
    tora = Actor.of_staff(
        make_staff(nordvaag, "Tora", Role.DUTY_LEAD, unit="teknisk-drift", over="teknisk-drift")
    )
    mine, other = (kept, joined) if reads == "kept" else (joined, kept)
    Conversation.objects.filter(pk=mine.pk).update(unit=tora.staff.unit)
    Conversation.objects.filter(pk=other.pk).update(unit=nordvaag.units.get(slug="servicetorget"))
    client = Client()
    client.force_login(tora.staff.user)
    form = {
        "blokk-identity": other.identity_id,
        "blokk-reason": "x",
        "blokk-until_on": timezone.now().date() + timedelta(days=7),
    }
    address = f"/desk/person/{kept.person_id}"
    refused = client.post(f"{address}/blokker", form)
    assert refused.status_code == 422
    assert not Block.objects.exists()
    for page in (client.get(address).content.decode(), refused.content.decode()):
        assert mine.identity.external_id in page
        assert mine.person.name in page
        for word in (other.identity.external_id, other.person.name, "GRUNN"):
            assert word not in page
    assert client.post(f"/desk/person/skill/{done.pk}").status_code == 404
    done.refresh_from_db()
    assert done.undone_at is None
    form["blokk-identity"] = mine.identity_id
    assert client.post(f"{address}/blokker", form).status_code == 302


def test_persons_are_not_parted_while_a_case_holds_private_words_of_both(two, nordvaag, ola, now):
    home, work = two
    third = make_question(nordvaag, "Tredje", email="tredje@hjemme.test")
    below = persons.merge(work.person, third.person, reason="x", by=ola, at=now)
    done = persons.merge(home.person, work.person, reason="x", by=ola, at=now)
    case = merging.merge(home, work, by=ola, at=now)
    with pytest.raises(Refused) as refusal:
        persons.unmerge(done, by=ola, at=now)
    assert refusal.value.code == "cases_merged"
    assert home.ref in refusal.value.message
    assert "Angre sammenslåingen av sakene først" in refusal.value.message
    assert Person.objects.get(pk=work.person_id).merged_into_id == home.person_id
    persons.unmerge(below, by=ola, at=now)  # that one has no part in it
    merging.unmerge(case, by=ola, at=now)
    persons.unmerge(done, by=ola, at=now)
    assert Person.objects.get(pk=work.person_id).merged_into_id is None


def test_the_page_says_which_cases_to_part_before_the_persons(two, ola, desk, now):
    home, work = two
    done = persons.merge(home.person, work.person, reason="x", by=ola, at=now)
    merging.merge(work, home, by=ola, at=now)
    page = desk.post(f"/desk/person/skill/{done.pk}", follow=True).content.decode()
    assert "Angre sammenslåingen av sakene først" in page


def test_persons_are_parted_while_their_public_talk_stays_one(nordvaag, ola, now):
    def wrote(email):
        return make_question(nordvaag, "Glatt", visibility="public", name="Kari", email=email)

    kept, joined = wrote("kari@hjemme.test"), wrote("kari@jobb.test")
    done = persons.merge(kept.person, joined.person, reason="x", by=ola, at=now)
    merging.merge(kept, joined, by=ola, at=now)
    persons.unmerge(done, by=ola, at=now)
    assert Person.objects.get(pk=joined.person_id).merged_into_id is None


def test_a_note_has_a_purpose_and_is_gone_when_its_day_has_come(two, ola, desk, now, time_machine):
    time_machine.move_to(now)
    person = two[0].person
    with pytest.raises(Refused):
        persons.note_on(person, "x", purpose="moro", expires_on=now.date(), by=ola, at=now)
    with pytest.raises(Refused):
        persons.note_on(
            person, "x", purpose="help", expires_on=now.date() + timedelta(days=400), by=ola, at=now
        )
    persons.note_on(
        person,
        "Hører dårlig: skriv, ikke ring",
        purpose="contact",
        expires_on=now.date() + timedelta(days=30),
        by=ola,
        at=now,
    )
    assert persons.forget_expired_notes(at=now) == 0
    assert "Hører dårlig" in desk.get(f"/desk/sak/{two[0].ref}").content.decode()
    assert persons.forget_expired_notes(at=now + timedelta(days=31)) == 1
    assert not PersonNote.objects.exists()
    assert Entry.objects.filter(verb="person.note_expired").exists()


def test_a_blocked_sender_is_received_and_kept_but_makes_nobody_wait(two, nordvaag, per, now):
    identity = two[0].identity
    persons.block(
        identity, reason="Trusler", until_on=now.date() + timedelta(days=7), by=per, at=now
    )
    again = make_question(nordvaag, "Enda en gang", email="kari@hjemme.test", at=now)
    again.refresh_from_db()
    assert (again.state, again.waiting_since) == ("closed", None)
    assert Message.objects.filter(conversation=again, body="Enda en gang").exists()
    later = make_question(nordvaag, "Etterpå", email="kari@hjemme.test", at=now + timedelta(days=8))
    later.refresh_from_db()
    assert later.waiting_since is not None


def test_a_block_has_an_end_and_can_be_lifted(two, nordvaag, per, ola, now):
    identity, week = two[0].identity, now.date() + timedelta(days=7)
    with pytest.raises(NotAllowed):
        persons.block(identity, reason="x", until_on=week, by=ola, at=now)
    with pytest.raises(Refused):
        persons.block(
            identity, reason="x", until_on=now.date() + timedelta(days=200), by=per, at=now
        )
    done = persons.block(identity, reason="x", until_on=week, by=per, at=now)
    with pytest.raises(Refused):
        persons.block(identity, reason="x", until_on=week, by=per, at=now)
    persons.lift(done, by=per, at=now)
    persons.lift(done, by=per, at=now)
    assert Entry.objects.filter(verb="identity.unblocked").count() == 1
    waiting = make_question(nordvaag, "Igjen", email="kari@hjemme.test")
    waiting.refresh_from_db()
    assert waiting.waiting_since is not None
    after = now + timedelta(days=30)
    persons.block(identity, reason="x", until_on=after.date() + timedelta(days=1), by=per, at=after)
    assert Block.objects.filter(lifted_at=None).count() == 1
