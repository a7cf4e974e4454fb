"""What the queue shows, and the numbers beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from torget.casework.models import BulkAct, Handover, Macro, PendingReply, Preference, SavedView
from torget.casework.rules.actions import SNOOZES
from torget.casework.rules.pending_replies import waiting_for
from torget.channels.models import Account, Alarm
from torget.conversations.models import Conversation, ConversationQuerySet, Mention, Tag
from torget.conversations.rules.mentioning import unseen
from torget.design import querytext, times
from torget.design.counting import count_at_most
from torget.design.templatetags.torget import safe_words
from torget.desk.queries.filters import VIEWS, Choice
from torget.intake.models import Envelope
from torget.people.actor import Actor
from torget.people.menus import counters
from torget.people.models import Staff, Unit
from torget.rooms import kind_choices

QUEUE = 30
UNDO_SHOWN = timedelta(minutes=10)
COUNTED_VIEWS = ("waiting", "mine", "free", "late", "snoozed")


def waiting(request: Any) -> ConversationQuerySet:
    """Conversations in which somebody waits for us, for the number beside the inbox."""
    return Conversation.objects.visible_to(request.actor).filter(
        state__in=Conversation.OPEN, waiting_since__isnull=False
    )


def set_aside(request: Any) -> QuerySet[Envelope]:
    """What lies in quarantine, for the number beside it."""
    return Envelope.objects.visible_to(request.actor).quarantined()


def mentioned(request: Any) -> QuerySet[Mention]:
    """Where one is named and has not looked, for the number beside it."""
    return unseen(by=request.actor)


def to_approve(request: Any) -> QuerySet[PendingReply]:
    """Replies that wait for one's approval, for the number beside it."""
    return waiting_for(request.actor)


def alarms(request: Any) -> list[Alarm]:
    """What stands still here, or for the whole installation."""
    ours = Q(municipality=request.municipality) | Q(municipality=None)
    return list(Alarm.objects.filter(ours, closed_at=None).order_by("opened_at"))


def due_words(row: Conversation, *, at: datetime) -> dict[str, str] | None:
    """The nearest deadline as words and a colour that only helps; None without one."""
    if row.due_at is None:
        return None
    if row.due_at <= at:
        late = times.length(at - row.due_at)
        return {"words": _("Forsinket %(time)s") % {"time": late}, "colour": "danger"}
    moment = times.weekday_moment(row.due_at, now=at)
    words = (
        _("Foreløpig svar innen %(time)s")
        if row.due_at == row.preliminary_due_at
        else _("Svar innen %(time)s")
    )
    near = row.warned_of == row.due_at or row.due_at - at < timedelta(hours=4)
    return {"words": words % {"time": moment}, "colour": "warning" if near else "neutral"}


def _place(mark: str) -> tuple[datetime | None, int] | None:
    """Where a page begins: after this time and id ("<time>_<id>"); None for the beginning."""
    return querytext.mark(mark)


def _rising(rows: ConversationQuerySet, field: str, mark: str, most: int) -> list[Conversation]:
    """The next by `field`, then id, those without a time last. Two plain ranges of an index, never an OFFSET."""
    place, page = _place(mark), list[Conversation]()
    if place is None or place[0] is not None:
        timed = rows.filter(**{f"{field}__isnull": False})
        if place is not None:
            beyond = Q(**{f"{field}__gt": place[0]}) | Q(**{field: place[0], "pk__gt": place[1]})
            timed = timed.filter(beyond, **{f"{field}__gte": place[0]})
        page = list(timed.order_by(field, "pk")[:most])
    if len(page) < most:
        timeless = rows.filter(**{f"{field}__isnull": True})
        if place is not None and place[0] is None:
            timeless = timeless.filter(pk__gt=place[1])
        # By the empty field too: that is the order of the index, which "by id" alone is not.
        page += timeless.order_by(field, "pk")[: most - len(page)]
    return page


def _falling(rows: ConversationQuerySet, mark: str, most: int) -> list[Conversation]:
    """The next, newest word first."""
    place = _place(mark)
    if place is not None and place[0] is not None:
        beyond = Q(last_message_at__lt=place[0]) | Q(last_message_at=place[0], pk__lt=place[1])
        rows = rows.filter(beyond, last_message_at__lte=place[0])
    return list(rows.order_by("-last_message_at", "-pk")[:most])


def _page(rows: ConversationQuerySet, choice: Choice, mark: str, at: datetime) -> tuple[Any, str]:
    """One page of the queue and where the next begins; the late first, then who has waited longest."""
    section, _sep, place = mark.partition(".")
    most = QUEUE + 1
    if choice.view in {"answered", "closed"}:
        return _cut(_falling(rows, place, most), "last_message_at")
    if choice.view in {"late", "snoozed"}:
        field = "due_at" if choice.view == "late" else "snoozed_until"
        return _cut(_rising(rows, field, place, most), field)
    shown: list[Conversation] = []
    if section != "w":
        shown = _rising(rows.filter(due_at__lt=at), "due_at", place, most)
        if len(shown) > QUEUE:
            return _cut(shown, "due_at", "d")
        place = ""
    rest = rows.filter(Q(due_at=None) | Q(due_at__gte=at))
    late_ones = len(shown)
    shown += _rising(rest, "waiting_since", place, most - late_ones)
    if late_ones == QUEUE:
        return _cut(shown, "due_at", "d")
    return _cut(shown, "waiting_since", "w")


def _cut(page: list[Conversation], field: str, section: str = "x") -> tuple[Any, str]:
    shown = page[:QUEUE]
    if len(page) <= QUEUE:
        return shown, ""
    moment = getattr(shown[-1], field)
    return shown, f"{section}.{moment.isoformat() if moment else ''}_{shown[-1].pk}"


def _unit_id(units: list[Unit], slug: str) -> int | None:
    return next((unit.pk for unit in units if unit.slug == slug), 0) if slug else None


def saved_views(request: Any) -> list[SavedView]:
    """One's own, and those of the units one reads in."""
    below = Q(staff=request.actor.id)
    for path in request.actor.paths("conversations.read"):
        below |= Q(unit__path__startswith=path)
    views = SavedView.objects.filter(below, municipality=request.municipality)
    return list(views.select_related("unit")[:20])


def _to_count(
    choice: Choice, rows: ConversationQuerySet, staff: int | None, at: datetime
) -> ConversationQuerySet:
    """Those to count. In the queue's own order where an index has it, so that the first hundred are met at once."""
    chosen = choice.held_against(rows, staff_id=staff, at=at)
    ordered = choice.view in {"waiting", "free"} and choice.owner in {"", "ingen"}
    return chosen.order_by("waiting_since", "pk") if ordered and not choice.tag else chosen


def _numbers(
    request: Any,
    rows: ConversationQuerySet,
    views: list[SavedView],
    choice: Choice,
    units: list[Unit],
    at: datetime,
) -> tuple[dict[str, int], dict[str, int]]:
    """The rail's numbers, the views' and the saved views', in one statement."""
    staff = request.actor.id
    beside = counters(request) | {
        "inbox": rows.filter(state__in=Conversation.OPEN, waiting_since__isnull=False)
    }
    wanted: dict[str, Any] = dict(beside)
    for name in COUNTED_VIEWS:
        wanted[name] = _to_count(choice.within(name), rows, staff, at)
    wanted["late_mine"] = Choice(view="late", owner="meg").held_against(rows, staff_id=staff, at=at)
    for view in views:
        view_choice = Choice.of(dict(parse_qsl(view.query)))
        view_choice = replace(view_choice, unit_id=_unit_id(units, view_choice.unit))
        wanted[f"saved_{view.pk}"] = _to_count(view_choice, rows, staff, at)
    numbers = count_at_most(wanted)
    for view in views:
        view.count = numbers[f"saved_{view.pk}"]  # type: ignore[attr-defined]  # shown beside it
    return numbers, {name: numbers[name] for name in beside}


def _to_undo(request: Any, at: datetime) -> BulkAct | None:
    """What one has just done to several, while it is near enough to be regretted."""
    pk = request.session.get("undo_batch")
    if pk is None:
        return None
    fresh = BulkAct.objects.filter(pk=pk, staff=request.actor.id, undone_at=None)
    return fresh.filter(done_at__gt=at - UNDO_SHOWN).first()


def _dress(
    shown: list[Conversation],
    units: list[Unit],
    staff: dict[int, Staff],
    tags: dict[str, Tag],
    at: datetime,
) -> None:
    """Give each row what it shows, out of what is read once for them all."""
    by_id = {unit.pk: unit for unit in units}
    here, choose = reverse("desk:inbox"), _("Velg %(ref)s: %(subject)s")
    for row in shown:
        row.unit = by_id[row.unit_id]
        row.assignee = staff.get(row.assignee_id) if row.assignee_id else None
        row.deadline = due_words(row, at=at)  # type: ignore[attr-defined]  # shown beside it
        row.tag_names = [tags[slug].name for slug in row.tags if slug in tags]  # type: ignore[attr-defined]  # shown beside it
        row.address = f"{here}sak/{row.ref}"  # type: ignore[attr-defined]  # shown beside it
        row.choose_label = choose % {"ref": row.ref, "subject": safe_words(row.subject)}  # type: ignore[attr-defined]  # shown beside it


def _readable(actor: Actor, units: list[Unit]) -> ConversationQuerySet:
    """What one may read. Who reads in one unit only asks for it by its number, for which there are indexes."""
    rows = Conversation.objects.visible_to(actor)
    paths = tuple(actor.paths("conversations.read"))
    mine = [unit.pk for unit in units if unit.path.startswith(paths)]
    return rows.filter(unit=mine[0]) if len(mine) == 1 else rows


def _address(request: Any, choice: Choice) -> str:
    """Where the same part of the queue is fetched by itself."""
    parts: dict[str, str] = {"del": "ko"}
    if "ref" in request.resolver_match.kwargs:
        parts["smal"] = "1"
    if "etter" in request.GET:
        parts["etter"] = request.GET["etter"]
    return f"{reverse('desk:inbox')}?{choice.query}&{urlencode(parts)}"


def queue(request: Any) -> dict[str, Any]:
    """The queue as chosen in the address: the late first, then oldest waiting."""
    at, choice = timezone.now(), Choice.of(request.GET)
    town = request.municipality
    units = list(Unit.objects.filter(municipality=town))
    readable = _readable(request.actor, units)
    choice = replace(choice, unit_id=_unit_id(units, choice.unit))
    rows = choice.held_against(readable, staff_id=request.actor.id, at=at)
    shown, more = _page(rows, choice, request.GET.get("etter", ""), at)
    tags = {tag.slug: tag for tag in Tag.objects.filter(municipality=town)}
    staff = {entry.pk: entry for entry in Staff.objects.filter(municipality=town)}
    _dress(shown, units, staff, tags, at)
    views = saved_views(request)
    numbers, rail = _numbers(request, readable, views, choice, units, at)
    shown_views: list[dict[str, Any]] = [
        {"name": name, "label": label, "query": choice.within(name).query}
        for name, label in VIEWS.items()
    ]
    for view in shown_views:
        view["count"] = numbers.get(view["name"])
    return {
        "queue": shown,
        "choice": choice,
        "chosen": choice.view,
        "unit_chosen": choice.unit,
        "queue_query": choice.query,
        "more": f"{choice.query}&etter={more.replace('+', '%2B')}" if more else "",
        # Beside an open conversation there is no room for choosing several.
        "narrow": "smal" in request.GET or "ref" in request.resolver_match.kwargs,
        "paged": "etter" in request.GET,
        "queue_address": _address(request, choice),
        "views": shown_views,
        "numbers": numbers,
        "saved": views,
        "saved_here": next((entry for entry in views if entry.query == choice.query), None),
        "units": [unit for unit in units if unit.active],
        "colleagues": [entry for entry in staff.values() if entry.active],
        "networks": Account.objects.active()
        .filter(municipality=request.municipality)
        .order_by("network")
        .values_list("network", flat=True)
        .distinct(),
        "kinds": kind_choices(),
        "tags": [tag for tag in tags.values() if tag.active],
        "macros": Macro.objects.filter(municipality=request.municipality, active=True),
        "snoozes": SNOOZES,
        "handed": Handover.objects.filter(to_staff=request.actor.id, seen_at=None).select_related(
            "from_staff"
        )
        if request.actor.staff
        else [],
        "preference": Preference.objects.filter(staff=request.actor.id).first(),
        "undo": _to_undo(request, at),
        "may_handle": request.actor.may("conversations.handle"),
        "may_assign": request.actor.may("conversations.assign"),
        "desk_counts": rail,
        "alarms": alarms(request),
    }
