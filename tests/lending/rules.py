"""What the room does."""

from __future__ import annotations

from tests.lending.room import LOAN
from torget.channels.rules import beat
from torget.conversations.models import Conversation
from torget.conversations.rules import submitting
from torget.history.rules import record
from torget.people.actor import Actor
from torget.people.links import absolute
from torget.people.models import Unit
from torget.protocols.feeds import Entry
from torget.rooms import Hit, Standstill

REMINDED = []


def borrow(municipality, what, *, by, now):
    """A resident asks to borrow something; it is a message in the inbox as any other."""
    submission = submitting.Submission(what, "public", name="Kari", email="kari@innbygger.test")
    return submitting.submit(municipality, submission, by=by, at=now, kind=LOAN).conversation


def make_ready(loan, *, by, now):
    record("loan.ready", loan, by=by, at=now, conversation=loan.pk)


def loans(municipality):
    return Conversation.objects.public().filter(municipality=municipality, kind=LOAN.name)


def waiting(request):
    return Conversation.objects.visible_to(request.actor).filter(kind=LOAN.name)


def newest(municipality, _parameters):
    return [
        Entry(
            id=absolute(municipality, row.public_path),
            url=absolute(municipality, row.public_path),
            title=row.subject,
            text=row.preview,
            author=row.unit.local_name,
            published_at=row.opened_at,
            changed_at=row.last_message_at,
        )
        for row in loans(municipality)
    ]


def hits(actor, query, _language, limit, _at):
    rows = loans(actor.municipality_id).filter(subject__icontains=query)[:limit]
    return [Hit(row.subject, row.preview, row.public_path, "", row.opened_at) for row in rows]


def unit(municipality, key):
    return Unit.objects.filter(municipality=municipality, slug=key).first()


def name_of(row):
    return row.local_name


def loop(stop):
    beat("lending")


def remind(*, at):
    REMINDED.append(at)


def check(at):
    yield "A hammer is missing. Look in the shed."


def overdue(at):
    yield Standstill("hammer", "En hammer er ikke levert.")


def count(actor, start, end):
    return Conversation.objects.filter(
        kind=LOAN.name, opened_at__gte=start, opened_at__lt=end
    ).count()


def tell(cast, *, at):
    borrow(
        cast.municipality,
        "Kan jeg låne en hekksaks?",
        by=Actor.resident(cast.municipality.pk),
        now=at,
    )
