"""Forged history: the database refuses, or the doctor names it. Our own server, real SQL, the role that serves."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Iterator

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg.errors import InsufficientPrivilege

from tests.house import House, new_home, remove
from torget.config.postgres import Cluster

SEAL = "from django.utils import timezone; from torget.history.seal import seal; seal(at=timezone.now())"
# Everything a forger with the database knows: the code is public.
RESEAL = """
from django.db import connection
from torget.history.models import Entry, Seal
from torget.history.tree import GENESIS, chain, leaf, merkle_root
previous, first = GENESIS, 0
for one in Seal.objects.order_by("last_entry_id"):
    rows = list(Entry.objects.filter(pk__gt=first, pk__lte=one.last_entry_id).order_by("pk"))
    leaves = [leaf(row) for row in rows]
    root = merkle_root(leaves)
    new = chain(previous, root, rows[-1].pk, len(rows))
    Seal.objects.filter(pk=one.pk).update(
        ids=[row.pk for row in rows], leaves=b"".join(leaves), root=root, previous=previous, hash=new)
    previous, first = new, one.last_entry_id
"""


@pytest.fixture(scope="module")
def told() -> Iterator[House]:
    """The example municipality with its history sealed; its server is stopped, to be copied."""
    house = House(new_home())
    made = house.torget("demo")
    assert made.returncode == 0, made.stderr
    house.run(SEAL)
    house.run(
        "from django.db import transaction; from django.utils import timezone\n"
        "from torget.history.rules import record; from torget.people.actor import Actor\n"
        "from torget.people.models import Municipality\n"
        "m = Municipality.objects.get()\n"
        "for n in range(6):\n"
        "    with transaction.atomic():\n"
        "        record('municipality.changed', m, by=Actor.system(m.pk), at=timezone.now(), n=n)\n"
        + SEAL
    )
    yield house
    remove(house.home)


@pytest.fixture
def house(told: House) -> Iterator[House]:
    home = new_home()
    subprocess.run(["cp", "-a", f"{told.home}/.", str(home)], check=True)
    Cluster(home).start()
    yield House(home)
    remove(home)


def test_in_a_sound_house_nothing_is_named_and_the_key_is_shown(house: House) -> None:
    told = house.doctor()
    assert {"ok  history", "ok  guard"} <= set(told.splitlines())
    assert "History is sealed with ed25519:" in told


def test_the_role_that_serves_can_change_nothing_and_turn_nothing_off(house: House) -> None:
    for statement in (
        "UPDATE history_entry SET verb = 'nothing' WHERE id = 1",
        "DELETE FROM history_entry WHERE id = 1",
        "TRUNCATE history_entry CASCADE",
        "UPDATE history_seal SET sealed_at = now()",
        "DELETE FROM history_seal",
        "ALTER TABLE history_entry DISABLE TRIGGER USER",
        "ALTER TABLE history_entry DISABLE TRIGGER history_entry_append_only",
        "DROP TRIGGER history_entry_stamp ON history_entry",
        "DROP TABLE history_entry CASCADE",
        "ALTER TABLE history_entry RENAME TO history_old",
        "ALTER TABLE history_entry OWNER TO torget",
        "CREATE RULE r AS ON INSERT TO history_entry DO INSTEAD NOTHING",
        "CREATE OR REPLACE FUNCTION history_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "DROP FUNCTION history_stamp() CASCADE",
        "SET session_replication_role = replica",
        "SET ROLE torget_owner",
        "GRANT torget_owner TO torget",
        "DROP SCHEMA public CASCADE",
        "CREATE TABLE public.history_entry2 (id int)",
        "ALTER DATABASE torget OWNER TO torget",
        "SELECT setval('history_entry_id_seq', 1)",
        "SELECT nextval('history_entry_id_seq')",
        "INSERT INTO history_entry (id, at, actor_kind, verb, subject_type, subject_id, data)"
        " VALUES (999999, now(), 'system', 'x', 'x', 1, '{}')",
        "INSERT INTO history_entry (at, actor_kind, verb, subject_type, subject_id, data)"
        " VALUES (now(), 'system', 'x', 'x', 1, '{}') ON CONFLICT (id) DO UPDATE SET verb = 'y'",
        "MERGE INTO history_entry e USING (SELECT 1 AS id) n ON e.id = n.id WHEN MATCHED THEN DELETE",
        "LOCK TABLE history_entry IN ACCESS EXCLUSIVE MODE",
        "COPY history_entry (id) FROM PROGRAM 'true'",
        "UPDATE django_migrations SET name = 'x'",
    ):
        # A cascade or a merge may be refused for another of the things it would need.
        try:
            house.serving(statement)
        except (InsufficientPrivilege, psycopg.errors.ObjectNotInPrerequisiteState):
            continue
        pytest.fail(f"not refused: {statement}")
    house.serving("GRANT UPDATE ON history_entry TO torget")  # warned of, and without effect
    assert {"ok  history", "ok  guard"} <= set(house.doctor().splitlines())


def test_a_backdated_row_is_named(house: House) -> None:
    [(row,)] = house.serving(
        "INSERT INTO history_entry (at, actor_kind, verb, subject_type, subject_id, data, written_at)"
        " VALUES ('2020-02-03 04:05Z', 'system', 'x', 'x', 1, '{}', '2020-02-03 04:05Z') RETURNING id"
    )
    [(stamped,)] = house.serving(
        "SELECT written_at > now() - interval '1 minute' FROM history_entry WHERE id = %s", row
    )
    assert stamped  # by the database, whatever was given
    house.run(SEAL)
    assert f"History row {row} tells of 2020-02-03 04:05" in house.doctor()


def test_a_seal_of_ones_own_is_named(house: House) -> None:
    house.serving(
        "INSERT INTO history_entry (at, actor_kind, verb, subject_type, subject_id, data)"
        " VALUES (now(), 'system', 'x', 'x', 1, '{}')"
    )
    house.run(
        "from django.utils import timezone; from torget.history.models import Entry, Seal\n"
        "from torget.history.tree import chain, leaf, merkle_root\n"
        "last = Seal.objects.order_by('-last_entry_id').first()\n"
        "rows = list(Entry.objects.filter(pk__gt=last.last_entry_id))\n"
        "leaves = [leaf(r) for r in rows]; root = merkle_root(leaves); previous = bytes(last.hash)\n"
        "Seal.objects.create(sealed_at=timezone.now(), last_entry_id=rows[-1].pk, ids=[r.pk for r in rows],\n"
        "  leaves=b''.join(leaves), root=root, previous=previous, signature=bytes(last.signature),\n"
        "  hash=chain(previous, root, rows[-1].pk, len(rows)))"
    )
    assert "is not signed by our key: it was forged" in house.doctor()


def test_a_rewritten_row_with_every_seal_made_anew_is_named_even_of_the_owner(house: House) -> None:
    house.owning(
        "ALTER TABLE history_entry DISABLE TRIGGER USER",
        "ALTER TABLE history_seal DISABLE TRIGGER USER",
        "UPDATE history_entry SET verb = 'nothing.happened' WHERE id = 12",
        "DELETE FROM history_entry WHERE id = 13",
    )
    house.as_owner(RESEAL)
    house.owning(
        "ALTER TABLE history_entry ENABLE TRIGGER USER",
        "ALTER TABLE history_seal ENABLE TRIGGER USER",
    )
    told = house.doctor()
    assert "is not signed by our key: it was forged" in told
    assert "is another than the one noted outside" in told


def test_unsigned_seals_in_the_place_of_signed_ones_are_named(house: House) -> None:
    house.owning(
        "ALTER TABLE history_seal DISABLE TRIGGER USER", "UPDATE history_seal SET signature = ''"
    )
    house.as_owner(RESEAL)
    house.owning(
        "UPDATE history_seal SET sealed_at = sealed_at - interval '1 day'",
        "ALTER TABLE history_seal ENABLE TRIGGER USER",
    )
    house.owning(
        "ALTER TABLE history_entry DISABLE TRIGGER USER",
        "UPDATE history_entry SET verb = 'nothing' WHERE id = 5",
    )
    house.as_owner(
        RESEAL.replace(
            "for one in",
            "connection.cursor().execute('ALTER TABLE history_seal DISABLE TRIGGER USER')\nfor one in",
        )
    )
    assert "is another than the one noted outside" in house.doctor()


def test_an_end_that_was_cut_off_is_named(house: House) -> None:
    house.owning(
        "ALTER TABLE history_entry DISABLE TRIGGER USER",
        "ALTER TABLE history_seal DISABLE TRIGGER USER",
        "DELETE FROM history_entry WHERE id > (SELECT min(last_entry_id) FROM history_seal)",
        "DELETE FROM history_seal WHERE id > (SELECT min(id) FROM history_seal)",
        "ALTER TABLE history_entry ENABLE TRIGGER USER",
        "ALTER TABLE history_seal ENABLE TRIGGER USER",
    )
    assert "the end of history has been cut off" in house.doctor()


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        (
            "DROP TRIGGER history_entry_append_only ON history_entry",
            "history_entry_append_only on history_entry is gone",
        ),
        (
            "ALTER TABLE history_seal DISABLE TRIGGER history_seal_no_truncate",
            "history_seal_no_truncate on history_seal is turned off",
        ),
        (
            "ALTER TABLE history_entry ENABLE REPLICA TRIGGER history_entry_stamp",
            "history_entry_stamp on history_entry is turned off",
        ),
        (
            "CREATE OR REPLACE FUNCTION history_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
            "does something else than it should",
        ),
        (
            "GRANT UPDATE ON history_entry TO torget",
            "has rights over history it should not have: UPDATE on history_entry",
        ),
        ("GRANT torget_owner TO torget", "who owns history"),
    ],
)
def test_a_guard_that_was_taken_away_is_named(house: House, statement, named) -> None:
    house.owning(statement) if "torget_owner TO" not in statement else _as_superuser(
        house, statement
    )
    told = house.doctor()
    assert named in told
    assert "NO  guard" in told


def _as_superuser(house: House, statement: str) -> None:
    cluster = Cluster(house.home)
    cluster.stop()
    cluster._alone(cluster.binaries(), cluster._owner(), cluster.data, statement)
    cluster.start()


def test_a_key_in_the_place_of_ours_is_named(house: House) -> None:
    other = base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw())
    (house.home / "seal.key").write_bytes(other)
    told = house.doctor()
    assert "seal.key has been replaced" in told
    assert "NO  history" in told
    house.serving(
        "INSERT INTO history_entry (at, actor_kind, verb, subject_type, subject_id, data)"
        " VALUES (now(), 'system', 'x', 'x', 1, '{}')"
    )
    house.run(SEAL)  # it goes on signing, and is named all the same
    assert "signed by a key nobody began" in house.doctor()


def test_what_is_noted_outside_cannot_be_bettered(house: House) -> None:
    [path] = (house.home / "anchors").glob("*.jsonl")
    whole = path.read_text()
    path.write_text(whole.replace('"to":', '"to":1'))
    assert "A line noted of the seals has been changed" in house.doctor()
    path.unlink()
    assert "is gone" in house.doctor()
    path.write_text(whole)
    assert house.doctor().startswith("ok  history")


def test_a_lost_sealing_key_is_not_replaced_in_silence(house: House) -> None:
    key = house.home / "seal.key"
    key.rename(house.home / "elsewhere")
    for words in (("demo",), ("init", "--number", "3107", "--host", "x.example.no")):
        refused = house.torget(*words)
        assert refused.returncode == 1
        assert "The sealing key is lost" in refused.stderr
        assert not key.exists()
    assert "The sealing key is lost" in house.doctor()
    begun = house.torget("new-key", "seal", "--yes")
    assert begun.returncode == 0, begun.stderr
    assert key.exists()
    house.run(SEAL)
    told = house.doctor()
    assert told.startswith("ok  history"), told


def test_a_backup_comes_back_with_key_notes_and_guard_and_a_shorter_history_is_noted(
    house: House, tmp_path
) -> None:
    kept = tmp_path / "kept.tar"
    assert house.torget("backup", str(kept)).returncode == 0
    house.serving(
        "INSERT INTO history_entry (at, actor_kind, verb, subject_type, subject_id, data)"
        " VALUES (now(), 'system', 'x', 'x', 1, '{}')"
    )
    house.run(SEAL)
    again = house.torget("restore", "--replace", str(kept))
    assert again.returncode == 0, again.stderr
    assert {"ok  history", "ok  guard"} <= set(house.doctor().splitlines())
    fresh = House(new_home())
    try:
        there = fresh.torget("restore", str(kept))
        assert there.returncode == 0, there.stderr
        assert (fresh.home / "seal.key").read_bytes() == (house.home / "seal.key").read_bytes()
        Cluster(fresh.home).start()
        assert {"ok  history", "ok  guard"} <= set(fresh.doctor().splitlines())
    finally:
        remove(fresh.home)
