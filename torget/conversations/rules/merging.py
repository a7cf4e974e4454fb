"""Two conversations become one, and one becomes two: messages move, are never copied or lost, and it can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from torget.conversations import deadlines
from torget.conversations.excerpts import preview_of
from torget.conversations.models import Conversation, ConversationMerge, Message, Participant
from torget.conversations.opening import open_conversation
from torget.conversations.persons import is_same
from torget.conversations.room import QUESTION
from torget.conversations.rules.state import State, lock, see_that_no_reply_waits
from torget.conversations.threading import is_asker, takes_part
from torget.conversations.threading import kept as living
from torget.errors import Refused
from torget.history.rules import record
from torget.people.actor import Actor, check
from torget.transitions import set_back, transition

PUBLIC, PRIVATE = Conversation.Visibility.PUBLIC, Conversation.Visibility.PRIVATE
MOST_SPLIT = 200


def _said_privately(conversation: Conversation) -> bool:
    spoken = conversation.messages.exclude(kind=Message.Kind.NOTE)
    return spoken.filter(visibility=PRIVATE).exists()


def _see_that_nothing_leaks(kept: Conversation, joined: Conversation) -> None:
    """A link opens the whole conversation: what one person said in private must not lie behind another's.

    Raises:
        Refused: public with private, or private talk with two persons.
    """
    if kept.visibility != joined.visibility:
        raise Refused(
            _(
                "Den ene saken er offentlig og den andre privat. Behandle dem hver for seg, så ikke noe "
                "privat blir offentlig."
            ),
            "visibility",
        )
    same = is_same(kept.person, joined.person) or _is_let_in(kept, joined)
    private = kept.visibility == PRIVATE or _said_privately(kept) or _said_privately(joined)
    if private and not same:
        raise Refused(
            _(
                "Sakene er private og fra to personer, og den ene ville sett det den andre skrev. Svar i hver sak."
            ),
            "two_persons",
        )


def _is_let_in(case: Conversation, joined: Conversation) -> bool:
    """What was written beside the case itself, by somebody staff have let take part in it."""
    beside = joined.beside is not None and living(joined.beside).pk == case.pk
    return beside and joined.identity is not None and takes_part(case, joined.identity)


def merge(
    kept: Conversation, joined: Conversation, *, by: Actor, at: datetime
) -> ConversationMerge:
    """Let `joined` live on in `kept`: its messages move there, its number, link and mail key lead there.

    Raises:
        NotAllowed: no role for it in one of the units.
        Refused: the same one, another municipality's, one already merged, a pending reply in one of them, or
            something private would be seen.
    """
    check(by, "conversations.handle", kept.unit)
    check(by, "conversations.handle", joined.unit)
    if kept.pk == joined.pk:
        raise Refused(_("Velg en annen sak enn den du står i."), "same")
    if kept.municipality_id != joined.municipality_id or by.staff is None:
        raise Refused(_("Velg en sak i kommunen din."), "stranger")
    with transaction.atomic():
        rows = Conversation.objects.select_for_update().order_by("pk")
        locked = {row.pk: row for row in rows.filter(pk__in=[kept.pk, joined.pk])}
        kept, joined = locked[kept.pk], locked[joined.pk]
        if kept.merged_into_id or joined.merged_into_id:
            raise Refused(_("En av sakene er allerede slått sammen med en annen."), "merged")
        _see_that_nothing_leaks(kept, joined)
        for row in (kept, joined):
            see_that_no_reply_waits(row)
        moved = list(joined.messages.order_by("pk").values_list("pk", flat=True))
        merge_row = ConversationMerge.objects.create(
            kept=kept,
            joined=joined,
            message_ids=moved,
            state_before=joined.state,
            waiting_before=joined.waiting_since,
            joined_at=at,
            joined_by=by.staff,
        )
        _move_messages(moved, joined, kept)
        _take_over(kept, joined)
        transition(joined, State.CLOSED)
        joined.closed_at, joined.waiting_since = at, None
        joined.snoozed_until, joined.merged_into = None, kept
        for row in (kept, joined):
            _recount(row)
        record("conversation.merged", kept, by=by, at=at, other=joined.pk, merge=merge_row.pk)
        record("conversation.joined", joined, by=by, at=at, other=kept.pk, merge=merge_row.pk)
    return merge_row


def _take_over(kept: Conversation, joined: Conversation) -> None:
    """The kept one waits for both and is tagged as both: what waits is worked on, not asleep. Not saved yet."""
    waits = joined.waiting_since is not None and joined.state in Conversation.OPEN
    kept.waiting_since = min(filter(None, [kept.waiting_since, joined.waiting_since]), default=None)
    if kept.state == State.SNOOZED and waits:
        transition(kept, State.OPEN)
        kept.snoozed_until = None
    elif kept.state == joined.state == State.SNOOZED:
        until = filter(None, [kept.snoozed_until, joined.snoozed_until])
        kept.snoozed_until = min(until, default=None)
    elif kept.waiting_since and kept.state in {State.ANSWERED, State.CLOSED}:
        transition(kept, State.OPEN)
        kept.closed_at = None
    kept.tags = sorted({*kept.tags, *joined.tags})


def unmerge(merge_row: ConversationMerge, *, by: Actor, at: datetime) -> None:
    """Undo a merge: the messages that came along go back; what was said since stays where it was said.

    Raises:
        NotAllowed: no role for it in one of the units.
        Refused: already undone, the kept one has itself been merged since, or a reply is pending in it.
    """
    check(by, "conversations.handle", merge_row.kept.unit)
    check(by, "conversations.handle", merge_row.joined.unit)
    if by.staff is None:
        raise Refused(_("Bare ansatte kan gjøre dette."), "no_staff")
    with transaction.atomic():
        row = ConversationMerge.objects.select_for_update().get(pk=merge_row.pk)
        kept, joined = lock(row.kept), lock(row.joined)
        if row.undone_at or joined.merged_into_id != kept.pk:
            raise Refused(_("Sammenslåingen er allerede angret."), "undone")
        if kept.merged_into_id:
            raise Refused(
                _("Saken er slått sammen videre. Angre den siste sammenslåingen først."),
                "merged_on",
            )
        see_that_no_reply_waits(kept)
        home = Message.objects.filter(pk__in=row.message_ids, conversation=kept)
        home.filter(origin=joined).update(origin=None)
        home.update(conversation=joined)
        joined.merged_into = None
        set_back(joined, row.state_before)
        joined.waiting_since = row.waiting_before
        if joined.state != State.CLOSED:
            joined.closed_at = None
        if joined.state == State.SNOOZED:
            transition(joined, State.OPEN)
        for conversation in (joined, kept):
            _recount(conversation)
        if _is_let_in(kept, joined):
            _end_taking_part(kept, joined, by=by, at=at)
        row.undone_at, row.undone_by = at, by.staff
        row.save(update_fields=["undone_at", "undone_by"])
        record("conversation.unmerged", kept, by=by, at=at, other=joined.pk, merge=row.pk)
        record("conversation.unmerged", joined, by=by, at=at, other=kept.pk, merge=row.pk)


def _end_taking_part(case: Conversation, joined: Conversation, *, by: Actor, at: datetime) -> None:
    """What let them in is undone: they take part no longer."""
    let_in = Participant.objects.filter(
        conversation=case, identity=joined.identity_id, ended_at=None
    )
    for pk in let_in.values_list("pk", flat=True):
        record("participant.ended", case, by=by, at=at, participant=pk)
    let_in.update(ended_at=at, ended_by=by.staff)


def split(
    conversation: Conversation,
    messages: Sequence[Message],
    *,
    subject: str = "",
    by: Actor,
    at: datetime,
) -> Conversation:
    """Move the chosen messages into a conversation of their own, with its own number.

    It is public only when something everybody could read is among them; what is private stays so wherever it goes.

    Raises:
        NotAllowed: no role for it in the unit.
        Refused: nothing chosen, everything chosen, nothing a resident said among it, a reply is pending, or private
            words of several persons, of which one would see the others'.
    """
    check(by, "conversations.handle", conversation.unit)
    with transaction.atomic():
        row = lock(conversation)
        see_that_no_reply_waits(row)
        chosen = list(
            row.messages.filter(pk__in=[message.pk for message in messages])
            .select_related("identity__person", "recipient__person", "account")
            .order_by("created_at", "pk")[:MOST_SPLIT]
        )
        asked = [message for message in chosen if message.kind == Message.Kind.INBOUND]
        if row.merged_into_id or not asked:
            raise Refused(_("Velg minst én melding fra innbyggeren."), "nothing_asked")
        left = row.messages.exclude(pk__in=[message.pk for message in chosen])
        if not left.filter(kind=Message.Kind.INBOUND).exists() and row.identity_id:
            raise Refused(_("La minst én melding fra innbyggeren bli igjen."), "nothing_left")
        first = _leading(row, chosen, asked)
        new = _beside(row, first, subject, at=at)
        ids = [message.pk for message in chosen]
        _move_messages(ids, row, new)
        answered = chosen[-1].kind == Message.Kind.ANSWER
        new.waiting_since = None if answered else asked[-1].occurred_at
        transition(new, State.ANSWERED if answered else State.OPEN)
        _recount(new)
        _recount(row)
        record("conversation.split", row, by=by, at=at, other=new.pk, messages=ids)
        record("conversation.split_off", new, by=by, at=at, other=row.pk, messages=ids)
    return new


def _is_shown(row: Conversation, message: Message) -> bool:
    """Whether everybody can read it where it is."""
    return row.visibility == PUBLIC == message.visibility and message.hidden_at is None


def _leading(row: Conversation, chosen: Sequence[Message], asked: Sequence[Message]) -> Message:
    """The message a new conversation takes its subject, name and asker from: in public talk the first everybody can read.

    Without one the new conversation is private, and its link opens all of it to the one who asked.

    Raises:
        Refused: it would be private and hold words of several persons.
    """
    if row.visibility == PRIVATE:
        return _leading_in_private(row, chosen, asked)
    if shown := [message for message in asked if _is_shown(row, message)]:
        return shown[0]
    persons = {
        identity.person.root.pk
        for message in chosen
        if (identity := message.identity or message.recipient) is not None
    }
    if len(persons) > 1:
        raise Refused(
            _("Meldingene er private og fra flere personer. Velg meldinger fra én av dem."),
            "two_persons",
        )
    return asked[0]


def _leading_in_private(
    row: Conversation, chosen: Sequence[Message], asked: Sequence[Message]
) -> Message:
    """Whoever asked in the new case gets its key: it must hold nothing but what is theirs to read.

    Raises:
        Refused: words of another, or our answers to the one who asked, would come along.
    """
    theirs = [message for message in asked if message.identity and is_asker(row, message.identity)]
    if theirs or row.identity is None:
        return (theirs or list(asked))[0]
    persons = {message.identity.person.root.pk for message in asked if message.identity}
    if len(persons) > 1 or any(message.kind == Message.Kind.ANSWER for message in chosen):
        raise Refused(
            _("Meldingene er private og fra flere personer. Velg meldinger fra én av dem."),
            "two_persons",
        )
    return asked[0]


def _beside(row: Conversation, first: Message, subject: str, *, at: datetime) -> Conversation:
    """A new conversation split from this one, about what `first` says."""
    visibility = PUBLIC if _is_shown(row, first) else PRIVATE
    stays = visibility == row.visibility
    return open_conversation(
        row.kind_info if stays else QUESTION,
        first.account or row.account,
        row.unit,
        first.body or row.subject,
        visibility=visibility,
        now=at,
        opened_at=first.occurred_at,
        subject=subject,
        identity=first.identity,
        name=first.author_name,
        state=State.OPEN,
        assignee_id=row.assignee_id,
        show_name=first.show_name,
        on_square=row.on_square,
        language=row.language,
        split_from=row,
    )


def _move_messages(ids: Sequence[int], origin: Conversation, to: Conversation) -> None:
    """Move them; where each was first said stays on it."""
    Message.objects.filter(pk__in=ids).update(
        conversation=to, origin_id=Coalesce(F("origin_id"), origin.pk)
    )
    # Nothing answers across conversations: a parent left behind is no parent here.
    Message.objects.filter(conversation=to, parent__isnull=False).exclude(
        parent__conversation=to
    ).update(parent=None)


def _recount(row: Conversation) -> None:
    """Bring what the queue shows in line with the messages that are here now, and reckon the deadlines."""
    spoken = row.messages.exclude(kind=Message.Kind.NOTE)
    row.message_count = spoken.count()
    public = row.visibility == PUBLIC
    row.private_count = spoken.filter(visibility=PRIVATE).count() if public else 0
    shown = spoken.filter(Q(visibility=row.visibility) | Q(visibility=PUBLIC), hidden_at=None)
    last = shown.last()
    row.preview = preview_of(last.opening) if last else ""
    newest = spoken.last()
    row.last_message_at = newest.occurred_at if newest else row.last_message_at
    inbound = spoken.filter(kind=Message.Kind.INBOUND).last()
    row.last_inbound_at = inbound.occurred_at if inbound else None
    answer = spoken.filter(kind=Message.Kind.ANSWER).first()
    row.first_answer_at = answer.occurred_at if answer else None
    deadlines.dues(row, row.waiting_since).put_on(row)
    row.save()
