"""What residents do on the square: ask, post, comment, say more, follow, sign in."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from torget.channels.contract import Author, Outgoing, RawItem
from torget.channels.models import Account
from torget.channels.rules import chat_account, first_account, form_account
from torget.conversations import filing, persons
from torget.conversations.attachments import Prepared
from torget.conversations.models import Conversation, Identity, Message
from torget.conversations.room import QUESTION, WALL
from torget.conversations.rules import case_path, chatting, gone_private
from torget.errors import Refused
from torget.history.rules import record
from torget.intake import rules as intake
from torget.intake.models import Envelope
from torget.outbox import rules as outbox
from torget.people import rules as people
from torget.people.actor import Actor
from torget.people.limits import may_write_to
from torget.people.links import absolute
from torget.people.models import Municipality
from torget.subscriptions import rules as subscriptions
from torget.subscriptions.models import Subscription

MEDIA_TYPE = "application/vnd.torget.form+json"


@dataclass(frozen=True, slots=True)
class Saying:
    """What a resident says through a form, cleaned."""

    body: str
    visibility: str
    name: str = ""
    show_name: bool = False
    email: str = ""
    unit: str = ""
    language: str = "nb"
    pictures: Sequence[Prepared] = ()
    nonce: str = ""


def _author(saying: Saying, by: Actor, network: str, proof: str) -> dict[str, Any]:
    """Who speaks: the one signed in, else whoever the form says, without proof. `verified` is of this message alone."""
    # Staff have a number of their own, which is no person's.
    person = by.id if by.kind == "resident" else None
    signed_in = Identity.objects.filter(person_id=person).order_by("pk").first() if person else None
    typed = saying.email.lower()
    own = signed_in is not None and (not typed or typed == signed_in.external_id)
    if signed_in is not None and own:
        network, external_id = signed_in.network, signed_in.external_id
    elif typed:
        network, external_id = "email", typed
    else:
        external_id = uuid.uuid4().hex
    verified = proof if own else ""
    return {"network": network, "id": external_id, "name": saying.name, "verified": verified}


def _say(
    municipality: Municipality,
    saying: Saying,
    *,
    by: Actor,
    at: datetime,
    kind: str,
    case: str = "",
    account: Account | None = None,
    proof: str = "",
) -> Message:
    """Store the envelope and make the message of it in one transaction: the resident gets a reference at once."""
    account = account or form_account(municipality)
    external_id = saying.nonce or uuid.uuid4().hex
    body = {
        "author": _author(saying, by, account.network, proof or by.proof),
        "body": saying.body,
        "visibility": saying.visibility,
        "show_name": saying.show_name,
        "unit": saying.unit,
        "language": saying.language,
        "kind": kind,
        "case": case,
        "files": [one.as_json() for one in saying.pictures],
    }
    with transaction.atomic():
        envelope_id, seen = intake.receive(
            account.pk,
            RawItem(external_id, json.dumps(body, ensure_ascii=False).encode(), MEDIA_TYPE),
            at=at,
        )
        if not seen:
            filing.file(
                Envelope.objects.select_related("account__municipality").get(pk=envelope_id), at=at
            )
    return Message.objects.select_related("conversation").get(
        account=account, external_id=external_id
    )


def ask(municipality: Municipality, saying: Saying, *, by: Actor, at: datetime) -> Conversation:
    """A question. Sent twice (same nonce) it is one. With an address given a receipt goes there.

    Raises:
        Refused: the square is not open.
    """
    with transaction.atomic():
        conversation = _say(municipality, saying, by=by, at=at, kind=QUESTION.name).conversation
        _send_receipt(conversation, at=at)
    return conversation


def _send_receipt(conversation: Conversation, *, at: datetime) -> None:
    identity = conversation.identity
    if identity is None or identity.network != "email":
        return
    account = first_account(conversation.municipality_id, "email")
    if account is None:
        return
    municipality = conversation.municipality
    if not may_write_to(identity.external_id, "receipt", municipality, at=at):
        return
    body = _(
        "Takk, vi har fått spørsmålet ditt. Saksnummeret er %(ref)s.\n\n"
        "Vi svarer innen %(days)s virkedager. Her kan du følge saken:\n%(link)s\n\n"
        "Lenken er bare din. Ikke del den med andre."
    ) % {
        "ref": conversation.ref,
        "days": municipality.answer_days,
        "link": absolute(municipality, case_path(conversation)),
    }
    out = Outgoing(
        idempotency_key=f"receipt-{conversation.key}",
        recipient=identity.external_id,
        recipient_name=identity.name,
        subject=_("Vi har fått spørsmålet ditt [%(ref)s]") % {"ref": conversation.ref},
        body=body,
        case=conversation.key,
        language=conversation.language,
        automatic=True,
    )
    outbox.enqueue(account, out, about=conversation, at=at, priority=2)


def post(municipality: Municipality, saying: Saying, *, by: Actor, at: datetime) -> Conversation:
    """A post on the open wall: public at once."""
    return _say(municipality, saying, by=by, at=at, kind=WALL.name).conversation


def comment(conversation: Conversation, saying: Saying, *, by: Actor, at: datetime) -> Message:
    """A comment in a public conversation.

    Raises:
        Refused: the conversation is not public.
    """
    closed = not conversation.kind_info.comments
    if closed or conversation.visibility != Conversation.Visibility.PUBLIC:
        raise Refused(_("Her kan du ikke kommentere."), "not_public")
    return _say(
        conversation.municipality,
        saying,
        by=by,
        at=at,
        kind=conversation.kind,
        case=conversation.key,
    )


def begin_chat(
    municipality: Municipality, saying: Saying, *, email: str, by: Actor, at: datetime
) -> Conversation:
    """A direct talk begins with what the resident says first. Sent twice (same nonce) it is one.

    Raises:
        Refused: the municipality does not chat.
    """
    with transaction.atomic():
        account = chat_account(municipality, at=at)
        conversation = _say(
            municipality, saying, by=by, at=at, kind=QUESTION.name, account=account
        ).conversation
        chatting.begin(conversation, email, at=at)
    return conversation


def say_more(
    conversation: Conversation, saying: Saying, *, at: datetime, session: Actor | None = None
) -> Message:
    """The resident who holds the case's link says more, as the one who asked.

    The link is the proof, unless the one who asked is signed in (`session`) too. Where the talk goes on in private it
    stays there, whatever was asked for.
    """
    saying = replace(saying, email="")
    if gone_private(conversation):
        saying = replace(saying, visibility=Conversation.Visibility.PRIVATE)
    identity = conversation.identity
    person = identity.person_id if identity else None
    by = Actor.resident(conversation.municipality_id, person)
    themselves = session is not None and session.kind == "resident" and session.id == person
    return _say(
        conversation.municipality,
        saying,
        by=by,
        at=at,
        kind=conversation.kind,
        case=conversation.key,
        account=conversation.account if conversation.network == "chat" else None,
        proof=(session.proof if session and themselves else "") or "case_link",
    )


def follow(
    conversation_or_answer: Conversation | Any,
    address: str,
    *,
    title: str,
    language: str,
    at: datetime,
) -> Subscription:
    """Follow a public thing by e-mail; a confirmation is sent first.

    Done by the worker (square.tasks): whether an address is known, or follows already, must not show in the answer's time.
    """
    municipality = conversation_or_answer.municipality
    with transaction.atomic():
        identity = persons.identify(
            municipality, "email", Author(address.lower()), at=at, language=language
        )
        return subscriptions.follow(
            identity, conversation_or_answer, title=title, language=language, at=at
        )


def send_signin_link(municipality: Municipality, address: str, *, at: datetime) -> None:
    """Send a resident a link to sign in with. It is sent whether or not we know the address: nothing is revealed.

    Asked for again and again, no more letters are sent than the limit lets through; a link sent before still works.
    """
    account = first_account(municipality.pk, "email")
    if account is None:
        raise Refused(_("Kommunen har ikke satt opp e-post ennå. Ring oss i stedet."), "no_email")
    with transaction.atomic():
        if not may_write_to(address, "signin", municipality, at=at):
            return
        token = people.make_signin_link(municipality, address, at=at)
        out = Outgoing(
            idempotency_key=f"signin-{token[:16]}",
            recipient=address.lower(),
            subject=_("Logg inn på torget i %(name)s") % {"name": municipality.name},
            body=_(
                "Åpne lenken for å logge inn. Den virker én gang, i en halvtime:\n%(link)s\n\n"
                "Ba du ikke om den? Da trenger du ikke gjøre noe."
            )
            % {"link": absolute(municipality, f"/min-side/inn/{token}")},
            automatic=True,
        )
        outbox.enqueue(account, out, about=municipality, at=at, priority=1)


def sign_in(municipality: Municipality, token: str, *, at: datetime) -> Identity:
    """Spend a sign-in link; the identity whose address it proved.

    Raises:
        Refused: unknown, spent or too old.
    """
    with transaction.atomic():
        address = people.use_signin_link(municipality, token, at=at)
        identity = persons.identify(municipality, "email", Author(address), at=at)
        persons.verify(identity, "link", at=at)
        record(
            "resident.signed_in",
            identity,
            by=Actor.resident(municipality.pk, identity.person_id),
            at=at,
        )
    return identity


def sign_in_idporten(municipality: Municipality, subject: str, *, at: datetime) -> Identity:
    """The identity ID-porten vouched for, by its pairwise subject; the national identity number never comes this far."""
    with transaction.atomic():
        identity = persons.identify(municipality, "idporten", Author(subject), at=at)
        persons.verify(identity, "idporten", at=at)
        record(
            "resident.signed_in",
            identity,
            by=Actor.resident(municipality.pk, identity.person_id),
            at=at,
        )
    return identity
