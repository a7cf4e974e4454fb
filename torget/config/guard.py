"""Whether the database still guards history: the triggers are there and say what they did, and we own nothing."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.db import connection

from torget.config.roles import handing_over
from torget.history.checking import outside

TABLES = ("history_entry", "history_seal")
# (table, trigger) → its function.
TRIGGERS = {
    ("history_entry", "history_entry_append_only"): "history_refuse",
    ("history_entry", "history_entry_no_truncate"): "history_refuse",
    ("history_entry", "history_entry_announce"): "history_announce",
    ("history_entry", "history_entry_stamp"): "history_stamp",
    ("history_seal", "history_seal_append_only"): "history_refuse",
    ("history_seal", "history_seal_no_truncate"): "history_refuse",
    ("conversations_version", "version_append_only"): "",
    ("conversations_version", "version_no_truncate"): "",
}
# What of each function must stand in it, blanks apart, and nothing before it.
BODIES = {
    "history_refuse": "BEGIN RAISE EXCEPTION 'history is append-only:",
    "history_stamp": "BEGIN NEW.written_at := clock_timestamp(); RETURN NEW; END",
}
_AGAIN = (
    "Keep the database as it is and compare with a backup; then see docs/operations.md, *History*."
)
FORBIDDEN = ("UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")


class Advice(str):
    """Something to better that is no fault: told, and all is well all the same."""

    __slots__ = ()


def trigger_faults() -> Iterator[str]:
    """A sentence for each trigger that is gone, asleep or changed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, t.tgname, p.proname, t.tgenabled, p.prosrc FROM pg_trigger t"
            " JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE NOT t.tgisinternal AND pg_table_is_visible(c.oid)"
        )
        there = {(row[0], row[1]): row[2:] for row in cursor.fetchall()}
    for (table, trigger), function in TRIGGERS.items():
        state = there.get((table, trigger))
        if state is None:
            yield f"The trigger {trigger} on {table} is gone: the database does not guard it any more. {_AGAIN}"
            continue
        name, enabled, source = state
        if enabled not in {"O", "A"}:
            yield f"The trigger {trigger} on {table} is turned off. {_AGAIN}"
        if function and (
            name != function or not " ".join(source.split()).startswith(BODIES.get(function, ""))
        ):
            yield f"The trigger {trigger} on {table} does something else than it should. {_AGAIN}"


def key_changes() -> Iterator[str]:
    """A word for each time the sealing key was begun anew: whoever runs the square should know of it."""
    for fingerprint, at in outside().begun[1:]:
        yield Advice(f"The sealing key was begun anew {at[:16]} ({fingerprint}). Was it you?")


def owner_faults() -> Iterator[str]:
    """A sentence for each right over history that the role that serves should not have."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user, current_database(), rolsuper OR rolcreaterole OR rolbypassrls FROM pg_roles"
            " WHERE rolname = current_user"
        )
        app, database, mighty = cursor.fetchone()
        cursor.execute(
            "SELECT DISTINCT pg_get_userbyid(owner) FROM ("
            " SELECT relowner AS owner FROM pg_class WHERE oid = ANY(%s::regclass[])"
            " UNION SELECT nspowner FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid"
            "   WHERE c.oid = 'history_entry'::regclass AND nspname <> 'public'"
            " UNION SELECT datdba FROM pg_database WHERE datname = current_database()"
            " UNION SELECT proowner FROM pg_proc WHERE proname IN ('history_refuse', 'history_stamp')) owners"
            " WHERE pg_has_role(current_user, owner, 'MEMBER')",
            [list(TABLES)],
        )
        owners = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            "SELECT t, p FROM unnest(%s::text[]) t, unnest(%s::text[]) p WHERE has_table_privilege(t, p)",
            [list(TABLES), list(FORBIDDEN)],
        )
        rights = [f"{right} on {table}" for table, right in cursor.fetchall()]
    if mighty:
        yield f"The role {app}, which Torget serves as, may do anything in the database: it can rewrite history. Give it a role of its own."
    elif owners:
        if settings.OWNER_DATABASE is not None:
            yield f"The role {app}, which Torget serves as, has become (or is in the role of) {', '.join(owners)}, who owns history: it can rewrite it. {_AGAIN}"
            return
        yield Advice(
            f"The role {app}, which Torget serves as, owns the tables, and can rewrite history (what is noted outside the"
            f" database would show it). To part the two, let the superuser run in {database}:\n"
            "CREATE ROLE torget_owner LOGIN PASSWORD '…';\n"
            + handing_over(app, "torget_owner", database).strip()
            + "\nand set TORGET_OWNER_DATABASE_URL."
        )
    elif rights:
        yield f"The role {app}, which Torget serves as, has rights over history it should not have: {', '.join(rights)}. Run torget manage migrate."
