"""Reading what networks delivered, in a process of its own: whatever it holds, it is read or set aside within a deadline."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext as _

from torget.channels.apart.answers import Raised
from torget.channels.apart.places import Died, Place, TooLong, Work
from torget.channels.contract import (
    AccountSnapshot,
    InboundMessage,
    NetworkEvent,
    RawItem,
    Unparseable,
)
from torget.channels.registry import adapter_for

SECONDS = 15.0  # honest ones take milliseconds, the largest mail two or three seconds
MOST_BYTES = 1_500_000_000  # the largest mail takes half of it
Asked = tuple[RawItem, AccountSnapshot, datetime]
Said = Sequence[InboundMessage | NetworkEvent]


class Unread(Exception):  # noqa: N818 - names the state
    """The adapter failed for a reason of its own, which the text names; another try may help."""


def parse(asked: Asked) -> Said:
    """What an item says; our own words in it are in the municipality's language. Pure: no database, no network.

    Raises:
        Unparseable: with the sentence for the quarantine view.
    """
    item, account, received_at = asked
    with translation.override(account.language):
        return list(adapter_for(account.network).parse(item, account, received_at=received_at))


PLACE = Place(
    Work(
        name="reading",
        act="torget.channels.reading:answer",
        at_once=None,
        most_bytes=MOST_BYTES,
        needs_django=True,
    )
)


def answer(asked: Asked) -> list[InboundMessage | NetworkEvent]:
    """In the child: `parse`, as values that can be handed back."""
    return list(parse(asked))


def parse_apart(asked: Asked) -> Said:
    """As `parse`, in a child that is ended after 15 seconds.

    Raises:
        Unparseable: also when it took too long, or more memory than anything honest.
        Unread: the adapter failed.
    """
    try:
        parsed: Said = PLACE.run(asked, seconds=SECONDS)
    except TooLong as fault:
        raise Unparseable(_("Det tok for lang tid å lese den.")) from fault
    except Died as fault:
        raise Unparseable(_("Den krevde for mye minne da vi skulle lese den.")) from fault
    except Raised as fault:
        if fault.name == Unparseable.__name__:
            raise Unparseable(fault.text) from fault
        raise Unread(str(fault)) from fault
    return parsed
