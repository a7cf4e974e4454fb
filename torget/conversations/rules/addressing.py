"""Who is sent an answer, by which account and address, and when somebody must say yes to that first."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from torget.channels import rules as channels
from torget.channels.contract import Author
from torget.channels.models import Account
from torget.channels.registry import capabilities
from torget.conversations.models import (
    Conversation,
    Identity,
    Message,
    MessageQuerySet,
    Participant,
)
from torget.conversations.models.message import AFTERWARDS
from torget.conversations.persons import family, identify, is_same
from torget.conversations.threading import is_asker, joined_into
from torget.errors import Refused
from torget.history.rules import record
from torget.outbox.models import Delivery
from torget.people.actor import Actor
from torget.protocols.mail import takes_no_answer

PUBLIC, PRIVATE = Conversation.Visibility.PUBLIC, Conversation.Visibility.PRIVATE
MOST_OFFERED = 20
MOST_READ = 100


def route_back(conversation: Conversation, identity: Identity | None) -> tuple[Account, str] | None:
    """The account and address by which an identity is reached; None when the page is the only way (no address given)."""
    if identity is None:
        return None
    can = capabilities(identity.network)
    if can.by_page or not can.reply:
        return None
    here = conversation.account if conversation.account.network == identity.network else None
    if here is not None and here.closed_at is None:
        return here, identity.external_id
    # It came by another network, or by an account that is closed since: another of ours there, if there is one.
    account = channels.first_account(conversation.municipality_id, identity.network) or here
    return (account, identity.external_id) if account else None


def gave_address(conversation: Conversation) -> bool:
    """Whether who asked gave an address letters go to, whether or not we have an account to send them by."""
    identity = conversation.identity
    return identity is not None and capabilities(identity.network).letters


def tells_in_private(conversation: Conversation, identity: Identity) -> bool:
    """Whether the identity's network lets us tell them something nobody else reads."""
    can = capabilities(identity.network)
    if can.private_reply or (can.read_private and not can.read_public):
        return True
    spoke = Message.objects.filter(identity=identity, visibility=PRIVATE, kind=Message.Kind.INBOUND)
    return can.read_private and spoke.exists()


def reachable_privately(conversation: Conversation) -> str:
    """How the one who asked can be told something nobody else reads: "channel", "page" (the secret link only), or ""."""
    identity = conversation.identity
    if identity is None:
        return ""
    if route_back(conversation, identity) is not None:
        return "channel" if tells_in_private(conversation, identity) else ""
    # Who asked was given the secret link; who posted on the wall without an address was not.
    by_link = any(
        capabilities(network).by_page for network in (identity.network, conversation.network)
    )
    return "page" if by_link and conversation.kind_info.case_page else ""


def gone_private(conversation: Conversation) -> bool:
    """Whether a public conversation goes on in private with the one who asked."""
    return (
        conversation.visibility == PUBLIC
        and conversation.messages.filter(kind=Message.Kind.ANSWER, visibility=PRIVATE).exists()
    )


@dataclass(frozen=True, slots=True)
class Addressee:
    """One who is sent an answer. Without an account nothing is sent: they read it on the case's page."""

    identity: Identity
    account: Account | None
    address: str
    is_asker: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """Somebody beside the one who asked, whom staff may send the answer to as well. `key` is how a form names them."""

    key: str
    name: str
    address: str
    why: str  # "participant", "copy" (Cc or To of their letter) or "reply_to" (where the writer asked to be answered)
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Addressed:
    """Who will get an answer.

    `news` is why somebody must say yes first: "changed" (not whom the last one went to), "other" (not the address the
    case came from), "beside" (they answered in somebody else's case), "no_reader" (the address itself says that nobody
    reads there); empty: nothing is unusual. `before` is where the
    last one went. `other_spoke` names who spoke last when it is not who gets the answer.
    """

    everybody: bool
    to: Sequence[Addressee] = ()
    offers: Sequence[Offer] = ()
    news: str = ""
    before: Sequence[str] = ()
    other_spoke: str = ""

    @property
    def mark(self) -> str:
        """The same as long as it goes to the same persons by the same way: what a page shows, the form sends back."""
        if self.everybody:
            return "public"
        rows = sorted(
            f"{addressee.identity.pk} {addressee.account.pk if addressee.account else 0} {addressee.address}"
            for addressee in self.to
        )
        return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the writer was shown of who gets it (`Addressed.mark`; empty: nothing), said yes to, and chose beside."""

    mark: str = ""
    yes: bool = False
    also: Sequence[str] = field(default_factory=tuple)


def spoken_to(conversation: Conversation, visibility: str | None = None) -> list[Identity]:
    """Who is sent an answer of that visibility (the conversation's own when not given).

    What is private goes to the one who asked, by the address of theirs they spoke from last, and to nobody else
    however many have spoken. A public one goes to who spoke last, and in talk that was merged to everybody who
    asked in it: they were promised an answer there.
    """
    visibility = visibility or conversation.visibility
    if PRIVATE in (visibility, conversation.visibility):
        asker = _asker(conversation, _family(conversation), _lately(conversation))
        return [asker] if asker else []
    last = _inbound(conversation).values_list("identity", flat=True).last()
    identities = [_identity(conversation, last)] if last else []
    if joined := joined_into(conversation):
        identities += [conversation.identity, *(merged.identity for merged in joined)]
    return list(dict.fromkeys(identity for identity in identities if identity is not None))


@dataclass(frozen=True, slots=True)
class _Said:
    """Of one thing that was said to us, what decides who is answered."""

    identity: int | None
    person: int | None
    author_name: str
    reply_to: str
    copied_to: Sequence[str]


def _inbound(conversation: Conversation) -> MessageQuerySet:
    return Message.objects.filter(conversation=conversation, kind=Message.Kind.INBOUND)


def _lately(conversation: Conversation) -> list[_Said]:
    """What was said to us there, newest first."""
    rows = _inbound(conversation).order_by("-created_at", "-pk")
    fields = ("identity", "identity__person", "author_name", "reply_to", "copied_to")
    return [_Said(*row) for row in rows.values_list(*fields)[:MOST_READ]]


def _family(conversation: Conversation) -> list[int]:
    return family(conversation.person) if conversation.person else []


def _identity(conversation: Conversation, pk: int) -> Identity | None:
    if pk == conversation.identity_id:
        return conversation.identity
    return Identity.objects.select_related("person").get(pk=pk)


def _asker(
    conversation: Conversation, persons: Sequence[int], lately: Sequence[_Said]
) -> Identity | None:
    """The asker's own address they spoke from last. In a public conversation the one they asked from."""
    if conversation.visibility == PUBLIC:
        return conversation.identity
    last = next((spoken.identity for spoken in lately if spoken.person in persons), None)
    return _identity(conversation, last) if last else conversation.identity


def addressed(conversation: Conversation, visibility: str) -> Addressed:
    """Who would get an answer of that visibility now."""
    if PRIVATE not in (visibility, conversation.visibility):
        speakers = spoken_to(conversation, visibility)
        return Addressed(True, [_addressee(conversation, speaker) for speaker in speakers])
    persons, lately = _family(conversation), _lately(conversation)
    asker = _asker(conversation, persons, lately)
    to = [_addressee(conversation, asker)] if asker else []
    before = _sent_before(conversation)
    last = lately[0] if lately else None
    own = last is None or last.identity == conversation.identity_id or last.person in persons
    theirs = [spoken for spoken in lately if spoken.person in persons]
    return Addressed(
        False,
        to,
        _offers(conversation, to, before, theirs),
        _news(conversation, to, before),
        before,
        "" if own or last is None else last.author_name or _("En annen"),
    )


def _addressee(conversation: Conversation, identity: Identity) -> Addressee:
    way = route_back(conversation, identity)
    account, address = way if way is not None else (None, "")
    return Addressee(identity, account, address, is_asker(conversation, identity))


def _sent_before(conversation: Conversation) -> list[str]:
    """Where the last private answer in it went."""
    answers = Message.objects.filter(
        conversation=conversation, kind=Message.Kind.ANSWER, visibility=PRIVATE
    )
    sent = Delivery.objects.filter(
        subject_type="conversations.message", subject_id__in=answers.values("pk")
    ).exclude(payload__act__in=AFTERWARDS)
    rows = list(sent.order_by("-pk").values_list("subject_id", "recipient")[: 2 * MOST_OFFERED])
    return sorted({recipient for message, recipient in rows if message == rows[0][0]})


def _news(conversation: Conversation, to: Sequence[Addressee], before: Sequence[str]) -> str:
    going = [addressee for addressee in to if addressee.account is not None]
    if before:
        return "changed" if any(addressee.address not in before for addressee in going) else ""
    case = conversation.beside
    if case is not None and not is_same(case.person, conversation.person):
        return "beside"
    if any(addressee.identity.pk != conversation.identity_id for addressee in going):
        return "other"
    mailed = [
        addressee
        for addressee in going
        if addressee.account and capabilities(addressee.account.network).letters
    ]
    return "no_reader" if any(takes_no_answer(addressee.address) for addressee in mailed) else ""


def _offers(
    conversation: Conversation,
    to: Sequence[Addressee],
    before: Sequence[str],
    theirs: Sequence[_Said],
) -> list[Offer]:
    """Whom the answer may be sent to as well: nobody unless staff choose them."""
    if conversation.visibility == PUBLIC:
        return []
    met = {addressee.address.lower() for addressee in to}
    offers: list[Offer] = []

    def offer(key: str, name: str, address: str, why: str) -> None:
        if address and address.lower() not in met and len(offers) < MOST_OFFERED:
            met.add(address.lower())
            offers.append(Offer(key, name, address, why, address in before))

    let_in = Participant.objects.filter(conversation=conversation, ended_at=None)
    for participant in let_in.select_related("identity").order_by("pk"):
        way = route_back(conversation, participant.identity)
        if way is not None:
            offer(f"p{participant.pk}", participant.identity.name, way[1], "participant")
    named = [spoken for spoken in theirs if spoken.reply_to or spoken.copied_to]
    met |= _own_addresses(conversation.municipality_id) if named else set()
    for spoken in named:
        offer(spoken.reply_to, "", spoken.reply_to, "reply_to")
        for address in spoken.copied_to:
            offer(address, "", address, "copy")
    return offers


def _own_addresses(municipality_id: int) -> set[str]:
    rows = Account.objects.filter(municipality=municipality_id, network=channels.letter_network())
    return {address.lower() for address in rows.values_list("address", flat=True)}


def see_that_it_is_agreed(there: Addressed, agreed: Agreed) -> None:
    """See that whoever sends this knows who gets it.

    Raises:
        Refused: not whom the page showed, or unusual and nobody said yes (`recipient_changed`); or one who is not
            offered was chosen.
    """
    if there.everybody:
        return
    if agreed.mark and agreed.mark != there.mark:
        raise Refused(
            _(
                "Mottakeren har endret seg siden du åpnet siden. Se hvem som får svaret, og send på nytt."
            ),
            "recipient_changed",
        )
    if there.news and not agreed.yes:
        raise Refused(
            _(
                "Svaret går til en annen mottaker enn vanlig. Se over mottakeren, og bekreft før du sender."
            ),
            "recipient_changed",
        )
    if not set(agreed.also) <= {offer.key for offer in there.offers}:
        raise Refused(
            _("En av mottakerne kan ikke velges lenger. Se hvem som får svaret, og send på nytt."),
            "recipient_changed",
        )


def let_in(
    conversation: Conversation, identity: Identity, *, by: Actor, at: datetime
) -> Participant:
    """Let somebody take part in a private case, in the caller's transaction. Doing it again changes nothing."""
    assert by.staff is not None
    participant, new = Participant.objects.get_or_create(
        conversation=conversation,
        identity=identity,
        ended_at=None,
        defaults={"added_at": at, "added_by": by.staff},
    )
    if new:
        record("participant.added", conversation, by=by, at=at, participant=participant.pk)
    return participant


def chosen(
    conversation: Conversation, there: Addressed, also: Sequence[str], *, by: Actor, at: datetime
) -> list[Identity]:
    """Those chosen beside the one who asked; whoever gets our answer may answer it, so they take part from now on."""
    identities, network = [], channels.letter_network()
    for offer in there.offers:
        if offer.key not in also:
            continue
        if offer.why == "participant":
            identities.append(
                Participant.objects.select_related("identity").get(pk=int(offer.key[1:])).identity
            )
            continue
        author = Author(offer.address, offer.name)
        identity = identify(conversation.municipality, network, author, at=at)
        let_in(conversation, identity, by=by, at=at)
        identities.append(identity)
    return identities
