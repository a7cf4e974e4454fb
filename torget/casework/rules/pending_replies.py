"""Pending replies: the time to undo sending them, the second person who must approve them, and sending them once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from torget.casework.models import ApprovalRule, CannedReply, Draft, PendingReply
from torget.casework.rules import drafts
from torget.casework.rules.approval_rules import rule_for
from torget.casework.rules.guarding import findings_in
from torget.casework.rules.replying import Crossed, Guarded, Reply, Seen, reply
from torget.conversations import rules as conversations
from torget.conversations.attachments import Prepared
from torget.conversations.models import Conversation, Message
from torget.conversations.rules.addressing import addressed, see_that_it_is_agreed
from torget.conversations.rules.answering import Words
from torget.conversations.rules.state import lock, see_that_it_lives_here
from torget.conversations.threading import kept
from torget.errors import Refused, Stale
from torget.history.rules import record
from torget.people.actor import Actor, check
from torget.people.models import Staff
from torget.transitions import origins, set_back, transition

State = PendingReply.State


def submit(
    conversation: Conversation,
    written: Reply,
    *,
    by: Actor,
    at: datetime,
    seconds: int,
    seen: Seen | None = None,
    let_through: Sequence[str] = (),
    keeps_draft: bool = False,
) -> PendingReply:
    """Send a reply: after `seconds` in which it can be undone, or when a second person has approved it.

    The draft is used up, unless the text is another's and `keeps_draft` says so. With 0 seconds, and nobody who must
    approve, it is sent at once. `seen` is how far the writer's page had come (None when it cannot be known),
    `let_through` the codes of what the guard finds that the writer lets stand. The same form sent once more gives the
    reply that was pending or sent the first time. Whom it is for is kept with it: if that changes, it is not sent.

    Raises:
        NotAllowed, Refused: as conversations.rules.words; the conversation was merged into another.
        Guarded: something in it should not be public, and was not let through.
        Crossed: a colleague has answered meanwhile.
    """
    words = conversations.words(
        conversation,
        written.body,
        by=by,
        visibility=written.visibility or None,
        public_note=written.public_note,
        close=written.close,
        preliminary=written.preliminary,
        agreed=written.agreed,
    )
    assert by.staff is not None  # words() has seen to it
    findings = findings_in(conversation, words, len(written.files))
    codes = sorted({finding.code for finding in findings})
    if not set(codes) <= set(let_through):
        raise Guarded(findings)
    with transaction.atomic():
        row = lock(conversation)
        if seen is not None and (before := _same_before(row, words, by, seen)):
            _drop_the_same(row, words, by)
            return before
        see_that_it_lives_here(row)
        see_that_it_is_agreed(addressed(row, words.visibility), written.agreed)
        if seen is not None and (other := _meanwhile(row, by, seen)):
            raise Crossed(other)
        rule = rule_for(row, words)
        until = None if rule else at + timedelta(seconds=seconds)
        pending = _put(row, words, written, by.staff, at, rule=rule, until=until, codes=codes)
        _count_pending(row)
        _record_pending(pending, by=by, at=at)
        if not keeps_draft:
            drafts.drop(conversation, Draft.Kind.ANSWER, by=by)
        _count_canned(written.canned, row)
        if not rule and seconds <= 0:
            _send(pending, at=at)
        _wake()
    return pending


def _record_pending(pending: PendingReply, *, by: Actor, at: datetime) -> None:
    case = pending.conversation_id
    if rule := pending.approval_rule_id:
        record("reply.waits", pending, by=by, at=at, conversation=case, term=rule)
    else:
        record("reply.held", pending, by=by, at=at, conversation=case)
    if pending.let_through:
        codes = pending.let_through
        record("reply.let_through", pending, by=by, at=at, conversation=case, codes=codes)


def _put(
    conversation: Conversation,
    words: Words,
    written: Reply,
    staff: Staff,
    at: datetime,
    *,
    rule: ApprovalRule | None,
    until: datetime | None,
    codes: Sequence[str],
) -> PendingReply:
    return PendingReply.objects.create(
        conversation=conversation,
        staff=staff,
        state=State.APPROVAL if rule else State.WAITING,
        body=words.body,
        visibility=words.visibility,
        public_note=words.public_note,
        let_through=list(codes),
        close=written.close,
        preliminary=written.preliminary,
        files=[file.as_json() for file in written.files],
        addressed=addressed(conversation, words.visibility).mark,
        agreed=written.agreed.yes,
        also_to=list(written.agreed.also),
        approval_rule=rule,
        created_at=at,
        release_at=until,
    )


def _same_before(
    conversation: Conversation, words: Words, by: Actor, seen: Seen
) -> PendingReply | None:
    """The reply this is the same form of, sent once more: the page it was written on showed none of one's own like it."""
    return (
        conversation.pending_replies.filter(
            pk__gt=seen.pending,
            staff=by.id,
            body=words.body,
            visibility=words.visibility,
            public_note=words.public_note,
        )
        .exclude(state__in=[State.UNDONE, State.REFUSED])
        .order_by("pk")
        .first()
    )


def _drop_the_same(conversation: Conversation, words: Words, by: Actor) -> None:
    """The draft may have been kept again meanwhile; what was begun on since stays."""
    draft = drafts.find(conversation, Draft.Kind.ANSWER, by=by)
    if draft is not None and draft.body.strip() == words.body:
        drafts.drop(conversation, Draft.Kind.ANSWER, by=by)


def _meanwhile(conversation: Conversation, by: Actor, seen: Seen) -> Message | PendingReply | None:
    """What a colleague has said, or has pending, that the writer's page did not show."""
    return (
        conversation.messages.filter(kind=Message.Kind.ANSWER, pk__gt=seen.answer)
        .exclude(staff=by.id)
        .select_related("staff")
        .last()
    ) or (
        conversation.pending_replies.unsent()
        .filter(pk__gt=seen.pending)
        .exclude(staff=by.id)
        .select_related("staff")
        .last()
    )


def _count_canned(ids: Sequence[int], conversation: Conversation) -> None:
    if ids:
        CannedReply.objects.filter(pk__in=ids, municipality_id=conversation.municipality_id).update(
            used=F("used") + 1
        )


def _count_pending(conversation: Conversation) -> None:
    """Write on the conversation how many replies to it are pending: what rooms below ask before they move or merge it."""
    row = lock(conversation)
    row.replies_pending = row.pending_replies.unsent().count()
    row.save(update_fields=["replies_pending"])


def _wake() -> None:
    with connection.cursor() as cursor:
        cursor.execute("NOTIFY torget_release")


def _move(
    pending: PendingReply, state: PendingReply.State, *, at: datetime, by: Actor | None = None
) -> None:
    if pending.state not in origins(PendingReply, state):
        raise Stale(_("Svaret er allerede sendt eller tatt tilbake. Last siden på nytt."))
    transition(pending, state)
    pending.decided_at = at
    if by is not None:
        pending.decided_by = by.staff


def _send(pending: PendingReply, *, at: datetime, approver: Actor | None = None) -> Message:
    _move(pending, State.SENT, at=at, by=approver)
    pending.message = reply(
        pending.conversation,
        pending.body,
        by=Actor.of_staff(pending.staff),
        at=at,
        files=[Prepared.from_json(file) for file in pending.files],
        close=pending.close,
        visibility=pending.visibility,
        preliminary=pending.preliminary,
        public_note=pending.public_note,
        written_at=pending.created_at,
        agreed=conversations.Agreed(pending.addressed, pending.agreed, pending.also_to),
        approver=approver.staff if approver else None,
    )
    pending.save()
    _count_pending(pending.conversation)
    return pending.message


def _locked(pk: int) -> PendingReply:
    return (
        PendingReply.objects.select_for_update(of=("self",))
        .select_related("conversation__unit", "conversation__municipality", "staff__unit")
        .get(pk=pk)
    )


def release_next(*, at: datetime) -> PendingReply | None:
    """Send the reply whose time to undo ended first, once: message, outbox, history and followers in one transaction.

    Workers do not wait for each other, and one that dies leaves the reply as it was. What its writer may no longer
    send goes back to be a draft. None: nothing is due.
    """
    with transaction.atomic():
        pending = (
            PendingReply.objects.releasable(at=at)
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("conversation__unit", "conversation__municipality", "staff__unit")
            .order_by("release_at", "pk")
            .first()
        )
        if pending is None:
            return None
        try:
            with transaction.atomic():
                _send(pending, at=at)
        except Refused as refusal:
            set_back(pending, State.WAITING)
            _give_back(pending, State.UNDONE, at=at, reason=refusal.message)
            system = Actor.system(pending.conversation.municipality_id)
            record("reply.stopped", pending, by=system, at=at, conversation=pending.conversation_id)
    return pending


def postpone(pk: int, *, at: datetime, seconds: int) -> None:
    """Sending failed for a reason of our own: it stays pending and is tried again later."""
    later = at + timedelta(seconds=seconds)
    PendingReply.objects.filter(pk=pk, state=State.WAITING).update(release_at=later)


def next_due(*, at: datetime) -> int | None:
    """The pending reply that is to be sent first, if any is due."""
    return (
        PendingReply.objects.releasable(at=at)
        .order_by("release_at", "pk")
        .values_list("pk", flat=True)
        .first()
    )


def next_release() -> datetime | None:
    """When the next pending reply is to be sent."""
    return (
        PendingReply.objects.filter(state=State.WAITING)
        .order_by("release_at")
        .values_list("release_at", flat=True)
        .first()
    )


def _give_back(
    pending: PendingReply,
    state: PendingReply.State,
    *,
    at: datetime,
    by: Actor | None = None,
    reason: str = "",
) -> None:
    """The text becomes a draft again where the case lives on, before whatever its writer has begun on since."""
    _move(pending, state, at=at, by=by)
    pending.reason = reason[:500]
    pending.save(update_fields=["state", "decided_at", "decided_by", "reason"])
    _count_pending(pending.conversation)
    drafts.put_back(
        kept(pending.conversation),
        pending.staff,
        pending.body,
        files=pending.files,
        choices={
            "visibility": pending.visibility,
            "public_note": pending.public_note,
            "close": pending.close,
            "preliminary": pending.preliminary,
            "also": pending.also_to,
        },
        at=at,
    )


def waiting_for(by: Actor) -> QuerySet[PendingReply]:
    """Replies that wait for a second person where the actor may be that person, oldest first."""
    below = Q()
    for path in by.paths("replies.approve"):
        below |= Q(conversation__unit__path__startswith=path)
    rows = PendingReply.objects.to_approve().filter(conversation__municipality=by.municipality_id)
    return rows.filter(below).order_by("created_at", "pk") if below else rows.none()


def undo_send(pending: PendingReply, *, by: Actor, at: datetime) -> None:
    """The writer takes a reply back before it is sent; its text is a draft again.

    Raises:
        Refused: somebody else's.
        Stale: it is sent already.
    """
    with transaction.atomic():
        row = _locked(pending.pk)
        if row.staff_id != by.id:
            raise Refused(_("Bare den som skrev svaret, kan angre det."), "not_yours")
        _give_back(row, State.UNDONE, at=at)
        record("reply.regretted", row, by=by, at=at, conversation=row.conversation_id)


def approve(pending: PendingReply, *, by: Actor, at: datetime) -> Message:
    """A second person approves a reply, and it is sent.

    Raises:
        NotAllowed: no role for it in the unit, or the writer may no longer answer there.
        Refused: one's own.
        Stale: decided already.
    """
    with transaction.atomic():
        row = _locked(pending.pk)
        check(by, "replies.approve", row.conversation.unit)
        if row.staff_id == by.id:
            raise Refused(_("Du kan ikke godkjenne ditt eget svar. Be en kollega."), "own_reply")
        if row.state != State.APPROVAL:
            raise Stale(_("Svaret er allerede avgjort. Last siden på nytt."))
        message = _send(row, at=at, approver=by)
        record("reply.approved", row, by=by, at=at, conversation=row.conversation_id)
    return message


def send_back(pending: PendingReply, reason: str, *, by: Actor, at: datetime) -> None:
    """A second person sends a reply back with a reason; the writer has the draft again.

    Raises:
        NotAllowed: no role for it in the unit.
        Refused: one's own, or no reason.
        Stale: decided already.
    """
    if not reason.strip():
        raise Refused(_("Skriv hvorfor, så svareren vet hva som må endres."), "no_reason")
    with transaction.atomic():
        row = _locked(pending.pk)
        check(by, "replies.approve", row.conversation.unit)
        if row.staff_id == by.id:
            raise Refused(_("Du kan ikke avgjøre ditt eget svar. Trekk det tilbake."), "own_reply")
        _give_back(row, State.REFUSED, at=at, by=by, reason=reason.strip())
        record("reply.sent_back", row, by=by, at=at, conversation=row.conversation_id)
