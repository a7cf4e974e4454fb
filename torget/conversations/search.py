"""Searching what was said: newest first, within what the searcher may read, however common the words.

Text is indexed together with its *place*, municipality and week. A search walks the weeks backwards and stops when the
page is full, so a word that stands in every second message costs no more than a rare one (docs/decisions/0008).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from torget.conversations import words
from torget.conversations.models import Conversation, ConversationQuerySet, Message
from torget.design import querytext

PAGE = 30
HITS = 45
# So few conversations are searched through straight away; the walk by weeks is for the many.
FEW = 1_500
MAX_TOKENS = 16
MAX_YEARS = 20
WEEK_SECONDS = 7 * 24 * 3600
WEEKS_PER_PLACE = 10_000
MIN_PREFIX = 3
MAX_ROUNDS = 6

_TOKEN = re.compile(r'(-?)["«“]([^"«»“”]+)["»”]|(-?)([^\s"«»“”]+)')
_WORD = re.compile(r"[^\W_]+(?:[-./][^\W_]+)*")

_PUBLIC_SAID = """AND m.visibility = 'public' AND m.kind <> 'note' AND m.hidden_at IS NULL AND NOT m.held_there"""
_SAID = """
SELECT m.conversation_id, m.id AS message_id, m.created_at AS at FROM conversations_message m
WHERE m.search @@ %(query)s::tsquery {place} {public}
  AND (m.created_at, m.id) < (%(at)s, %(id)s) AND {within}
"""
_HEADED = """
SELECT c.id, 0, c.opened_at FROM conversations_conversation c
WHERE {named} {place}
  AND (c.opened_at, 0) < (%(at)s, %(id)s) AND {within}
"""
_NAMED = "c.search @@ %(query)s::tsquery"
# A name is nobody's to find in public, nor to leave out by: the subject alone is asked. What must be there is looked up
# in the index first, which holds the subject with the rest and so never lacks any of it.
_NAMED_IN_PUBLIC = "to_tsvector('norwegian', c.subject) @@ %(query)s::tsquery"
_LOOKED_UP = "c.search @@ %(sought)s::tsquery AND "
# The weeks come in this order because the inner part is done anew for each: no sorting of all hits there ever were.
_WALK = """
SELECT hit.* FROM generate_series(%(newest)s::bigint, %(oldest)s::bigint, -1) AS week(place)
CROSS JOIN LATERAL (
  SELECT * FROM ({said} UNION ALL {headed}) AS one ORDER BY at DESC, message_id DESC LIMIT %(hits)s
) AS hit LIMIT %(hits)s
"""
_STRAIGHT = """
SELECT * FROM ({said} UNION ALL {headed}) AS one ORDER BY at DESC, message_id DESC LIMIT %(hits)s
"""
# OFFSET keeps it a look-up for each hit: taken as a join, every week would go through all the searcher may read.
_EACH = "EXISTS (SELECT 1 FROM ({within}) AS readable WHERE readable.pk = {id} OFFSET 0)"
_AMONG = "{id} IN ({within})"
_SHOWN_BEFORE = """
SELECT DISTINCT m.conversation_id FROM conversations_message m
WHERE m.conversation_id = ANY(%(ids)s) AND m.search @@ %(query)s::tsquery {public}
  AND (m.created_at, m.id) >= (%(at)s, %(id)s)
"""


@dataclass(frozen=True, slots=True)
class Mark:
    """The last hit of a page: the next page goes on below it."""

    at: datetime
    id: int

    def __str__(self) -> str:
        return f"{self.at.isoformat()}_{self.id}"

    @classmethod
    def read(cls, words_of_it: str) -> Mark | None:
        """The mark in an address; None when there is none or it makes no sense."""
        at, number = querytext.mark(words_of_it) or (None, 0)
        return cls(at, number) if at is not None else None


@dataclass(frozen=True, slots=True)
class Found:
    """A page of hits: conversations newest hit first, each with `hit` (the message, or None for subject and name)."""

    conversations: list[Conversation]
    more: Mark | None = None
    meant: Mapping[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Search:
    within: QuerySet[Any, Any]
    query: str
    sought: str
    public: bool
    straight: bool
    newest: int
    oldest: int


def find(
    conversations: ConversationQuerySet,
    municipality_id: int,
    query: str,
    *,
    at: datetime,
    public: bool = False,
    after: Mark | None = None,
    limit: int = PAGE,
) -> Found:
    """A page of those of `conversations` (of one municipality) in which the words were said, or that are called so.

    Words are stems, "…" a phrase, -word leaves out, the last word may be unfinished; a word nobody used is taken for the
    nearest that somebody did. `public` looks only in what everybody may read: no notes, nothing hidden, no names.
    """
    tsquery, taken_for = understand(municipality_id, query)
    if not tsquery:
        return Found([])
    search = _prepare(conversations, municipality_id, tsquery, at=at, public=public)
    mark = after
    shown: dict[int, int] = {}
    for _round in range(MAX_ROUNDS):
        hits = _hits(search, municipality_id, mark or Mark(at + timedelta(days=1), 0))
        fresh = _not_before(search, hits, after)
        for conversation_id, message_id, said_at in hits:
            if conversation_id in fresh and conversation_id not in shown:
                if len(shown) == limit:
                    return Found(_rows(shown), mark, taken_for)
                shown[conversation_id] = message_id
            mark = Mark(said_at, message_id)
        if len(hits) < HITS:
            return Found(_rows(shown), None, taken_for)
    return Found(_rows(shown), mark, taken_for)


def understand(municipality_id: int, query: str) -> tuple[str, Mapping[str, list[str]]]:
    """A question as PostgreSQL takes it (tsquery; empty when only stop words are left), and what slips were taken for."""
    tokens = [
        (bool(no or minus), phrase or "", word or "")
        for no, phrase, minus, word in _TOKEN.findall(query.replace("\x00", ""))[:MAX_TOKENS]
    ]
    plain = [piece.lower() for _no, _phrase, word in tokens for piece in _WORD.findall(word)]
    taken_for = words.meant(municipality_id, plain)
    pieces: list[str] = []
    values: list[str] = []
    for number, (negated, phrase, word) in enumerate(tokens):
        ends = _ends(municipality_id, word) if number == len(tokens) - 1 else []
        sql, values_of = _piece(phrase, word, taken_for, ends)
        pieces.append(f"!!({sql})" if negated else sql)
        values += values_of
    if not pieces:
        return "", {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f"({piece})::text" for piece in pieces), values)
        row: Sequence[str] = cursor.fetchone() or ()
    # A stop word leaves nothing behind, and must not leave everything out.
    return " & ".join(f"({part})" for part in row if part), taken_for


def _ends(municipality_id: int, word: str) -> list[str]:
    """What the last word may become when it is finished; its beginning, marked, when nobody has used such a word."""
    letters = _WORD.findall(word.lower())
    if len(letters) != 1 or len(letters[0]) < MIN_PREFIX:
        return []
    # Whole words are looked up; a bare beginning would be gone through anew in each week.
    return words.beginning_with(municipality_id, letters[0]) or [f"'{letters[0]}':*"]


def _piece(
    phrase: str, word: str, taken_for: Mapping[str, list[str]], ends: Sequence[str]
) -> tuple[str, list[str]]:
    if phrase:
        return "phraseto_tsquery('norwegian', %s)", [phrase]
    # As it stands too: names and case numbers are kept unstemmed.
    sql, values = "plainto_tsquery('norwegian', %s) || plainto_tsquery('simple', %s)", [word, word]
    letters = _WORD.findall(word.lower())
    for near in [near for piece in letters for near in taken_for.get(piece, [])]:
        sql += " || plainto_tsquery('norwegian', %s)"
        values.append(near)
    for end in ends:
        sql += (
            " || to_tsquery('simple', %s)"
            if end.endswith(":*")
            else " || plainto_tsquery('norwegian', %s)"
        )
        values.append(end)
    # Without the stop words of the one dictionary the other would ask for them after all.
    return (
        f"CASE WHEN numnode(plainto_tsquery('norwegian', %s)) = 0 THEN ''::tsquery ELSE {sql} END",
        [
            word,
            *values,
        ],
    )


def _prepare(
    conversations: ConversationQuerySet,
    municipality_id: int,
    tsquery: str,
    *,
    at: datetime,
    public: bool,
) -> _Search:
    within = conversations.order_by().values("pk")
    few = len(within.values_list("pk", flat=True)[: FEW + 1]) <= FEW
    first = (
        Conversation.objects.filter(municipality=municipality_id)
        .order_by("opened_at")
        .values_list("opened_at", flat=True)
        .first()
    )
    oldest = max(first or at, at - timedelta(days=365 * MAX_YEARS))
    return _Search(
        within,
        tsquery,
        _sought(tsquery) if public else "",
        public,
        few,
        _place(municipality_id, at) + 1,
        _place(municipality_id, oldest),
    )


def _sought(tsquery: str) -> str:
    """What of a question must be there, without what it leaves out; empty when it only leaves out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT querytree(%s::tsquery)", [tsquery])
        (tree,) = cursor.fetchone() or ("",)
    return "" if tree == "T" else str(tree)


def _place(municipality_id: int, at: datetime) -> int:
    return municipality_id * WEEKS_PER_PLACE + int(at.timestamp() // WEEK_SECONDS)


def _hits(search: _Search, municipality_id: int, below: Mark) -> list[tuple[int, int, datetime]]:
    within, values = search.within.query.sql_with_params()
    # The compiled query counts its values by position; here they have names.
    names = [f"within_{number}" for number in range(len(values))]
    within = within % tuple(f"%({name})s" for name in names)
    place = "" if search.straight else "AND {0}.place = week.place"
    readable = _AMONG if search.straight else _EACH
    in_words = _SAID.format(
        place=place.format("m"),
        public=_PUBLIC_SAID if search.public else "",
        within=readable.format(within=within, id="m.conversation_id"),
    )
    looked_up = _LOOKED_UP if search.sought else ""
    headed = _HEADED.format(
        place=place.format("c"),
        named=looked_up + _NAMED_IN_PUBLIC if search.public else _NAMED,
        within=readable.format(within=within, id="c.id"),
    )
    sql = (_STRAIGHT if search.straight else _WALK).format(said=in_words, headed=headed)
    parameters: dict[str, Any] = dict(zip(names, values, strict=True)) | {
        "query": search.query,
        "sought": search.sought,
        "at": below.at,
        "id": below.id,
        "hits": HITS,
        "newest": min(search.newest, _place(municipality_id, below.at)),
        "oldest": search.oldest,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: list[tuple[int, int, datetime]] = cursor.fetchall()
    return rows


def _not_before(
    search: _Search, hits: Sequence[tuple[int, int, datetime]], after: Mark | None
) -> set[int]:
    """The conversations of the hits that no earlier page has shown."""
    ids = {conversation_id for conversation_id, _message, _at in hits}
    if after is None or not ids:
        return ids
    sql = _SHOWN_BEFORE.format(public=_PUBLIC_SAID if search.public else "")
    with connection.cursor() as cursor:
        cursor.execute(
            sql, {"ids": list(ids), "query": search.query, "at": after.at, "id": after.id}
        )
        return ids - {row[0] for row in cursor.fetchall()}


def _rows(shown: Mapping[int, int]) -> list[Conversation]:
    rows = (
        Conversation.objects.select_related("unit", "assignee").defer("search").in_bulk(list(shown))
    )
    messages = (
        Message.objects.select_related("staff")
        .defer("search")
        .in_bulk([message for message in shown.values() if message])
    )
    hits = []
    for conversation_id, message_id in shown.items():
        if row := rows.get(conversation_id):
            row.hit = messages.get(message_id)  # type: ignore[attr-defined]  # shown in the list of hits
            hits.append(row)
    return hits
