"""The example municipality in the middle of answering: ready-made replies, drafts, one that waits, one gone private."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from torget.casework import story_texts as texts
from torget.casework.rules import approval_rules, canned_replies, drafts, pending_replies
from torget.casework.rules.replying import Reply
from torget.conversations import rules as conversations
from torget.conversations.models import Conversation
from torget.conversations.rules import submitting
from torget.people.actor import Actor
from torget.people.cast import Cast
from torget.people.models import Municipality, Staff, Unit


def tell(cast: Cast, *, at: datetime) -> None:
    """Make it, once, when the conversations have been told."""
    municipality, units, staff = cast.municipality, cast.units, cast.staff
    lead = Actor.of_staff(staff["per"])
    for canned in texts.CANNED:
        bodies = {"nb": canned.nb, "nn": canned.nn, "en": canned.en}
        text = canned_replies.Text(canned.name, canned.shortcut, bodies, units.get(canned.unit))
        canned_replies.write(municipality, text, by=lead, at=at)
    _gone_private(municipality, staff, at - timedelta(hours=5))
    name, unit, visibility = texts.TERM
    approval_rules.add_rule(
        municipality, name, by=lead, at=at, unit=units[unit], visibility=visibility
    )
    _waits(municipality, units[unit], staff, at - timedelta(hours=4))
    words, who, body = texts.DRAFT
    drafts.keep(_about(municipality, words), "answer", body, by=Actor.of_staff(staff[who]), at=at)
    words, who, body = texts.NAMED
    conversations.note(_about(municipality, words), body, by=Actor.of_staff(staff[who]), at=at)


def _about(municipality: Municipality, words: str) -> Conversation:
    return Conversation.objects.select_related("unit").get(
        municipality=municipality, subject__icontains=words
    )


def _ask(
    municipality: Municipality, words: str, name: str, unit: str, at: datetime
) -> Conversation:
    submission = submitting.Submission(words, "public", name=name, show_name=True, unit=unit)
    return submitting.ask(municipality, submission, by=Actor.resident(municipality.pk), at=at)


def _gone_private(municipality: Municipality, staff: Mapping[str, Staff], at: datetime) -> None:
    question, name, private, public, reply, who = texts.ASIDE
    asked = _ask(municipality, question, name, "oppvekst", at)
    written = Reply(private, visibility="private", public_note=public)
    actor, soon = Actor.of_staff(staff[who]), at + timedelta(minutes=20)
    # Written to her alone; the word that stays in public says "barn", and may.
    pending_replies.submit(
        asked, written, by=actor, at=soon, seconds=0, let_through=["family", "name"]
    )
    submitting.follow_up(
        asked, submitting.Submission(reply, "public"), at=at + timedelta(minutes=50)
    )


def _waits(
    municipality: Municipality, unit: Unit, staff: Mapping[str, Staff], at: datetime
) -> None:
    question, name, answer, who = texts.WAITING
    asked = _ask(municipality, question, name, unit.slug, at)
    pending_replies.submit(
        asked,
        Reply(answer),
        by=Actor.of_staff(staff[who]),
        at=at + timedelta(minutes=30),
        seconds=10,
        let_through=["family", "name"],
    )
