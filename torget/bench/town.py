"""A town that has talked for three years: a million conversations and five messages in each, made by the database itself."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from django.utils import timezone
from psycopg import sql

from torget.bench.place import open_account
from torget.intake.writer import connect
from torget.people import rules as people
from torget.people.actor import Actor
from torget.people.models import Host, Staff
from torget.people.roles import Role

MESSAGES = 5
UNITS = ("teknisk-drift", "skole", "barnehage", "helse", "plan-og-bygg", "kultur", "vann-og-avlop")
STAFF = 40
YEARS = 3
TEXTS = 40_000
VOCABULARY = 60_000
WAITING_PART = 0.02
HOST = "bench.test"
SETTLE_SECONDS, QUIET_SECONDS = 120.0, 2

# Words of many frequencies: the first ones stand in every third message, the last in one of millions.
COMMON = [
    "hei",
    "veien",
    "kommunen",
    "brøyting",
    "barnehage",
    "skolen",
    "gata",
    "vann",
    "avfall",
    "søknad",
    "plass",
    "frist",
    "snø",
    "lys",
    "parkering",
    "bibliotek",
    "buss",
    "regning",
    "hytte",
    "tomt",
    "nabo",
    "støy",
    "hund",
    "lekeplass",
    "fotball",
    "svømmehall",
    "kirkegata",
    "fjellveien",
]

_PEOPLE = """
INSERT INTO conversations_person (id, municipality_id, name, language, created_at)
SELECT n, %(town)s, 'Person ' || n, 'nb', %(first)s FROM generate_series(1, %(persons)s) AS n;
INSERT INTO conversations_identity (id, municipality_id, person_id, network, external_id, name, handle, url, verified)
SELECT n, %(town)s, n, 'email', 'p' || n || '@innbygger.test', 'Person ' || n, '', '', '' FROM generate_series(1, %(persons)s) AS n
"""
_CONVERSATIONS = """
INSERT INTO conversations_conversation (id, municipality_id, ref, key, kind, visibility, state, subject, preview, network,
  account_id, unit_id, assignee_id, person_id, identity_id, person_name, show_name, on_square, language, opened_at, last_inbound_at,
  last_message_at, waiting_since, first_answer_at, first_due_at, answer_due_at, tags, message_count, private_count, place)
SELECT n, %(town)s, 'NV-' || n, lpad(n::text, 26, 'k'), 'question',
  CASE WHEN n %% 4 = 0 THEN 'public' ELSE 'private' END,
  CASE WHEN waits AND n %% 3 = 0 THEN 'open' WHEN waits THEN 'new' WHEN n %% 5 = 0 THEN 'answered' ELSE 'closed' END,
  left(t.body, 80), left(t.body, 190), 'email', %(account)s, (%(units)s::bigint[])[1 + n %% cardinality(%(units)s::bigint[])],
  CASE WHEN n %% 3 = 0 OR NOT waits THEN (%(staff)s::bigint[])[1 + (n / 7) %% cardinality(%(staff)s::bigint[])] END,
  p, p, 'Person ' || p, false, true, 'nb', opened, opened, opened + interval '9 hours',
  CASE WHEN waits THEN opened + interval '9 hours' END, CASE WHEN NOT waits THEN opened + interval '3 hours' END,
  CASE WHEN waits THEN now() + (n %% 2000 - 200) * interval '1 hour' END,
  CASE WHEN waits THEN now() + (n %% 2000 - 100) * interval '1 hour' END,
  '{}', %(messages)s, 0, %(town)s * 10000 + floor(extract(epoch FROM opened) / 604800)::bigint
FROM (
  SELECT n, 1 + (n * 7919) %% %(persons)s AS p, %(first)s + n * (%(span)s::interval / %(count)s) AS opened,
    (hashint8(n) & 1023) < 1023 * %(waiting)s AS waits, 1 + (n * 104729) %% %(texts)s AS text_id
  FROM generate_series(%(from)s::bigint, %(to)s::bigint) AS n
) AS made JOIN bench_text t ON t.id = made.text_id
"""
_MESSAGES = """
INSERT INTO conversations_message (public_id, conversation_id, kind, visibility, identity_id, staff_id, signature, author_name,
  show_name, on_square, held_there, hidden_reason, url, body, folded, language, occurred_at, created_at, place)
SELECT gen_random_uuid(), c.id, CASE WHEN k %% 2 = 0 THEN 'inbound' ELSE 'answer' END, c.visibility,
  CASE WHEN k %% 2 = 0 THEN c.identity_id END,
  CASE WHEN k %% 2 = 1 THEN (%(staff)s::bigint[])[1 + c.id %% cardinality(%(staff)s::bigint[])] END, '', '', false,
  true, false, '', '', t.body, '', 'nb', at, at, c.municipality_id * 10000 + floor(extract(epoch FROM at) / 604800)::bigint
FROM conversations_conversation c CROSS JOIN generate_series(0, %(messages)s - 1) AS k
CROSS JOIN LATERAL (SELECT c.opened_at + k * interval '2 hours' AS at) AS moment
JOIN bench_text t ON t.id = 1 + (c.id * 15485863 + k * 32452843) %% %(texts)s
WHERE c.id BETWEEN %(from)s AND %(to)s
"""
_INDEXES = """
SELECT format('DROP INDEX %%I', indexrelid::regclass::text), pg_get_indexdef(indexrelid)
FROM pg_index WHERE indrelid = %s::regclass AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)
"""
_CONSTRAINTS = """
SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
       format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('f', 'u')
ORDER BY contype
"""

# As if each word had been learned from what was said; how often is no matter.
_WORDS = """
INSERT INTO conversations_word (municipality_id, word, seen)
SELECT %(town)s, word, 100000 / (1 + nr) + 2 FROM unnest(%(words)s::text[]) WITH ORDINALITY AS said(word, nr)
WHERE word ~ '^[[:alpha:]]{4,30}$'
"""
_NEXT_ID = sql.SQL("SELECT setval(pg_get_serial_sequence({name}, 'id'), max(id)) FROM {table}")


@dataclass(frozen=True, slots=True)
class Town:
    """What was made."""

    municipality_id: int
    staff: list[Staff]
    words: list[str]


def words(count: int) -> list[str]:
    """Words nobody has heard, after those everybody uses; the same each time."""
    draw = random.Random(1)  # noqa: S311 - a measurement, not a secret
    syllables = [
        "ba",
        "be",
        "bo",
        "da",
        "de",
        "do",
        "fa",
        "fe",
        "fjo",
        "ga",
        "gre",
        "ha",
        "hei",
        "i",
        "ka",
        "kla",
        "lo",
        "ma",
        "mo",
        "na",
        "ny",
        "o",
        "pa",
        "ri",
        "sa",
        "skå",
        "so",
        "sta",
        "ta",
        "ti",
        "to",
        "va",
        "vi",
        "å",
        "ø",
    ]
    made = dict.fromkeys(COMMON)
    while len(made) < count:
        made["".join(draw.choice(syllables) for _ in range(draw.randint(2, 5)))] = None
    return list(made)


def texts(vocabulary: list[str], count: int) -> Iterator[tuple[int, str]]:
    """What is said: 10 to 30 words, each drawn so that the early ones are common and the late ones rare."""
    draw = random.Random(2)  # noqa: S311 - a measurement, not a secret
    for number in range(1, count + 1):
        length = draw.randint(10, 30)
        drawn = (vocabulary[int(len(vocabulary) * draw.random() ** 4)] for _ in range(length))
        yield number, " ".join(drawn).capitalize() + "."


@contextlib.contextmanager
def _bare(link: psycopg.Connection[Any], table: str) -> Iterator[None]:
    """The table without indexes, references and triggers, which are built again afterwards: many times faster to fill."""
    again: list[str] = []
    for question in (_CONSTRAINTS, _INDEXES):
        for drop, make in link.execute(question, (table,)).fetchall():
            # References from other tables stand on the primary key, which stays.
            link.execute(drop)
            again.append(make)
    link.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    yield
    link.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    for make in reversed(again):
        link.execute(make)


def build(count: int) -> Town:
    """Make the town; a few minutes for a million conversations."""
    account = open_account("email")
    town, vocabulary = account.municipality, words(VOCABULARY)
    Host.objects.create(municipality=town, host=HOST)
    system, at = Actor.system(town.pk), timezone.now()
    units = [account.unit]
    units += [people.add_unit(town, name=slug, slug=slug, parent=account.unit) for slug in UNITS]
    staff = []
    for number in range(STAFF):
        unit = units[number % len(units)]
        one = people.add_staff(
            unit,
            email=f"s{number}@bench.test",
            password=None,
            first_name=f"Ansatt{number}",
            last_name="Prøve",
            at=at,
            by=system,
        )
        people.grant(one, Role.RESPONDER, unit, at=at, by=system)
        staff.append(one)
    first = datetime.now(UTC) - timedelta(days=365 * YEARS)
    given = {
        "town": town.pk,
        "account": account.pk,
        "units": [unit.pk for unit in units],
        "staff": [one.pk for one in staff],
        "persons": max(1, count // 4),
        "first": first,
        "span": timedelta(days=365 * YEARS) - timedelta(hours=10),
        "count": count,
        "waiting": WAITING_PART,
        "texts": TEXTS,
        "messages": MESSAGES,
    }
    with connect() as link:
        _fill(link, vocabulary, given, count)
    return Town(town.pk, staff, vocabulary)


def _fill(
    link: psycopg.Connection[Any], vocabulary: list[str], given: dict[str, Any], count: int
) -> None:
    link.execute("SET maintenance_work_mem = '512MB'")
    link.execute("CREATE TEMPORARY TABLE bench_text (id bigint PRIMARY KEY, body text)")
    with link.cursor() as cursor, cursor.copy("COPY bench_text (id, body) FROM STDIN") as copy:
        for row in texts(vocabulary, TEXTS):
            copy.write_row(row)
    link.execute("ANALYZE bench_text")
    for statement in _PEOPLE.split(";"):
        link.execute(statement, given)
    link.execute(_WORDS, {"town": given["town"], "words": vocabulary})
    step = 50_000
    for table, statement in (
        ("conversations_conversation", _CONVERSATIONS),
        ("conversations_message", _MESSAGES),
    ):
        with _bare(link, table):
            for start in range(1, count + 1, step):
                link.execute(statement, given | {"from": start, "to": min(count, start + step - 1)})
        link.execute(f"VACUUM ANALYZE {table}")
    for table in ("conversations_conversation", "conversations_person", "conversations_identity"):
        link.execute(_NEXT_ID.format(table=sql.Identifier(table), name=sql.Literal(table)))
    _let_it_settle(link)


def _let_it_settle(link: psycopg.Connection[Any]) -> None:
    """Wait until the server has tidied up after what was written: a town is not filled in the minute before it is asked."""
    link.execute("VACUUM ANALYZE")
    until, quiet = time.monotonic() + SETTLE_SECONDS, 0
    while quiet < QUIET_SECONDS and time.monotonic() < until:
        time.sleep(1)
        busy = link.execute("SELECT count(*) FROM pg_stat_progress_vacuum").fetchone()
        quiet = 0 if busy and busy[0] else quiet + 1
