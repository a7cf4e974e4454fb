"""Two roles in the database: one owns everything and migrates, the other serves and may only add to history.

Who owns a table can drop its triggers and rewrite it. So the role that web and worker sign in as owns nothing: neither the
tables nor their schema nor the database. Our own server is arranged so by itself; another database by its administrator,
with `TORGET_OWNER_DATABASE_URL` naming the owner.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import connection

OWNER = "torget_owner"
PASSFILE = "owner.pass"
_STAMP = "torget.roles"

# What a writer of history gives; ids and the time of writing are the database's. (written_at is overwritten.)
_ENTRY = (
    "at, municipality_id, actor_kind, actor_id, verb, subject_type, subject_id, data, written_at"
)
_SEAL = "sealed_at, last_entry_id, ids, leaves, root, previous, hash, signature"

_GRANTS = """
GRANT USAGE ON SCHEMA public TO {app};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {app};
GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO {app};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO {app};
DO $$ BEGIN
  IF to_regclass('public.history_entry') IS NOT NULL THEN
    REVOKE ALL ON public.history_entry, public.history_seal FROM {app};
    REVOKE ALL ON SEQUENCE public.history_entry_id_seq, public.history_seal_id_seq FROM {app};
    GRANT SELECT ON public.history_entry, public.history_seal TO {app};
    GRANT SELECT ON SEQUENCE public.history_entry_id_seq, public.history_seal_id_seq TO {app};
  END IF;
  IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('public.history_entry') AND attname = 'written_at') THEN
    GRANT INSERT ({entry}) ON public.history_entry TO {app};
    GRANT INSERT ({seal}) ON public.history_seal TO {app};
  END IF;
  IF to_regclass('public.django_migrations') IS NOT NULL THEN
    REVOKE INSERT, UPDATE, DELETE ON public.django_migrations FROM {app};
  END IF;
END $$;
"""


def _quoted(role: str) -> str:
    return '"' + role.replace('"', '""') + '"'


def grants(app: str, owner: str) -> str:
    """The statements, run as the owner, after which the app may do its work and no more."""
    return _GRANTS.format(app=_quoted(app), owner=_quoted(owner), entry=_ENTRY, seal=_SEAL)


def handing_over(app: str, owner: str, database: str) -> str:
    """The statements, run as superuser in the database, that take what is there from the app and give it to the owner."""
    return (
        f"ALTER DATABASE {_quoted(database)} OWNER TO {_quoted(owner)};\n"
        f"REASSIGN OWNED BY {_quoted(app)} TO {_quoted(owner)};\n" + grants(app, owner)
    )


def owner_url(home: Path, socket_folder: Path, name: str) -> str:
    """Connection address of our own server's owner; the password is in a file."""
    return (
        f"postgresql://{OWNER}@/{name}?host={quote(str(socket_folder))}"
        f"&passfile={quote(str(home / PASSFILE))}"
    )


def part(run: Callable[..., None], data: Path, passfile: Path, app: str, name: str) -> None:
    """Part the two roles of our own server, in single-user mode, while no server runs. Done before: nothing.

    Args:
        run: runs statements in a database as superuser, `run(database, *statements)`.
        data: the server's data, where it is noted that this was done.
        passfile: gets the owner's password.
        app: the role that serves.
        name: the database.
    """
    stamp = data / _STAMP
    if stamp.exists() and passfile.exists():
        return
    password = secrets.token_urlsafe(24)
    run(
        "postgres",
        f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{OWNER}') THEN"
        f" CREATE ROLE {OWNER} LOGIN; END IF; END $$",
        f"ALTER ROLE {OWNER} PASSWORD '{password}'",
    )
    # One message, and so one transaction: wholly, or not at all.
    run(name, handing_over(app, OWNER, name).strip().removesuffix(";"))
    passfile.unlink(missing_ok=True)
    passfile.touch(mode=0o600)
    passfile.write_text(f"*:*:*:{OWNER}:{password}\n")
    stamp.touch(mode=0o644)


@contextmanager
def as_owner() -> Iterator[bool]:
    """Inside, the database is spoken to as the owner of its tables, when that is somebody else; whether it is."""
    owner: dict[str, Any] | None = settings.OWNER_DATABASE
    if owner is None:
        yield False
        return
    ours = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(
        {name: owner[name] for name in ("USER", "PASSWORD", "HOST", "PORT", "OPTIONS")}
    )
    try:
        yield True
    finally:
        connection.close()
        connection.settings_dict.update(ours)


def settle() -> None:
    """Give the role that serves its rights, as the owner; nothing when it owns everything itself."""
    app = str(connection.settings_dict["USER"])
    with as_owner() as other:
        if other:
            with connection.cursor() as cursor:
                cursor.execute(grants(app, str(connection.settings_dict["USER"])))
