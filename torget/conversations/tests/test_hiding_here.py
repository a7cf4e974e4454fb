"""A moderator hides what a resident said in public here, and shows it again; the words are nowhere meanwhile."""

from __future__ import annotations

import pytest

from tests.cast import make_question, make_staff
from torget.conversations.models import Message
from torget.conversations.rules import answer, hiding
from torget.conversations.rules.submitting import Submission, comment, post
from torget.errors import NotAllowed, Refused, Stale
from torget.history.models import Entry
from torget.people.actor import Actor
from torget.people.roles import Role

WORDS = "Sinnamonord om naboen"
OPEN_PAGES = ("/", "/vegg", "/sok?q=Sinnamonord", "/feed/vegg.json", "/feed/vegg.rss")


@pytest.fixture
def mia(nordvaag):
    return Actor.of_staff(make_staff(nordvaag, "Mia", Role.MODERATOR))


@pytest.fixture
def wall(nordvaag, now):
    return post(
        nordvaag,
        Submission(WORDS, "public", name="Kari Nordmo", show_name=True),
        by=Actor.resident(nordvaag.pk),
        at=now,
    )


def open_text(client, conversation):
    pages = [*OPEN_PAGES, f"/vegg/{conversation.ref}", f"/saker/{conversation.ref}"]
    return "\n".join(client.get(page, follow=True).content.decode() for page in pages)


def test_hidden_on_our_wall_the_words_are_nowhere_and_the_rule_stands_there(client, wall, mia, now):
    message = wall.messages.get()
    assert WORDS in open_text(client, wall)
    hiding.hide(message, "person", "Gjelder en nabo ved navn", by=mia, at=now)
    shown = open_text(client, wall)
    for word in (WORDS, "Sinnamonord om", "Kari Nordmo", "Gjelder en nabo"):
        assert word not in shown
    page = client.get(f"/vegg/{wall.ref}").content.decode()
    assert "Skjult av kommunen." in page
    assert "Gå etter saken, ikke personen" in page
    entry = Entry.objects.get(verb="message.hidden_here")
    assert (entry.actor_id, entry.data["rule"]) == (mia.id, "person")
    hiding.show(message, "Så feil", by=mia, at=now)
    wall.refresh_from_db()
    assert (wall.subject, wall.preview, wall.hidden_subject) == (WORDS, WORDS, "")
    assert WORDS in client.get("/vegg").content.decode()
    assert Entry.objects.filter(verb="message.shown_here").count() == 1


def test_the_author_reads_what_they_wrote_and_why_it_is_hidden(client, nordvaag, mia, now):
    asked = make_question(nordvaag, WORDS, visibility="public")
    hiding.hide(asked.messages.get(), "privacy", "Navngir en nabo", by=mia, at=now)
    page = client.get(f"/saker/{asked.ref}/{asked.key}").content.decode()
    for words in (WORDS, "Bare du ser det du skrev her.", "Navngir en nabo", "privatliv"):
        assert words in page


def test_of_a_hidden_comment_the_one_who_asked_sees_only_that_it_is_hidden(
    client, nordvaag, mia, ola, now
):
    asked = make_question(nordvaag, "Et spørsmål", visibility="public")
    said = comment(asked, Submission(WORDS, "public"), by=Actor.resident(nordvaag.pk), at=now)
    hiding.hide(said, "hate", "Hets", by=mia, at=now)
    asked.refresh_from_db()
    assert asked.preview == "Et spørsmål"
    page = client.get(f"/saker/{asked.ref}/{asked.key}").content.decode()
    assert WORDS not in page
    assert "Hets" not in page
    assert "Skjult av kommunen." in page
    answer(asked, "Et svar", by=ola, at=now)
    asked.refresh_from_db()
    assert asked.preview == "Et svar"


def test_only_moderators_hide_and_only_with_rule_and_reason(nordvaag, wall, mia, ola, now):
    message = wall.messages.get()
    with pytest.raises(NotAllowed):
        hiding.hide(message, "hate", "Fordi", by=ola, at=now)
    for rule, reason, code in (("", "Fordi", "no_rule"), ("hate", " ", "no_reason")):
        with pytest.raises(Refused) as refused:
            hiding.hide(message, rule, reason, by=mia, at=now)
        assert refused.value.code == code
    private = make_question(nordvaag, "Privat")
    with pytest.raises(Refused, match="offentlig"):
        hiding.hide(private.messages.get(), "hate", "Fordi", by=mia, at=now)
    hiding.hide(message, "hate", "Fordi", by=mia, at=now)
    with pytest.raises(Stale):
        hiding.hide(message, "hate", "Fordi", by=mia, at=now)


def test_it_is_done_from_the_page_of_the_message(client, wall, per, now):
    message = wall.messages.get()
    client.force_login(per.staff.user)
    address = f"/desk/melding/{message.public_id}"
    assert "Skjul på torget" in client.get(address).content.decode()
    client.post(f"{address}/endre", {"gjor": "skjul", "regel": "hate", "trekk-reason": "Hets"})
    message.refresh_from_db()
    assert (message.hidden_rule, message.hidden_reason) == ("hate", "Hets")
    page = client.get(f"/desk/sak/{wall.ref}").content.decode()
    assert "skjulte en melding på torget" in page
    client.post(f"{address}/endre", {"gjor": "vis", "trekk-reason": "Greit likevel"})
    assert Message.objects.get(pk=message.pk).hidden_at is None
