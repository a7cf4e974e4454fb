"""The cast: kari asks, ola answers, amina edits, per leads the duty, siri archives, liv administers – and charlie,
who works elsewhere and must see nothing."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from torget.channels import rules as channels
from torget.channels import tokens
from torget.conversations.rules.submitting import Submission, ask
from torget.people import rules as people
from torget.people.actor import Actor
from torget.people.limits.values import forget_values
from torget.people.models import Host, Municipality, OpeningHours, Unit
from torget.people.roles import Role
from torget.people.tenancy import forget_hosts

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday, ten o'clock in Norway
PASSWORD = "et langt passord til prøver"


def make_municipality(
    *, number="9901", name="Nordvåg", host="testserver", **overrides
) -> Municipality:
    slug = f"by-{number}"
    municipality = Municipality.objects.create(
        number=number,
        name=name,
        slug=slug,
        ref_prefix=overrides.pop("ref_prefix", "NV"),
        phone="70 00 00 00",
        languages=["nb", "nn", "en"],
        **overrides,
    )
    Host.objects.create(municipality=municipality, host=host)
    forget_hosts()
    root = people.add_unit(municipality, name=f"{name} kommune", slug="rot", receives=False)
    front = people.add_unit(
        municipality, name="Servicetorget", slug="servicetorget", parent=root, is_front=True
    )
    people.add_unit(
        municipality,
        name="Teknisk drift",
        slug="teknisk-drift",
        parent=root,
        keywords=["brøyt", "avfall"],
    )
    for weekday in range(5):
        OpeningHours.objects.create(unit=root, weekday=weekday, opens=time(8), closes=time(15, 30))
    system = Actor.system(municipality.pk)
    channels.open_account(
        front, network="form", address=f"torget.{slug}", name="Torget", by=system, at=NOW
    )
    return municipality


def make_staff(municipality, name, *roles, unit="servicetorget", over="rot"):
    at = Unit.objects.get(municipality=municipality, slug=unit)
    staff = people.add_staff(
        at,
        email=f"{name.lower()}.{municipality.number}@kommune.test",
        password=PASSWORD,
        first_name=name,
        last_name="Prøve",
        at=NOW,
        by=Actor.system(municipality.pk),
    )
    for role in roles:
        people.grant(
            staff,
            role,
            Unit.objects.get(municipality=municipality, slug=over),
            at=NOW,
            by=Actor.system(municipality.pk),
        )
    return staff


def make_question(municipality, body="Når blir Fjellveien brøytet?", *, at=NOW, **overrides):
    submission = Submission(**({"body": body, "visibility": "private", "name": "Kari"} | overrides))
    return ask(municipality, submission, by=Actor.resident(municipality.pk), at=at)


def do_jobs(*names: str) -> int:
    """What the worker does with the jobs that wait (of these names, or all); how many it did."""
    waiting = ProcrastinateJob.objects.filter(status="todo").order_by("id")
    jobs = list(waiting.filter(task_name__in=names) if names else waiting)
    for job in jobs:
        app.tasks[job.task_name](**job.args)
    with connection.cursor() as cursor:  # the model itself is read-only
        cursor.execute(
            "DELETE FROM procrastinate_jobs WHERE id = ANY(%s)", [[job.pk for job in jobs]]
        )
    return len(jobs)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Tests that commit empty the tables afterwards; only for them history may be emptied."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for table, trigger in (
            ("history_entry", "history_entry"),
            ("history_seal", "history_seal"),
            ("conversations_version", "version"),
        ):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}_no_truncate")


@pytest.fixture(autouse=True)
def _quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _anchors_of_its_own(settings):
    """What a test notes of its seals is no other test's, nor is its key."""
    settings.ANCHORS = settings.HOME / "anchors-of-tests" / uuid.uuid4().hex
    settings.SEAL_KEY_FILE = settings.ANCHORS / "seal.key"


@pytest.fixture(autouse=True)
def _fresh_hosts():
    forget_hosts()
    forget_values()
    channels.forget_beats()
    tokens.forget()
    yield
    forget_hosts()
    forget_values()


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def nordvaag(db):
    return make_municipality()


@pytest.fixture
def elsewhere(db):
    return make_municipality(number="9902", name="Sørvik", host="soervik.test", ref_prefix="SV")


@pytest.fixture
def ola(nordvaag):
    """Responder in the service centre."""
    return Actor.of_staff(make_staff(nordvaag, "Ola", Role.RESPONDER))


@pytest.fixture
def per(nordvaag):
    """Duty lead."""
    return Actor.of_staff(make_staff(nordvaag, "Per", Role.DUTY_LEAD))


@pytest.fixture
def amina(nordvaag):
    """Editor."""
    return Actor.of_staff(make_staff(nordvaag, "Amina", Role.EDITOR))


@pytest.fixture
def siri(nordvaag):
    """Archivist."""
    return Actor.of_staff(make_staff(nordvaag, "Siri", Role.ARCHIVIST))


@pytest.fixture
def liv(nordvaag):
    """Administrator: reads no private conversation by that role alone."""
    return Actor.of_staff(make_staff(nordvaag, "Liv", Role.ADMINISTRATOR))


@pytest.fixture
def charlie(elsewhere):
    """Holds every role – in another municipality."""
    return Actor.of_staff(make_staff(elsewhere, "Charlie", *Role))


@pytest.fixture
def question(nordvaag):
    """Kari asks about snow."""
    return make_question(nordvaag)


@pytest.fixture
def on_duty(nordvaag, ola):
    """Ola is on duty around the real now."""
    now = timezone.now()
    return people.roster(
        ola.staff,
        ola.staff.unit,
        starts_at=now - timedelta(hours=1),
        ends_at=now + timedelta(hours=3),
        by=Actor.system(nordvaag.pk),
        at=now,
    )
