"""Who follows is told once, in their language, of what happened – and of nothing before or after."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils.translation import gettext as _

from tests.cast import do_jobs, make_municipality, make_question
from torget import rooms
from torget.answers.rules import publish
from torget.answers.rules.topics import add_topic, close_topic
from torget.casework.rules.replying import reply
from torget.channels.rules import open_account
from torget.errors import Refused
from torget.history.models import Entry
from torget.outbox.models import Delivery
from torget.people import retention
from torget.people.actor import Actor
from torget.people.models import Unit
from torget.subscriptions import rules
from torget.subscriptions.models import Subscription
from torget.subscriptions.tasks import follow_by_letter

NINA, JON = "nina@innbygger.test", "jon@innbygger.test"


@pytest.fixture
def mailbox(nordvaag, now):
    return open_account(
        Unit.objects.get(municipality=nordvaag, slug="servicetorget"),
        network="email",
        address="post@nordvaag.test",
        name="Post",
        by=Actor.system(nordvaag.pk),
        at=now,
    )


@pytest.fixture
def wall(nordvaag, mailbox, now):
    return make_question(nordvaag, "Når åpner gangveien?", visibility="public", at=now)


def follow(row, address, now, *, language="nb", confirmed=True):
    subscription = rules.follow_by_address(
        row, address, title="Gangveien", language=language, at=now
    )
    return rules.confirm(subscription.token, at=now) if confirmed else subscription


def letters(address):
    return list(Delivery.objects.filter(recipient=address).order_by("pk"))


def tell(*topics, about, now, **more):
    def wording():
        return _("Nytt svar: %(subject)s") % {"subject": "x"}, "Noe nytt", "Slutt her:"

    return rules.tell(*topics, about=about, wording=wording, link="/vegg/x", at=now, **more)


def test_asking_twice_is_one_subscription_and_one_letter(wall, now):
    first = follow(wall, NINA, now, confirmed=False)
    assert follow(wall, NINA.upper(), now, confirmed=False) == first
    assert len(letters(NINA)) == 1
    assert Entry.objects.filter(verb="subscription.started").count() == 1


def test_confirming_and_ending_twice_change_nothing(wall, now):
    row = follow(wall, NINA, now)
    later = now + timedelta(hours=1)
    assert rules.confirm(row.token, at=later).confirmed_at == now
    rules.end(row.token, at=now)
    rules.end(row.token, at=later)
    assert Subscription.objects.get().ended_at == now
    with pytest.raises(Refused, match="gjelder ikke lenger"):
        rules.confirm(row.token, at=later)
    assert follow(wall, NINA, later) != row  # one may begin anew


def test_two_things_that_became_one_are_told_of_once(nordvaag, wall, ola, now):
    other = make_question(nordvaag, "Og sykkelveien?", visibility="public", at=now)
    follow(wall, NINA, now)
    follow(other, NINA, now)
    about = reply(wall, "Mandag.", by=ola, at=now)
    before = len(letters(NINA))
    assert tell(wall, other, about=other, now=now) == 1
    assert tell(wall, other, about=other, now=now) == 1  # the same word again is the same letter
    assert len(letters(NINA)) == before + 1
    assert about.conversation_id == wall.pk


def test_whoever_the_answer_itself_went_to_is_left_out(wall, now):
    nina, jon = follow(wall, NINA, now), follow(wall, JON, now)
    assert tell(wall, about=wall, now=now, leave_out=[nina.identity, None]) == 1
    assert [len(letters(address)) for address in (NINA, JON)] == [1, 2]
    assert jon.identity.external_id == JON


def test_each_is_told_in_their_own_language(wall, now):
    follow(wall, NINA, now, language="en")
    follow(wall, JON, now, language="nb")
    tell(wall, about=wall, now=now)
    subjects = [letters(address)[-1].payload["subject"] for address in (NINA, JON)]
    assert subjects == ["New answer: x", "Nytt svar: x"]
    assert "/slutt" in letters(NINA)[-1].payload["body"]


def test_nobody_is_told_of_what_another_municipality_does(wall, now):
    elsewhere = make_municipality(number="9902", name="Sørvåg", host="annet.test", ref_prefix="SV")
    follow(wall, NINA, now)
    other = make_question(elsewhere, "Noe helt annet", visibility="public", at=now)
    assert tell(other, about=other, now=now) == 0


def test_without_an_account_to_write_from_nobody_is_promised_a_letter(nordvaag, now):
    row = make_question(nordvaag, "Uten e-post", visibility="public", at=now)
    with pytest.raises(Refused, match="Ring oss"):
        follow_by_letter(row, NINA, "Uten e-post", "nb")
    with pytest.raises(Refused):
        rules.follow_by_address(row, NINA, title="x", language="nb", at=now)


def test_what_may_be_followed_is_what_everybody_may_read(nordvaag, wall, mailbox, ola, per, now):
    private = make_question(nordvaag, "Om barnet mitt", at=now)
    client = Client()
    for ref in (private.ref, "NV-2026-999"):
        assert client.post(f"/vegg/{ref}/folg", {"email": NINA}).status_code == 404
    assert client.post("/folg/om/conversations.message/1", {"email": NINA}).status_code == 404
    assert client.post(f"/vegg/{wall.ref}/folg", {"email": "ikke en adresse"}).status_code == 422
    topic = add_topic(nordvaag, name="Vei", by=per, at=now)
    assert client.post(f"/svar/emne/{topic.slug}/folg", {"email": NINA}).status_code == 200
    do_jobs()
    rules.confirm(Subscription.objects.get().token, at=now)
    reply(wall, "Mandag.", by=ola, at=now)
    publish(wall, question="Når åpner det?", body="Mandag.", by=ola, at=now, topics=[topic])
    assert "Mandag." in letters(NINA)[-1].payload["body"]
    close_topic(topic, by=per, at=now)
    assert client.post(f"/svar/emne/{topic.slug}/folg", {"email": NINA}).status_code == 404


def test_my_page_says_what_sort_of_thing_one_follows(wall, now):
    row = follow(wall, NINA, now)
    client = Client()
    session = client.session
    session["resident"] = {
        "municipality": wall.municipality_id,
        "person": row.identity.person_id,
        "proof": "link",
    }
    session.save()
    page = client.get("/min-side").content.decode()
    assert str(rooms.topics()[row.topic_type].label) in page
    assert f"/folg/{row.token}/slutt" in page


def test_what_was_never_confirmed_and_what_has_ended_is_forgotten(wall, now):
    never, ended = follow(wall, NINA, now, confirmed=False), follow(wall, JON, now)
    rules.end(ended.token, at=now)
    current = follow(wall, "kari@innbygger.test", now)
    for rule in retention.rules():
        if rule.table == Subscription._meta.db_table:
            retention.forget(rule, at=now + timedelta(days=800))
    left = set(Subscription.objects.values_list("pk", flat=True))
    assert current.pk in left
    assert {never.pk, ended.pk}.isdisjoint(left)
