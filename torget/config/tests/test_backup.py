"""Everything is kept and comes back: database, files and key; nothing else gets in."""

from __future__ import annotations

import io
import stat
import subprocess
import sys
import tarfile
import threading
from contextlib import ExitStack

import psycopg
import pytest

from tests.square import new_square
from torget.config.backup import DUMP, KEY, MANIFEST, checked
from torget.errors import Refused

SHA = "ab12" + "0" * 60
GOOD = [(MANIFEST, b"{}"), (KEY, b"k"), (DUMP, b"d"), (f"files/ab/12/{SHA}", b"f")]

FILL = """
from django.utils import timezone
from torget.channels import files, rules
from torget.history import seal
from torget.people.actor import Actor
from torget.people.models import Unit
unit = Unit.objects.get(slug="servicetorget")
rules.open_account(unit, network="webhook", address="arkiv", name="Arkivet",
                   secrets={"secret": "hysj"}, by=Actor.system(unit.municipality_id), at=timezone.now())
for n in range(20):
    files.put(b"bilde %d" % n)
seal.seal(at=timezone.now())
"""
LOOK = """
from torget.channels import files
from torget.channels.models import Account
from torget.channels.secrets import unseal
from torget.history import seal
from torget.history.models import Entry, Seal
from torget.people.models import SignInSession, Unit
import hashlib
print("secret", unseal(Account.objects.get(network="webhook").secrets))
print("history", seal.verify(), Entry.objects.count(), Seal.objects.count())
print("units", Unit.objects.count())
print("files", [files.get(hashlib.sha256(b"bilde %d" % n).hexdigest()) for n in range(20)][-1])
"""


def torget(square, *words):
    # Each its own key, made at first use and kept in its home.
    environ = {name: value for name, value in square.environ.items() if name != "TORGET_SECRET_KEY"}
    return subprocess.run(
        [sys.executable, "-m", "torget.config.cli", *words],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )


def done(square, *words):
    result = torget(square, *words)
    assert result.returncode == 0, result.stderr
    return result.stdout


def look(square):
    return [
        line
        for line in done(square, "manage", "shell", "-v0", "-c", LOOK).splitlines()
        if line.split(" ")[0] in {"secret", "history", "units", "files"}
    ]


class Writer(threading.Thread):
    """Somebody who goes on working: pairs of rows, always both or none."""

    def __init__(self, url):
        super().__init__(daemon=True)
        self.url, self.stop, self.pairs = url, threading.Event(), 0

    def run(self):
        with psycopg.connect(self.url) as link:
            while not self.stop.is_set():
                for half in ("a", "b"):
                    link.execute(
                        "INSERT INTO people_signinsession (issuer, sid, session_key, opened_at)"
                        " VALUES (%s, %s, '', now())",
                        (half, str(self.pairs)),
                    )
                link.commit()
                self.pairs += 1


@pytest.mark.timeout(200)
def test_a_backup_taken_under_work_brings_everything_back(tmp_path):
    kept = tmp_path / "torget.backup"
    with ExitStack() as both:
        source = both.enter_context(new_square())
        target = both.enter_context(new_square(empty=True))
        done(source, "init", "--number", "3107", "--host", "square.example.no")
        done(source, "manage", "shell", "-v0", "-c", FILL)
        before = look(source)
        assert before[0] == "secret {'secret': 'hysj'}"
        assert before[1].startswith("history [] ")

        writer = Writer(source.database_url)
        writer.start()
        try:
            done(source, "backup", str(kept))
            at_the_end = writer.pairs
        finally:
            writer.stop.set()
            writer.join(10)
        assert at_the_end > 10
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert "exists already" in torget(source, "backup", str(kept)).stderr

        assert "Restored what was written" in done(target, "restore", str(kept))
        assert look(target) == before
        halves = target.query(
            "SELECT count(*) FILTER (WHERE issuer = 'a'), count(*) FILTER (WHERE issuer = 'b')"
            " FROM people_signinsession"
        )[0]
        assert 0 < halves[0] == halves[1] <= writer.pairs

        # What is there is not thrown away by mistake; an open square is not pulled away under anybody.
        again = torget(target, "restore", str(kept))
        assert again.returncode == 1
        assert "--replace" in again.stderr
        with psycopg.connect(target.database_url, application_name="torget"):
            assert "The square is open" in torget(target, "restore", str(kept), "--replace").stderr
        target.query("DELETE FROM people_openinghours")
        done(target, "restore", str(kept), "--replace")
        assert target.query("SELECT count(*) FROM people_openinghours") == [(5,)]

        # With a key of its own set, the secrets could not be read: told before anything is touched.
        target.environ["TORGET_SECRET_KEY_FILE"] = str(tmp_path / "own.key")
        (tmp_path / "own.key").write_text("en annen nøkkel")
        assert (
            "not the key of this backup" in torget(target, "restore", str(kept), "--replace").stderr
        )


def tar_of(*members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for given in members:
            member, content = given if isinstance(given[0], tarfile.TarInfo) else (None, given[1])
            member = member or tarfile.TarInfo(given[0])
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    out.seek(0)
    return tarfile.open(fileobj=out)


def link(name, target, kind):
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def test_what_a_backup_holds_is_accepted():
    assert [one.name for one in checked(tar_of(*GOOD))] == [name for name, _ in GOOD]


@pytest.mark.parametrize(
    "bad",
    [
        ("../secret.key", b"x"),
        ("/etc/passwd", b"x"),
        (f"files/../../{SHA}", b"x"),
        (f"files/ab/12/../../../{SHA}", b"x"),
        (f"files/ab/12/{SHA}/../x", b"x"),
        (f"files/ab/12/{SHA}\n", b"x"),
        ("files/ab/12/liten", b"x"),
        ("local.conf", b"x"),
        (KEY, b"a second one"),
        (link(f"files/ab/13/{SHA}", "/etc/passwd", tarfile.SYMTYPE), b""),
        (link(f"files/ab/13/{SHA}", KEY, tarfile.LNKTYPE), b""),
        (link(f"files/ab/13/{SHA}", "", tarfile.CHRTYPE), b""),
        (link("files", "/", tarfile.SYMTYPE), b""),
        (link("files/ab", "", tarfile.DIRTYPE), b""),
    ],
    ids=lambda bad: str(getattr(bad[0], "name", bad[0])),
)
def test_anything_else_in_it_is_refused(bad):
    with pytest.raises(Refused, match="does not belong"):
        list(checked(tar_of(*GOOD, bad)))


def test_another_tar_is_no_backup():
    with pytest.raises(Refused, match="is missing"):
        list(checked(tar_of((MANIFEST, b"{}"))))
