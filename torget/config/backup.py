"""`torget backup` and `torget restore`: database, files and the secret key in one file, while the square is open."""
# ruff: noqa: S603 - the programs are PostgreSQL's own, named here

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo

from torget import __version__
from torget.channels import rules as channels
from torget.channels.models import Account
from torget.channels.registry import networks_that
from torget.config import env, pgbinaries, prepare, roles
from torget.config.ready import shelf
from torget.errors import Refused
from torget.history.seal import note_restored
from torget.outbox.models import Delivery
from torget.people.actor import Actor

FORMAT = 1
MANIFEST, DUMP, KEY, FILES = "manifest.json", "database.dump", "secret.key", "files"
SEAL_KEY = "seal.key"
# Files are named by the SHA-256 of what they hold; see torget.channels.files.
_FILE = re.compile(r"files/[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{64}")
# What is noted of the seals; see torget.history.anchors.
_ANCHORS = re.compile(r"anchors/[0-9]{4}-[0-9]{2}\.jsonl")
_RESTORING = (
    *("--clean", "--if-exists", "--single-transaction", "--exit-on-error"),
    *("--no-owner", "--no-privileges", "--no-comments"),
)

Tell = Callable[[str], None]


def backup(target: Path, *, at: datetime, tell: Tell) -> None:
    """Write everything of this installation into a new file only its owner may read; the square may be open.

    The database is one moment's (pg_dump's snapshot). Files are read after it: they are never changed, so every
    file that the database knows is there.

    Raises:
        Refused: the file exists, or pg_dump failed.
    """
    if target.exists():
        raise Refused(f"{target} exists already. Choose another name.", "exists")
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as folder:
        dump, draft = Path(folder) / DUMP, Path(folder) / "draft"
        _run("pg_dump", ["--format=custom", "--no-unlogged-table-data", f"--file={dump}"])
        counted = 0
        with (
            _private(draft) as out,
            tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar,
        ):
            _add(tar, MANIFEST, _manifest(at))
            _add(tar, KEY, settings.SECRET_KEY.encode())
            tar.add(dump, DUMP)
            if settings.SEAL_KEY_FILE.is_file():
                _add(tar, SEAL_KEY, settings.SEAL_KEY_FILE.read_bytes())
            for path in sorted(settings.ANCHORS.glob("*.jsonl")):
                tar.add(path, f"anchors/{path.name}")
            for path in sorted(Path(settings.MEDIA_ROOT).glob("??/??/*")):
                name = f"{FILES}/{path.relative_to(settings.MEDIA_ROOT).as_posix()}"
                if _FILE.fullmatch(name) and path.is_file() and not path.is_symlink():
                    tar.add(path, name)
                    counted += 1
            tar.close()
            out.flush()
            os.fsync(out.fileno())
        draft.rename(target)
    tell(f"Wrote {target}: the database, {counted} files and the secret key.")
    tell("Whoever has this file has everything. Keep it as you keep the passwords.")


def restore(source: Path, *, replace: bool, at: datetime, tell: Tell) -> None:
    """Put back what a backup holds, into a database that is empty unless `replace`.

    The database is restored in one transaction: it becomes as it was, or nothing happens. Accounts with something
    to send are paused: what was due then may have been sent since.

    Raises:
        Refused: no backup of ours; the database holds something; somebody uses it; another key is set; pg_restore failed.
    """
    with tarfile.open(source) as tar:
        members = list(checked(tar))
        key = _read(tar, KEY).decode()
        manifest = json.loads(_read(tar, MANIFEST))
        _check_key(key)
        _check_database(replace=replace)
        home = Path(settings.MEDIA_ROOT).parent
        with tempfile.TemporaryDirectory(prefix=".restore-", dir=home) as folder:
            os.chmod(folder, 0o700)
            tar.extractall(folder, members=members, filter="data")
            with roles.as_owner():
                _run(
                    "pg_restore",
                    [*_RESTORING, str(Path(folder) / DUMP)],
                )
            _put_files(Path(folder) / FILES, home)
            _put_seals(Path(folder))
    _put_key(key)
    tell(f"Restored what was written {manifest['at']} by torget {manifest['torget']}.")
    prepare.migrate()
    shelf.clear(home)  # pages of what was here before
    note_restored(at=at)
    if paused := _pause_senders(at=at):
        tell(
            f"Paused {paused} channels: look through what is due under Sendinger, then let them send again."
        )


def checked(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """The members of a backup, each known by name and a plain file; folders are made as needed.

    Raises:
        Refused: anything else is in it, such as a link or a path that leads elsewhere.
    """
    seen: set[str] = set()
    for member in tar:
        known = (
            member.name in {MANIFEST, DUMP, KEY, SEAL_KEY}
            or _FILE.fullmatch(member.name)
            or _ANCHORS.fullmatch(member.name)
        )
        if not known or not member.isreg() or member.name in seen:
            raise Refused(f"{member.name!r} does not belong in a backup of torget.", "bad_member")
        seen.add(member.name)
        yield member
    if missing := {MANIFEST, DUMP, KEY} - seen:
        raise Refused(
            f"This is no backup of torget: {', '.join(sorted(missing))} is missing.", "not_ours"
        )


def _manifest(at: datetime) -> bytes:
    return json.dumps(
        {"format": FORMAT, "torget": __version__, "at": at.isoformat(timespec="seconds")}
    ).encode()


def _private(path: Path) -> Any:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), 0o600
    tar.addfile(member, io.BytesIO(content))


def _read(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    return file.read(100_000) if file else b""


def _run(program: str, options: list[str]) -> None:
    """One of PostgreSQL's programs on our database; the password is never on the command line."""
    parameters = connection.get_connection_params()
    names = (
        "host",
        "port",
        "user",
        "dbname",
        "passfile",
        "sslmode",
        "sslrootcert",
        "sslcert",
        "sslkey",
    )
    address = make_conninfo(**{name: parameters[name] for name in names if parameters.get(name)})
    command = [_tool(program), f"--dbname={address}", *options]
    password = {"PGPASSWORD": str(parameters["password"])} if parameters.get("password") else {}
    connection.close()
    done = subprocess.run(
        command, env={**os.environ, **password}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Refused(f"{program} failed: {done.stderr.strip()[-800:]}", program)


def _tool(program: str) -> str:
    """A program of the server's own major version, else what the machine has if it is not older."""
    connection.ensure_connection()
    major = connection.connection.info.server_version // 10_000
    try:
        return pgbinaries.find(major).tool(program)
    except pgbinaries.ClusterFault as fault:
        tool = shutil.which(program)
        version_line = (
            subprocess.run([tool, "--version"], capture_output=True, text=True, check=False).stdout
            if tool
            else ""
        )
        version = re.search(r"(\d+)", version_line.partition(")")[2])
        if tool and version and int(version[1]) >= major:
            return tool
        raise Refused(
            f"Found no {program} of PostgreSQL {major}. Run: apt-get install postgresql-client-{major}",
            "no_program",
        ) from fault


def _check_key(key: str) -> None:
    named = env.value("TORGET_SECRET_KEY") or env.value("TORGET_SECRET_KEY_FILE")
    if named and key != settings.SECRET_KEY:
        raise Refused(
            "TORGET_SECRET_KEY is not the key of this backup: channel secrets could not be read. "
            "See it with `tar -xOf FILE secret.key`, set it, and restore again.",
            "other_key",
        )


def _check_database(*, replace: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND application_name = 'torget'"
        )
        if cursor.fetchone()[0]:
            raise Refused("The square is open. Close it (web and worker), then restore.", "open")
        if replace:
            return
        cursor.execute("SELECT to_regclass('people_municipality') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return
        cursor.execute("SELECT count(*) FROM people_municipality")
        if cursor.fetchone()[0]:
            raise Refused(
                "The database holds a municipality already. Everything in it would be lost: "
                "restore into an empty one, or say --replace.",
                "not_empty",
            )


def _put_files(restored: Path, home: Path) -> None:
    restored.mkdir(exist_ok=True)
    for folder in (restored, *restored.rglob("*")):
        folder.chmod(0o700 if folder.is_dir() else 0o600)
    media, old = Path(settings.MEDIA_ROOT), home / ".files-replaced"
    shutil.rmtree(old, ignore_errors=True)
    if media.exists():
        media.rename(old)
    restored.rename(media)
    shutil.rmtree(old, ignore_errors=True)


def _put_key(key: str) -> None:
    if key == settings.SECRET_KEY:
        return
    path = env.home() / KEY
    draft = path.with_name(f".{KEY}.{os.getpid()}")
    with _private(draft) as out:
        out.write(key.encode())
    draft.rename(path)
    settings.SECRET_KEY = key


def _put_seals(restored: Path) -> None:
    """The sealing key and what was noted of the seals, where they are not here: what is here is never overwritten."""
    pairs = [(restored / SEAL_KEY, settings.SEAL_KEY_FILE)]
    pairs += [
        (path, settings.ANCHORS / path.name) for path in sorted((restored / "anchors").glob("*"))
    ]
    for source, target in pairs:
        if source.is_file() and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            target.chmod(0o600)


def _pause_senders(*, at: datetime) -> int:
    waiting = Delivery.objects.filter(state__in=["due", "sending"]).values("account_id")
    accounts = Account.objects.filter(pk__in=waiting, paused_at=None)
    accounts = accounts.exclude(network__in=networks_that("by_page"))
    for account in accounts.select_related("unit"):
        channels.pause(
            account,
            "Gjenopprettet fra sikkerhetskopi. Noe av det som venter, kan være sendt før.",
            by=Actor.system(account.municipality_id),
            at=at,
        )
    return len(accounts)
