"""The way back: by which account a person is reached, in public or in private, and what is put in the outbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.utils.translation import gettext as _

from torget.channels import rules as channels
from torget.channels.contract import Capabilities, File, Outgoing, Preview
from torget.channels.models import Account
from torget.channels.registry import adapter_for, adapters
from torget.conversations.finding import joined_into
from torget.conversations.models import Conversation, Identity, Message
from torget.conversations.rules.state import case_path
from torget.errors import Refused
from torget.outbox import rules as outbox
from torget.outbox.models import Delivery
from torget.people.links import absolute

PUBLIC, PRIVATE = Conversation.Visibility.PUBLIC, Conversation.Visibility.PRIVATE


def capabilities(network: str) -> Capabilities:
    """What a network can do; nothing when its adapter is not loaded."""
    adapter = adapters().get(network)
    return adapter.capabilities if adapter else Capabilities()


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
    given = capabilities(identity.network).by_page or conversation.account.network == "form"
    return "page" if given and conversation.kind == Conversation.Kind.QUESTION else ""


def gone_private(conversation: Conversation) -> bool:
    """Whether a public conversation goes on in private with the one who asked."""
    return (
        conversation.visibility == PUBLIC
        and conversation.messages.filter(kind=Message.Kind.ANSWER, visibility=PRIVATE).exists()
    )


def _is_asker(conversation: Conversation, identity: Identity) -> bool:
    return identity.pk == conversation.identity_id or (
        conversation.person_id is not None and identity.person_id == conversation.person_id
    )


def _answered(message: Message, account: Account, identity: Identity) -> str:
    """The external id of what a message of ours answers: what the identity last said there, as openly as we answer."""
    theirs = message.conversation.messages.filter(
        kind=Message.Kind.INBOUND, account=account, identity=identity
    ).exclude(external_id=None)
    said = theirs.filter(visibility=message.visibility).last() or theirs.last()
    return (said.external_id or "") if said else ""


def send_message(
    message: Message, identity: Identity | None, *, at: datetime, key: str = ""
) -> Delivery | None:
    """Put a message of ours in the outbox to one identity, in its language, with the way back to the case.

    The case's key opens everything private in it, so in a public conversation only the one who asked gets it.
    """
    conversation = message.conversation
    way = route_back(conversation, identity)
    if way is None or identity is None:
        return None
    account, recipient = way
    parent = _answered(message, account, identity)
    secret = conversation.visibility == PRIVATE or _is_asker(conversation, identity)
    path = case_path(conversation) if secret else f"/vegg/{conversation.ref}"
    out = Outgoing(
        idempotency_key=key or f"m{message.public_id.hex}",
        recipient=recipient,
        recipient_name=identity.name,
        subject=f"{conversation.subject} [{conversation.ref}]",
        body=message.body,
        signature=message.signature,
        organisation=f"{conversation.municipality.name} kommune",
        case=conversation.key if secret else "",
        case_url=absolute(conversation.municipality, path),
        visibility="public" if message.visibility == PUBLIC else "private",
        parent=parent,
        references=[parent] if parent else [],
        language=conversation.language,
    )
    return outbox.enqueue(
        account, out, about=message, at=at, attachments=files_of(message), priority=3
    )


def files_of(message: Message) -> list[outbox.Attachment]:
    """What goes along with a message of ours."""
    return [
        outbox.Attachment(one.sha256, one.name, one.media_type, one.alt)
        for one in message.attachments.all()
    ]


def send_to(
    message: Message, identities: Sequence[Identity | None], *, at: datetime
) -> Delivery | None:
    """Send it to each; the delivery to the first, which is the one the desk shows: it is put there last."""
    first, *others = identities or [None]
    for other in others:
        if other is not None:
            send_message(message, other, at=at, key=f"m{message.public_id.hex}-{other.pk}")
    return send_message(message, first, at=at)


def spoken_to(conversation: Conversation) -> list[Identity]:
    """Who is sent an answer: the one who spoke last; and in public talk that was merged, everybody who asked in it.

    Who asked in what was merged was promised an answer there, however many have spoken since.
    """
    last = conversation.messages.filter(kind=Message.Kind.INBOUND).select_related("identity").last()
    found = [last.identity] if last else []
    if conversation.visibility == PUBLIC and (joined := joined_into(conversation)):
        found += [conversation.identity, *(one.identity for one in joined)]
    return list(dict.fromkeys(one for one in found if one is not None))


def measured(
    conversation: Conversation, body: str, visibility: str, signature: str
) -> list[tuple[Account, Preview]]:
    """How an answer would go out to each who is sent it, by the measure of their network."""
    ways = [route_back(conversation, identity) for identity in spoken_to(conversation)]
    return [
        (way[0], preview(way[0], body, signature=signature, visibility=visibility))
        for way in ways
        if way is not None
    ]


def see_that_it_arrives(conversation: Conversation) -> None:
    """See that the account by which the one who spoke last is sent an answer is one we use.

    Raises:
        Refused: it is not; the answer would stand in the outbox for ever.
    """
    for identity in spoken_to(conversation)[:1]:
        way = route_back(conversation, identity)
        if way is not None and (way[0].closed_at or not way[0].in_use):
            raise Refused(
                _(
                    "Kommunen bruker ikke %(account)s lenger, så svaret kommer ikke frem. Svar på en annen måte."
                )
                % {"account": way[0].name},
                "not_in_use",
            )


def see_that_it_fits(
    conversation: Conversation, body: str, visibility: str, signature: str
) -> None:
    """See that everybody who is sent an answer can be sent it whole.

    Raises:
        Refused: a network takes less, with how much too long it is.
    """
    for account, shown in measured(conversation, body, visibility, signature):
        if not shown.fits:
            raise Refused(
                _(
                    "Svaret er for langt for %(channel)s: %(used)s av %(most)s %(unit)s. Kort det ned."
                )
                % {
                    "channel": adapter_for(account.network).label,
                    "used": shown.used,
                    "most": shown.most,
                    "unit": shown.unit,
                },
                "too_long_there",
            )


def preview(
    account: Account,
    body: str,
    *,
    signature: str = "",
    visibility: str = PUBLIC,
    act: str = "say",
    link: str = "",
    pictures: int = 0,
) -> Preview:
    """How a text would go out from an account; nothing is sent."""
    out = Outgoing(
        idempotency_key="preview",
        recipient="",
        body=body,
        signature=signature,
        visibility="public" if visibility == PUBLIC else "private",
        act="publish" if act == "publish" else "say",
        link=link,
    )
    if pictures:
        out = replace(out, attachments=[_PICTURE] * pictures)
    return adapter_for(account.network).preview(out, channels.facts(account))


_PICTURE = File("bilde.jpg", "image/jpeg", b"", "…")


def publish(
    message: Message,
    accounts: Sequence[Account],
    *,
    at: datetime,
    texts: Mapping[int, str] | None = None,
) -> list[Delivery]:
    """Put a post of ours in the outbox of each account; `texts` by account id where it says something else there.

    Raises:
        Refused: an account that does not publish, is another municipality's, or takes less than its text.
    """
    conversation, told = message.conversation, []
    link = absolute(conversation.municipality, f"/vegg/{conversation.ref}")
    files = files_of(message)
    for account in accounts:
        body = (texts or {}).get(account.pk, "").strip() or message.body
        ours = account.municipality_id == conversation.municipality_id
        if not ours or not capabilities(account.network).publish or not account.is_open:
            raise Refused(_("Velg kontoer som kan publisere."), "no_publisher")
        shown = preview(account, body, act="publish", link=link, pictures=len(files))
        if not shown.fits:
            raise Refused(
                _("Teksten er for lang for %(account)s. Skriv en kortere for den kontoen.")
                % {"account": account.name},
                "too_long_there",
            )
        out = Outgoing(
            idempotency_key=f"p{message.public_id.hex}-{account.pk}",
            recipient=account.address,
            subject=conversation.subject,
            body=body,
            organisation=f"{conversation.municipality.name} kommune",
            act="publish",
            visibility="public",
            link=link,
            language=conversation.language,
            extra={"public_url": link},
        )
        told.append(
            outbox.enqueue(account, out, about=message, at=at, attachments=files, priority=2)
        )
    return told
