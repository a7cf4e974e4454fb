from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from tests.cast import do_jobs, make_question
from torget.channels import rules as channels
from torget.conversations.models import Conversation
from torget.conversations.rules import submitting
from torget.outbox.models import Delivery
from torget.people.actor import Actor
from torget.people.limits import may_write_to
from torget.people.models import SignInLink, Unit

STRANGER = "stranger@example.org"


@pytest.fixture
def by_mail(nordvaag, now):
    return channels.open_account(
        Unit.objects.get(municipality=nordvaag, slug="servicetorget"),
        network="email",
        address="post@nordvaag.test",
        name="Servicetorget",
        by=Actor.system(nordvaag.pk),
        at=now,
    )


def letters():
    return Delivery.objects.filter(recipient=STRANGER).count()


def test_a_hundred_questions_in_a_strangers_name_are_three_letters_and_a_hundred_cases(
    nordvaag, by_mail, now
):
    for n in range(100):
        make_question(nordvaag, f"Spørsmål {n}", email=STRANGER.title())
    assert Conversation.objects.count() == 100
    assert letters() == 3
    make_question(nordvaag, "Et til", email=STRANGER, at=now + timedelta(hours=2))
    assert letters() == 4


def test_who_asks_for_sign_in_links_again_and_again_gets_three_and_the_page_says_the_same(
    nordvaag, by_mail
):
    pages = [
        Client().post("/min-side/inn", {"email": STRANGER}, REMOTE_ADDR=f"10.0.{n}.1")
        for n in range(20)
    ]
    assert {page.status_code for page in pages} == {200}
    assert len({page.content for page in pages}) == 1
    assert letters() == SignInLink.objects.count() == 3


def test_following_many_things_writes_three_letters(nordvaag, by_mail):
    posts = [
        submitting.post(
            nordvaag,
            submitting.Submission(body=f"Innlegg {n}", visibility="public"),
            by=Actor.resident(nordvaag.pk),
            at=timezone.now(),
        )
        for n in range(8)
    ]
    for n, post in enumerate(posts):
        answer = Client().post(
            f"/vegg/{post.ref}/folg", {"email": STRANGER}, REMOTE_ADDR=f"10.0.{n}.1"
        )
        assert answer.status_code == 200
    assert STRANGER not in str([job.args for job in ProcrastinateJob.objects.all()])
    do_jobs("subscriptions.follow")
    assert letters() == 3


def test_all_kinds_together_have_a_limit_a_day(nordvaag, now):
    kinds = ["receipt", "signin", "follow", "transcript", "password"]
    written = sum(may_write_to(STRANGER, kind, nordvaag, at=now) for kind in kinds * 5)
    assert written == 12
    assert not may_write_to(STRANGER, "receipt", nordvaag, at=now + timedelta(minutes=90))
    assert may_write_to("another@example.org", "receipt", nordvaag, at=now)


def test_a_municipality_uses_up_nothing_of_anothers(nordvaag, elsewhere, now):
    for _ in range(5):
        may_write_to(STRANGER, "receipt", nordvaag, at=now)
    assert may_write_to(STRANGER, "receipt", elsewhere, at=now)
