"""What pages of several rooms need: the conversation in the address, and who would get an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.shortcuts import get_object_or_404

from torget.channels.rules import letter_network
from torget.conversations.models import Conversation
from torget.conversations.rules.addressing import Addressed, Addressee, Offer


def readable_or_404(request: Any, ref: str) -> Conversation:
    """The conversation of that number, if the actor may read it; 404 otherwise."""
    conversation: Conversation = get_object_or_404(
        Conversation.objects.visible_to(request.actor).select_related(
            "municipality",
            "unit",
            "account",
            "assignee",
            "person",
            "identity",
            "merged_into",
            "split_from",
            "beside",
        ),
        ref__iexact=ref,
    )
    return conversation


@dataclass(frozen=True, slots=True)
class Recipient:
    """One who gets an answer, for showing: name, address and channel."""

    name: str
    address: str
    network: str


@dataclass(frozen=True, slots=True)
class Recipients:
    """Who gets an answer, for showing beside the button that sends it."""

    everybody: bool
    rows: Sequence[Recipient]
    also: Sequence[Recipient]
    offers: Sequence[tuple[Offer, bool]]
    news: str
    before: Sequence[str]
    other_spoke: str
    mark: str

    @property
    def is_sent(self) -> bool:
        """Whether it goes out to anybody; otherwise it is read on our pages."""
        return any(row.address for row in self.rows)


def recipients(
    conversation: Conversation, there: Addressed, also: Sequence[str] | None = None
) -> Recipients:
    """Who would get an answer now, for showing; `also` are keys of those chosen beside (None: as last time)."""
    rows = [_recipient(conversation, addressee) for addressee in there.to]
    offers = [
        (offer, offer.chosen if also is None else offer.key in also) for offer in there.offers
    ]
    more = [
        Recipient(offer.name, offer.address, letter_network()) for offer, chosen in offers if chosen
    ]
    return Recipients(
        there.everybody,
        rows,
        more,
        offers,
        there.news,
        there.before,
        there.other_spoke,
        there.mark,
    )


def _recipient(conversation: Conversation, addressee: Addressee) -> Recipient:
    name = addressee.identity.name or (conversation.person_name if addressee.is_asker else "")
    if addressee.account is None:
        return Recipient(name, "", "")
    return Recipient(
        name, addressee.identity.handle or addressee.address, addressee.account.network
    )
