"""Editions compared, units reminded, translations first, topics followed, feeds and frames."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail

from tests.cast import do_jobs, make_question
from torget.answers import rules
from torget.answers.compare import compare
from torget.answers.models import Policy
from torget.answers.rules.topics import add_topic, close_topic, origin_of, set_embedding
from torget.answers.search import suggest
from torget.answers.tasks import editors_of, remind_expiring, tell_editors
from torget.channels import rules as channels
from torget.conversations import rules as conversations
from torget.errors import NotAllowed, Refused
from torget.outbox.models import Delivery
from torget.people.actor import Actor
from torget.people.models import Unit
from torget.subscriptions import rules as subscriptions


@pytest.fixture
def talk(nordvaag, ola, now):
    made = make_question(nordvaag)
    conversations.answer(made, "I dag.", by=ola, at=now)
    made.refresh_from_db()
    return made


@pytest.fixture
def answer(talk, ola, now):
    return rules.publish(talk, question="Når kommer plogen?", body="Klokka 04.", by=ola, at=now)


@pytest.fixture
def topic(nordvaag, per, now):
    return add_topic(nordvaag, name="Vei og vinter", name_nn="Veg og vinter", by=per, at=now)


def test_editions_are_compared_word_for_word():
    pieces = [
        (one.kind, one.text) for one in compare("Vi er ferdige kl. 15.", "Vi er ferdige kl. 13.")
    ]
    assert pieces == [("same", "Vi er ferdige kl. "), ("gone", "15."), ("new", "13.")]


def test_an_editor_sees_what_changed_and_a_reader_that_it_did(client, answer, ola, now):
    later = now + timedelta(days=2)
    change = {"question": answer.question, "body": "Klokka 05.", "valid_until": None}
    rules.change(answer, **change, by=ola, at=later)
    assert "endret" in client.get(f"/svar/{answer.slug}").content.decode()
    client.force_login(ola.staff.user)
    page = client.get(f"/desk/svar/{answer.slug}/utgaver").content.decode()
    assert "<del>04.</del><ins>05.</ins>" in "".join(page.split())


def test_the_unit_is_reminded_once_before_an_answer_expires(talk, ola, now):
    answer = rules.publish(
        talk,
        question="Hva er fristen?",
        body="1. mars.",
        by=ola,
        at=now,
        valid_until=now + timedelta(days=60),
    )
    assert remind_expiring(at=now) == []
    soon = now + timedelta(days=31)
    assert remind_expiring(at=soon) == [answer]
    assert remind_expiring(at=soon) == []
    assert [staff.first_name for staff in editors_of(answer)] == ["Ola"]
    tell_editors(answer)
    assert "Hva er fristen?" in mail.outbox[0].subject


def test_a_new_date_is_reminded_of_again(talk, ola, now):
    until = now + timedelta(days=10)
    answer = rules.publish(
        talk, question="Frist?", body="1. mars.", by=ola, at=now, valid_until=until
    )
    assert remind_expiring(at=now) == [answer]
    rules.change(answer, question="Frist?", body="2. mars.", by=ola, at=now, valid_until=until)
    assert remind_expiring(at=now) == [answer]


def test_what_expires_stands_on_the_desks_list(client, talk, ola, now, monkeypatch):
    rules.publish(
        talk,
        question="Når er Fristen?",
        body="1. mars.",
        by=ola,
        at=now,
        valid_until=now,
    )
    client.force_login(ola.staff.user)
    page = client.get("/desk/svar").content.decode()
    assert "Når er Fristen?" in page
    assert "Gått ut" in page


def test_a_translation_is_found_first_in_the_readers_language(client, answer, nordvaag, ola, now):
    english = rules.translate(
        answer, "en", question="When does the snow plough come?", body="At 4.", by=ola, at=now
    )
    assert suggest(nordvaag, "når kommer plogen", at=now, language="en") == [english]
    assert suggest(nordvaag, "when does the plough come", at=now, language="nb") == [answer]
    assert "Også på" in client.get(f"/svar/{answer.slug}").content.decode()
    client.cookies["spraak"] = "en"
    listed = client.get("/svar/").content.decode()
    assert "When does the snow plough come?" in listed
    assert "Når kommer plogen?" not in listed
    with pytest.raises(Refused) as refusal:
        rules.translate(answer, "en", question="Again?", body="Yes.", by=ola, at=now)
    assert refusal.value.code == "translated"


def test_those_who_follow_a_topic_are_told_of_each_new_answer(
    client, nordvaag, email, talk, topic, ola, now
):
    client.post(f"/svar/emne/{topic.slug}/folg", {"email": "nina@innbygger.test"})
    do_jobs()
    confirm = Delivery.objects.get(recipient="nina@innbygger.test")
    token = confirm.payload["body"].split("/folg/")[1].split()[0]
    subscriptions.confirm(token, at=now)
    rules.publish(talk, question="Når strør dere?", body="Kl. 05.", by=ola, at=now, topics=[topic])
    told = Delivery.objects.filter(recipient="nina@innbygger.test").latest("pk")
    assert "Når strør dere?" in told.payload["subject"]


@pytest.fixture
def email(nordvaag, now):
    return channels.open_account(
        Unit.objects.get(municipality=nordvaag, is_front=True),
        network="email",
        address="post@nordvaag.test",
        name="E-post",
        by=Actor.system(nordvaag.pk),
        at=now,
    )


def test_answers_are_chosen_by_topic_on_the_page_in_the_feed_and_in_the_frame(
    client, talk, topic, ola, now
):
    rules.publish(talk, question="Når strør dere?", body="Kl. 05.", by=ola, at=now, topics=[topic])
    rules.publish(talk, question="Hva koster SFO?", body="Mye.", by=ola, at=now)
    for page in (
        f"/svar/?emne={topic.slug}",
        f"/feed/svar.json?emne={topic.slug}",
        f"/embed/svar?emne={topic.slug}",
    ):
        text = client.get(page).content.decode()
        assert "Når strør dere?" in text
        assert "Hva koster SFO?" not in text


def test_the_frame_may_stand_on_the_sites_the_municipality_named_only_and_sets_no_cookie(
    client, nordvaag, answer, per, now
):
    nordvaag.website = "https://www.nordvaag.example.no/forsiden"
    nordvaag.save(update_fields=["website"])
    set_embedding(nordvaag, hosts=["skole.example.no"], remind_days=20, by=per, at=now)
    reply = client.get("/embed/svar?q=plogen")
    assert "Når kommer plogen?" in reply.content.decode()
    policy = reply["Content-Security-Policy"]
    assert (
        "frame-ancestors 'self' https://www.nordvaag.example.no https://skole.example.no" in policy
    )
    assert "X-Frame-Options" not in reply
    assert not reply.cookies
    assert "frame-ancestors 'none'" in client.get("/svar/")["Content-Security-Policy"]
    assert Policy.objects.get().remind_days == 20


@pytest.mark.parametrize(
    "bad", ["javascript:alert(1)", "https://x.no; script-src *", "localhost", "*"]
)
def test_nothing_but_an_address_comes_into_the_policy(nordvaag, per, now, bad):
    assert origin_of(bad) == ""
    with pytest.raises(Refused):
        set_embedding(nordvaag, hosts=[bad], remind_days=30, by=per, at=now)


def test_topics_are_the_editors_and_can_be_taken_out_of_use(nordvaag, topic, ola, per, now):
    with pytest.raises(NotAllowed):
        add_topic(nordvaag, name="Skole", by=ola, at=now)
    with pytest.raises(Refused):
        add_topic(nordvaag, name="Vei og vinter", by=per, at=now)
    close_topic(topic, by=per, at=now)
    topic.refresh_from_db()
    assert topic.closed_at == now


def test_who_follows_the_question_and_two_topics_is_told_once(
    nordvaag, email, talk, topic, ola, per, now
):
    other = add_topic(nordvaag, name="Vinter", by=per, at=now)
    asked = make_question(nordvaag, "Noe", email="jon@innbygger.test")
    for followed in (topic, other, talk):
        subscriptions.follow(
            asked.identity, followed, title="x", language="nb", at=now, confirmed=True
        )
    rules.publish(
        talk, question="Når strør dere?", body="Kl. 05.", by=ola, at=now, topics=[topic, other]
    )
    told = Delivery.objects.filter(payload__subject__startswith="Nå er det svart")
    assert told.count() == 1
