"""Our collections, paged: what we published and who follows; what others did with a post of ours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import QuerySet

from torget.adapters.activitypub import documents
from torget.adapters.activitypub.models import APObject, Follower
from torget.adapters.activitypub.ours import Ours
from torget.design import querytext
from torget.protocols.activitypub import writing

PAGE = 20
MOST_PINNED = 5
NEWEST = 10


def _ap_objects(mine: Ours) -> QuerySet[APObject]:
    return APObject.objects.filter(account_id=mine.account_id, public=True, withdrawn_at=None)


def newest(mine: Ours) -> list[APObject]:
    """The last posts of an actor, answers left out."""
    return list(_ap_objects(mine).filter(in_reply_to="").order_by("-published_at")[:NEWEST])


def _paged(uri: str, rows: QuerySet[Any], page: str, show: Callable[[Any], Any]) -> dict[str, Any]:
    """The collection itself, or the page that begins after the row with id `page` ("1": the first), newest first."""
    total = rows.count()
    if not page:
        return writing.collection(uri, total, first=f"{uri}?page=1")
    after = querytext.number(page) or 1
    wanted = rows.order_by("-pk")
    if after > 1:
        wanted = wanted.filter(pk__lt=after)
    page_rows: Sequence[Any] = list(wanted[: PAGE + 1])
    more = page_rows[PAGE - 1].pk if len(page_rows) > PAGE else 0
    items = [show(row) for row in page_rows[:PAGE]]
    following = f"{uri}?page={more}" if more > 1 else ""
    return writing.page(f"{uri}?page={page}", uri, total, items, following=following)


def collection(mine: Ours, name: str, page: str) -> dict[str, Any] | None:
    """One of the actor's collections by name, or a page of it. Who follows is told only when the account says so."""
    uri = f"{mine.actor}/{name}"
    if name == "outbox":
        return _paged(
            uri,
            _ap_objects(mine),
            page,
            lambda ap_object: _inner(documents.creation(ap_object, mine)),
        )
    if name == "followers":
        rows = Follower.objects.filter(account=mine.account_id).select_related("remote")
        if not mine.settings.get("show_followers"):
            return writing.collection(uri, rows.count())
        return _paged(uri, rows, page, lambda follower: follower.remote.uri)
    if name == "following":
        return writing.collection(uri, 0)
    if name == "featured":
        pinned = _ap_objects(mine).exclude(pinned_at=None).order_by("-pinned_at")[:MOST_PINNED]
        items = [_inner(documents.ap_object(ap_object)) for ap_object in pinned]
        return writing.collection(uri, len(items), items=items)
    return None


def responses(ap_object: APObject, what: str, page: str) -> dict[str, Any] | None:
    """The replies, likes or shares of an object. Of likes and shares only how many there are."""
    if what not in documents.COUNTED:
        return None
    uri = f"{ap_object.uri}/{what}"
    rows = ap_object.responses.filter(kind=documents.COUNTED[what], hidden=False)
    if what != "replies" and page:
        return writing.page(f"{uri}?page=1", uri, rows.count(), [])
    return _paged(uri, rows, page, lambda response: response.uri)


def _inner(document: dict[str, Any]) -> dict[str, Any]:
    """A document inside another needs no context of its own."""
    return {name: value for name, value in document.items() if name != "@context"}
