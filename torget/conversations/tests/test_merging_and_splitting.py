from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.test import Client

from tests.cast import NOW, make_question
from torget.casework.rules import pending_replies
from torget.casework.rules.replying import Reply
from torget.channels.contract import Author, InboundMessage
from torget.conversations import persons, rules, threading
from torget.conversations.models import Conversation, ConversationMerge, Identity, Message
from torget.conversations.rules import merging, snoozing
from torget.conversations.rules.submitting import Submission, comment, follow_up, post
from torget.errors import NotAllowed, Refused
from torget.history.models import Entry
from torget.people.actor import Actor

KARI = "kari@innbygger.test"


def fresh(row):
    return Conversation.objects.get(pk=row.pk)


@pytest.fixture
def two(nordvaag):
    """Kari asked twice about the same."""
    return (
        make_question(nordvaag, "Når brøytes det?", email=KARI),
        make_question(nordvaag, "Brøyter dere snart?", email=KARI, at=NOW + timedelta(hours=1)),
    )


def test_the_messages_come_along_and_say_where_they_were_said(two, ola):
    kept, joined = two
    merging.merge(kept, joined, by=ola, at=NOW + timedelta(hours=2))
    kept, joined = fresh(kept), fresh(joined)
    said = list(kept.messages.values_list("body", "origin__ref"))
    assert said == [("Når brøytes det?", None), ("Brøyter dere snart?", joined.ref)]
    assert (joined.state, joined.merged_into, joined.messages.count()) == ("closed", kept, 0)
    assert (kept.message_count, kept.waiting_since) == (2, NOW)
    assert {"conversation.merged", "conversation.joined"} <= set(
        Entry.objects.values_list("verb", flat=True)
    )


def test_the_old_link_and_number_and_mail_key_lead_to_the_kept_one(two, ola):
    kept, joined = two
    merging.merge(kept, joined, by=ola, at=NOW)
    response = Client().get(f"/saker/{joined.ref}/{joined.key}")
    assert response["Location"] == f"/saker/{kept.ref}/{kept.key}"
    kari = Identity.objects.get(external_id=KARI)

    def found(**about):
        said = InboundMessage(
            external_id="x",
            author=Author(KARI),
            body="Mer",
            occurred_at=NOW,
            visibility="private",
            **about,
        )
        return threading.find_place(
            kept.municipality_id, said, kari, visibility="private"
        ).conversation

    assert found(case=joined.key) == kept
    assert found(ref_hint=joined.ref) == kept
    follow_up(fresh(joined), Submission("Mer snø", "private"), at=NOW + timedelta(hours=3))
    assert fresh(kept).messages.last().body == "Mer snø"


def test_undoing_sends_back_what_came_and_keeps_what_was_said_since(two, ola):
    kept, joined = two
    row = merging.merge(kept, joined, by=ola, at=NOW)
    rules.answer(fresh(kept), "Før klokka tolv.", by=ola, at=NOW + timedelta(hours=1))
    merging.unmerge(row, by=ola, at=NOW + timedelta(hours=2))
    kept, joined = fresh(kept), fresh(joined)
    assert list(joined.messages.values_list("body", "origin")) == [("Brøyter dere snart?", None)]
    assert list(kept.messages.values_list("body", flat=True)) == [
        "Når brøytes det?",
        "Før klokka tolv.",
    ]
    assert (joined.state, joined.merged_into, joined.waiting_since) == (
        "new",
        None,
        NOW + timedelta(hours=1),
    )
    with pytest.raises(Refused) as refusal:
        merging.unmerge(row, by=ola, at=NOW)
    assert refusal.value.code == "undone"


def test_a_chain_of_merges_leads_to_the_last_and_is_undone_from_the_end(nordvaag, two, ola):
    first, second = two
    third = make_question(nordvaag, "Hva med fortauet?", email=KARI)
    one = merging.merge(second, first, by=ola, at=NOW)
    two_rows = merging.merge(third, second, by=ola, at=NOW)
    assert threading.kept(fresh(first)) == third
    with pytest.raises(Refused) as refusal:
        merging.unmerge(one, by=ola, at=NOW)
    assert refusal.value.code == "merged_on"
    merging.unmerge(two_rows, by=ola, at=NOW)
    merging.unmerge(one, by=ola, at=NOW)
    assert [row.messages.count() for row in (first, second, third)] == [1, 1, 1]
    assert not Message.objects.exclude(origin=None).exists()


def test_nothing_private_becomes_public(nordvaag, two, ola):
    public = make_question(nordvaag, "Når brøytes det?", email=KARI, visibility="public")
    for kept, joined in ((public, two[0]), (two[0], public)):
        with pytest.raises(Refused) as refusal:
            merging.merge(kept, joined, by=ola, at=NOW)
        assert refusal.value.code == "visibility"
    assert not Message.objects.public().filter(body="Brøyter dere snart?").exists()
    assert Message.objects.filter(origin=None).count() == 3


def test_two_persons_never_see_each_others_private_words(nordvaag, two, ola):
    other = make_question(nordvaag, "Hemmelig", email="nina@innbygger.test")
    nameless = [make_question(nordvaag, "Uten adresse") for _n in range(2)]
    for kept, joined in ((two[0], other), (nameless[0], nameless[1])):
        with pytest.raises(Refused) as refusal:
            merging.merge(kept, joined, by=ola, at=NOW)
        assert refusal.value.code == "two_persons"


def test_public_talk_of_two_persons_may_meet_and_old_links_lead_to_the_page(nordvaag, ola):
    at = Actor.resident(nordvaag.pk)
    kept = post(nordvaag, Submission("Glatt i Fjellveien", "public", name="Kari"), by=at, at=NOW)
    joined = post(nordvaag, Submission("Fjellveien er glatt", "public", name="Jon"), by=at, at=NOW)
    merging.merge(kept, joined, by=ola, at=NOW)
    client = Client()
    assert client.get(f"/vegg/{joined.ref}")["Location"] == f"/vegg/{kept.ref}"
    assert client.get(f"/saker/{joined.ref}/{joined.key}")["Location"] == f"/vegg/{kept.ref}"
    assert client.get(f"/saker/{joined.ref}")["Location"] == f"/vegg/{kept.ref}"
    page = client.get(f"/vegg/{kept.ref}").content.decode()
    assert "Fjellveien er glatt" in page
    assert joined.ref not in client.get("/vegg").content.decode()


def test_a_private_word_in_public_talk_stops_it(nordvaag, ola):
    at = Actor.resident(nordvaag.pk)
    kept = post(nordvaag, Submission("Glatt", "public", name="Kari"), by=at, at=NOW)
    joined = post(nordvaag, Submission("Glatt!", "public", name="Jon"), by=at, at=NOW)
    Message.objects.filter(conversation=joined).update(visibility="private")
    with pytest.raises(Refused):
        merging.merge(kept, joined, by=ola, at=NOW)


def test_charlie_merges_and_splits_nothing_of_ours(elsewhere, two, charlie, ola):
    theirs = make_question(elsewhere, "Deres")
    for by, kept, joined in (
        (charlie, two[0], two[1]),
        (charlie, theirs, two[0]),
        (ola, two[0], theirs),
    ):
        with pytest.raises(NotAllowed):
            merging.merge(kept, joined, by=by, at=NOW)
    with pytest.raises(NotAllowed):
        merging.split(two[0], list(two[0].messages.all()), by=charlie, at=NOW)


def test_the_database_keeps_a_merged_one_closed_and_what_it_points_at(two, ola):
    kept, joined = two
    merging.merge(kept, joined, by=ola, at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Conversation.objects.filter(pk=joined.pk).update(state="open")
    with pytest.raises(IntegrityError), transaction.atomic():
        Conversation.objects.filter(pk=kept.pk).update(state="closed", merged_into=kept)
    with pytest.raises(ProtectedError):
        kept.delete()
    with pytest.raises(Refused):
        rules.reopen(fresh(joined), by=ola, at=NOW)
    assert ConversationMerge.objects.count() == 1


def test_chosen_messages_become_a_conversation_of_their_own(question, ola):
    rules.note(question, "Et notat", by=ola, at=NOW)
    follow_up(
        question, Submission("Og så er gatelyset mørkt", "private"), at=NOW + timedelta(hours=1)
    )
    light = question.messages.get(body__contains="gatelyset")
    new = merging.split(question, [light], by=ola, at=NOW + timedelta(hours=2))
    assert new.ref != question.ref
    assert (new.split_from, new.visibility, new.state) == (question, "private", "open")
    assert (new.subject, new.waiting_since) == (
        "Og så er gatelyset mørkt",
        NOW + timedelta(hours=1),
    )
    assert (fresh(question).message_count, new.messages.get().origin) == (1, question)
    assert new.due_at is None or fresh(new).due_at is not None
    page = Client().get(f"/saker/{question.ref}/{question.key}").content.decode()
    assert f"/saker/{new.ref}/{new.key}" in page
    assert "gatelyset" not in page


@pytest.mark.parametrize(
    ("which", "code"),
    [("none", "nothing_asked"), ("all", "nothing_left"), ("note", "nothing_asked")],
)
def test_a_split_leaves_something_and_takes_something(question, ola, which, code):
    rules.note(question, "Et notat", by=ola, at=NOW)
    said = question.messages.all()
    chosen = {"none": [], "all": list(said), "note": list(said.filter(kind="note"))}[which]
    with pytest.raises(Refused) as refusal:
        merging.split(question, chosen, by=ola, at=NOW)
    assert refusal.value.code == code


def test_anothers_split_off_link_is_not_shown_to_who_asked(nordvaag, ola):
    talk = make_question(nordvaag, "Åpent", visibility="public", email=KARI)
    comment(
        talk, Submission("Mitt eget", "public", name="Jon"), by=Actor.resident(nordvaag.pk), at=NOW
    )
    new = merging.split(talk, [talk.messages.get(body="Mitt eget")], by=ola, at=NOW)
    page = Client().get(f"/saker/{talk.ref}/{talk.key}").content.decode()
    assert new.key not in page


@pytest.mark.parametrize("which", ["kept", "joined"])
def test_a_case_with_a_reply_on_hold_is_not_merged(two, ola, now, which):
    kept, joined = two
    held = pending_replies.submit(
        kept if which == "kept" else joined, Reply("Snart!"), by=ola, at=now, seconds=10
    )
    with pytest.raises(Refused) as refusal:
        merging.merge(kept, joined, by=ola, at=now)
    assert refusal.value.code == "reply_waits"
    pending_replies.undo_send(held, by=ola, at=now)
    merging.merge(kept, joined, by=ola, at=now)
    assert fresh(joined).merged_into == kept


def test_what_a_reply_on_hold_was_written_to_is_neither_split_nor_parted(two, ola, now):
    kept, joined = two
    row = merging.merge(kept, joined, by=ola, at=now)
    held = pending_replies.submit(fresh(kept), Reply("Snart!"), by=ola, at=now, seconds=10)
    second = fresh(kept).messages.get(body="Brøyter dere snart?")
    for do in (
        lambda: merging.split(fresh(kept), [second], by=ola, at=now),
        lambda: merging.unmerge(row, by=ola, at=now),
    ):
        with pytest.raises(Refused) as refusal:
            do()
        assert refusal.value.code == "reply_waits"
    pending_replies.undo_send(held, by=ola, at=now)
    merging.unmerge(row, by=ola, at=now)
    assert fresh(joined).messages.get() == second


@pytest.fixture
def aside(nordvaag):
    """Kari asked in public, commented there as Jon did, and wrote two mails to it; Nina wrote one."""
    talk = make_question(nordvaag, "Åpent spørsmål", visibility="public", email=KARI)
    comment(
        talk, Submission("Jon lurer", "public", name="Jon"), by=Actor.resident(nordvaag.pk), at=NOW
    )
    account = talk.account
    for who, body in ((KARI, "Jeg er syk"), (KARI, "Og alene"), ("nina@innbygger.test", "Ninas")):
        identity = persons.identify(nordvaag, "email", Author(who), at=NOW)
        Message.objects.create(
            conversation=talk,
            kind="inbound",
            visibility="private",
            identity=identity,
            author_name=who.split("@")[0].title(),
            body=body,
            account=account,
            external_id=body,
            occurred_at=NOW + timedelta(hours=1),
            created_at=NOW + timedelta(hours=1),
        )
    return talk


def pick(talk, *bodies):
    return list(talk.messages.filter(body__in=bodies))


def test_private_words_split_from_public_talk_become_a_private_case(aside, ola):
    new = merging.split(aside, pick(aside, "Jeg er syk", "Og alene"), by=ola, at=NOW)
    assert (new.visibility, new.kind, new.identity.external_id) == ("private", "question", KARI)
    assert (new.subject, new.preview) == ("Jeg er syk", "Og alene")
    assert not Conversation.objects.public().filter(pk=new.pk).exists()
    assert Client().get(f"/vegg/{new.ref}").status_code == 404
    assert "syk" not in Client().get("/vegg").content.decode()


def test_private_words_of_two_persons_are_not_put_behind_one_link(aside, ola):
    with pytest.raises(Refused) as refusal:
        merging.split(aside, pick(aside, "Jeg er syk", "Ninas"), by=ola, at=NOW)
    assert refusal.value.code == "two_persons"
    # Nor what we answered one of them in private.
    nina = Identity.objects.get(external_id="nina@innbygger.test")
    answer = Message.objects.create(
        conversation=aside,
        kind="answer",
        visibility="private",
        staff=ola.staff,
        recipient=nina,
        body="Kjære Nina",
        occurred_at=NOW,
        created_at=NOW,
    )
    with pytest.raises(Refused):
        merging.split(aside, [*pick(aside, "Jeg er syk"), answer], by=ola, at=NOW)
    assert aside.messages.count() == 6


def test_what_is_private_stays_so_when_it_comes_along_into_a_public_case(aside, ola):
    Message.objects.filter(body="Jon lurer").update(created_at=NOW + timedelta(hours=2))
    new = merging.split(aside, pick(aside, "Jeg er syk", "Ninas", "Jon lurer"), by=ola, at=NOW)
    assert (new.visibility, new.subject, new.person_name) == ("public", "Jon lurer", "Jon")
    assert new.identity == new.messages.get(body="Jon lurer").identity
    assert (new.message_count, new.private_count, new.preview) == (3, 2, "Jon lurer")
    for address in (f"/vegg/{new.ref}", f"/saker/{new.ref}/{new.key}"):
        page = Client().get(address, follow=True).content.decode()
        assert "Jon lurer" in page
        assert "syk" not in page
        assert "Ninas" not in page


def test_words_hidden_from_everybody_give_no_public_case_its_subject(aside, ola):
    Message.objects.filter(body="Jon lurer").update(hidden_at=NOW)
    new = merging.split(aside, pick(aside, "Jon lurer"), by=ola, at=NOW)
    assert new.visibility == "private"


def test_one_that_sleeps_wakes_when_one_that_waits_is_merged_into_it(two, ola):
    kept, joined = two
    snoozing.snooze(kept, NOW + timedelta(days=30), by=ola, at=NOW)
    merging.merge(kept, joined, by=ola, at=NOW)
    kept = fresh(kept)
    assert (kept.state, kept.snoozed_until, kept.waiting_since) == ("open", None, NOW)
    assert kept in Conversation.objects.waiting()


@pytest.mark.parametrize(("joined_until", "wakes"), [(10, 10), (50, 30), (None, 30)])
def test_of_two_that_sleep_the_first_time_counts(two, ola, joined_until, wakes):
    kept, joined = two
    snoozing.snooze(kept, NOW + timedelta(days=30), by=ola, at=NOW)
    until = NOW + timedelta(days=joined_until) if joined_until else None
    snoozing.snooze(joined, until, by=ola, at=NOW)
    merging.merge(kept, joined, by=ola, at=NOW)
    kept = fresh(kept)
    assert (kept.state, kept.snoozed_until) == ("snoozed", NOW + timedelta(days=wakes))


def test_one_that_sleeps_sleeps_on_when_the_other_is_answered(two, ola):
    kept, joined = two
    snoozing.snooze(kept, NOW + timedelta(days=30), by=ola, at=NOW)
    rules.answer(joined, "Ja.", by=ola, at=NOW)
    merging.merge(kept, joined, by=ola, at=NOW)
    assert fresh(kept).state == "snoozed"


def test_the_row_shows_nothing_that_was_hidden_or_went_away(nordvaag, ola):
    at = Actor.resident(nordvaag.pk)
    kept = post(nordvaag, Submission("Glatt", "public", name="Kari"), by=at, at=NOW)
    joined = post(nordvaag, Submission("Uhørt", "public", name="Jon"), by=at, at=NOW)
    Message.objects.filter(body="Uhørt").update(hidden_at=NOW)
    row = merging.merge(kept, joined, by=ola, at=NOW)
    assert (fresh(kept).preview, fresh(joined).preview) == ("Glatt", "")
    assert "Uhørt" not in Client().get("/vegg").content.decode()
    merging.unmerge(row, by=ola, at=NOW)
    assert fresh(joined).preview == ""
