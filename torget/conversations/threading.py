"""Where something said belongs: the unit, the conversation, and where a merged one lives on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from torget.channels.contract import InboundMessage
from torget.channels.models import Account
from torget.channels.registry import adapters
from torget.conversations.models import Conversation, Identity, Message, Participant
from torget.conversations.persons import family, is_same
from torget.outbox.models import Delivery
from torget.people.models import Municipality, Unit
from torget.people.rules import front_unit

PUBLIC, PRIVATE = Conversation.Visibility.PUBLIC, Conversation.Visibility.PRIVATE
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


@dataclass(frozen=True, slots=True)
class Place:
    """Where something said belongs: in a conversation there is; else in a new one, perhaps `beside` a case it answers in."""

    conversation: Conversation | None = None
    beside: Conversation | None = None


def _by_parents(municipality_id: int, parents: Sequence[str]) -> Iterator[Conversation]:
    """The conversations of messages we know by their outside id, received or sent by us, nearest first."""
    for parent in parents:
        if not parent:
            continue
        message = Message.objects.filter(
            conversation__municipality_id=municipality_id, external_id__in=[parent, f"<{parent}>"]
        ).first()
        if message:
            yield message.conversation
            continue
        sent = Delivery.objects.filter(
            receipt=parent,
            account__municipality_id=municipality_id,
            subject_type="conversations.message",
        ).first()
        if sent:
            yield Message.objects.get(pk=sent.subject_id).conversation


def is_asker(conversation: Conversation, identity: Identity) -> bool:
    """Whether it is the one who asked, also by another address that staff have found to be theirs."""
    return identity.pk == conversation.identity_id or is_same(conversation.person, identity.person)


def takes_part(conversation: Conversation, identity: Identity) -> bool:
    """Whether they asked, or staff have let them take part."""
    if is_asker(conversation, identity):
        return True
    let_in = Participant.objects.filter(conversation=conversation, ended_at=None)
    return let_in.filter(identity__person__in=family(identity.person)).exists()


def may_speak_in(conversation: Conversation, identity: Identity, visibility: str) -> bool:
    """Whether words of theirs belong there: in public everybody's do, in private only those of who takes part.

    To know the id, the reply address or the number of a case proves nothing: mails are forwarded and copied.
    """
    if conversation.visibility == PUBLIC and visibility == PUBLIC:
        return True
    return takes_part(conversation, identity)


def find_place(
    municipality_id: int,
    inbound: InboundMessage,
    identity: Identity,
    *,
    visibility: str,
    account: Account | None = None,
    at: datetime | None = None,
) -> Place:
    """Where a message belongs: by our key, by what it answers, by a case number from somebody known.

    What points to a case its author takes no part in belongs beside it. With the account given, private words where
    there are no subjects go on in what their sender last said there.
    """
    beside: Conversation | None = None
    for pointed in _pointed_at(municipality_id, inbound):
        lives = kept(pointed)
        if may_speak_in(lives, identity, visibility):
            return Place(lives)
        beside = beside or lives
    if beside is not None:
        return Place(_their_own_beside(beside, identity), beside)
    if ref := inbound.ref_hint:
        named = Conversation.objects.filter(
            municipality_id=municipality_id, ref__iexact=ref
        ).first()
        if named is not None:
            lives = kept(named)
            spoke = lives.messages.filter(identity__person__in=family(identity.person))
            if spoke.exists() and may_speak_in(lives, identity, visibility):
                return Place(lives)
    if account is None or at is None or visibility != PRIVATE:
        return Place()
    if goes_on := _goes_on(account, identity, at):
        return Place(goes_on)
    return Place(beside=_sent_to_another_of_ours(account, inbound, identity))


def _sent_to_another_of_ours(
    account: Account, inbound: InboundMessage, identity: Identity
) -> Conversation | None:
    """The same words of the same sender at another account of ours: each case must say that there is the other."""
    twin = (
        Message.objects.filter(
            external_id=inbound.external_id[:500],
            account__municipality_id=account.municipality_id,
            account__network=account.network,
            identity=identity,
        )
        .exclude(account=account)
        .select_related("conversation")
        .first()
    )
    return kept(twin.conversation) if twin else None


def _pointed_at(municipality_id: int, inbound: InboundMessage) -> Iterator[Conversation]:
    if inbound.case:
        yield from Conversation.objects.filter(
            municipality_id=municipality_id, key=inbound.case.lower()
        )
    yield from _by_parents(municipality_id, inbound.parents)


def _their_own_beside(conversation: Conversation, identity: Identity) -> Conversation | None:
    """What they have begun beside that case already, if it goes on."""
    theirs = Conversation.objects.filter(
        beside__in=[
            conversation.pk,
            *(merged.pk for merged in joined_into(conversation)),
        ],
        person__in=family(identity.person),
        merged_into=None,
    )
    return theirs.exclude(state=Conversation.State.CLOSED).order_by("-last_message_at").first()


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


def answers_private(municipality_id: int, inbound: InboundMessage) -> bool:
    """Whether it answers something of ours that was private: then it is private too, whatever the network says."""
    sent = Delivery.objects.filter(
        account__municipality=municipality_id,
        receipt__in=list(inbound.parents),
        subject_type="conversations.message",
    )
    return (
        bool(inbound.parents)
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
    merged: list[Conversation] = []
    nearest = [conversation.pk]
    while nearest:
        rows = list(
            Conversation.objects.filter(merged_into__in=nearest)
            .select_related("identity")
            .order_by("pk")
        )
        merged += rows
        nearest = [row.pk for row in rows]
    return merged
