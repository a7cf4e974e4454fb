"""The words people use here: learned from what was said, and looked up when somebody's finger slipped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import connection, transaction

from torget.conversations.models import Message, Word, WordsRead

BATCH = 5_000
# Seen in two messages at least: a word that stands in one may be the slip itself, or a name.
MIN_SEEN = 2
MIN_LETTERS = 4
NEAREST = 3
ENDINGS = 12

_LEARN = """
INSERT INTO conversations_word (municipality_id, word, seen)
SELECT c.municipality_id, said.word, count(*)
FROM conversations_message m
JOIN conversations_conversation c ON c.id = m.conversation_id
CROSS JOIN LATERAL unnest(tsvector_to_array(to_tsvector('simple', left(m.body, 20000)))) AS said(word)
WHERE m.id > %s AND m.id <= %s AND said.word ~ '^[[:alpha:]]{4,30}$'
GROUP BY 1, 2 ORDER BY 1, 2
ON CONFLICT (municipality_id, word) DO UPDATE SET seen = conversations_word.seen + excluded.seen
"""
_NEAR = """
SELECT asked.word, near.word
FROM unnest(%s::text[]) AS asked(word)
CROSS JOIN LATERAL (
  SELECT word, similarity(word, asked.word) AS alike FROM conversations_word
  WHERE municipality_id = %s AND seen >= %s AND word %% asked.word
  ORDER BY alike DESC, seen DESC LIMIT %s
) AS near
WHERE NOT EXISTS (
  SELECT 1 FROM conversations_word known
  WHERE known.municipality_id = %s AND known.word LIKE asked.word || '%%'
)
"""


def beginning_with(municipality_id: int, letters: str) -> list[str]:
    """The words used here that begin so, the most used first: what an unfinished word may become."""
    known = Word.objects.filter(municipality=municipality_id, word__startswith=letters)
    return list(known.order_by("-seen").values_list("word", flat=True)[:ENDINGS])


def learn() -> int:
    """Take in the words of messages not read yet, a batch at a time; how many messages were read.

    A message committed after a later one may be passed over: its words come with the next that uses them.
    """
    read = 0
    while step := _learn_batch():
        read += step
    return read


def _learn_batch() -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        WordsRead.objects.get_or_create(pk=1)
        done = WordsRead.objects.select_for_update().get(pk=1)
        new = list(
            Message.objects.filter(pk__gt=done.last_message_id)
            .order_by("pk")
            .values_list("pk", flat=True)[:BATCH]
        )
        if new:
            cursor.execute(_LEARN, [done.last_message_id, new[-1]])
            WordsRead.objects.filter(pk=1).update(last_message_id=new[-1])
    return len(new)


def meant(municipality_id: int, words: Sequence[str]) -> Mapping[str, list[str]]:
    """For words nobody has used here, the nearest that were, best first; words that were used are left out."""
    unsure = [word for word in words if len(word) >= MIN_LETTERS and word.isalpha()]
    found: dict[str, list[str]] = {}
    if unsure:
        with connection.cursor() as cursor:
            cursor.execute(_NEAR, [unsure, municipality_id, MIN_SEEN, NEAREST, municipality_id])
            for asked, near in cursor.fetchall():
                found.setdefault(asked, []).append(near)
    return found
