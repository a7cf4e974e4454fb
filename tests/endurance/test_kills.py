"""kill -9 of web, worker and database at random moments under load: nothing is lost, nothing comes twice."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.endurance import processes
from tests.endurance.load import Load
from tests.endurance.sink import Sink
from tests.square import Square, free_port
from torget.config.postgres import Cluster, socket_folder, url

ROOT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("ENDURANCE_KILLS", "12"))
SEED = int(os.environ.get("ENDURANCE_SEED", "0")) or random.randrange(1, 1_000_000)
SECRET = "whsec_" + base64.b64encode(b"another secret of 32 bytes......").decode()
LEASE_SECONDS = 6
QUIET_SECONDS = 240
RELEVANT = "network = 'webhook'"
COUNT = "SELECT external_id, count(*) FROM"
OURS = "WHERE external_id LIKE 'item-%%' GROUP BY 1"
UNFINISHED = f"""
SELECT (SELECT count(*) FROM intake_envelope WHERE state = 'received'),
       (SELECT count(*) FROM conversations_conversation WHERE {RELEVANT} AND first_answer_at IS NULL),
       (SELECT count(*) FROM outbox_delivery d JOIN channels_account a ON a.id = d.account_id
         WHERE a.{RELEVANT} AND d.state IN ('due', 'sending', 'unknown'))
"""


@pytest.fixture
def own_square() -> Iterator[Square]:
    """A square with its own, durable database, as somebody's machine would run it."""
    home = Path(tempfile.mkdtemp(prefix="tg-"))
    if os.geteuid() == 0:
        home.chmod(0o711)  # the server's account must reach its data
    environ = {name: held for name, held in os.environ.items() if name != "TORGET_DATABASE_URL"}
    environ |= {
        "TORGET_HOME": str(home),
        "TORGET_ALLOW_PRIVATE_HOSTS": "1",
        "TORGET_LEASE_SECONDS": str(LEASE_SECONDS),
    }
    square = Square(home, url(home), free_port(), environ)
    try:
        yield square
    finally:
        with contextlib.suppress(subprocess.TimeoutExpired, AssertionError):
            square.close()
        if square.process is not None and square.process.poll() is None:
            square.process.kill()
        Cluster(home).stop()
        shutil.rmtree(socket_folder(home), ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)


def say(text: str) -> None:
    """What this run did; shown when it fails, or with -s."""
    sys.stdout.write(f"{text}\n")


def inside(square: Square, *words: str) -> dict[str, Any]:
    told = subprocess.run(
        [sys.executable, "-m", "tests.endurance.inside", *words],
        env=square.environ,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stderr[-2000:]
    held: dict[str, Any] = json.loads(told.stdout.splitlines()[-1])
    return held


def victims(square: Square) -> dict[str, list[int]]:
    """Who may be killed now, by kind."""
    assert square.process is not None
    found: dict[str, list[int]] = {"web": [], "web child": [], "work": [], "database": []}
    for pid in processes.children(square.process.pid):
        for kind in ("web", "work"):
            if f"torget.config.cli {kind}" in processes.command(pid):
                found[kind].append(pid)
    for pid in found["web"]:
        found["web child"] += [
            one
            for one in processes.children(pid)
            if "resource_tracker" not in processes.command(one)
        ]
    with contextlib.suppress(OSError, ValueError, IndexError):
        postmaster = int((Cluster(square.home).data / "postmaster.pid").read_text().split()[0])
        if str(Cluster(square.home).data) in processes.command(postmaster):
            found["database"].append(postmaster)
            backends = processes.children(postmaster)
            found["backend"] = [
                one for one in backends if "torget torget" in processes.command(one)
            ]
    return {kind: pids for kind, pids in found.items() if pids}


def kill_at_random(square: Square, chance: random.Random) -> Counter[str]:
    killed: Counter[str] = Counter()
    while killed.total() < KILLS:
        time.sleep(chance.uniform(1.5, 3.5))
        assert square.process is not None
        assert square.process.poll() is None, square.log.read_text()[-3000:]
        found = victims(square)
        if not found:
            continue
        kind = chance.choice(sorted(found))
        with contextlib.suppress(ProcessLookupError):
            os.kill(chance.choice(found[kind]), signal.SIGKILL)
            killed[kind] += 1
    return killed


def wait_until_quiet(square: Square) -> None:
    until = time.monotonic() + QUIET_SECONDS
    left: Any = "no answer"
    while time.monotonic() < until:
        with contextlib.suppress(psycopg.OperationalError):
            left = square.query(UNFINISHED)[0]
            if left == (0, 0, 0):
                return
        time.sleep(0.5)
    log = square.log.read_text(errors="replace")[-3000:]
    raise AssertionError(f"Unfinished (envelopes, conversations, deliveries): {left}\n{log}")


def counted(square: Square, text: str) -> Counter[str]:
    return Counter(dict(square.query(text)))


@pytest.mark.endurance
@pytest.mark.timeout(600 + 20 * KILLS)
def test_killed_at_random_nothing_acknowledged_is_lost_and_nothing_is_sent_twice(
    own_square: Square, tmp_path: Path
) -> None:
    square, chance = own_square, random.Random(SEED)
    say(f"ENDURANCE_SEED={SEED}")
    sink = Sink(SECRET, SEED)
    sink.start()
    square.open()
    load = Load(square.port, inside(square, "open", sink.url, SECRET)["key"], SECRET, SEED)
    told = tmp_path / "answered"
    with told.open("wb") as out:
        responder = subprocess.Popen(
            [sys.executable, "-m", "tests.endurance.inside", "answer"],
            env=square.environ,
            cwd=ROOT,
            stdout=out,
        )
    try:
        load.start()
        killed = kill_at_random(square, chance)
        load.stop()
        sink.polite = True
        wait_until_quiet(square)
    finally:
        responder.terminate()
        responder.wait(30)
        shutil.copy(square.log, tmp_path)  # pytest keeps the folder of the last runs
    say(f"Killed {dict(killed)}; {len(load.acknowledged)} acknowledged, {load.failed} tried again")
    say(f"{load.again} sent once more; {sink.cut} lines cut, {sink.looked_up} look-ups")

    assert load.refused == []
    acknowledged = set(load.acknowledged)
    assert len(acknowledged) == len(load.acknowledged) > KILLS
    envelopes = counted(square, f"{COUNT} intake_envelope {OURS}")
    messages = counted(square, f"{COUNT} conversations_message {OURS}")
    assert envelopes == messages == Counter(acknowledged)

    sent = dict(
        square.query(
            f"SELECT idempotency_key, state FROM outbox_delivery d JOIN channels_account a"
            f" ON a.id = d.account_id WHERE a.{RELEVANT}"
        )
    )
    answered = {json.loads(line)["answered"] for line in told.read_text().splitlines()}
    assert answered
    assert answered <= set(sent)
    assert len(sent) == len(acknowledged)
    assert set(sent.values()) == {"sent"}
    assert {key: count for key, count in sink.taken.items() if count != 1} == {}
    assert set(sink.taken) == set(sent)

    assert inside(square, "check")["faults"] == []
    square.close()
    time.sleep(1)
    assert processes.living_in(square.home) == []
