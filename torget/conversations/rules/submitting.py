"""What residents send in by our own pages: a question, a post, a comment, a follow-up, the first words of a chat."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from torget.channels.contract import RawItem
from torget.channels.models import Account
from torget.channels.registry import capabilities
from torget.channels.rules import chat_account, form_account, letter_network
from torget.conversations import filing
from torget.conversations.attachments import Prepared
from torget.conversations.models import Conversation, Identity, Message
from torget.conversations.room import QUESTION, WALL
from torget.conversations.rules import chatting
from torget.conversations.rules.addressing import gone_private
from torget.conversations.rules.state import case_path
from torget.errors import Refused
from torget.intake import rules as intake
from torget.intake.models import Envelope
from torget.outbox import letters
from torget.people.actor import Actor
from torget.people.limits import may_write_to
from torget.people.links import absolute
from torget.people.models import Municipality
from torget.rooms import Kind

MEDIA_TYPE = "application/vnd.torget.form+json"


@dataclass(frozen=True, slots=True)
class Submission:
    """What a resident sends by a form, cleaned.

    The same `nonce` again is the same submission, sent twice.
    """

    body: str
    visibility: str
    name: str = ""
    show_name: bool = False
    email: str = ""
    unit: str = ""
    language: str = "nb"
    pictures: Sequence[Prepared] = ()
    nonce: str = ""


def _author(submission: Submission, by: Actor, network: str, proof: str) -> dict[str, Any]:
    """Who speaks: the one signed in, else whoever the form says, without proof. `verified` is of this message alone."""
    # Staff have a number of their own, which is no person's.
    person = by.id if by.kind == "resident" else None
    signed_in = Identity.objects.filter(person_id=person).order_by("pk").first() if person else None
    typed = submission.email.lower()
    own = signed_in is not None and (not typed or typed == signed_in.external_id)
    if signed_in is not None and own:
        network, external_id = signed_in.network, signed_in.external_id
    elif typed:
        network, external_id = letter_network(), typed
    else:
        external_id = uuid.uuid4().hex
    verified = proof if own else ""
    return {"network": network, "id": external_id, "name": submission.name, "verified": verified}


def submit(
    municipality: Municipality,
    submission: Submission,
    *,
    by: Actor,
    at: datetime,
    kind: Kind,
    case: str = "",
    account: Account | None = None,
    proof: str = "",
) -> Message:
    """Store the envelope and make the message of it in one transaction: the resident gets a reference at once."""
    account = account or form_account(municipality)
    external_id = submission.nonce or uuid.uuid4().hex
    body = {
        "author": _author(submission, by, account.network, proof or by.proof),
        "body": submission.body,
        "visibility": submission.visibility,
        "show_name": submission.show_name,
        "unit": submission.unit,
        "language": submission.language,
        "kind": kind.name,
        "case": case,
        "files": [picture.as_json() for picture in submission.pictures],
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


def ask(
    municipality: Municipality, submission: Submission, *, by: Actor, at: datetime
) -> Conversation:
    """A question. Sent twice (same nonce) it is one. With an address given a receipt goes there.

    Raises:
        Refused: the square is not open.
    """
    with transaction.atomic():
        conversation = submit(municipality, submission, by=by, at=at, kind=QUESTION).conversation
        _send_receipt(conversation, at=at)
    return conversation


def _send_receipt(conversation: Conversation, *, at: datetime) -> None:
    identity, municipality = conversation.identity, conversation.municipality
    if identity is None or not capabilities(identity.network).letters:
        return
    if letters.no_way_out(municipality.pk) or not may_write_to(
        identity.external_id, "receipt", municipality, at=at
    ):
        return
    letter = letters.Letter(
        key=f"receipt-{conversation.key}",
        subject=_("Vi har fått spørsmålet ditt [%(ref)s]") % {"ref": conversation.ref},
        body=_(
            "Takk, vi har fått spørsmålet ditt. Saksnummeret er %(ref)s.\n\n"
            "Vi svarer innen %(days)s virkedager. Her kan du følge saken:\n%(link)s\n\n"
            "Lenken er bare din. Ikke del den med andre."
        )
        % {
            "ref": conversation.ref,
            "days": municipality.answer_days,
            "link": absolute(municipality, case_path(conversation)),
        },
        language=conversation.language,
        case=conversation.key,
    )
    letters.write(
        letter,
        identity.external_id,
        about=conversation,
        municipality_id=municipality.pk,
        now=at,
        name=identity.name,
        priority=2,
    )


def post(
    municipality: Municipality, submission: Submission, *, by: Actor, at: datetime
) -> Conversation:
    """A resident's post on the open wall: public at once. Sent twice (same nonce) it is one."""
    return submit(municipality, submission, by=by, at=at, kind=WALL).conversation


def comment(
    conversation: Conversation, submission: Submission, *, by: Actor, at: datetime
) -> Message:
    """A comment in a public conversation. Sent twice (same nonce) it is one.

    Raises:
        Refused: the conversation is not public, or nobody comments in its kind.
    """
    public = conversation.visibility == Conversation.Visibility.PUBLIC
    if not public or not conversation.kind_info.comments:
        raise Refused(_("Her kan du ikke kommentere."), "not_public")
    return submit(
        conversation.municipality,
        submission,
        by=by,
        at=at,
        kind=conversation.kind_info,
        case=conversation.key,
    )


def begin_chat(
    municipality: Municipality, submission: Submission, *, email: str, by: Actor, at: datetime
) -> Conversation:
    """A chat begins with what the resident says first. Sent twice (same nonce) it is one.

    Raises:
        Refused: the municipality does not chat.
    """
    with transaction.atomic():
        account = chat_account(municipality, at=at)
        conversation = submit(
            municipality, submission, by=by, at=at, kind=QUESTION, account=account
        ).conversation
        chatting.begin(conversation, email, at=at)
    return conversation


def follow_up(
    conversation: Conversation,
    submission: Submission,
    *,
    at: datetime,
    session: Actor | None = None,
) -> Message:
    """The resident who holds the case's link says more, as the one who asked. Sent twice (same nonce) it is one.

    The link is the proof, unless the one who asked is signed in (`session`) too. Where the talk goes on in private it
    stays there, whatever was asked for.
    """
    submission = replace(submission, email="")
    if gone_private(conversation):
        submission = replace(submission, visibility=Conversation.Visibility.PRIVATE)
    identity = conversation.identity
    person = identity.person_id if identity else None
    by = Actor.resident(conversation.municipality_id, person)
    themselves = session is not None and session.kind == "resident" and session.id == person
    return submit(
        conversation.municipality,
        submission,
        by=by,
        at=at,
        kind=conversation.kind_info,
        case=conversation.key,
        account=conversation.account if capabilities(conversation.network).by_page else None,
        proof=(session.proof if session and themselves else "") or "case_link",
    )
