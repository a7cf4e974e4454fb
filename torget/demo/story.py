"""The example municipality Nordvåg and its story: invented people, living pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db import transaction
from django.utils import timezone

from torget import rooms
from torget.answers import rules as answers
from torget.answers import story as answers_story
from torget.channels import rules as channels
from torget.channels.models import Account
from torget.conversations import rules as conversations
from torget.conversations.models import Conversation
from torget.conversations.rules import submitting
from torget.demo import channels as channels_story
from torget.demo import handling, texts
from torget.history.models import Entry
from torget.history.seal import note_told
from torget.people import rules as people
from torget.people.actor import Actor
from torget.people.cast import Cast
from torget.people.hours import OSLO
from torget.people.models import Host, Municipality, OpeningHours, Staff, Unit
from torget.people.roles import Role

PASSWORD = "nordvaag-torget-2026"  # noqa: S105 - the example town's, printed at start
HOSTS = ("localhost", "127.0.0.1", "nordvaag.localhost")
SIGN_INS = [(role, email, PASSWORD) for role, email in texts.SIGN_INS]


@dataclass(frozen=True, slots=True)
class Town(Cast):
    """The cast, and the account of the square's own forms."""

    form: Account


def load() -> None:
    """Make Nordvåg and its story, once; loading again only puts people on duty for the days to come."""
    before = _newest_entry()
    with transaction.atomic():
        town = Municipality.objects.filter(number=texts.NUMBER).first()
        if town is None:
            built = _build(at=timezone.now())
            handling.arrange(built.municipality, by=built.staff["per"], at=timezone.now())
            _tell_story(built)
            handling.work(built.municipality, built.staff, at=timezone.now())
            channels_story.tell(
                built.municipality, built.units, built.staff, built.form, at=timezone.now()
            )
            for room in rooms.rooms():
                if room.story:
                    rooms.load(room.story)(built, at=timezone.now())
        roster_ahead(Municipality.objects.get(number=texts.NUMBER), at=timezone.now())
    if town is None:  # it tells of days gone by, and must not be taken for forged history
        note_told(before + 1, _newest_entry(), at=timezone.now())


def _newest_entry() -> int:
    return Entry.objects.order_by("pk").values_list("pk", flat=True).last() or 0


def _build(*, at: datetime) -> Town:
    municipality = Municipality.objects.create(**texts.MUNICIPALITY)
    Host.objects.bulk_create([Host(municipality=municipality, host=host) for host in HOSTS])
    system = Actor.system(municipality.pk)
    units: dict[str, Unit] = {}
    for slug, parent, fields in texts.UNITS:
        units[slug] = people.add_unit(municipality, slug=slug, parent=units.get(parent), **fields)
    for weekday in range(5):
        OpeningHours.objects.create(
            unit=units["nordvaag"], weekday=weekday, opens=time(8), closes=time(15, 30)
        )
    staff: dict[str, Staff] = {}
    for who in texts.STAFF:
        staff[who.key] = people.add_staff(
            units[who.unit],
            email=who.email,
            password=PASSWORD,
            first_name=who.first_name,
            last_name=who.last_name,
            at=at,
            by=system,
        )
        for role, unit in who.roles:
            people.grant(staff[who.key], Role(role), units[unit], at=at, by=system)
    form = channels.open_account(
        units["servicetorget"],
        network="form",
        address=f"torget.{municipality.slug}",
        name="Torget",
        by=system,
        at=at,
    )
    return Town(municipality, units, staff, form)


def roster_ahead(municipality: Municipality, *, at: datetime, days: int = 14) -> None:
    """Somebody is on duty every day, from eight to half past three and on call until late."""
    system = Actor.system(municipality.pk)
    by_email = {
        staff.user.email: staff
        for staff in Staff.objects.filter(municipality=municipality).select_related("user", "unit")
    }
    today = at.astimezone(OSLO).date()
    for offset in range(days):
        day = today + timedelta(days=offset)
        for email, weekdays, starts, ends in texts.SHIFTS:
            if day.weekday() not in weekdays:
                continue
            staff = by_email[email]
            begin, end = datetime.combine(day, starts, OSLO), datetime.combine(day, ends, OSLO)
            if not staff.duties.filter(starts_at__lt=end, ends_at__gt=begin).exists():
                people.roster(staff, staff.unit, starts_at=begin, ends_at=end, by=system, at=at)


def _tell_story(town: Town) -> None:
    now = timezone.now()
    for scene in texts.SCENES:
        at = now - timedelta(hours=scene.hours_ago)
        if scene.by_staff:
            actor = Actor.of_staff(town.staff[scene.by_staff])
            message = conversations.post(
                town.units[scene.unit],
                town.form,
                scene.text,
                subject=scene.subject,
                by=actor,
                at=at,
            )
            conversation = message.conversation
        else:
            submission = submitting.Submission(
                body=scene.text,
                visibility=scene.visibility,
                name=scene.name,
                show_name=bool(scene.name),
                unit=scene.unit,
                language=scene.language,
            )
            tell = submitting.ask if scene.kind == "question" else submitting.post
            conversation = tell(
                town.municipality, submission, by=Actor.resident(town.municipality.pk), at=at
            )
        _go_on(town, conversation, scene, at)


def _go_on(town: Town, conversation: Conversation, scene: texts.Scene, at: datetime) -> None:
    for turn in scene.turns:
        at += timedelta(minutes=turn.minutes_later)
        conversation.refresh_from_db()
        if turn.by:
            actor = Actor.of_staff(town.staff[turn.by])
            speak = conversations.note if turn.note else conversations.answer
            speak(conversation, turn.text, by=actor, at=at)
        else:
            submission = submitting.Submission(
                body=turn.text, visibility="public", name=turn.name, show_name=bool(turn.name)
            )
            submitting.comment(
                conversation, submission, by=Actor.resident(town.municipality.pk), at=at
            )
    if scene.answer:
        conversation.refresh_from_db()
        question, body, who = scene.answer
        answers.publish(
            conversation,
            question=question,
            body=body,
            by=Actor.of_staff(town.staff[who]),
            at=at + timedelta(minutes=5),
            confirmed=answers_story.ours(question, body),
        )
