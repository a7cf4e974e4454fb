"""What a search shows: hits by words, or the conversations a choice of filters leaves."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from torget.channels.models import Account
from torget.channels.templatetags.channels import channel_name
from torget.conversations.models import Conversation, ConversationQuerySet, Person
from torget.conversations.persons import family
from torget.conversations.search import PAGE, Found, Mark, find
from torget.desk.forms.search import SearchForm
from torget.people.hours import OSLO


def _networks(request: Any) -> list[tuple[str, str]]:
    used = Account.objects.filter(municipality=request.municipality).values_list(
        "network", flat=True
    )
    return [(network, channel_name(network)) for network in sorted(set(used))]


def _narrowed(rows: ConversationQuerySet, chosen: dict[str, Any]) -> ConversationQuerySet:
    """The rows that all chosen filters leave."""
    same = {
        "network": chosen["kanal"],
        "unit": chosen["enhet"],
        "state": chosen["tilstand"],
        "assignee": chosen["hos"],
    }
    rows = rows.filter(**{name: value for name, value in same.items() if value})
    if person := Person.objects.filter(pk=chosen["person"] or 0).first():
        rows = rows.filter(person__in=family(person))
    if chosen["merke"]:
        rows = rows.filter(tags__contains=[chosen["merke"].slug])
    since, until = chosen["fra"], chosen["til"]
    return rows.spoken_in(
        datetime.combine(since, time.min, OSLO) if since else None,
        datetime.combine(until + timedelta(days=1), time.min, OSLO) if until else None,
    )


def _by_latest(rows: ConversationQuerySet, after: Mark | None) -> Found:
    below = (after.at, after.id) if after else None
    page = list(
        rows.newest_first(below=below)
        .select_related("unit", "assignee")
        .defer("search")[: PAGE + 1]
    )
    more = None
    if len(page) > PAGE:
        page = page[:PAGE]
        more = Mark(page[-1].last_message_at, page[-1].pk)
    return Found(page, more)


def found(request: Any, *, at: datetime) -> dict[str, Any]:
    """The form as filled in, and a page of what it finds; without words the one last spoken in comes first."""
    form = SearchForm(request.municipality, _networks(request), request.GET)
    valid = form.is_valid()
    query = " ".join(form.cleaned_data.get("q", "").replace("\x00", "").split()) if valid else ""
    after = Mark.read(request.GET.get("etter", ""))
    result: Found | None = None
    if valid and (query or form.narrowed):
        rows = _narrowed(Conversation.objects.visible_to(request.actor), form.cleaned_data)
        result = (
            find(rows, request.municipality.pk, query, at=at, after=after)
            if query
            else _by_latest(rows, after)
        )
    kept = request.GET.copy()
    for name in ("etter", "del"):
        kept.pop(name, None)
    return {
        "query": query,
        "form": form,
        "result": result,
        "later_page": after is not None,
        "kept": kept.urlencode(),
        "person": _person(request, form),
    }


def _person(request: Any, form: SearchForm) -> Person | None:
    """Whose conversations are searched, by a link from the person's page."""
    chosen = form.cleaned_data.get("person")
    person = Person.objects.filter(municipality=request.municipality, pk=chosen or 0).first()
    if person is None:
        return None
    readable = Conversation.objects.visible_to(request.actor).filter(person__in=family(person))
    return person if readable.exists() else None
