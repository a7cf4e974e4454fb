"""The square under attack from all sides, while a resident asks and a clerk answers: how much slower for them."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from urllib.parse import urlencode

import lxml.html  # type: ignore[import-untyped]
from django.db import connections
from django.utils import timezone

from torget.bench.opened import HOST, Opened, open_square
from torget.bench.result import Result, Round, percentile
from torget.bench.webprocess import Web, web, work
from torget.casework.models import PendingReply
from torget.channels import rules as channels
from torget.channels.contract import RawItem
from torget.channels.models import Account
from torget.conversations.models import Message
from torget.conversations.rules.submitting import Submission, ask
from torget.intake import rules as intake
from torget.intake.models import Envelope
from torget.people.actor import Actor

SECONDS, ROUNDS = 30, 1
WORKERS = "2"
RESIDENT, CLERK = "127.1.0.1", "127.2.0.1"
PAUSE_SECONDS = 0.3
WARM_SECONDS = 8
READ_SECONDS = 120  # until what came in by mail is read or set aside


class Person:
    """Somebody who uses the square, from an address of their own: what each act took, and what was acknowledged."""

    def __init__(self, port: int, source: str, cookie: str = "") -> None:
        self.port, self.source = port, source
        self.headers = {"host": HOST, "sec-fetch-site": "same-origin"}
        if cookie:
            self.headers["cookie"] = cookie
        self.seconds: list[float] = []
        self.acknowledged: list[str] = []
        self.refused: list[int] = []

    def get(self, path: str) -> tuple[int, str, str]:
        """Status, where it leads, and the page."""
        return self._call("GET", path, b"")

    def post(self, path: str, fields: dict[str, str]) -> tuple[int, str, str]:
        """As `get`, of a form that is sent."""
        return self._call("POST", path, urlencode(fields).encode())

    def _call(self, method: str, path: str, body: bytes) -> tuple[int, str, str]:
        link = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=120, source_address=(self.source, 0)
        )
        headers = dict(self.headers)
        if body:
            headers["content-type"] = "application/x-www-form-urlencoded"
        started = time.monotonic()
        try:
            link.request(method, path, body=body, headers=headers)
            answer = link.getresponse()
            page = answer.read().decode(errors="replace")
            return answer.status, answer.getheader("location") or "", page
        finally:
            self.seconds.append(time.monotonic() - started)
            link.close()

    def note(self, words: str, status: int) -> None:
        """What came of something sent."""
        if status in {http.HTTPStatus.FOUND, http.HTTPStatus.SEE_OTHER}:
            self.acknowledged.append(words)
        else:
            self.refused.append(status)


def asks(person: Person) -> None:
    """The resident opens the form, asks, and looks at the case."""
    person.get("/spor")
    words = f"Når strøs veien forbi skolen? {uuid.uuid4().hex}"
    fields = {"body": words, "visibility": "private", "seen": "1", "nonce": str(uuid.uuid4())}
    status, leads_to, page = person.post("/spor", fields)
    if status == http.HTTPStatus.TOO_MANY_REQUESTS:
        status, leads_to, _page = person.post("/spor", fields | _sum(page))
    person.note(words, status)
    if leads_to:
        person.get(leads_to)


def _sum(page: str) -> dict[str, str]:
    """What the resident's browser does in the slow lane: finds the number that opens the ticket."""
    [lane] = lxml.html.fromstring(page).xpath("//*[@data-slow-lane]")
    [ticket], bits = lane.xpath("input[@name='ventebillett']/@value"), int(lane.get("data-bits"))
    number = 0
    while _zero_bits(f"{ticket}:{number}") < bits:
        number += 1
    return {"ventebillett": ticket, "regnestykke": str(number)}


def _zero_bits(text: str) -> int:
    return 256 - int.from_bytes(hashlib.sha256(text.encode()).digest(), "big").bit_length()


@dataclass
class Clerk:
    """Answers the oldest that waits, as Martin does: looks at the queue, opens it, writes."""

    refs: list[str]
    answered: int = field(default=0)

    def __call__(self, person: Person) -> None:
        person.get("/desk/")
        ref = self.refs[self.answered % len(self.refs)]
        self.answered += 1
        _status, _leads, page = person.get(f"/desk/sak/{ref}")
        forms = lxml.html.fromstring(page).xpath("//form[@data-write]")
        form = next(form for form in forms if form.xpath(".//textarea[@name='svar-body']"))
        words = f"Den strøs før klokka åtte. {uuid.uuid4().hex}"
        fields = {name: value or "" for name, value in form.form_values()}
        status, _leads, _page = person.post(form.action, fields | {"svar-body": words})
        person.note(words, status)


def measure(rows: int = SECONDS, rounds: int = ROUNDS) -> Result:
    """`rows` seconds of calm, then as many under siege, `rounds` times; the limit is the calm of the same run."""
    opened = open_square()
    refs = [_question(opened) for _number in range(20)]
    calm, siege = Tally(), Tally()
    with web("--workers", WORKERS) as door, work() as worker:
        _live(door, opened, refs, min(rows, WARM_SECONDS))  # models are loaded and pages made once
        for _round in range(rounds):
            calm.add(*_live(door, opened, refs, rows))
            _send_mail(opened)
            with _besieged(door, opened, rows), _memory(door, worker) as peak:
                siege.add(*_live(door, opened, refs, rows))
        lost = _lost(siege) + _lost(calm)
        waiting = _unread()
    if lost:
        raise RuntimeError(f"{lost} acknowledged messages are not there.")
    more = {
        "p95_ms": percentile(siege.seconds, 0.95) * 1000,
        "calm_p95_ms": percentile(calm.seconds, 0.95) * 1000,
        "times_slower": percentile(siege.seconds, 0.95) / percentile(calm.seconds, 0.95),
        "peak_mb": peak[0] / 1e6,
        "acknowledged": float(len(siege.acknowledged)),
        "refused": float(len(siege.refused)),
        "lost": float(lost),
        "mail_unread": float(waiting),
    }
    return Result("siege", "acts/s of waiting", [siege.round()], [calm.round()], more)


@dataclass
class Tally:
    """What people met with, all rounds together."""

    seconds: list[float] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)

    def add(self, *people: Person) -> None:
        """And what these met with."""
        for person in people:
            self.seconds += person.seconds
            self.acknowledged += person.acknowledged
            self.refused += person.refused

    def round(self) -> Round:
        """Acts, and the seconds they were waited for."""
        return Round(len(self.seconds), sum(self.seconds))


def _question(opened: Opened) -> str:
    submission = Submission("Når strøs veien?", "private", name="Kari", email="kari@example.org")
    return ask(
        opened.municipality,
        submission,
        by=Actor.resident(opened.municipality.pk),
        at=timezone.now(),
    ).ref


def _live(door: Web, opened: Opened, refs: list[str], seconds: int) -> tuple[Person, Person]:
    """A resident and a clerk go about their business for that long."""
    resident = Person(door.port, RESIDENT)
    martin = Person(door.port, CLERK, opened.cookie)
    until = time.monotonic() + seconds

    def again(act: Callable[[Person], None], person: Person) -> None:
        while time.monotonic() < until:
            act(person)
            time.sleep(PAUSE_SECONDS)

    threads = [
        threading.Thread(target=again, args=(asks, resident)),
        threading.Thread(target=again, args=(Clerk(refs), martin)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return resident, martin


@contextlib.contextmanager
def _besieged(door: Web, opened: Opened, seconds: int) -> Iterator[None]:
    inbox = _account(opened, "activitypub", "nordvaag")
    process = subprocess.Popen(
        [sys.executable, "-m", "torget.bench.besiegers"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    order = {"port": door.port, "hook": f"/hooks/{inbox.hook}", "seconds": seconds}
    process.stdin.write(json.dumps(order) + "\n")
    process.stdin.flush()
    process.stdout.readline()
    try:
        yield
    finally:
        told, _nothing = process.communicate()
        print(told.strip(), file=sys.stderr)  # noqa: T201 - what the attackers were answered


@contextlib.contextmanager
def _memory(*processes: Web) -> Iterator[list[int]]:
    """The most all of them held together, in bytes."""
    peak, stop = [0], threading.Event()

    def look() -> None:
        while not stop.wait(0.2):
            with contextlib.suppress(OSError):
                peak[0] = max(peak[0], sum(process.memory_bytes() for process in processes))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield peak
    finally:
        stop.set()
        thread.join()


def _account(opened: Opened, network: str, address: str) -> Account:
    known = Account.objects.filter(municipality=opened.municipality, network=network).first()
    return known or channels.open_account(
        opened.staff.unit,
        network=network,
        address=address,
        name=address,
        by=Actor.system(opened.municipality.pk),
        at=timezone.now(),
    )


def _send_mail(opened: Opened) -> None:
    """Mail that takes long to read for who is not careful, and one honest one behind it."""
    account = _account(opened, "email", "post@bench.test")
    shapes = (
        ("plain", "a" + "\u0315\u0300" * 300_000),
        ("plain", "linje \n" * 200_000),
        ("html", "<a " * 100_000),
        ("html", "<div>" * 50_000),
        ("plain", "> " * 200_000),
        ("plain", "Er dere åpne på lørdag?"),
    )
    for number, (subtype, words) in enumerate(shapes):
        mail = EmailMessage()
        mail["From"], mail["To"] = "kari@example.org", "post@bench.test"
        mail["Subject"], mail["Message-ID"] = f"Nr. {number}", f"<{uuid.uuid4().hex}@example.org>"
        mail.set_content(words, subtype=subtype, charset="utf-8", cte="base64")
        item = RawItem(uuid.uuid4().hex, mail.as_bytes(), "message/rfc822")
        intake.receive(account.pk, item, at=timezone.now())


def _unread() -> int:
    """Envelopes neither filed nor set aside after a while."""
    until = time.monotonic() + READ_SECONDS
    rows = Envelope.objects.filter(state=Envelope.State.RECEIVED)
    while (many := rows.count()) and time.monotonic() < until:
        time.sleep(0.5)
    return many


def _lost(tally: Tally) -> int:
    """What was acknowledged and is neither said nor on its way."""
    connections.close_all()
    there = set(Message.objects.values_list("body", flat=True))
    there |= set(PendingReply.objects.values_list("body", flat=True))
    return sum(not any(words in body for body in there) for words in tally.acknowledged)
