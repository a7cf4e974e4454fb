"""Where something said belongs: the unit, the conversation, and where a merged one lives on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from torget.channels.contract import Utterance
from torget.channels.models import Account
from torget.channels.registry import adapters
from torget.conversations.models import Conversation, Identity, Message
from torget.conversations.persons import family
from torget.outbox.models import Delivery
from torget.people.models import Municipality, Unit
from torget.people.rules import front_unit

PRIVATE = Conversation.Visibility.PRIVATE
GOES_ON = timedelta(days=14)  # private words of one sender: longer without a word is a new matter


def route(
    municipality: Municipality, text: str, *, chosen: Unit | None = None, fallback: Unit
) -> Unit:
    """The unit for a new conversation: the one chosen, else the one whose keywords fit best, else the fallback."""
    if chosen is not None and chosen.municipality_id == municipality.pk:
        return chosen
    words = text.lower()
    best, most = None, 0
    for unit in Unit.objects.filter(municipality=municipality, active=True, receives=True).order_by(
        "pk"
    ):
        hits = sum(keyword.lower() in words for keyword in unit.keywords)
        if hits > most:
            best, most = unit, hits
    return best or front_unit(municipality) or fallback


def _by_parents(municipality_id: int, parents: Sequence[str]) -> Conversation | None:
    """The conversation of a message we know by its outside id: received, or sent by us."""
    for parent in parents:
        said = Message.objects.filter(
            conversation__municipality_id=municipality_id, external_id__in=[parent, f"<{parent}>"]
        ).first()
        if said:
            return said.conversation
        sent = Delivery.objects.filter(
            receipt=parent,
            account__municipality_id=municipality_id,
            subject_type="conversations.message",
        ).first()
        if sent:
            return Message.objects.get(pk=sent.subject_id).conversation
    return None


def find_conversation(
    municipality_id: int,
    said: Utterance,
    identity: Identity,
    *,
    account: Account | None = None,
    at: datetime | None = None,
) -> Conversation | None:
    """The conversation an utterance belongs to: by our key, by what it answers, by a case number from somebody known.

    With the account given, private words where there are no subjects go on in what its sender last said there.
    """
    if said.case:
        held = Conversation.objects.filter(
            municipality_id=municipality_id, key=said.case.lower()
        ).first()
        if held:
            return kept(held)
    if held := _by_parents(municipality_id, said.parents):
        return held
    if ref := said.extra.get("ref_hint"):
        named = Conversation.objects.filter(
            municipality_id=municipality_id, ref__iexact=ref
        ).first()
        if named is not None:
            lives = kept(named)
            if lives.messages.filter(identity__person_id=identity.person_id).exists():
                return lives
    return (
        _goes_on(account, identity, at) if account and at and said.visibility == PRIVATE else None
    )


def _goes_on(account: Account, identity: Identity, at: datetime) -> Conversation | None:
    """What this person talks with us about there: a comment and a private message of one person are one talk.

    A closed case is taken up again only by an answer to it; otherwise a new matter begins.
    """
    adapter = adapters().get(account.network)
    if adapter is None or not adapter.capabilities.by_sender:
        return None
    theirs = Conversation.objects.filter(
        municipality_id=account.municipality_id,
        account=account,
        identity__person__in=family(identity.person),
        last_message_at__gte=at - GOES_ON,
        merged_into=None,
    )
    return theirs.exclude(state=Conversation.State.CLOSED).order_by("-last_message_at").first()


def answers_private(municipality_id: int, said: Utterance) -> bool:
    """Whether it answers something of ours that was private: then it is private too, whatever the network says."""
    sent = Delivery.objects.filter(
        account__municipality=municipality_id,
        receipt__in=list(said.parents),
        subject_type="conversations.message",
    )
    return (
        bool(said.parents)
        and Message.objects.filter(
            pk__in=sent.values("subject_id"), visibility=Conversation.Visibility.PRIVATE
        ).exists()
    )


def kept(conversation: Conversation) -> Conversation:
    """Where a conversation lives on: itself, or the one it was merged into (and that one, and so on)."""
    while conversation.merged_into is not None:
        conversation = conversation.merged_into
    return conversation


def joined_into(conversation: Conversation) -> list[Conversation]:
    """All that lives on in it now, through however many merges."""
    found: list[Conversation] = []
    nearest = [conversation.pk]
    while nearest:
        rows = list(
            Conversation.objects.filter(merged_into__in=nearest)
            .select_related("identity")
            .order_by("pk")
        )
        found += rows
        nearest = [row.pk for row in rows]
    return found
