"""What is put in the outbox of an answer or a post, and whether it fits there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.utils.translation import gettext as _

from torget.channels import rules as channels
from torget.channels.contract import File, Outgoing, Preview
from torget.channels.models import Account
from torget.channels.registry import adapter_for, capabilities
from torget.conversations.models import Conversation, Identity, Message
from torget.conversations.rules.addressing import addressed, route_back
from torget.conversations.rules.speaking import spoken_in
from torget.conversations.rules.state import case_path
from torget.conversations.threading import is_asker
from torget.errors import Refused
from torget.outbox import rules as outbox
from torget.outbox.models import Delivery
from torget.people.links import absolute

PUBLIC, PRIVATE = Conversation.Visibility.PUBLIC, Conversation.Visibility.PRIVATE


def _answered(message: Message, account: Account, identity: Identity) -> str:
    """The external id of what a message of ours answers: what the identity last said there, as openly as we answer."""
    theirs = message.conversation.messages.filter(
        kind=Message.Kind.INBOUND, account=account, identity=identity
    ).exclude(external_id=None)
    latest = theirs.filter(visibility=message.visibility).last() or theirs.last()
    return (latest.external_id or "") if latest else ""


def send_message(
    message: Message, identity: Identity | None, *, at: datetime, key: str = ""
) -> Delivery | None:
    """Put a message of ours in the outbox to one identity, in the language it is in, with the way back to the case.

    The case's key opens everything private in it, so only the one who asked gets it. To others in a private case
    nothing leads back but the answer to the letter itself.
    """
    conversation = message.conversation
    way = route_back(conversation, identity)
    if way is None or identity is None:
        return None
    account, recipient = way
    parent = _answered(message, account, identity)
    secret = is_asker(conversation, identity)
    path = case_path(conversation) if secret else conversation.public_path
    link = absolute(conversation.municipality, path)
    out = Outgoing(
        idempotency_key=key or f"m{message.public_id.hex}",
        recipient=recipient,
        recipient_name=identity.name,
        subject=f"{conversation.subject} [{conversation.ref}]",
        body=message.body,
        signature=message.signature,
        organisation=f"{conversation.municipality.name} kommune",
        case=conversation.key if secret else "",
        case_url=link if secret or conversation.visibility == PUBLIC else "",
        visibility="public" if message.visibility == PUBLIC else "private",
        parent=parent,
        references=[parent] if parent else [],
        language=message.language or spoken_in(conversation, message.body),
    )
    return outbox.enqueue(
        account, out, about=message, at=at, attachments=files_of(message), priority=3
    )


def files_of(message: Message) -> list[outbox.Attachment]:
    """What goes along with a message of ours."""
    return [
        outbox.Attachment(file.sha256, file.name, file.media_type, file.alt)
        for file in message.attachments.all()
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


def measured(
    conversation: Conversation, body: str, visibility: str, signature: str
) -> list[tuple[Account, Preview]]:
    """How an answer would go out to each who is sent it, by the measure of their network."""
    return [
        (
            addressee.account,
            preview(addressee.account, body, signature=signature, visibility=visibility),
        )
        for addressee in addressed(conversation, visibility).to
        if addressee.account is not None
    ]


def see_that_it_arrives(conversation: Conversation, visibility: str) -> None:
    """See that the account by which the answer goes out is one we use.

    Raises:
        Refused: it is not; the answer would stand in the outbox for ever.
    """
    for addressee in addressed(conversation, visibility).to[:1]:
        if addressee.account is not None and (
            addressee.account.closed_at or not addressee.account.in_use
        ):
            raise Refused(
                _(
                    "Kommunen bruker ikke %(account)s lenger, så svaret kommer ikke frem. Svar på en annen måte."
                )
                % {"account": addressee.account.name},
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
    return adapter_for(account.network).preview(out, channels.snapshot(account))


_PICTURE = File("bilde.jpg", "image/jpeg", b"", "…")


def worded(account: Account, body: str, warning: str) -> str:
    """The words as they go there: where a network has no content warnings, the warning stands above them."""
    if not warning or capabilities(account.network).warnings:
        return body
    return f"{warning}\n\n{body}"


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
    conversation, deliveries = message.conversation, []
    link = absolute(conversation.municipality, conversation.public_path)
    files = files_of(message)
    for account in accounts:
        body = (texts or {}).get(account.pk, "").strip() or message.body
        body = worded(account, body, message.warning)
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
            language=spoken_in(conversation, body),
            warning=message.warning,
            public_url=link,
        )
        deliveries.append(
            outbox.enqueue(account, out, about=message, at=at, attachments=files, priority=2)
        )
    return deliveries
