"""A private case is its asker's: who else knows of it writes beside it, whatever points there."""

from __future__ import annotations

import json

import pytest

from tests.cast import make_question, make_staff
from torget.channels.base import Base
from torget.channels.contract import Author
from torget.channels.registry import adapters
from torget.channels.rules import open_account
from torget.conversations import filing
from torget.conversations.models import Conversation, ConversationMerge, Identity, Message, Person
from torget.conversations.persons import family, identify
from torget.conversations.rules import Agreed, addressed, answer, merging, participants
from torget.conversations.rules import persons as person_rules
from torget.conversations.tests.test_filing import Letters, post
from torget.conversations.threading import is_asker, takes_part
from torget.errors import Refused
from torget.outbox.models import Delivery
from torget.people.actor import Actor
from torget.people.models import Unit
from torget.people.roles import Role

NEIGHBOUR = "nabo@innbygger.test"


class Network(Base):
    """A network whose letters are parsed for what they say."""

    network, label, icon = "letters", "Brev", "mail"
    capabilities = Letters.capabilities
    parse = Letters.parse


@pytest.fixture
def letters(nordvaag, now, monkeypatch):
    monkeypatch.setitem(adapters(), "letters", Network())
    return open_account(
        Unit.objects.get(municipality=nordvaag, slug="servicetorget"),
        network="letters",
        address="brev@nordvaag.test",
        name="Brev",
        by=Actor.system(nordvaag.pk),
        at=now,
    )


@pytest.fixture
def mona(nordvaag):
    """Answers and handles."""
    return Actor.of_staff(make_staff(nordvaag, "Mona", Role.RESPONDER, Role.DUTY_LEAD))


def say(account, number, now, **letter):
    return filing.file(post(account, number, now, **letter)[0], at=now).messages[0]


@pytest.fixture
def case(letters, now):
    return say(letters, "k1", now, body="Hemmelig om sønnen").conversation


@pytest.mark.parametrize("how", ["case", "parents", "ref_hint"])
def test_who_knows_the_key_the_id_or_the_number_does_not_join(letters, case, now, how):
    pointer = {
        "case": {"case": case.key},
        "parents": {"parents": ["k1"]},
        "ref_hint": {"ref_hint": case.ref},
    }[how]
    said = say(letters, "n1", now, author=NEIGHBOUR, name="Nabo", **pointer)
    assert said.conversation_id != case.pk
    assert said.conversation.beside_id == (None if how == "ref_hint" else case.pk)


def test_what_the_stranger_writes_next_goes_on_beside_it(letters, case, now):
    first = say(letters, "n1", now, author=NEIGHBOUR, parents=["k1"])
    second = say(letters, "n2", now, author=NEIGHBOUR, parents=["k1"])
    third = say(letters, "o1", now, author="annen@innbygger.test", parents=["k1"])
    assert first.conversation_id == second.conversation_id
    assert third.conversation_id not in (case.pk, first.conversation_id)


def test_a_case_where_a_stranger_spoke_last_is_answered_to_its_asker_and_asks_first(
    letters, case, ola, now
):
    """As cases were before: the neighbour's words lie in it, and the last answer went to the neighbour."""
    stranger = identify(letters.municipality, "letters", Author(NEIGHBOUR), at=now)
    Message.objects.create(
        conversation=case,
        kind="inbound",
        visibility="private",
        identity=stranger,
        author_name="Nabo",
        body="Hva skjer?",
        occurred_at=now,
        created_at=now,
    )
    there = addressed(case, "private")
    assert [one.address for one in there.to] == ["kari@innbygger.test"]
    assert there.other_spoke == "Nabo"
    answer(case, "Til Kari", by=ola, at=now)
    Delivery.objects.update(recipient=NEIGHBOUR)
    with pytest.raises(Refused) as refused:
        answer(case, "Til Kari igjen", by=ola, at=now)
    assert refused.value.code == "recipient_changed"
    answer(case, "Til Kari igjen", by=ola, at=now, agreed=Agreed(yes=True))
    newest = Delivery.objects.order_by("-pk").first()
    assert newest.recipient == "kari@innbygger.test"
    assert case.key in json.dumps(newest.payload)


def test_another_address_of_hers_that_staff_found_to_be_hers_counts_and_is_asked_about(
    letters, case, mona, now
):
    other = identify(letters.municipality, "letters", Author("kari@jobb.test"), at=now)
    beside = say(letters, "j1", now, author="kari@jobb.test", parents=["k1"])
    assert beside.conversation.beside_id == case.pk
    person_rules.merge(case.person, other.person, reason="Samme", by=mona, at=now)
    hers = say(letters, "j2", now, author="kari@jobb.test", parents=["k1"])
    assert hers.conversation_id == case.pk
    there = addressed(Conversation.objects.get(pk=case.pk), "private")
    assert ([one.address for one in there.to], there.news) == (["kari@jobb.test"], "other")
    with pytest.raises(Refused):
        answer(case, "Svar", by=mona, at=now)
    answer(case, "Svar", by=mona, at=now, agreed=Agreed(there.mark, yes=True))
    answer(case, "Mer", by=mona, at=now)  # as the last time: no question
    [merge] = case.person.merges_kept.all()
    person_rules.unmerge(merge, by=mona, at=now)
    there = addressed(Conversation.objects.get(pk=case.pk), "private")
    assert ([one.address for one in there.to], there.news) == (["kari@innbygger.test"], "changed")


def test_whom_the_page_showed_must_still_be_who_gets_it(letters, case, mona, now):
    shown = addressed(case, "private").mark
    other = identify(letters.municipality, "letters", Author("kari@jobb.test"), at=now)
    person_rules.merge(case.person, other.person, reason="Samme", by=mona, at=now)
    say(letters, "j2", now, author="kari@jobb.test", parents=["k1"])
    with pytest.raises(Refused) as refused:
        answer(case, "Svar", by=mona, at=now, agreed=Agreed(shown, yes=True))
    assert refused.value.code == "recipient_changed"
    assert not Delivery.objects.exists()


def test_a_person_says_yes_before_a_stranger_joins_and_it_can_be_undone(letters, case, mona, now):
    beside = say(letters, "n1", now, author=NEIGHBOUR, name="Nabo", parents=["k1"]).conversation
    with pytest.raises(Refused, match="to personer"):
        merging.merge(case, beside, by=mona, at=now)
    with pytest.raises(Refused) as refused:
        participants.admit(beside, yes=False, by=mona, at=now)
    assert refused.value.code == "not_agreed"
    participants.admit(beside, yes=True, by=mona, at=now)
    assert case.messages.count() == 2
    assert takes_part(case, beside.identity)
    assert not is_asker(case, beside.identity)
    assert say(letters, "n2", now, author=NEIGHBOUR, parents=["k1"]).conversation_id == case.pk
    message = answer(case, "Til Kari", by=mona, at=now)
    assert [one.recipient for one in Delivery.objects.filter(subject_id=message.pk)] == [
        "kari@innbygger.test"
    ]
    [offer] = addressed(case, "private").offers
    message = answer(case, "Til begge", by=mona, at=now, agreed=Agreed(also=[offer.key]))
    sent = {
        one.recipient: json.dumps(one.payload)
        for one in Delivery.objects.filter(subject_id=message.pk)
    }
    assert set(sent) == {"kari@innbygger.test", NEIGHBOUR}
    assert case.key not in sent[NEIGHBOUR]
    assert case.key in sent["kari@innbygger.test"]
    merging.unmerge(ConversationMerge.objects.get(), by=mona, at=now)
    assert not takes_part(case, beside.identity)


def test_a_strangers_own_other_case_is_not_merged_into_hers(letters, case, mona, now):
    beside = say(letters, "n1", now, author=NEIGHBOUR, parents=["k1"]).conversation
    own = say(letters, "n9", now, author=NEIGHBOUR, body="Noe helt annet om meg").conversation
    participants.admit(beside, yes=True, by=mona, at=now)
    with pytest.raises(Refused, match="to personer"):
        merging.merge(case, own, by=mona, at=now)


def test_what_is_split_off_never_gives_one_persons_words_to_another(letters, case, mona, now):
    beside = say(letters, "n1", now, author=NEIGHBOUR, parents=["k1"]).conversation
    participants.admit(beside, yes=True, by=mona, at=now)
    ours = answer(case, "Til Kari", by=mona, at=now)
    hers, theirs = case.messages.filter(kind="inbound").order_by("pk")
    with pytest.raises(Refused, match="flere personer"):
        merging.split(case, [theirs, ours], by=mona, at=now)
    new = merging.split(case, [theirs], by=mona, at=now)
    assert new.person == beside.person
    assert hers.conversation_id == case.pk


def test_a_private_mail_in_public_talk_is_its_writers_own_case(nordvaag, letters, ola, now):
    public = make_question(nordvaag, "Åpent", visibility="public", email="kari@innbygger.test")
    said = say(letters, "n1", now, author=NEIGHBOUR, case=public.key, body="Privat fra nabo")
    assert said.conversation.visibility == "private"
    assert said.conversation.beside_id == public.pk
    answer(said.conversation, "Til deg", by=ola, at=now, agreed=Agreed(yes=True))
    [sent] = Delivery.objects.filter(subject_type="conversations.message")
    assert sent.recipient == NEIGHBOUR
    assert public.key not in json.dumps(sent.payload)


# Persons --------------------------------------------------------------------------------------


def chain(nordvaag, now, by, order):
    """Three who are one, found in that order; the identities."""
    made = [identify(nordvaag, "email", Author(f"{name}@innbygger.test"), at=now) for name in "abc"]
    a, b, c = [one.person for one in made]
    pairs = {"first_to_last": [(b, a), (c, b)], "last_to_first": [(c, b), (b, a)]}
    merges = []
    for kept, joined in pairs[order]:
        kept, joined = (Person.objects.get(pk=one.pk).root for one in (kept, joined))
        merges.append(person_rules.merge(kept, joined, reason="Samme", by=by, at=now))
    return made, merges


@pytest.mark.parametrize("order", ["first_to_last", "last_to_first"])
def test_persons_found_to_be_one_in_a_chain_are_one_everywhere(nordvaag, mona, now, order):
    made, merges = chain(nordvaag, now, mona, order)
    identities = list(Identity.objects.filter(pk__in=[one.pk for one in made]).order_by("pk"))
    assert len({one.person.root.pk for one in identities}) == 1
    assert len({tuple(sorted(family(one.person))) for one in identities}) == 1
    cases = [
        make_question(nordvaag, f"Sak {one.external_id}", email=one.external_id)
        for one in identities
    ]
    assert [one.identity_id for one in cases] == [one.pk for one in identities]
    for case in cases:
        assert all(takes_part(case, one) for one in identities)
    merging.merge(cases[0], cases[2], by=mona, at=now)  # private, and both hers
    with pytest.raises(Refused, match="Angre sammenslåingen av sakene"):
        person_rules.unmerge(merges[-1], by=mona, at=now)
    merging.unmerge(ConversationMerge.objects.get(), by=mona, at=now)
    person_rules.unmerge(merges[-1], by=mona, at=now)
    parted = [Identity.objects.get(pk=one.pk) for one in identities]
    assert len({one.person.root.pk for one in parted}) == 2


def test_the_old_link_of_a_merged_case_leads_on_through_a_chain(client, nordvaag, mona, now):
    made, _merges = chain(nordvaag, now, mona, "first_to_last")
    kept, joined = (
        make_question(nordvaag, f"Sak {one.external_id}", email=one.external_id)
        for one in (made[2], made[0])
    )
    merging.merge(kept, joined, by=mona, at=now)
    response = client.get(f"/saker/{joined.ref}/{joined.key}")
    assert response.headers["Location"] == f"/saker/{kept.ref}/{kept.key}"
