"""Answering residents, back the way the question came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from torget.conversations import attachments, deadlines
from torget.conversations.excerpts import preview_of
from torget.conversations.guard import national_ids
from torget.conversations.models import Conversation, Identity, Message
from torget.conversations.opening import private_mark
from torget.conversations.rules.addressing import (
    Addressed,
    Agreed,
    addressed,
    chosen,
    reachable_privately,
    see_that_it_is_agreed,
)
from torget.conversations.rules.sending import (
    PRIVATE,
    PUBLIC,
    see_that_it_arrives,
    see_that_it_fits,
    send_message,
    send_to,
)
from torget.conversations.rules.speaking import spoken_in
from torget.conversations.rules.state import (
    State,
    lock,
    see_that_it_lives_here,
    text_of,
)
from torget.errors import Refused
from torget.history.models import Entry
from torget.history.rules import record
from torget.outbox.models import Delivery
from torget.people.actor import Actor, check
from torget.people.models import Staff
from torget.transitions import transition


@dataclass(frozen=True, slots=True)
class Words:
    """An answer that may be given: the text, who will read it, and what is said in public beside a private one."""

    body: str
    visibility: str
    public_note: str = ""

    @property
    def public_text(self) -> str:
        """What everybody will read of it."""
        return self.body if self.visibility == PUBLIC else self.public_note


def words(
    conversation: Conversation,
    body: str,
    *,
    by: Actor,
    visibility: str | None = None,
    public_note: str = "",
    close: bool = False,
    preliminary: bool = False,
    agreed: Agreed | None = None,
) -> Words:
    """See whether this answer may be given; nothing is written.

    Raises:
        NotAllowed: no role for it in the unit.
        Refused: empty, too long, a national identity number in public, nobody to tell in private, a preliminary
            reply that ends the case, or a recipient nobody said yes to (`recipient_changed`).
    """
    check(by, "conversations.reply", conversation.unit)
    if by.staff is None:
        raise Refused(_("Bare ansatte kan svare."), "no_staff")
    if close and preliminary:
        raise Refused(
            _("Et foreløpig svar avslutter ikke saken. Velg bort ett av de to."), "not_the_end"
        )
    here = conversation.visibility
    shown = PRIVATE if here == PRIVATE else visibility or here
    aside = here == PUBLIC and shown == PRIVATE
    if aside and not reachable_privately(conversation):
        raise Refused(
            _(
                "Vi kan ikke nå innbyggeren privat. Svar offentlig, og be dem sende et privat spørsmål."
            ),
            "no_private_way",
        )
    answer_words = Words(
        text_of(body), shown, text_of(public_note) if aside and public_note.strip() else ""
    )
    if national_ids(answer_words.public_text):
        raise Refused(
            _("Svaret er offentlig og inneholder et fødselsnummer. Ta det bort før du sender."),
            "national_id",
        )
    see_that_it_arrives(conversation, shown)
    see_that_it_fits(conversation, answer_words.body, answer_words.visibility, by.staff.signature)
    see_that_it_is_agreed(addressed(conversation, shown), agreed or Agreed())
    return answer_words


def answer(
    conversation: Conversation,
    body: str,
    *,
    by: Actor,
    at: datetime,
    visibility: str | None = None,
    files: Sequence[attachments.Prepared] = (),
    close: bool = False,
    preliminary: bool = False,
    public_note: str = "",
    written_at: datetime | None = None,
    agreed: Agreed | None = None,
    approver: Staff | None = None,
) -> Message:
    """Answer under name, back the way the question came: message, outbox row and history row in one transaction.

    A private answer in a public conversation goes to the one who asked and to nobody else; `public_note` is what
    stays in the public thread then. A preliminary one (forvaltningsloven § 11 a) keeps the case waiting, and so does
    one `written_at` a time before the resident's last words: they are not answered by it. What somebody put on hold
    or ended after it was written stays so. A private one is sent to the one who asked, and to those `agreed` chooses
    beside; only the one who asked gets the key. `approver` is the second person who let it go.

    Raises:
        NotAllowed, Refused: as `words`; the conversation was merged into another.
    """
    agreed = agreed or Agreed()
    answer_words = words(
        conversation,
        body,
        by=by,
        visibility=visibility,
        public_note=public_note,
        close=close,
        preliminary=preliminary,
        agreed=agreed,
    )
    with transaction.atomic():
        row = lock(conversation)
        see_that_it_lives_here(row)
        there = addressed(row, answer_words.visibility)
        see_that_it_is_agreed(there, agreed)
        aside = row.visibility == PUBLIC and answer_words.visibility == PRIVATE
        only = row.identity if aside else None
        message = _say(row, answer_words, by, at, only, files, approver)
        unread = _spoken_since(row, written_at)
        if unread or not _put_away_since(row, written_at):
            _move(row, at, close=close and not unread, waits=preliminary or unread)
        _wait(row, at, waits=row.state != State.CLOSED and (preliminary or unread))
        _show(row, answer_words, by, at)
        row.preliminary_at = at if preliminary else row.preliminary_at
        row.save()
        delivery = _send(message, there, agreed, by=by, at=at)
        marks = {"preliminary": preliminary, "aside": aside, "recipient_agreed": bool(there.news)}
        so = {name: True for name, is_so in marks.items() if is_so} | private_mark(row)
        number = delivery.pk if delivery else None
        record(
            "message.answered", message, by=by, at=at, conversation=row.pk, delivery=number, **so
        )
    return message


def _say(
    row: Conversation,
    answer_words: Words,
    by: Actor,
    at: datetime,
    only: Identity | None,
    files: Sequence[attachments.Prepared],
    approver: Staff | None,
) -> Message:
    """The answer with its files, and what is said in public beside a private one."""
    message = _ours(
        row,
        answer_words.body,
        answer_words.visibility,
        by,
        at,
        recipient=only,
        approved_by=approver,
    )
    attachments.attach(message, files)
    if answer_words.public_note:
        _ours(row, answer_words.public_note, PUBLIC, by, at, parent=message, approved_by=approver)
    return message


def _send(
    message: Message, there: Addressed, agreed: Agreed, *, by: Actor, at: datetime
) -> Delivery | None:
    """To those it is addressed to, and those chosen beside; the first one's delivery, which the desk shows."""
    others = chosen(message.conversation, there, agreed.also, by=by, at=at)
    for identity in others:
        send_message(message, identity, at=at, key=f"m{message.public_id.hex}-{identity.pk}")
    return send_to(message, [addressee.identity for addressee in there.to], at=at)


def _ours(
    row: Conversation, body: str, visibility: str, by: Actor, at: datetime, **more: Any
) -> Message:
    assert by.staff is not None
    return Message.objects.create(
        conversation=row,
        kind=Message.Kind.ANSWER,
        visibility=visibility,
        staff=by.staff,
        signature=by.staff.signature,
        show_name=True,
        body=body,
        language=spoken_in(row, body),
        occurred_at=at,
        created_at=at,
        **more,
    )


def _spoken_since(row: Conversation, written_at: datetime | None) -> bool:
    """Whether a resident spoke after the answer was written, if that was before it is said."""
    spoken = row.last_inbound_at
    return written_at is not None and spoken is not None and spoken > written_at


def _put_away_since(row: Conversation, written_at: datetime | None) -> bool:
    """Whether somebody put it on hold or ended it after the answer was written: that is what they want, answer or no."""
    if written_at is None:
        return False
    if row.state == State.CLOSED:
        return row.closed_at is not None and row.closed_at > written_at
    return (
        row.state == State.SNOOZED
        and Entry.objects.filter(
            subject_type=row._meta.label_lower,
            subject_id=row.pk,
            verb="conversation.snoozed",
            at__gt=written_at,
        ).exists()
    )


def _move(row: Conversation, at: datetime, *, close: bool, waits: bool) -> None:
    """Where an answer takes the conversation. Not saved."""
    transition(row, State.OPEN if row.state in {State.CLOSED, State.NEW} else State(row.state))
    ends = State.CLOSED if close else State.ANSWERED
    transition(row, State.OPEN if waits else ends)
    row.closed_at, row.snoozed_until = at if close else None, None


def _show(row: Conversation, answer_words: Words, by: Actor, at: datetime) -> None:
    """What the row of a conversation shows after an answer. Not saved."""
    row.assignee = row.assignee or by.staff
    row.first_answer_at = row.first_answer_at or at
    row.last_message_at = at
    row.message_count = F("message_count") + (2 if answer_words.public_note else 1)
    if row.visibility == PUBLIC and answer_words.visibility == PRIVATE:
        row.private_count = F("private_count") + 1
    # The row is read by everybody when the conversation is public: nothing private may stand on it.
    if row.visibility == PRIVATE or answer_words.public_text:
        row.preview = preview_of(
            answer_words.body if row.visibility == PRIVATE else answer_words.public_text
        )


def _wait(row: Conversation, at: datetime, *, waits: bool) -> None:
    """Whether it waits for us; when it did not before, everything we promise is reckoned from now. Not saved."""
    if not waits:
        row.waiting_since = None
    elif row.waiting_since is None:
        row.waiting_since = at
        deadlines.dues(row, at).put_on(row)
