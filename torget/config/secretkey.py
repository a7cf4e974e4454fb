"""The secret key: found, made once, and never made anew in silence while something rests on the one that was lost."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import psycopg
from django.core.exceptions import ImproperlyConfigured

from torget.config import env

_CONNECT_SECONDS = 3
# What cannot be read again without the key, and how it is called.
_DEPENDS = (
    ("channels_account", "secrets <> ''", "secrets of channels"),
    ("mfa_authenticator", "type IN ('totp', 'recovery_codes')", "second factors of staff"),
)


def find(home: Path, database_url: str, *, ours: bool) -> str:
    """The key an installation was given or made.

    Args:
        home: its folder.
        database_url: its database, which is asked what rests on a key that is not there.
        ours: whether that is our own server (which may not run yet).

    Raises:
        ImproperlyConfigured: the file named is not there, or the key is lost.
    """
    if key := env.value("TORGET_SECRET_KEY"):
        return str(key)
    named = env.value("TORGET_SECRET_KEY_FILE")
    path = Path(named or home / "secret.key")
    if path.exists():
        return path.read_text().strip()
    if named:
        raise ImproperlyConfigured(f"TORGET_SECRET_KEY_FILE names {path}, which does not exist.")
    if not env.NEW_SECRET_KEY and (why := _rests_on_it(home, database_url, ours=ours)):
        raise ImproperlyConfigured(
            f"The secret key is lost: {path} is not there, and {why}. Put it back from a backup of TORGET_HOME"
            " (`tar -xOf FILE secret.key` shows the key in a backup of ours). If there is none, `torget new-key secret"
            " --yes` begins anew: secrets of channels must then be entered again, staff set up their second factors"
            " again, and everybody signs in again."
        )
    return make(path)


def make(path: Path) -> str:
    """A new key in its file, which only its owner may read; when another process was faster, that one's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return path.read_text().strip()


def _rests_on_it(home: Path, database_url: str, *, ours: bool) -> str:
    """What rests on the lost key, in words; empty when nothing does."""
    if ours and not (home / "database" / "PG_VERSION").exists():
        return ""
    try:
        with psycopg.connect(database_url, connect_timeout=_CONNECT_SECONDS) as link:
            return _counted(link)
    except psycopg.OperationalError:
        return "the database does not answer, so that nobody knows what rests on it"


def _counted(link: psycopg.Connection[tuple[object, ...]]) -> str:
    counts = []
    for table, where, words in _DEPENDS:
        [there] = link.execute("SELECT to_regclass(%s)", [table]).fetchone() or [None]
        if there is None:
            continue
        # Both are named above.
        row = link.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()  # noqa: S608
        if row and row[0]:
            counts.append(f"{row[0]} {words}")
    return f"{' and '.join(counts)} rest on it" if counts else ""
