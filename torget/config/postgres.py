"""The database of an installation that has none: PostgreSQL's own binaries, run by us."""
# ruff: noqa: S603 - the programs are named here, never by input

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from torget.config import pgbinaries, pgvectors, processes, roles
from torget.config.pgbinaries import Binaries, ClusterFault
from torget.config.pgsettings import ACCESS, DURABLE, FORGETFUL, SETTINGS

USER = NAME = "torget"
_PASSFILE = "database.pass"
_SOCKET = ".s.PGSQL.5432"
# sockaddr_un holds 108 bytes on Linux and 104 on macOS, the file name and a terminator included.
_LONGEST_SOCKET = 100
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)  # PostgreSQL protocol 3.0: may we speak TLS?
_START_SECONDS = 120
_STOP_SECONDS = 60
_LONGEST_LOG = 5_000_000
# Messages after which another attempt succeeds: what a killed server left behind is still dying.
_PASSING = ("pre-existing shared memory block", "lock file", "the database system is shutting down")


def _short_name(home: Path) -> str:
    return hashlib.sha256(str(home).encode()).hexdigest()[:12]


def socket_folder(home: Path) -> Path:
    """Where the server's socket is: below home, or in a short place of our own when home is long or we are root."""
    home = home.resolve()
    if os.geteuid() == 0:
        return Path("/run" if Path("/run").is_dir() else "/tmp") / f"torget-{_short_name(home)}"  # noqa: S108
    near = home / "run"
    if len(os.fsencode(near / _SOCKET)) < _LONGEST_SOCKET:
        return near
    return Path("/tmp") / f"torget-{os.geteuid()}-{_short_name(home)}"  # noqa: S108


def url(home: Path) -> str:
    """Connection address of the embedded database below home (whether or not it runs).

    The password is not in it: libpq reads it from a file only the owner may read.
    """
    home = home.resolve()
    return f"postgresql://{USER}@/{NAME}?host={quote(str(socket_folder(home)))}&passfile={quote(str(home / _PASSFILE))}"


def owner_url(home: Path) -> str:
    """The same as its owner, who migrates."""
    home = home.resolve()
    return roles.owner_url(home, socket_folder(home), NAME)


class Cluster:
    """One PostgreSQL server whose data lie below `home`.

    Args:
        home: the installation's folder.
        scratch: fast and forgetful, for tests: no flush to disk, and its user may create databases.
        tied: the server stops when the process that started it dies, however it dies (Linux).
    """

    def __init__(self, home: Path, *, scratch: bool = False, tied: bool = False) -> None:
        self.home = home.resolve()
        self.scratch = scratch
        self.tied = tied
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def base(self) -> Path:
        """Home itself; or, when the account that runs the server may not enter it, a place of its own."""
        elsewhere = Path("/var/lib/torget") / f"cluster-{_short_name(self.home)}"
        if (self.home / "database").exists() or os.geteuid() != 0:
            return self.home
        if elsewhere.exists() or (
            self.home.exists() and not processes.may_enter(self.home, processes.server_account())
        ):
            return elsewhere
        return self.home

    @property
    def data(self) -> Path:
        return self.base / "database"

    @property
    def log(self) -> Path:
        return self.base / "database.log"

    def binaries(self) -> Binaries:
        """The programs that fit the data (pg_dump and pg_restore too).

        Raises:
            ClusterFault: none fits.
        """
        version = self.data / "PG_VERSION"
        return pgbinaries.find(int(version.read_text()) if version.exists() else None)

    def start(self) -> None:
        """Start the server unless it runs. Returns when it takes connections; safe to call from several at once.

        Raises:
            ClusterFault: it cannot be started.
        """
        self._make_home()
        with self._lock():
            if self.is_running() and (self.home / _PASSFILE).exists():
                return
            if self._settled_alive():
                return
            account = self._owner()
            programs = self.binaries()
            if account is not None:
                programs = pgbinaries.reachable(programs, account, self.base)
            if not self.data.exists():
                self._create(programs, account)
            self._prepare(programs, account)
            self._launch(programs, account)

    ensure = start

    def stop(self) -> None:
        """Stop the server cleanly; nothing happens when it does not run."""
        if not self.home.exists():
            return
        with self._lock():
            if (pid := self._pid()) is None:
                return
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
            if not self._wait_gone(_STOP_SECONDS):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(
                        pid, signal.SIGQUIT
                    )  # the write-ahead log mends the rest at the next start
                self._wait_gone(_STOP_SECONDS)

    def is_running(self) -> bool:
        """Does it take connections?"""
        return self._status() == "ready" and self._answers()

    def destroy(self) -> None:
        """Stop a scratch server and remove its data.

        Raises:
            ClusterFault: it is not a scratch server.
        """
        if not self.scratch:
            raise ClusterFault("Only a scratch database may be destroyed.")
        self.stop()
        shutil.rmtree(socket_folder(self.home), ignore_errors=True)
        base = self.base
        shutil.rmtree(base / "database", ignore_errors=True)
        if base != self.home:
            shutil.rmtree(base, ignore_errors=True)

    # What is on disk ---------------------------------------------------------------------------

    def _make_home(self) -> None:
        if not self.home.exists():
            # Others may pass through (the server's account must reach its data), not look.
            self.home.mkdir(parents=True)
            self.home.chmod(0o711 if os.geteuid() == 0 else 0o700)
        if self.base != self.home:
            self.base.mkdir(parents=True, exist_ok=True)
            self.base.chmod(0o711)

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        with (self.home / "cluster.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _owner(self) -> int | None:
        if not self.data.exists():
            return processes.server_account()
        owner = self.data.stat().st_uid
        if os.geteuid() == 0:
            return owner
        if owner != os.geteuid():
            name = pwd.getpwuid(owner).pw_name
            raise ClusterFault(
                f"{self.data} belongs to {name}. Start torget as the account that made it (or as root)."
            )
        return None

    def _run(self, command: list[str], account: int | None, feed: str = "") -> None:
        done = subprocess.run(
            command,
            input=feed,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            umask=0o077,
            **processes.run_as(account),
        )
        if done.returncode != 0:
            raise ClusterFault(
                f"{Path(command[0]).name} failed: {(done.stderr or done.stdout).strip()[-800:]}"
            )

    def _create(self, programs: Binaries, account: int | None) -> None:
        """Make the data beside their place and move them there whole: an interrupted start leaves no half cluster."""
        draft = Path(tempfile.mkdtemp(prefix="database-", dir=self.base))
        try:
            if account is not None:
                os.chown(draft, account, processes.group_of(account))
            command = [programs.tool("initdb"), "-D", str(draft), "-U", "postgres"]
            command += ["-E", "UTF8", "--auth=reject"]
            command += (
                ["--locale-provider=builtin", "--locale=C", "--builtin-locale=C.UTF-8"]
                if programs.major >= 17
                else ["--locale=C.UTF-8"]
            )
            self._run([*command, *(["--no-sync"] if self.scratch else [])], account)
            self._configure(draft, account)
            rights = "LOGIN CREATEDB" if self.scratch else "LOGIN"
            self._alone(
                programs,
                account,
                draft,
                f"CREATE ROLE {USER} {rights}",
                f"CREATE DATABASE {NAME} OWNER {USER} ENCODING 'UTF8'",
            )
            (self.home / _PASSFILE).unlink(missing_ok=True)
            draft.rename(self.base / "database")
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise

    def _alone(
        self,
        programs: Binaries,
        account: int | None,
        data: Path,
        *statements: str,
        database: str = "postgres",
    ) -> None:
        """Run statements as superuser in PostgreSQL's single-user mode, which needs no password and no server."""
        command = [
            programs.tool("postgres"),
            "--single",
            "-j",
            "-D",
            str(data),
            "-c",
            "exit_on_error=on",
            database,
        ]
        self._run(command, account, feed="".join(f"{statement};\n\n" for statement in statements))

    def _configure(self, data: Path, account: int | None) -> None:
        for name, text in (
            ("postgresql.conf", SETTINGS.format(**(FORGETFUL if self.scratch else DURABLE))),
            ("pg_hba.conf", ACCESS),
        ):
            path = data / name
            path.write_text(text)
            path.chmod(0o600)
            if account is not None:
                os.chown(path, account, processes.group_of(account))

    def _prepare(self, programs: Binaries, account: int | None) -> None:
        """Everything a start needs, and away with what a killed server or a reboot left. Only while none runs."""
        # A process id in an old lock file may by now be anyone's; PostgreSQL would refuse to start.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        folder = socket_folder(self.home)
        folder.mkdir(mode=0o700, exist_ok=True)
        stat = folder.lstat()
        if folder.is_symlink() or stat.st_uid not in {os.geteuid(), account}:
            raise ClusterFault(f"{folder} belongs to somebody else. Remove it and start again.")
        folder.chmod(0o700)
        if account is not None:
            os.chown(folder, account, processes.group_of(account))
        for name in (_SOCKET, f"{_SOCKET}.lock"):
            (folder / name).unlink(missing_ok=True)
        self.data.chmod(0o700)
        self._configure(self.data, account)
        pgvectors.add(self._run, programs.tool("postgres"), account, self.data, NAME)
        if not (self.home / _PASSFILE).exists():
            password = secrets.token_urlsafe(24)
            self._alone(programs, account, self.data, f"ALTER ROLE {USER} PASSWORD '{password}'")
            with open(
                os.open(self.home / _PASSFILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w"
            ) as file:
                file.write(f"*:*:*:{USER}:{password}\n")
        if not self.scratch:  # a test run's databases come and go: whoever makes them owns them

            def alone(database: str, *statements: str) -> None:
                self._alone(programs, account, self.data, *statements, database=database)

            roles.part(alone, self.data, self.home / roles.PASSFILE, USER, NAME)

    # The process -------------------------------------------------------------------------------

    def _launch(self, programs: Binaries, account: int | None) -> None:
        folder = str(socket_folder(self.home))
        command = [programs.tool("postgres"), "-D", str(self.data), "-k", folder]
        deadline = time.monotonic() + _START_SECONDS
        while True:
            with self.log.open("ab") as log:
                self.log.chmod(0o600)
                if log.tell() > _LONGEST_LOG:
                    log.truncate(0)
                begun = log.tell()
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd="/",
                    umask=0o077,
                    start_new_session=True,  # Ctrl-C at the terminal is for us; the server is stopped last
                    preexec_fn=processes.interrupt_with_parent if self.tied else None,
                    **processes.run_as(account),
                )
            while self._process.poll() is None and time.monotonic() < deadline:
                if self.is_running():
                    return
                time.sleep(0.02)
            log_text = self.log.read_bytes()[begun:].decode(errors="replace")
            if time.monotonic() >= deadline or not any(sign in log_text for sign in _PASSING):
                raise ClusterFault(
                    f"PostgreSQL did not start. The last lines of {self.log}:\n{log_text[-1500:]}"
                )
            time.sleep(0.3)

    def _settled_alive(self) -> bool:
        """Wait while a server is starting, mending itself or stopping: does it answer then? Never beside a living one."""
        deadline = time.monotonic() + _START_SECONDS
        while self._pid() is not None:
            if self.is_running():
                return True
            if time.monotonic() > deadline:
                raise ClusterFault(f"PostgreSQL runs but does not answer. See {self.log}.")
            time.sleep(0.02)
        return False

    def _wait_gone(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self._pid() is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        if self._process is not None:
            self._process.wait()
        return True

    def _postmaster(self) -> list[str]:
        # Lines: pid, data folder, start time, port, socket folder, address, shared memory, status.
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def _answers(self) -> bool:
        # A process killed a moment ago still has its entry and its socket; only a living one replies.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as link:
            link.settimeout(5)
            link.connect(str(socket_folder(self.home) / _SOCKET))
            link.sendall(_SSL_REQUEST)
            return link.recv(1) in {b"N", b"S"}
        return False

    def _pid(self) -> int | None:
        """The server's process, when it lives and is really ours: process ids are used again."""
        lines = self._postmaster()
        if not lines or not lines[0].strip().isdigit():
            return None
        pid = int(lines[0])
        return pid if str(self.data) in processes.command_line(pid) else None

    def _status(self) -> str:
        lines = self._postmaster()
        return lines[7].strip() if len(lines) > 7 and self._pid() is not None else ""
