"""Direct dialogue with residents: beginning, being there, typing, ending, and the transcript by e-mail."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from torget.conversations.announcing import announce_presence
from torget.conversations.models import Chat, Conversation, Message
from torget.errors import Refused
from torget.history.rules import record
from torget.outbox import letters
from torget.outbox.models import Delivery
from torget.people.actor import Actor
from torget.people.limits import may_write_to
from torget.people.links import absolute

HERE = timedelta(
    seconds=40
)  # the page asks every few seconds, and every fifteen without JavaScript
TYPING = timedelta(seconds=6)
LEFT = timedelta(minutes=2)  # then what we say is sent by e-mail instead
OVER = timedelta(minutes=30)
MOST_SAID = 200
MOST_TRANSCRIPTS = 5  # of one talk: nobody is to send letters to the whole town in our name


def chat_path(conversation: Conversation) -> str:
    """The secret address of a talk."""
    return f"/prat/{conversation.ref}/{conversation.key}"


def begin(conversation: Conversation, email: str, *, at: datetime) -> Chat:
    """A talk begins in a conversation. The same again gives the one there is."""
    chat, new = Chat.objects.get_or_create(
        conversation=conversation,
        defaults={"email": email.lower(), "resident_seen_at": at},
    )
    if new:
        by = Actor.resident(conversation.municipality_id, conversation.person_id)
        record("chat.begun", conversation, by=by, at=at)
    return chat


def is_here(chat: Chat, *, at: datetime) -> bool:
    """Whether the resident has the page open."""
    return chat.ended_at is None and at - chat.resident_seen_at < HERE


def be_here(chat: Chat, *, at: datetime) -> None:
    """The resident's page asked for news. Colleagues at the desk hear of it when they come back."""
    was = is_here(chat, at=at)
    Chat.objects.filter(pk=chat.pk).update(resident_seen_at=at)
    chat.resident_seen_at = at
    if not was:
        announce_presence(chat.conversation)


def types(conversation: Conversation, who: str, *, at: datetime) -> None:
    """Say that the "resident" or the "staff" is writing just now. Kept for seconds, and no history."""
    field = "resident_typing_at" if who == "resident" else "staff_typing_at"
    changed = Chat.objects.filter(conversation=conversation, ended_at=None).update(**{field: at})
    if changed and who == "resident":
        announce_presence(conversation)


def stops_typing(conversation: Conversation, who: str) -> None:
    """Say that the "resident" or the "staff" has sent what they wrote."""
    field = "resident_typing_at" if who == "resident" else "staff_typing_at"
    Chat.objects.filter(conversation=conversation).update(**{field: None})


def typing(chat: Chat, who: str, *, at: datetime) -> bool:
    """Whether "resident" or "staff" is writing just now."""
    since = chat.resident_typing_at if who == "resident" else chat.staff_typing_at
    return since is not None and at - since < TYPING


def position(chat: Chat, *, at: datetime) -> int:
    """How many stand before them and are there, plus one; 0 when somebody has taken the talk or answered."""
    mine = chat.conversation
    if mine.assignee_id is not None or mine.waiting_since is None or chat.ended_at is not None:
        return 0
    before = Chat.objects.filter(
        ended_at=None,
        resident_seen_at__gt=at - HERE,
        conversation__municipality=mine.municipality_id,
        conversation__assignee=None,
        conversation__state__in=Conversation.OPEN,
        conversation__waiting_since__lt=mine.waiting_since,
    )
    return before.count() + 1


def end(chat: Chat, *, by: Actor, at: datetime) -> None:
    """The talk is over; who gave an address gets the transcript. Ending it again changes nothing."""
    with transaction.atomic():
        ended = Chat.objects.filter(pk=chat.pk, ended_at=None).update(ended_at=at)
        if not ended:
            return
        record("chat.ended", chat.conversation, by=by, at=at)
        if chat.email:
            _send_transcript(chat, at=at)
    announce_presence(chat.conversation)


def ask_for_transcript(chat: Chat, email: str, *, at: datetime) -> None:
    """Send what was said to this address now. Only the address the resident gave first as theirs gets the way back too.

    Raises:
        Refused: the municipality has no e-mail to send from, or it was asked for too often.
    """
    if (
        Delivery.objects.filter(idempotency_key__startswith=_transcripts(chat)).count()
        >= MOST_TRANSCRIPTS
    ):
        raise Refused(
            _("Utskriften er sendt mange ganger. Skriv til oss hvis den ikke kommer frem."),
            "too_often",
        )
    with transaction.atomic():
        if not chat.email:
            Chat.objects.filter(pk=chat.pk).update(email=email.lower())
            chat.email = email.lower()
        if not _send_transcript(chat, to=email.lower(), at=at):
            raise Refused(_("Kommunen har ikke satt opp e-post ennå."), "no_email")


def _shown(conversation: Conversation) -> list[Message]:
    rows = Message.objects.filter(conversation=conversation).shown_to_asker(conversation)
    return list(rows.order_by("created_at", "pk")[:MOST_SAID])


def _send_transcript(chat: Chat, *, at: datetime, to: str = "") -> bool:
    conversation, to = chat.conversation, to or chat.email
    if not may_write_to(to, "transcript", conversation.municipality, at=at):
        return True  # and nobody is told that it was not written
    shown = _shown(conversation)
    with translation.override(conversation.language):
        lines = [
            f"{(message.signature or message.author_name or _('Du'))}:\n{message.body}"
            for message in shown
            if not message.removed_at
        ]
        subject = _("Praten din med kommunen [%(ref)s]") % {"ref": conversation.ref}
        body = "\n\n".join([_("Her er det som ble sagt:"), *lines])
    mark = hashlib.sha256(to.encode()).hexdigest()[:8]
    return _mail(chat, subject, body, key=f"{_transcripts(chat)}{len(shown)}-{mark}", at=at, to=to)


def _transcripts(chat: Chat) -> str:
    """What the keys of a talk's transcripts begin with: one for each address and as far as the talk had come."""
    return f"chat-script-{chat.pk}-"


def _mail(chat: Chat, subject: str, body: str, *, key: str, at: datetime, to: str = "") -> bool:
    """Put a letter in the outbox; the talk's key and address go along to the resident's own address alone."""
    conversation, to = chat.conversation, to or chat.email
    own = to == chat.email
    letter = letters.Letter(
        key=key,
        subject=subject,
        body=body,
        language=conversation.language,
        case=conversation.key if own else "",
        case_url=absolute(conversation.municipality, chat_path(conversation)) if own else "",
    )
    municipality = conversation.municipality_id
    return bool(letters.write(letter, to, about=conversation, municipality_id=municipality, now=at))


def look_after(*, at: datetime) -> int:
    """Send by e-mail what we said to residents who had left, and end talks nobody is at; how many were seen to."""
    open_ones = Chat.objects.filter(ended_at=None, resident_seen_at__lt=at - LEFT)
    seen_to = 0
    for chat in open_ones.select_related("conversation__municipality")[:200]:
        seen_to += _tell_absent(chat, at=at)
        if chat.resident_seen_at < at - OVER:
            end(chat, by=Actor.system(chat.conversation.municipality_id), at=at)
            seen_to += 1
    return seen_to


def _tell_absent(chat: Chat, *, at: datetime) -> bool:
    unseen = Message.objects.filter(
        conversation=chat.conversation,
        kind=Message.Kind.ANSWER,
        created_at__gt=chat.resident_seen_at,
        pk__gt=chat.told_id or 0,
    ).order_by("pk")
    messages = list(unseen)
    if not messages or not chat.email:
        return False
    with transaction.atomic(), translation.override(chat.conversation.language):
        subject = _("Vi har svart deg i praten [%(ref)s]") % {"ref": chat.conversation.ref}
        body = "\n\n".join(f"{message.body}\n– {message.signature}" for message in messages)
        key = f"chat-told-{chat.pk}-{messages[-1].pk}"
        if not _mail(chat, subject, body, key=key, at=at):
            return False
        Chat.objects.filter(pk=chat.pk).update(told=messages[-1])
    return True
