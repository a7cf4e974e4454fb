"""A square with something on it, to be read and written to: posts with comments, answers, and somebody at the desk."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client
from django.utils import timezone

from torget.answers.models import Answer
from torget.bench.place import open_account
from torget.conversations.models import Conversation
from torget.conversations.rules.submitting import Submission, ask, comment, post
from torget.people import rules as people
from torget.people.actor import Actor
from torget.people.models import Host, Municipality, Staff
from torget.people.roles import Role

HOST = "localhost"
POSTS, COMMENTS, ANSWERS = 12, 6, 12
_WORDS = (
    "Veien forbi skolen er glatt om morgenen, og mange barn går der. Kan den bli strødd før klokka åtte? "
    "I fjor ble det gjort hver dag, og det virket. Vi er flere foreldre som gjerne hjelper til med å si fra."
)


@dataclass(frozen=True, slots=True)
class Opened:
    """The square, its public pages, and the cookie of somebody at its desk."""

    municipality: Municipality
    post: Conversation
    private: Conversation
    pages: dict[str, str]
    staff: Staff
    cookie: str


def open_square() -> Opened:
    """Make it, in the database at hand."""
    account, at = open_account("form"), timezone.now()
    municipality, system = account.municipality, Actor.system(account.municipality_id)
    Host.objects.create(municipality=municipality, host=HOST)
    staff = people.add_staff(
        account.unit,
        email="martin@bench.test",
        password=None,
        first_name="Martin",
        last_name="Prøve",
        at=at,
        by=system,
    )
    for role in (Role.RESPONDER, Role.EDITOR):
        people.grant(staff, role, account.unit, at=at, by=system)
    resident = Actor.resident(municipality.pk)
    for number in range(POSTS):
        submission = Submission(f"Nr. {number}: {_WORDS}", "public", name="Kari", show_name=True)
        said = post(municipality, submission, by=resident, at=at)
        for other in range(COMMENTS):
            words = Submission(f"Enig, {other} ganger. {_WORDS}", "public", name="Nils")
            comment(said, words, by=resident, at=at)
    answers = Answer.objects.bulk_create(
        Answer(
            municipality=municipality,
            unit=account.unit,
            slug=f"nar-stros-veien-{number}",
            question=f"Når strøs vei nummer {number}?",
            body=f"{_WORDS}\n\n" * 4,
            published_at=at,
            changed_at=at,
            published_by=staff,
        )
        for number in range(ANSWERS)
    )
    pages = {
        "front": "/",
        "post": said.public_path,
        "answer": f"/svar/{answers[0].slug}",
    }
    question = Submission("Når strøs min vei?", "private", name="Kari")
    private = ask(municipality, question, by=resident, at=at)
    return Opened(municipality, said, private, pages, staff, _signed_in(staff))


def _signed_in(staff: Staff) -> str:
    client = Client(HTTP_HOST=HOST)
    client.force_login(staff.user)
    session = client.session
    assert isinstance(session, SessionStore)
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
