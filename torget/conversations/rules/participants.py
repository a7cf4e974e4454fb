"""Somebody who is not the one who asked writes in a private case: a person says yes or no to their taking part."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from torget.conversations.models import Conversation, ConversationMerge, Participant
from torget.conversations.rules import merging
from torget.conversations.rules.addressing import let_in
from torget.conversations.rules.state import lock
from torget.conversations.threading import is_asker, kept
from torget.errors import Refused, Stale
from torget.history.rules import record
from torget.people.actor import Actor, check

PRIVATE = Conversation.Visibility.PRIVATE


def admit(beside: Conversation, *, yes: bool, by: Actor, at: datetime) -> ConversationMerge:
    """Let who wrote beside a private case take part in it: their messages move there, and the one who asked reads them.

    They are never given the case's key; staff choose for each answer whether they get it too.

    Raises:
        NotAllowed: no role for it in one of the units.
        Refused: nobody said yes, it is not beside a private case of somebody else, or as conversations.rules.merging.merge.
    """
    if beside.beside is None or beside.identity is None:
        raise Refused(_("Denne saken hører ikke til en annen sak."), "not_beside")
    case = kept(beside.beside)
    check(by, "conversations.handle", case.unit)
    check(by, "conversations.handle", beside.unit)
    if not yes:
        raise Refused(
            _(
                "Bekreft at avsenderen skal tas med i saken. Den som spurte, får lese det de skriver."
            ),
            "not_agreed",
        )
    if case.visibility != PRIVATE or is_asker(case, beside.identity):
        raise Refused(_("Velg å slå sammen sakene i stedet."), "not_beside")
    with transaction.atomic():
        case = lock(case)
        let_in(case, beside.identity, by=by, at=at)
        return merging.merge(case, beside, by=by, at=at)


def dismiss(participant: Participant, *, by: Actor, at: datetime) -> None:
    """They take part no longer: what they write from now on becomes a case beside it. What they said stays.

    Raises:
        NotAllowed: no role for it in the unit.
        Stale: they took part no longer already.
    """
    check(by, "conversations.handle", participant.conversation.unit)
    with transaction.atomic():
        ended = Participant.objects.filter(pk=participant.pk, ended_at=None)
        if not ended.update(ended_at=at, ended_by=by.staff):
            raise Stale(_("Personen er ikke med i saken lenger. Last siden på nytt."))
        record(
            "participant.ended",
            participant.conversation,
            by=by,
            at=at,
            participant=participant.pk,
        )
