from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from django.db import Error, connection, transaction

from torget.history.models import Entry, Seal
from torget.history.rules import record
from torget.history.seal import leaf, merkle_root, seal, verify
from torget.people.actor import Actor


def write(municipality, verb, now):
    with transaction.atomic():
        return record(verb, municipality, by=Actor.system(municipality.pk), at=now, count=3)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE history_entry SET verb = 'x'",
        "DELETE FROM history_entry",
        "TRUNCATE history_entry",
        "UPDATE history_seal SET root = ''",
        "DELETE FROM history_seal",
    ],
)
def test_the_database_itself_refuses_to_change_history(nordvaag, now, statement):
    write(nordvaag, "municipality.changed", now)
    with connection.cursor() as cursor:  # off in tests, whose clean-up empties the tables
        cursor.execute("ALTER TABLE history_entry ENABLE TRIGGER history_entry_no_truncate")
    with (
        pytest.raises(Error, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_recording_outside_a_transaction_is_refused(transactional_db, nordvaag, now):
    with pytest.raises(transaction.TransactionManagementError):
        record("municipality.changed", nordvaag, by=Actor.system(nordvaag.pk), at=now)


def tamper(statement):
    """What somebody with the database owner's rights could do."""
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE history_entry DISABLE TRIGGER USER; ALTER TABLE history_seal DISABLE TRIGGER USER"
        )
        cursor.execute(statement)
        cursor.execute(
            "ALTER TABLE history_entry ENABLE TRIGGER USER; ALTER TABLE history_seal ENABLE TRIGGER USER"
        )


@pytest.fixture
def sealed(nordvaag, now):
    rows = [write(nordvaag, "municipality.changed", now + timedelta(seconds=n)) for n in range(5)]
    seal(at=now)
    rows += [write(nordvaag, "municipality.changed", now) for n in range(3)]
    seal(at=now)
    assert verify() == []
    return rows


def test_a_changed_row_is_pointed_out(sealed):
    tamper(f"UPDATE history_entry SET verb = 'thing.else' WHERE id = {sealed[2].pk}")
    assert verify() == [f"History row {sealed[2].pk} was changed after it was sealed."]


def test_a_removed_row_is_pointed_out(sealed):
    tamper(f"DELETE FROM history_entry WHERE id = {sealed[6].pk}")
    assert verify() == [f"History row {sealed[6].pk} was removed after it was sealed."]


def test_an_inserted_row_is_pointed_out(sealed):
    gone = sealed[1].pk
    tamper(f"DELETE FROM history_entry WHERE id = {gone}")
    tamper(
        "INSERT INTO history_entry (id, at, actor_kind, verb, subject_type, subject_id, data) "
        f"VALUES ({gone}, now(), 'system', 'made.up', 'x', 1, '{{}}')"
    )
    assert verify() == [f"History row {gone} was changed after it was sealed."]


def test_a_row_slipped_between_sealed_ids_is_pointed_out(sealed, nordvaag, now):
    last = Entry.objects.order_by("pk").last()
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('history_entry_id_seq', %s)", [last.pk + 10])
    write(nordvaag, "municipality.changed", now)
    seal(at=now)
    tamper(
        "INSERT INTO history_entry (id, at, actor_kind, verb, subject_type, subject_id, data) "
        f"VALUES ({last.pk + 5}, now(), 'system', 'made.up', 'x', 1, '{{}}')"
    )
    assert verify() == [f"History row {last.pk + 5} was inserted after it was sealed."]


def test_a_rewritten_seal_is_pointed_out(sealed):
    first = Seal.objects.order_by("pk").first()
    tamper(f"UPDATE history_seal SET root = '\\x00' WHERE id = {first.pk}")
    assert any(f"Seal {first.pk}" in fault for fault in verify())


def test_the_tree_is_that_of_rfc_6962(sealed):
    # RFC 6962 §2.1: the tree over three leaves is H(1, H(1, a, b), c).
    a, b, c = (leaf(row) for row in sealed[:3])
    inner = hashlib.sha256(b"\x01" + a + b).digest()
    assert merkle_root([a, b, c]) == hashlib.sha256(b"\x01" + inner + c).digest()


def test_sealing_when_nothing_happened_makes_no_seal(sealed, now):
    assert seal(at=now) is None
