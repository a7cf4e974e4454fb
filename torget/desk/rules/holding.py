"""Replies on hold: the time to regret them, the second person who must approve them, and sending them once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from torget.conversations import rules as conversations
from torget.conversations.attachments import Prepared
from torget.conversations.finding import kept
from torget.conversations.models import ApprovalTerm, Conversation, Held, Message
from torget.conversations.rules.addressing import addressed, see_that_it_is_agreed
from torget.conversations.rules.answering import Words
from torget.conversations.rules.state import lock, see_that_it_lives_here
from torget.desk.models import CannedReply, Draft
from torget.desk.rules import drafting
from torget.desk.rules.replying import Crossed, Guarded, Reply, Seen, reply
from torget.desk.rules.watching import dangers
from torget.errors import Refused, Stale
from torget.history.rules import record
from torget.people.actor import Actor, check
from torget.people.models import Staff

PUBLIC = Conversation.Visibility.PUBLIC
State = Held.State

if set(Held.MOVES) != set(State):
    raise AssertionError("Held.MOVES must name every state")


def hold(
    conversation: Conversation,
    given: Reply,
    *,
    by: Actor,
    at: datetime,
    seconds: int,
    seen: Seen | None = None,
    let_through: Sequence[str] = (),
    keeps_draft: bool = False,
) -> Held:
    """Send a reply: after `seconds` in which it can be regretted, or when a second person has approved it.

    The draft is used up, unless the text is another's and `keeps_draft` says so. With 0 seconds, and nobody who must
    approve, it is sent at once. `seen` is how far the writer's page had come (None when it cannot be known),
    `let_through` the codes of what the guard finds that the writer lets stand. The same form sent once more gives the
    reply that was held or sent the first time. Whom it is for is kept with it: if that changes, it is not sent.

    Raises:
        NotAllowed, Refused: as conversations.rules.words; the conversation was merged into another.
        Guarded: something in it should not be public, and was not let through.
        Crossed: a colleague has answered meanwhile.
    """
    said = conversations.words(
        conversation,
        given.body,
        by=by,
        visibility=given.visibility or None,
        public_note=given.public_note,
        close=given.close,
        preliminary=given.preliminary,
        agreed=given.agreed,
    )
    assert by.staff is not None  # words() has seen to it
    found = dangers(conversation, said, len(given.files))
    codes = sorted({one.code for one in found})
    if not set(codes) <= set(let_through):
        raise Guarded(found)
    with transaction.atomic():
        row = lock(conversation)
        if seen is not None and (before := _same_before(row, said, by, seen)):
            _drop_the_same(row, said, by)
            return before
        see_that_it_lives_here(row)
        see_that_it_is_agreed(addressed(row, said.visibility), given.agreed)
        if seen is not None and (other := _meanwhile(row, by, seen)):
            raise Crossed(other)
        term = term_for(row, said)
        until = None if term else at + timedelta(seconds=seconds)
        held = _put(row, said, given, by.staff, at, term=term, until=until, codes=codes)
        _record_held(held, by=by, at=at)
        if not keeps_draft:
            drafting.drop(conversation, Draft.Kind.ANSWER, by=by)
        _count_canned(given.canned, row)
        if not term and seconds <= 0:
            _send(held, at=at)
        _wake()
    return held


def _record_held(held: Held, *, by: Actor, at: datetime) -> None:
    case = held.conversation_id
    verb, more = ("reply.waits", {"term": held.term_id}) if held.term_id else ("reply.held", {})
    record(verb, held, by=by, at=at, conversation=case, **more)
    if held.let_through:
        codes = held.let_through
        record("reply.let_through", held, by=by, at=at, conversation=case, codes=codes)


def _put(
    conversation: Conversation,
    said: Words,
    given: Reply,
    staff: Staff,
    at: datetime,
    *,
    term: ApprovalTerm | None,
    until: datetime | None,
    codes: Sequence[str],
) -> Held:
    return Held.objects.create(
        conversation=conversation,
        staff=staff,
        state=State.APPROVAL if term else State.WAITING,
        body=said.body,
        visibility=said.visibility,
        public_note=said.public_note,
        let_through=list(codes),
        close=given.close,
        preliminary=given.preliminary,
        files=[one.as_json() for one in given.files],
        addressed=addressed(conversation, said.visibility).mark,
        agreed=given.agreed.yes,
        also_to=list(given.agreed.also),
        term=term,
        created_at=at,
        release_at=until,
    )


def _same_before(conversation: Conversation, said: Words, by: Actor, seen: Seen) -> Held | None:
    """The reply this is the same form of, sent once more: the page it was written on showed none of one's own like it."""
    return (
        conversation.held.filter(
            pk__gt=seen.held,
            staff=by.id,
            body=said.body,
            visibility=said.visibility,
            public_note=said.public_note,
        )
        .exclude(state__in=[State.REGRETTED, State.REFUSED])
        .order_by("pk")
        .first()
    )


def _drop_the_same(conversation: Conversation, said: Words, by: Actor) -> None:
    """The draft may have been kept again meanwhile; what was begun on since stays."""
    draft = drafting.find(conversation, Draft.Kind.ANSWER, by=by)
    if draft is not None and draft.body.strip() == said.body:
        drafting.drop(conversation, Draft.Kind.ANSWER, by=by)


def _meanwhile(conversation: Conversation, by: Actor, seen: Seen) -> Message | Held | None:
    """What a colleague has said, or has on hold, that the writer's page did not show."""
    return (
        conversation.messages.filter(kind=Message.Kind.ANSWER, pk__gt=seen.answer)
        .exclude(staff=by.id)
        .select_related("staff")
        .last()
    ) or (
        conversation.held.filter(pk__gt=seen.held, state__in=[State.WAITING, State.APPROVAL])
        .exclude(staff=by.id)
        .select_related("staff")
        .last()
    )


def _count_canned(ids: Sequence[int], conversation: Conversation) -> None:
    if ids:
        CannedReply.objects.filter(pk__in=ids, municipality_id=conversation.municipality_id).update(
            used=F("used") + 1
        )


def term_for(conversation: Conversation, said: Words) -> ApprovalTerm | None:
    """The first term by which this reply needs a second person. What is said in public beside it counts too."""
    shown = {said.visibility} | ({PUBLIC} if said.public_note else set())
    terms = ApprovalTerm.objects.filter(
        municipality_id=conversation.municipality_id, active=True
    ).select_related("unit")
    for term in terms.order_by("pk"):
        if (
            (term.unit is None or conversation.unit.path.startswith(term.unit.path))
            and (not term.visibility or term.visibility in shown)
            and (not term.network or term.network == conversation.network)
            and (not term.tag or term.tag in conversation.tags)
        ):
            return term
    return None


def _wake() -> None:
    with connection.cursor() as cursor:
        cursor.execute("NOTIFY torget_release")


def _move(held: Held, state: Held.State, *, at: datetime, by: Actor | None = None) -> None:
    if state not in Held.MOVES[State(held.state)]:
        raise Stale(_("Svaret er allerede sendt eller tatt tilbake. Last siden på nytt."))
    held.state, held.decided_at = state, at
    if by is not None:
        held.decided_by = by.staff


def _send(held: Held, *, at: datetime, approver: Actor | None = None) -> Message:
    _move(held, State.SENT, at=at, by=approver)
    held.message = reply(
        held.conversation,
        held.body,
        by=Actor.of_staff(held.staff),
        at=at,
        files=[Prepared.from_json(one) for one in held.files],
        close=held.close,
        visibility=held.visibility,
        preliminary=held.preliminary,
        public_note=held.public_note,
        written_at=held.created_at,
        agreed=conversations.Agreed(held.addressed, held.agreed, held.also_to),
    )
    held.save()
    return held.message


def _locked(pk: int) -> Held:
    return (
        Held.objects.select_for_update(of=("self",))
        .select_related("conversation__unit", "conversation__municipality", "staff__unit")
        .get(pk=pk)
    )


def release_next(*, at: datetime) -> Held | None:
    """Send the reply whose time to regret ended first, once: message, outbox, history and followers in one transaction.

    Workers do not wait for each other, and one that dies leaves the reply as it was. What its writer may no longer
    send goes back to be a draft. None: nothing is due.
    """
    with transaction.atomic():
        held = (
            Held.objects.releasable(at=at)
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("conversation__unit", "conversation__municipality", "staff__unit")
            .order_by("release_at", "pk")
            .first()
        )
        if held is None:
            return None
        try:
            with transaction.atomic():
                _send(held, at=at)
        except Refused as refusal:
            held.state = State.WAITING
            _give_back(held, State.REGRETTED, at=at, reason=refusal.message)
            system = Actor.system(held.conversation.municipality_id)
            record("reply.stopped", held, by=system, at=at, conversation=held.conversation_id)
    return held


def postpone(pk: int, *, at: datetime, seconds: int) -> None:
    """Sending failed for a reason of our own: it stays on hold and is tried again later."""
    later = at + timedelta(seconds=seconds)
    Held.objects.filter(pk=pk, state=State.WAITING).update(release_at=later)


def next_due(*, at: datetime) -> int | None:
    """The reply on hold that is to be sent first, if any is due."""
    return (
        Held.objects.releasable(at=at)
        .order_by("release_at", "pk")
        .values_list("pk", flat=True)
        .first()
    )


def next_release() -> datetime | None:
    """When the next reply on hold is to be sent."""
    return (
        Held.objects.filter(state=State.WAITING)
        .order_by("release_at")
        .values_list("release_at", flat=True)
        .first()
    )


def _give_back(
    held: Held, state: Held.State, *, at: datetime, by: Actor | None = None, reason: str = ""
) -> None:
    """The text becomes a draft again where the case lives on, before whatever its writer has begun on since."""
    _move(held, state, at=at, by=by)
    held.reason = reason[:500]
    held.save(update_fields=["state", "decided_at", "decided_by", "reason"])
    drafting.put_back(
        kept(held.conversation),
        held.staff,
        held.body,
        files=held.files,
        choices={
            "visibility": held.visibility,
            "public_note": held.public_note,
            "close": held.close,
            "preliminary": held.preliminary,
            "also": held.also_to,
        },
        at=at,
    )


def waiting_for(by: Actor) -> QuerySet[Held]:
    """Replies that wait for a second person where the actor may be that person, oldest first."""
    below = Q()
    for path in by.paths("replies.approve"):
        below |= Q(conversation__unit__path__startswith=path)
    rows = Held.objects.to_approve().filter(conversation__municipality=by.municipality_id)
    return rows.filter(below).order_by("created_at", "pk") if below else rows.none()


def regret(held: Held, *, by: Actor, at: datetime) -> None:
    """The writer takes a reply back before it is sent; its text is a draft again.

    Raises:
        Refused: somebody else's.
        Stale: it is sent already.
    """
    with transaction.atomic():
        row = _locked(held.pk)
        if row.staff_id != by.id:
            raise Refused(_("Bare den som skrev svaret, kan angre det."), "not_yours")
        _give_back(row, State.REGRETTED, at=at)
        record("reply.regretted", row, by=by, at=at, conversation=row.conversation_id)


def approve(held: Held, *, by: Actor, at: datetime) -> Message:
    """A second person approves a reply, and it is sent.

    Raises:
        NotAllowed: no role for it in the unit, or the writer may no longer answer there.
        Refused: one's own.
        Stale: decided already.
    """
    with transaction.atomic():
        row = _locked(held.pk)
        check(by, "replies.approve", row.conversation.unit)
        if row.staff_id == by.id:
            raise Refused(_("Du kan ikke godkjenne ditt eget svar. Be en kollega."), "own_reply")
        if row.state != State.APPROVAL:
            raise Stale(_("Svaret er allerede avgjort. Last siden på nytt."))
        message = _send(row, at=at, approver=by)
        record("reply.approved", row, by=by, at=at, conversation=row.conversation_id)
    return message


def send_back(held: Held, reason: str, *, by: Actor, at: datetime) -> None:
    """A second person sends a reply back with a reason; the writer has the draft again.

    Raises:
        NotAllowed: no role for it in the unit.
        Refused: one's own, or no reason.
        Stale: decided already.
    """
    if not reason.strip():
        raise Refused(_("Skriv hvorfor, så svareren vet hva som må endres."), "no_reason")
    with transaction.atomic():
        row = _locked(held.pk)
        check(by, "replies.approve", row.conversation.unit)
        if row.staff_id == by.id:
            raise Refused(_("Du kan ikke avgjøre ditt eget svar. Trekk det tilbake."), "own_reply")
        _give_back(row, State.REFUSED, at=at, by=by, reason=reason.strip())
        record("reply.sent_back", row, by=by, at=at, conversation=row.conversation_id)
