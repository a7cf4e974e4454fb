"""`torget doctor`: what is wrong with this installation, each in a sentence with how to mend it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.utils import timezone, translation

from torget import rooms
from torget.channels import timestamping
from torget.channels.registry import adapters
from torget.config import env, guard, prepare, runtime
from torget.config.guard import Advice
from torget.history.keys import load, shown

Check = Callable[[datetime], Iterator[str]]

OLDEST_POSTGRESQL = 150_000  # as server_version_num tells it
EXTENSIONS = {"pg_trgm", "btree_gist"}
CLOCK_SECONDS = 5.0
LEAST_FREE_BYTES = 1_000_000_000
CROWDED = 0.8  # of the connections the database takes


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at, and what is wrong with it; empty when all is well. Advice is no trouble yet."""

    name: str
    troubles: Sequence[str]
    advice: Sequence[str] = ()


def _settings(_at: datetime) -> Iterator[str]:
    for message in checks.run_checks():
        if message.level >= checks.WARNING:
            yield f"{message.msg} {message.hint or ''} ({message.id})".replace("  ", " ")
    if settings.DEBUG:
        yield "TORGET_DEBUG is on: strangers see how the program works inside. Set it to 0."
    try:
        adapters()
    except ImproperlyConfigured as fault:
        yield str(fault)


def _python(_at: datetime) -> Iterator[str]:
    if sentence := runtime.sentence(runtime.look()):
        yield Advice(sentence)


def _database(_at: datetime) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version_num')::int, current_setting('server_version'),"
            " current_setting('fsync'), current_setting('synchronous_commit')"
        )
        number, version, fsync, commit = cursor.fetchone()
        cursor.execute("SELECT clock_timestamp()")
        apart = abs((cursor.fetchone()[0] - timezone.now()).total_seconds())
        cursor.execute("SELECT extname FROM pg_extension")
        lacking = EXTENSIONS - {row[0] for row in cursor.fetchall()}
    if number < OLDEST_POSTGRESQL:
        yield f"PostgreSQL {version} is too old. Torget needs 15 or newer."
    if fsync != "on" or commit == "off":
        yield f"PostgreSQL runs with fsync={fsync}, synchronous_commit={commit}: a power cut loses what we acknowledged. Set both to on."
    if lacking:
        yield f"The database lacks {', '.join(sorted(lacking))}. Run torget manage migrate as an account that may add them."
    if apart > CLOCK_SECONDS:
        yield f"The clocks of this machine and of the database are {apart:.0f} s apart. Turn on time synchronisation on both."


def connections(_at: datetime) -> Iterator[str]:
    """Whether the database has connections left."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), current_setting('max_connections')::int FROM pg_stat_activity"
            " WHERE datid IS NOT NULL"  # of others' sessions we may know no more
        )
        used, most = cursor.fetchone()
    if used > most * CROWDED:
        yield f"{used} of the database's {most} connections are taken; without one nothing starts. Raise max_connections."


def _migrations(_at: datetime) -> Iterator[str]:
    if missing := prepare.unapplied():
        yield f"{len(missing)} migrations are missing (first {missing[0]}). Run torget manage migrate."


def _files(_at: datetime) -> Iterator[str]:
    for folder in (settings.HOME, Path(settings.MEDIA_ROOT)):
        if not folder.exists():
            continue  # made when first needed; whether it can be is seen at its parent
        try:
            with tempfile.NamedTemporaryFile(dir=folder):
                free = shutil.disk_usage(folder).free
        except OSError as fault:
            yield f"Nothing can be written to {folder}: {fault.strerror}. Give the account that runs torget the right to."
        else:
            if free < LEAST_FREE_BYTES:
                yield f"Only {free // 1_000_000} MB are left where {folder} lies. Make room."
    named = env.value("TORGET_SECRET_KEY_FILE") or settings.HOME / "secret.key"
    for path in (Path(named), settings.HOME / "database.pass"):
        if path.exists() and (mode := path.stat().st_mode & 0o077):
            yield f"Others may read or change {path} ({mode:03o}). Run chmod 600 {path}."


def guards(_at: datetime) -> Iterator[str]:
    """What guards history."""
    yield from guard.trigger_faults()
    yield from guard.owner_faults()
    yield from guard.key_changes()
    yield from timestamping.faults()


WITHOUT_DATABASE: Sequence[tuple[str, Check]] = (
    ("settings", _settings),
    ("python", _python),
    ("files", _files),
)
DATABASE: tuple[str, Check] = ("database", _database)


def _find(name: str, check: Check, at: datetime) -> Finding:
    try:
        findings = list(check(at))
        advice = [text for text in findings if isinstance(text, Advice)]
        return Finding(name, [text for text in findings if text not in advice], advice)
    except DatabaseError as fault:
        text = " ".join(str(fault).split())
        return Finding(name, [f"The database does not answer: {text} Run torget up."])


def examine(*, at: datetime) -> Iterator[Finding]:
    """Look at everything; what needs the database only when it answers and is migrated."""
    with translation.override("en"):
        for name, check in WITHOUT_DATABASE:
            yield _find(name, check, at)
        database = _find(*DATABASE, at)
        yield database
        if any("does not answer" in text for text in database.troubles):
            return
        migrated = _find("migrations", _migrations, at)
        yield migrated
        if migrated.troubles:
            return
        for check in rooms.gather("checks"):
            yield _find(check.name, rooms.load(check.look), at)


def report(say: Callable[[str], None]) -> bool:
    """Tell what was found, line by line; whether all is well."""
    well = True
    for finding in examine(at=timezone.now()):
        well = well and not finding.troubles
        say(f"{'ok' if not finding.troubles else 'NO':<4}{finding.name}")
        for trouble in (*finding.troubles, *finding.advice):
            say("      " + trouble.replace("\n", "\n        "))
    if key := load():
        say(f"\nHistory is sealed with {shown(key.public)}.")
    say(f"\nThis is {env.home()}, as seen by account {os.geteuid()}.")
    return well
