"""Searching what was said: stems, phrases, slips of the finger, pages without gaps, and never more than one may read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from tests.cast import NOW, make_question
from torget.conversations import rules as conversations
from torget.conversations import words
from torget.conversations.models import Conversation, Message
from torget.conversations.search import Mark, find
from torget.people.models import Unit


@pytest.fixture
def search(nordvaag, ola):
    def ask(query, *, by=ola, **options):
        rows = Conversation.objects.visible_to(by)
        return find(rows, nordvaag.pk, query, at=NOW + timedelta(days=1), **options)

    return ask


def refs(found):
    return [row.ref for row in found.conversations]


def test_words_are_found_in_every_form(nordvaag, search):
    one = make_question(nordvaag, "Brøyteren har ikke vært her på flere dager")
    assert refs(search("brøytere")) == [one.ref]
    assert refs(search("dag")) == [one.ref]
    assert refs(search("flere -brøyteren")) == []


def test_a_phrase_is_words_that_stand_together(nordvaag, search):
    one = make_question(nordvaag, "Gatelyset i Kirkegata er borte")
    make_question(nordvaag, "Kirkegata er stengt, gatelyset virker")
    assert refs(search('"gatelyset i kirkegata"')) == [one.ref]
    assert refs(search("«gatelyset i kirkegata»")) == [one.ref]


def test_the_last_word_may_be_unfinished(nordvaag, search):
    one = make_question(nordvaag, "Hvor søker jeg om parkeringsbevis?")
    assert refs(search("parkeringsb")) == [one.ref]


def test_stop_words_leave_nothing_out(nordvaag, search):
    one = make_question(nordvaag, "Barnehageplass til høsten")
    assert refs(search("barnehageplass og i")) == [one.ref]
    assert refs(search("og i")) == []


@pytest.mark.parametrize("slip", ["brøiting", "brøyitng", "barnehageplas"])
def test_a_slip_of_the_finger_finds_what_was_meant(nordvaag, search, slip):
    for place in ("Fjellveien", "Strandveien"):
        make_question(nordvaag, f"Brøyting av {place} ved barnehageplassene")
    words.learn()
    found = search(slip)
    assert len(found.conversations) == 2
    assert slip in found.meant or slip == "barnehageplas"  # that one is only unfinished


def test_a_word_in_one_message_only_is_nobodys_correction(nordvaag, search):
    make_question(nordvaag, "Hilsen Bjarnfinnur")
    words.learn()
    assert not search("Bjarnfinnor").meant


def test_words_are_learned_once(nordvaag):
    make_question(nordvaag, "Brøyting")
    assert words.learn() == 1
    assert words.learn() == 0


def test_names_case_numbers_and_subjects_are_found_by_staff(nordvaag, search):
    one = make_question(nordvaag, "Et lite spørsmål", name="Gunhild Prøvesen")
    assert refs(search("gunhild")) == [one.ref]
    assert refs(search(one.ref)) == [one.ref]
    assert refs(search("lite")) == [one.ref]


def test_notes_are_found_by_staff(nordvaag, search, ola, now):
    one = make_question(nordvaag, "Spørsmål om snø")
    conversations.note(one, "Reservenøkkelen ligger i skapet", by=ola, at=now)
    assert refs(search("reservenøkkel")) == [one.ref]
    assert search("reservenøkkel").conversations[0].hit.kind == "note"


def test_the_newest_hit_comes_first_and_pages_leave_no_gap_and_repeat_nothing(nordvaag, search):
    made = []
    for number in range(25):
        at = NOW - timedelta(days=9 * number)
        made.append(make_question(nordvaag, f"Brøyting nummer {number}", at=at))
    for old in made[:3]:  # the oldest word of a conversation must not bring it back on a later page
        make_message_again(old)
    seen, mark = [], None
    while True:
        page = search("brøyting", limit=4, after=mark)
        seen += refs(page)
        if page.more is None:
            break
        mark = Mark.read(str(page.more))
    assert seen == [one.ref for one in made]


def make_message_again(conversation):
    first = conversation.messages.first()
    Message.objects.create(
        conversation=conversation,
        kind="inbound",
        visibility=first.visibility,
        identity=first.identity,
        body="Fortsatt om brøyting",
        occurred_at=NOW - timedelta(days=400),
        created_at=NOW - timedelta(days=400),
    )


def test_what_one_may_not_read_is_not_found(nordvaag, elsewhere, search, charlie, ola, now):
    make_question(nordvaag, "HEMMELIG spørsmål")
    assert refs(search("hemmelig", by=charlie)) == []
    school = Unit.objects.get(municipality=nordvaag, slug="teknisk-drift")
    hidden = make_question(nordvaag, "Noe annet hemmelig")
    conversations.forward(hidden, school, by=ola, at=now)
    assert len(refs(search("hemmelig"))) == 2


def test_in_public_neither_names_nor_notes_nor_private_words_are_found(nordvaag, ola, now):
    post = make_question(
        nordvaag, "Et åpent spørsmål om snø", visibility="public", name="Gunhild", show_name=False
    )
    conversations.note(post, "Internt om snøfreseren", by=ola, at=now)
    make_question(nordvaag, "Et privat spørsmål om snø")
    public = Conversation.objects.filter(municipality=nordvaag).public()

    def ask(query):
        return refs(find(public, nordvaag.pk, query, at=now + timedelta(hours=1), public=True))

    assert ask("snø") == [post.ref]
    assert ask("gunhild") == ask("snøfreser") == ask("privat") == []
    Message.objects.filter(conversation=post, kind="inbound").update(hidden_at=now)
    assert ask("åpent") == [post.ref]  # the subject still stands on the wall
    Conversation.objects.filter(pk=post.pk).update(subject="Borte")
    assert ask("åpent") == []


@pytest.mark.parametrize("few", [1_500, 0])
def test_in_public_no_name_or_number_leaves_anything_out(nordvaag, ola, now, monkeypatch, few):
    monkeypatch.setattr("torget.conversations.search.FEW", few)
    post = make_question(
        nordvaag, "Når brøytes det?", visibility="public", name="Gunhild Prøvesen", show_name=False
    )
    # Nothing said is left to be found by: only the subject is.
    Message.objects.filter(conversation=post).update(hidden_at=now)
    public = Conversation.objects.filter(municipality=nordvaag).public()

    def ask(query):
        return refs(find(public, nordvaag.pk, query, at=now + timedelta(hours=1), public=True))

    for query in ("brøytes -gunhild", "-prøvesen brøytes", "-gunhild", f"brøytes -{post.ref}"):
        assert ask(query) == [post.ref], query
    for query in ("gunhild", "brøytes gunhild", "brøytes -brøytes", "-brøytes", "-gunhild snø"):
        assert ask(query) == [], query


@pytest.mark.parametrize(
    "query", ["", "'", '"', "a:*b & (", "!!!", "\\", "%s", "x" * 300, "--", '-"', "<script>", "🙂"]
)
def test_no_question_breaks_the_search(nordvaag, search, query):
    make_question(nordvaag, "Noe")
    assert search(query).conversations == []


@pytest.mark.parametrize(
    "mark", ["", "x", "2026-13-45_1", "2026-11-23T09:00:00_1", "_", "2026-11-23T09:00:00+00:00_x"]
)
def test_a_mark_that_makes_no_sense_is_none(mark):
    assert Mark.read(mark) is None


def test_the_walk_by_weeks_and_the_straight_way_find_the_same(nordvaag, search, monkeypatch):
    for number in range(12):
        make_question(nordvaag, f"Brøyting {number}", at=NOW - timedelta(days=11 * number))
    straight = refs(search("brøyting", limit=50))
    monkeypatch.setattr("torget.conversations.search.FEW", 3)
    assert refs(search("brøyting", limit=50)) == straight
    assert len(straight) == 12


def test_text_and_place_share_an_index(nordvaag):
    one = make_question(nordvaag, "Brøyting")
    message = Message.objects.get(conversation=one)
    assert message.place == Conversation.objects.get(pk=one.pk).place
    assert message.place // 10_000 == nordvaag.pk
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'message_search'")
        assert "(place, search)" in cursor.fetchone()[0]
