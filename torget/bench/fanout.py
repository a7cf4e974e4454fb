"""Signed ActivityPub deliveries to a hundred local servers, beside the processor's own rate of RSA-2048 signatures."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from functools import lru_cache
from statistics import median

from django.db import connection
from django.utils import timezone

from torget.adapters.activitypub import acts, ours, rules, signed_post
from torget.adapters.activitypub.fanout import ANSWER_SECONDS, Fanout
from torget.adapters.activitypub.models import InboxDelivery, Peer
from torget.adapters.activitypub.ours import Ours
from torget.bench.place import open_account
from torget.bench.result import Result, Round
from torget.bench.sink import Sink, sink
from torget.channels import rules as channels
from torget.channels.http.many import Many
from torget.people.actor import Actor
from torget.protocols.activitypub import writing
from torget.protocols.http_signatures import PrivateKey, new_rsa

ROWS, ROUNDS = 16_000, 3
HOSTS = 100
PROCESSES = 2
SIGN_SECONDS = 1.5
LONGEST_SECONDS = 120.0
TEXT = "Vi brøyter hovedveiene først og boligveiene etterpå. Vent gjerne med å flytte bilen til vi har kjørt forbi. "


def measure(rows: int = ROWS, rounds: int = ROUNDS) -> Result:
    """Limit and value in turns, by one process and by two; then Ed25519, and a run with one slow and one dead server."""
    held: dict[str, list[Round]] = {name: [] for name in ("one", "limit", "two", "limit_two", "ed")}
    seconds = min(SIGN_SECONDS, rows / 1_000)
    with sink(HOSTS) as servers, helpers(PROCESSES) as others:
        mine = _actor()
        carry(
            mine, servers, max(HOSTS, rows // 8), signed_post.CAVAGE
        )  # what every process does once
        together(others, mine, servers, max(HOSTS, rows // 8))
        for _round in range(rounds):
            held["limit"].append(signatures(seconds))
            held["one"].append(carry(mine, servers, rows, signed_post.CAVAGE))
            held["limit_two"].append(others_sign(others, seconds))
            held["two"].append(together(others, mine, servers, rows))
            held["ed"].append(carry(mine, servers, rows, signed_post.RFC_ED25519))
        well = carry(mine, servers, rows, signed_post.CAVAGE)
        unwell = carry(mine, servers, rows, signed_post.CAVAGE, ill=[servers.slow, servers.dead])
    rate = {name: median(one.rate for one in several) for name, several in held.items()}
    more = {
        "two_value": rate["two"],
        "two_limit": rate["limit_two"],
        "two_ratio": rate["two"] / rate["limit_two"],
        "ed25519_value": rate["ed"],
        "ed25519_times_rsa": rate["ed"] / rate["one"],
        "with_slow_and_dead": unwell.rate / well.rate,
        "hosts": HOSTS,
    }
    return Result("fanout", "deliveries/s", held["one"], held["limit"], more)


def _actor() -> Ours:
    place = open_account("append").unit
    by, at = Actor.system(place.municipality_id), timezone.now()
    account = rules.open_actor(place, "nordvaag", by=by, at=at)
    return ours.of(channels.access(account))


def signatures(seconds: float) -> Round:
    """The processor's own rate: RSA-2048 signatures of one thread, as fast as OpenSSL makes them."""
    key, count = PrivateKey.from_pem("x", new_rsa()), 0
    begun = time.perf_counter()
    while time.perf_counter() - begun < seconds:
        for _one in range(10):
            key.sign(b"x" * 200)
        count += 10
    return Round(count, time.perf_counter() - begun)


def put(mine: Ours, hosts: Sequence[str], count: int, way: str) -> int:
    """That many deliveries, an act for every hundred, and what the hosts are known to take. How many there are."""
    at = timezone.now()
    InboxDelivery.objects.all().delete()
    Peer.objects.all().delete()
    Peer.objects.bulk_create([Peer(host=host, takes=way, signs=way) for host in hosts])
    put_in = 0
    while put_in < count:
        key = f"bench-{time.perf_counter_ns()}"
        uri = mine.objects + key
        note = writing.note(
            uri,
            author=mine.actor,
            html=f"<p>{TEXT * 3}</p>",
            language="nb",
            published=at,
            to=[writing.STREAMS],
            cc=[mine.followers],
        )
        activity = writing.activity("Create", uri, actor=mine.actor, about=note, published=at)
        inboxes = [f"http://{host}/inbox" for host in hosts[: count - put_in]]
        acts.do(key, mine, activity, inboxes, receipt=uri, at=at)
        put_in += len(inboxes)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE activitypub_parcel")
        cursor.execute("ANALYZE activitypub_act")
    return put_in


def carry(mine: Ours, servers: Sink, count: int, way: str, *, ill: Sequence[str] = ()) -> Round:
    """One round of the loop's own code, from claim to settled. With `ill` servers, until all others have theirs.

    Raises:
        RuntimeError: some did not arrive.
    """
    hosts = [*ill, *servers.hosts][: len(servers.hosts)]
    put(mine, hosts, count, way)
    well = InboxDelivery.objects.exclude(host__in=ill).count()
    stop, ended = threading.Event(), list[float]()
    watcher = threading.Thread(target=_watch, args=(ill, stop, ended))
    begun = time.perf_counter()
    if ill:
        watcher.start()
    asyncio.run(Fanout(many=_many()).run(stop, until_empty=not ill))
    seconds = time.perf_counter() - begun
    if ill:
        watcher.join()
        seconds = ended[0] - begun
    _see_that_all_arrived(ill, well)
    return Round(well, seconds)


@lru_cache(maxsize=1)
def _many() -> Many:
    """A process's connections: opened in its first round, as in a worker that has run for a while."""
    return Many(timeout_seconds=ANSWER_SECONDS)


def _watch(ill: Sequence[str], stop: threading.Event, ended: list[float]) -> None:
    """Stop when all but the ill servers have theirs: the others would go on for days."""
    try:
        left = InboxDelivery.objects.exclude(host__in=ill).exclude(state=InboxDelivery.State.SENT)
        until = time.perf_counter() + LONGEST_SECONDS
        while left.exists() and time.perf_counter() < until:
            time.sleep(0.05)
        ended.append(time.perf_counter())
        stop.set()
    finally:
        connection.close()


def _see_that_all_arrived(ill: Sequence[str], count: int) -> None:
    sent = (
        InboxDelivery.objects.filter(state=InboxDelivery.State.SENT).exclude(host__in=ill).count()
    )
    if sent != count:
        raise RuntimeError(f"{sent} of {count} arrived.")


# Processes beside this one ------------------------------------------------------------------------

Helper = subprocess.Popen[str]


@contextlib.contextmanager
def helpers(count: int) -> Iterator[list[Helper]]:
    """Worker processes that do what they are told, at the same time."""
    begin = "import django; django.setup(); from torget.bench.fanout import help_out; help_out()"
    words = [sys.executable, "-c", begin]
    environ = {"DJANGO_SETTINGS_MODULE": "torget.config.settings", **os.environ}
    started = [
        subprocess.Popen(  # noqa: S603 - ourselves
            words, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _one in range(count)
    ]
    try:
        yield started
    finally:
        for one in started:
            assert one.stdin is not None
            one.stdin.close()
            one.wait(30)


def tell(others: Sequence[Helper], what: str) -> list[tuple[int, float, float]]:
    """Tell all of them; for each how many it did, when it began and when it ended."""
    for one in others:
        assert one.stdin is not None
        one.stdin.write(f"{what}\n")
        one.stdin.flush()
    told = []
    for one in others:
        assert one.stdout is not None
        count, begun, ended = one.stdout.readline().split()
        told.append((int(count), float(begun), float(ended)))
    return told


def others_sign(others: Sequence[Helper], seconds: float) -> Round:
    """Signatures of all the processes at the same time."""
    told = tell(others, f"sign {seconds}")
    rate = sum(count / (ended - begun) for count, begun, ended in told)
    took = max(ended for _count, _begun, ended in told) - min(begun for _count, begun, _end in told)
    return Round(round(rate * took), took)


def together(others: Sequence[Helper], mine: Ours, servers: Sink, count: int) -> Round:
    """One round by several processes, from the first to begin to the last to end."""
    count = put(mine, servers.hosts, count, signed_post.CAVAGE)
    told = tell(others, "carry")
    _see_that_all_arrived([], count)
    begun = min(begun for _count, begun, _ended in told)
    return Round(count, max(ended for _count, _begun, ended in told) - begun)


def help_out() -> None:
    """What a helper does: a word a line."""
    for line in sys.stdin:
        begun = time.monotonic()
        what, _space, seconds = line.strip().partition(" ")
        if what == "sign":
            round_ = signatures(float(seconds))
            begun, count = time.monotonic() - round_.seconds, round_.count
        else:
            asyncio.run(Fanout(many=_many()).run(threading.Event(), until_empty=True))
            connection.close()
            count = 0
        sys.stdout.write(f"{count} {begun} {time.monotonic()}\n")
        sys.stdout.flush()
