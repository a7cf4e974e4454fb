"""What is forgotten is forgotten by rule: declared, done in batches, looked at, and written in docs/privacy.md."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import Error, connection, transaction
from django.db.models import F
from django.test import Client
from django.utils import timezone

from tests.cast import make_question
from torget.casework.models import Draft
from torget.channels import rules as channels
from torget.conversations.models import Identity, Message, Person
from torget.conversations.rules.submitting import Submission, post
from torget.intake.models import Envelope
from torget.outbox.models import Delivery
from torget.people import checks, retention
from torget.people.actor import Actor
from torget.people.models import SignInLink, Unit
from torget.people.rules import make_signin_link
from torget.subscriptions.models import Subscription
from torget.subscriptions.rules import follow_by_address

DAY = timedelta(days=1)
PAGE = Path(__file__).resolve().parents[3] / "docs" / "privacy.md"


def table_of(heading):
    part = PAGE.read_text().split(f"## {heading}", 1)[1].split("\n## ", 1)[0]
    rows = [line.strip("|").split("|") for line in part.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in row] for row in rows]


def test_the_page_says_what_the_rules_say():
    written = [tuple(row) for row in table_of("Forgotten by rule")]
    assert written == [(f"`{r.table}`", r.what, r.after, r.why) for r in retention.rules()]
    kept = {row[0].strip("`"): row[1] for row in table_of("Kept")}
    assert kept == dict(retention.kept())


def test_every_table_is_forgotten_by_a_rule_or_kept_for_a_reason():
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    ruled, kept = {rule.table for rule in retention.rules()}, set(retention.kept())
    assert ruled | kept == tables
    assert not ruled & kept


def test_a_sign_in_link_is_forgotten_after_a_day_and_a_session_when_it_ends(nordvaag):
    at = timezone.now()
    make_signin_link(nordvaag, "a@example.org", at=at - DAY - timedelta(minutes=1))
    make_signin_link(nordvaag, "b@example.org", at=at)
    session = SessionStore()
    session.set_expiry(-5)
    session.save()
    retention.forget_all(at=at)
    assert list(SignInLink.objects.values_list("address", flat=True)) == ["b@example.org"]
    assert not Session.objects.filter(expire_date__lt=at).exists()


def test_the_bytes_of_what_became_a_message_are_replaced_by_their_hash_and_the_message_stays(
    nordvaag, ola, now
):
    question = make_question(nordvaag, at=now)
    message = Message.objects.get(conversation=question)
    envelope = Envelope.objects.get()
    retention.forget_all(at=now + 89 * DAY)
    envelope.refresh_from_db()
    assert not envelope.is_forgotten
    retention.forget_all(at=now + 91 * DAY)
    retention.forget_all(at=now + 91 * DAY)
    envelope.refresh_from_db()
    assert bytes(envelope.body) == bytes(envelope.sha256)
    assert Message.objects.get(pk=message.pk).body == message.body
    client = Client()
    client.force_login(ola.staff.user)
    page = client.get(f"/desk/original/{message.public_id}")
    assert page.status_code == 409
    assert "Originalen er slettet" in page.content.decode()


@pytest.mark.parametrize("state", ["received", "quarantined"])
def test_what_nobody_has_seen_to_is_never_forgotten(nordvaag, now, state):
    make_question(nordvaag, at=now)
    Envelope.objects.update(state=state)
    retention.forget_all(at=now + 3650 * DAY)
    assert not Envelope.objects.get().is_forgotten
    with pytest.raises(Error, match="never changed"), transaction.atomic():
        Envelope.objects.update(body=F("sha256"))


@pytest.mark.parametrize(
    "change",
    [
        {"body": b"something else"},
        {"body": b""},
        {"sha256": hashlib.sha256(b"x").digest()},
        {"body": hashlib.sha256(b"x").digest(), "sha256": hashlib.sha256(b"x").digest()},
        {"size": 1},
    ],
)
def test_the_database_lets_nothing_else_take_the_place_of_what_came(nordvaag, now, change):
    make_question(nordvaag, at=now)
    with pytest.raises(Error, match="never changed"), transaction.atomic():
        Envelope.objects.update(**change)


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


def test_a_letter_written_by_itself_is_forgotten_once_it_was_sent_and_not_before(
    nordvaag, by_mail, now
):
    make_question(nordvaag, email="kari@example.org", at=now)
    retention.forget_all(at=now + 400 * DAY)
    letter = Delivery.objects.get()
    assert "kari@example.org" in letter.recipient  # it is still due
    Delivery.objects.update(state="sent")
    retention.forget_all(at=now + 31 * DAY)
    letter.refresh_from_db()
    assert (letter.payload, letter.recipient) == ({"automatic": True}, "")


def test_an_address_somebody_else_typed_leaves_nothing_behind(nordvaag, by_mail, now):
    wall = post(nordvaag, Submission("Hei", "public"), by=Actor.resident(nordvaag.pk), at=now)
    make_question(nordvaag, email="spurt@example.org", at=now)
    for address in ("fremmed@example.org", "spurt@example.org"):
        follow_by_address(wall, address, title="Hei", language="nb", at=now)
    persons = Person.objects.count()
    retention.forget_all(at=now + 8 * DAY)
    assert not Subscription.objects.exists()
    assert not Identity.objects.filter(external_id="fremmed@example.org").exists()
    assert Identity.objects.filter(external_id="spurt@example.org").exists()
    assert Person.objects.count() == persons - 1


def test_the_doctor_tells_what_is_overdue(nordvaag):
    at = timezone.now()
    make_signin_link(nordvaag, "a@example.org", at=at - 4 * DAY)
    [told] = list(checks.forgetting(at))
    assert re.match(r"1 rows of people_signinlink should have been forgotten \(1 day\)", told)
    retention.forget_all(at=at)
    assert list(checks.forgetting(at)) == []


def test_a_failed_job_is_forgotten_after_a_week(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (task_name, queue_name, status) VALUES ('x', 'q', 'failed') RETURNING id"
        )
        [job] = cursor.fetchone()
        cursor.execute("DELETE FROM procrastinate_events WHERE job_id = %s", [job])
        cursor.execute(
            "INSERT INTO procrastinate_events (job_id, type, at) VALUES (%s, 'failed', now() - interval '8 days')",
            [job],
        )
    gone = retention.forget_all(at=timezone.now())
    assert gone["procrastinate_jobs"] == 1
    assert not Draft.objects.exists()
