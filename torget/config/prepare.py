"""What must be true before a square opens: a database that answers and is migrated, texts and static files made."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, ProgrammingError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from torget.answers.vectors import adopt
from torget.config import assets, env, roles
from torget.config.postgres import Cluster
from torget.config.ready import shelf
from torget.history.seal import ready_key

_MIGRATING = 0x746F7267  # advisory lock: "torg"
_DATABASE_SECONDS = 60

Tell = Callable[[str], None]


def own_cluster(*, tied: bool = False) -> Cluster | None:
    """The installation's own database server; None when TORGET_DATABASE_URL names another."""
    return None if env.value("TORGET_DATABASE_URL") else Cluster(env.home(), tied=tied)


def ensure_database() -> None:
    """Our own server runs when this returns, and is left running."""
    if cluster := own_cluster():
        cluster.ensure()


@contextmanager
def database_running() -> Iterator[None]:
    """Our own server runs inside the block; stopped afterwards when it did not run before."""
    cluster = own_cluster(tied=True)
    if cluster is None or cluster.is_running():
        yield
        return
    cluster.start()
    try:
        yield
    finally:
        connection.close()
        cluster.stop()


def wait_for_database(seconds: float = _DATABASE_SECONDS) -> None:
    """Return when the database answers.

    Raises:
        OperationalError: it does not within the time.
    """
    until = time.monotonic() + seconds
    while True:
        try:
            connection.ensure_connection()
        except OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.3)
        else:
            return


def unapplied() -> list[str]:
    """Names of the migrations the database lacks."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]


def migrate() -> int:
    """Bring the database up to date; how many migrations were applied. Several at once wait for each other.

    Raises:
        LostKey: history is sealed, and the key is not here.
    """
    with roles.as_owner(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_MIGRATING])
        try:
            if missing := unapplied():
                call_command("migrate", interactive=False, verbosity=0)
            adopt()
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_MIGRATING])
    roles.settle()
    ready_key(at=timezone.now())
    return len(missing)


def adopt_vectors() -> None:
    """Where pgvector came after the tables: give the columns their type, as their owner (else the doctor tells)."""
    with roles.as_owner(), suppress(ProgrammingError):
        if not unapplied():
            adopt()


def prepare(tell: Tell) -> None:
    """Do what is not done yet, telling of each step that takes time."""
    wait_for_database()
    if steps := migrate():
        shelf.clear(env.home())  # pages of another version
        tell(f"Brought the database up to date ({steps} steps)")
    make_assets(tell)


def make_assets(tell: Tell) -> None:
    """Compile translations and collect static files, where their sources changed."""
    if count := assets.compile_messages():
        tell(f"Compiled {count} translations")
    if assets.collect_static(settings.STATIC_ROOT):
        tell("Collected style sheets, scripts and fonts")
