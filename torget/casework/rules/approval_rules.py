"""Which kinds of replies need a second person."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from torget.casework.models import ApprovalRule
from torget.conversations.models import Conversation
from torget.conversations.rules.answering import Words
from torget.errors import Refused
from torget.history.rules import record
from torget.people.actor import Actor, check, check_everywhere
from torget.people.models import Municipality, Unit

PUBLIC = Conversation.Visibility.PUBLIC


def rule_for(conversation: Conversation, words: Words) -> ApprovalRule | None:
    """The first rule by which this reply needs a second person. What is said in public beside it counts too."""
    shown = {words.visibility} | ({PUBLIC} if words.public_note else set())
    rules = ApprovalRule.objects.filter(
        municipality_id=conversation.municipality_id, active=True
    ).select_related("unit")
    for rule in rules.order_by("pk"):
        if (
            (rule.unit is None or conversation.unit.path.startswith(rule.unit.path))
            and (not rule.visibility or rule.visibility in shown)
            and (not rule.network or rule.network == conversation.network)
            and (not rule.tag or rule.tag in conversation.tags)
        ):
            return rule
    return None


def add_rule(
    municipality: Municipality,
    name: str,
    *,
    by: Actor,
    at: datetime,
    unit: Unit | None = None,
    visibility: str = "",
    network: str = "",
    tag: str = "",
) -> ApprovalRule:
    """From now on replies of this kind wait for a second person. Empty conditions hold for all.

    Raises:
        NotAllowed: no role for it there.
        Refused: a unit elsewhere.
    """
    _check(by, unit, municipality)
    if unit is not None and unit.municipality_id != municipality.pk:
        raise Refused(_("Velg en enhet i kommunen."), "stranger")
    with transaction.atomic():
        rule = ApprovalRule.objects.create(
            municipality=municipality,
            name=name.strip(),
            unit=unit,
            visibility=visibility,
            network=network,
            tag=tag,
        )
        record("term.added", rule, by=by, at=at)
    return rule


def end_rule(rule: ApprovalRule, *, by: Actor, at: datetime) -> None:
    """Replies of this kind no longer wait; those that wait already still do.

    Raises:
        NotAllowed: no role for it there.
    """
    _check(by, rule.unit, rule.municipality)
    with transaction.atomic():
        if ApprovalRule.objects.filter(pk=rule.pk, active=True).update(active=False):
            record("term.ended", rule, by=by, at=at)


def _check(by: Actor, unit: Unit | None, municipality: Municipality) -> None:
    if unit is not None:
        check(by, "replies.terms", unit)
    else:
        check_everywhere(by, "replies.terms", municipality)
