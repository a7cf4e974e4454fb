"""What `torget COMMAND` can do, and with which options."""

from __future__ import annotations

import argparse
import os
import sys
import tarfile
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from django.core.management import execute_from_command_line
from django.utils import timezone

from torget.config import (
    assets,
    backup,
    doctor,
    founding,
    newkey,
    prepare,
    roles,
    up,
    web,
    work,
)
from torget.demo import story
from torget.errors import Refused

_HAS_BENCHMARKS = find_spec("torget.bench") is not None  # the package for servers leaves them out
# Django commands that must work without a database.
MOST_WORKERS = 4
_WITHOUT_DATABASE = {
    "makemigrations",
    "makemessages",
    "check",
    "help",
    "diffsettings",
    "findstatic",
}


def say(text: str) -> None:
    """One line to the person at the terminal."""
    print(text, flush=True)  # noqa: T201 - a command speaks at the terminal


def _up(options: argparse.Namespace) -> int:
    try:
        up.run(options.host, options.port, options.workers, demo=not options.no_demo)
    except up.CannotOpen as fault:
        print(fault, file=sys.stderr)  # noqa: T201 - a command speaks at the terminal
        return 1
    return 0


def _web(options: argparse.Namespace) -> int:
    assets.check_static()
    prepare.ensure_database()
    web.run(options.host, options.port, options.workers)
    return 0


def _work(_given: argparse.Namespace) -> int:
    prepare.ensure_database()
    prepare.adopt_vectors()
    work.run()
    return 0


def _demo(_given: argparse.Namespace) -> int:
    with prepare.database_running():
        prepare.migrate()
        story.load()
    for role, email, password in story.SIGN_INS:
        say(f"  {role:<28} {email:<32} {password}")
    return 0


def _init(options: argparse.Namespace) -> int:
    with prepare.database_running():
        prepare.migrate()
        founding.open_for(
            options.number,
            options.host,
            email=options.admin_email,
            name=options.admin_name,
            tell=say,
        )
    return 0


def _backup(options: argparse.Namespace) -> int:
    with prepare.database_running():
        backup.backup(options.file.absolute(), at=timezone.now(), tell=say)
    return 0


def _restore(options: argparse.Namespace) -> int:
    with prepare.database_running():
        backup.restore(options.file, replace=options.replace, at=timezone.now(), tell=say)
    return 0


def _assets(_given: argparse.Namespace) -> int:
    prepare.make_assets(say)
    return 0


def _database(options: argparse.Namespace) -> int:
    cluster = prepare.own_cluster()
    if cluster is None:
        say("TORGET_DATABASE_URL names a database that is not ours to start or stop.")
        return 1
    if options.act == "start":
        cluster.ensure()
    elif options.act == "stop":
        cluster.stop()
    say(f"Our database in {cluster.data} {'runs' if cluster.is_running() else 'is stopped'}.")
    return 0


def _doctor(_given: argparse.Namespace) -> int:
    return 0 if doctor.report(say) else 1


def _new_key(options: argparse.Namespace) -> int:
    with prepare.database_running():
        return newkey.begin(options.which, at=timezone.now(), yes=options.yes, tell=say)


def _manage(options: argparse.Namespace) -> int:
    words = ["torget manage", *options.words]
    if not options.words or options.words[0] in _WITHOUT_DATABASE:
        execute_from_command_line(words)
        return 0
    with prepare.database_running():
        if options.words[0] != "migrate":
            execute_from_command_line(words)
            return 0
        with roles.as_owner():  # the role that serves may change no table
            execute_from_command_line(words)
        roles.settle()
    return 0


def _keeping(command: Callable[..., argparse.ArgumentParser]) -> None:
    init = command("init", _init, "a real municipality, with an administrator")
    init.add_argument("--number", required=True, help="the municipality's number, for example 3107")
    init.add_argument(
        "--host", required=True, help="where it answers, for example square.example.no"
    )
    init.add_argument("--admin-email", default="", help="sign-in of the administrator")
    init.add_argument("--admin-name", default="", metavar='"FIRST LAST"', help="their name")
    keep = command("backup", _backup, "database, files and secret key into one file, while running")
    keep.add_argument("file", type=Path, metavar="FILE")
    back = command("restore", _restore, "put back what a backup holds, into an empty database")
    back.add_argument("file", type=Path, metavar="FILE")
    back.add_argument("--replace", action="store_true", help="throw away what the database holds")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="torget", description="The open, self-hosted town square."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(
        name: str, run: Callable[[argparse.Namespace], int], text: str
    ) -> argparse.ArgumentParser:
        parser = commands.add_parser(name, help=text, description=text)
        parser.set_defaults(run=run)
        return parser

    def address(parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--host", default="127.0.0.1", help="address to listen on (default %(default)s)"
        )
        parser.add_argument(
            "--port", type=int, default=8000, help="port to listen on (default %(default)s)"
        )
        parser.add_argument(
            "--workers",
            type=int,
            default=min(os.cpu_count() or 1, MOST_WORKERS),
            metavar="N",
            help="web processes (default: as many as there are cores, four at most)",
        )

    opening = command("up", _up, "open the square: database, web and worker")
    address(opening)
    opening.add_argument(
        "--no-demo", action="store_true", help="do not build the example municipality"
    )
    address(command("web", _web, "the web process by itself"))
    command("work", _work, "the worker process by itself")
    command("demo", _demo, "build the example municipality unless it is there")
    _keeping(command)
    command("assets", _assets, "compile translations and collect static files")
    database = command("database", _database, "our own database server by itself")
    database.add_argument("act", choices=["start", "stop", "status"])
    command("doctor", _doctor, "look for what is wrong, and say how to mend it")
    if _HAS_BENCHMARKS:
        measuring = import_module("torget.config.measuring")
        measuring.add_commands(command, commands, say)
    anew = command(
        "new-key", _new_key, "begin anew where a key is lost and there is no backup of it"
    )
    anew.add_argument("which", choices=["secret", "seal"])
    anew.add_argument("--yes", action="store_true", help="what rested on the lost key is lost too")
    manage = command("manage", _manage, "Django's own commands")
    manage.add_argument("words", nargs=argparse.REMAINDER)
    return parser


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    options = _parser().parse_args(words)
    try:
        return int(options.run(options))
    except (Refused, tarfile.TarError, OSError) as fault:
        if options.run not in {_init, _backup, _restore}:
            raise
        print(fault, file=sys.stderr)  # noqa: T201 - a command speaks at the terminal
        return 1
