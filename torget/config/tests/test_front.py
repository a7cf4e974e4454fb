"""The front on a real socket: pages, ready bytes, deliveries, live events, limits, a clean end."""

from __future__ import annotations

import base64
import contextlib
import gzip
import http.client
import json
import os
import signal
import socket
import subprocess
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.square import Square, new_square
from torget.protocols import webhook

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes....").decode()
OPEN_ACCOUNT = """
from django.utils import timezone
from torget.channels.rules import open_account
from torget.people.actor import Actor
from torget.people.models import Unit
unit = Unit.objects.filter(is_front=True).first()
account = open_account(unit, network="webhook", address="fag.test", name="Fag",
    secrets={"secret": "%s"}, by=Actor.system(unit.municipality_id), at=timezone.now())
print("KEY", account.key)
"""


def call(
    square: Square, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, Any, bytes]:
    link = http.client.HTTPConnection("localhost", square.port, timeout=30)
    try:
        link.request(
            method, path, body=body, headers={k.replace("_", "-"): v for k, v in headers.items()}
        )
        answer = link.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        link.close()


def get(square: Square, path: str, **headers: str) -> tuple[int, Any, bytes]:
    return call(square, "GET", path, **headers)


@pytest.fixture(scope="module")
def key(square: Square) -> str:
    told = subprocess.run(
        [*manage(), "shell", "-v0", "-c", OPEN_ACCOUNT % SECRET],
        env=square.environ,
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout.split("KEY ")[1].split()[0]


def manage() -> list[str]:
    return [os.sys.executable, "-m", "torget.config.cli", "manage"]  # type: ignore[attr-defined]


def delivery(name: str, text: str = "Hei") -> tuple[bytes, dict[str, str]]:
    said = {
        "id": name,
        "type": "message.new",
        "author": {"id": "u7"},
        "body": text,
        "visibility": "private",
    }
    body = json.dumps(said).encode()
    stamp = int(time.time())
    return body, {
        "webhook_id": name,
        "webhook_timestamp": str(stamp),
        "content_type": "application/json",
        "webhook_signature": webhook.sign(SECRET, name, stamp, body),
    }


# Pages -------------------------------------------------------------------------------------------


def test_a_page_and_what_it_links_to_come_through(square: Square) -> None:
    status, headers, body = get(square, "/vegg")
    assert status == 200
    assert headers["content-type"].startswith("text/html")
    assert "Veggen" in body.decode()
    assert "x-ready-seconds" not in headers
    sheet = body.decode().split('rel="stylesheet" href="')[1].split('"')[0]
    status, headers, body = get(square, sheet)
    assert (status, headers["content-type"].split(";")[0]) == (200, "text/css")


def test_head_has_the_headers_of_get_and_no_body(square: Square) -> None:
    _status, headers, body = get(square, "/vegg")
    head_status, head_headers, head_body = call(square, "HEAD", "/vegg")
    assert (head_status, head_body) == (200, b"")
    assert int(head_headers["content-length"]) == len(body)
    assert head_headers.get_all("content-length") == headers.get_all("content-length")


def test_norwegian_letters_in_an_address_reach_django_whole(square: Square) -> None:
    status, _headers, body = get(square, "/sok?q=br%C3%B8yting")
    assert status == 200
    assert "brøyting" in body.decode()
    assert get(square, "/s%C3%B8k")[0] == 404


def test_an_unknown_host_is_told_so(square: Square) -> None:
    status, _headers, body = get(square, "/", Host="elsewhere.test")
    assert status == 400
    assert "Ingen kommune" in body.decode()


def test_operations_can_see_that_it_lives_and_is_ready(square: Square) -> None:
    assert get(square, "/healthz")[0] == 200
    assert get(square, "/readyz")[0] == 200


def test_large_static_files_are_streamed_whole(square: Square) -> None:
    files = sorted(
        (square.home / "static").rglob("*"), key=lambda p: p.stat().st_size if p.is_file() else 0
    )
    largest = files[-1]
    assert largest.stat().st_size > 256_000
    status, _headers, body = get(square, f"/static/{largest.relative_to(square.home / 'static')}")
    assert status == 200
    assert body == largest.read_bytes()


# Limits ------------------------------------------------------------------------------------------


def raw(square: Square, request: bytes, *, then: bytes = b"", seconds: float = 10) -> bytes:
    with socket.create_connection(("127.0.0.1", square.port), timeout=seconds) as link:
        link.sendall(request)
        if then:
            try:
                while True:
                    link.sendall(then)
            except OSError:
                pass
        link.settimeout(seconds)
        try:
            return link.recv(65536)
        except OSError:
            return b""


def test_a_body_declared_too_large_is_refused_before_it_is_read(square: Square) -> None:
    head = b"POST /spor HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n"
    assert b" 413 " in raw(square, head).splitlines()[0]


def test_a_body_without_declared_size_is_counted_while_read(square: Square) -> None:
    head = b"POST /spor HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    with socket.create_connection(("127.0.0.1", square.port), timeout=30) as link:
        link.sendall(head)
        sent = 0
        try:
            while sent < 200:
                link.sendall(chunk)
                sent += 1
        except OSError:
            pass
        assert sent < 200
    assert get(square, "/healthz")[0] == 200


def test_a_length_that_is_no_number_is_refused(square: Square) -> None:
    for length in (b"-5", b"1x", "٣".encode()):
        head = b"POST /spor HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + length + b"\r\n\r\n"
        assert b" 400 " in raw(square, head).splitlines()[0]


def test_a_header_with_underscores_cannot_pose_as_another(square: Square) -> None:
    status, _headers, _body = get(square, "/vegg", **{"X-Forwarded-For": "1.2.3.4"})
    assert status == 200
    head = b"GET /vegg HTTP/1.1\r\nHost: localhost\r\nX_Forwarded_Proto: https\r\nConnection: close\r\n\r\n"
    assert b" 200 " in raw(square, head).splitlines()[0]


# Ready bytes -------------------------------------------------------------------------------------


def test_a_ready_page_is_zipped_and_answers_304_when_unchanged(square: Square) -> None:
    _status, headers, body = get(square, "/")
    assert headers["etag"]
    status, zipped_headers, zipped = get(square, "/", Accept_Encoding="gzip")
    assert zipped_headers["content-encoding"] == "gzip"
    assert gzip.decompress(zipped)[:15] == body[:15]
    status, _headers, empty = get(square, "/", If_None_Match=zipped_headers["etag"])
    assert (status, empty) == (304, b"")


def test_a_ready_page_is_not_given_to_who_is_signed_in_nor_in_another_language(
    square: Square,
) -> None:
    assert get(square, "/")[1]["etag"]
    assert get(square, "/", Cookie="torget=somebody")[1]["etag"] is None
    english = get(square, "/", Cookie="spraak=en")
    assert english[1]["content-language"] == "en"
    assert get(square, "/")[1]["content-language"] == "nb"


def test_what_is_said_on_the_wall_shows_at_once_on_the_ready_page(square: Square) -> None:
    word = f"Utrolig{uuid.uuid4().hex[:8]}"
    assert word not in get(square, "/")[2].decode()
    square.query("SELECT 1")
    said = subprocess.run(
        [*manage(), "shell", "-v0", "-c", SAY_ON_WALL % word],
        env=square.environ,
        capture_output=True,
        text=True,
    )
    assert said.returncode == 0, said.stderr
    until = time.monotonic() + 3  # less than the five seconds a page would be kept
    while word not in get(square, "/")[2].decode():
        assert time.monotonic() < until
        time.sleep(0.05)


SAY_ON_WALL = """
from django.utils import timezone
from torget.people.actor import Actor
from torget.people.models import Municipality
from torget.conversations.rules.submitting import Submission, ask
m = Municipality.objects.first()
ask(m, Submission(body="%s", visibility="public", name="Kari"), by=Actor.resident(m.pk), at=timezone.now())
"""


def test_pages_read_before_are_read_on_while_the_database_is_away_and_say_so(
    square: Square,
) -> None:
    assert "data-stale hidden" in get(square, "/")[2].decode()
    assert get(square, "/readyz")[0] == 200
    with square.without_database():
        until = time.monotonic() + 20
        while "data-stale hidden" in (page := get(square, "/")[2].decode()):
            assert time.monotonic() < until
            time.sleep(0.1)
        assert "Siden viser det vi visste kl." in page
        assert get(square, "/")[0] == 200
        assert get(square, "/healthz")[0] == 200
        time.sleep(1.1)
        assert get(square, "/readyz")[0] == 503
        status, headers, never_read = get(square, "/vegg?enhet=ingen")
        assert (status, bool(headers["retry-after"])) == (503, True)
        assert "ikke tilgjengelig" in never_read.decode()
    until = time.monotonic() + 20
    while "data-stale hidden" not in get(square, "/")[2].decode():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_what_is_sent_while_the_database_is_away_is_given_back(square: Square) -> None:
    words = f"Veien er borte ved brua {uuid.uuid4().hex}"
    form = {"body": words, "visibility": "private", "seen": "1", "nonce": str(uuid.uuid4())}
    kind = {"content_type": "application/x-www-form-urlencoded", "sec_fetch_site": "same-origin"}
    with square.without_database():
        status, headers, page = call(square, "POST", "/spor", urlencode(form), **kind)
        assert (status, bool(headers["retry-after"])) == (503, True)
        assert words in page.decode()
        assert form["nonce"] in page.decode()
    until = time.monotonic() + 20
    while (sent := call(square, "POST", "/spor", urlencode(form), **kind))[0] == 503:
        assert time.monotonic() < until
        time.sleep(0.2)
    assert sent[0] == 302
    assert square.query("SELECT count(*) FROM conversations_message WHERE body = %s", words) == [
        (1,)
    ]


# What strangers send ------------------------------------------------------------------------------


def test_headers_larger_than_any_browser_sends_are_refused(square: Square) -> None:
    for size in (33_000, 60_000, 240_000):
        assert get(square, "/spor", Cookie="a=" + "x" * size)[0] == 431
        assert (
            b" 431 "
            in raw(
                square, b"GET /" + b"y" * size + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
            ).splitlines()[0]
        )
    assert get(square, "/vegg", Cookie="a=" + "x" * 20_000)[0] == 200


def test_a_cookie_full_of_escapes_costs_nothing(square: Square) -> None:
    started = time.process_time()
    evil = 'a="' + '\\"' * 15_000 + '"'
    status, _headers, _page = get(square, "/spor", Cookie=f"{evil}; spraak=en")
    assert status == 200
    assert get(square, "/live/desk", Cookie=f"{evil}; torget=x")[0] == 401
    assert time.process_time() - started < 5


def test_a_cookie_named_twice_spoils_no_page_for_others(square: Square) -> None:
    for cookie in ("spraak=; spraak=en", "spraak=en; spraak=", "utseende=; utseende=dark"):
        get(square, "/vegg", Cookie=cookie)
        page = get(square, "/vegg")[2].decode()
        assert '<html lang="nb" data-color-scheme="auto">' in page


# Deliveries --------------------------------------------------------------------------------------


def stored(square: Square, name: str) -> list[tuple[Any, ...]]:
    return square.query("SELECT id, body, state FROM intake_envelope WHERE external_id = %s", name)


def test_a_signed_delivery_is_committed_before_it_is_acknowledged(square: Square, key: str) -> None:
    body, headers = delivery("first")
    assert call(square, "POST", f"/hooks/{key}", body, **headers)[0] == 202
    assert bytes(stored(square, "first")[0][1]) == body
    assert call(square, "POST", f"/hooks/{key}", body, **headers)[0] == 202
    assert len(stored(square, "first")) == 1


def test_many_deliveries_at_once_are_each_stored_once(square: Square, key: str) -> None:
    def send(number: int) -> int:
        body, headers = delivery(f"many{number % 10}")
        return call(square, "POST", f"/hooks/{key}", body, **headers)[0]

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(send, range(80))) == {202}
    assert square.query("SELECT count(*) FROM intake_envelope WHERE external_id LIKE 'many%%'") == [
        (10,)
    ]


def test_a_wrong_signature_is_401_and_leaves_a_trace(square: Square, key: str) -> None:
    body, headers = delivery("forged")
    assert call(square, "POST", f"/hooks/{key}", body + b" ", **headers)[0] == 401
    assert stored(square, "forged") == []
    until = time.monotonic() + 5
    while square.query("SELECT rejected_count FROM channels_account WHERE key = %s", key) == [(0,)]:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_deliveries_to_nobody_or_by_get_or_too_large_are_refused(square: Square, key: str) -> None:
    body, headers = delivery("lost")
    assert call(square, "POST", f"/hooks/{uuid.uuid4()}", body, **headers)[0] == 404
    assert call(square, "POST", "/hooks/what", body, **headers)[0] == 404
    assert get(square, f"/hooks/{key}")[0] == 405
    head = f"POST /hooks/{key} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n"
    assert b" 413 " in raw(square, head.encode()).splitlines()[0]


def test_a_delivery_cut_short_stores_nothing(square: Square, key: str) -> None:
    body, headers = delivery("cut")
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"POST /hooks/{key} HTTP/1.1\r\nHost: localhost\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", square.port), timeout=10) as link:
        link.sendall(head.encode() + body[:20])
    time.sleep(0.3)
    assert stored(square, "cut") == []


# Live events -------------------------------------------------------------------------------------


def sign_in(square: Square) -> str:
    """A session of the example town's responder, as a cookie."""
    told = subprocess.run(
        [*manage(), "shell", "-v0", "-c", SIGN_IN],
        env=square.environ,
        capture_output=True,
        text=True,
        check=True,
    )
    return "torget=" + told.stdout.split("SESSION ")[1].split()[0]


SIGN_IN = """
from django.contrib.auth import SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.conf import settings
from torget.demo import story
from torget.people.models import User
user = User.objects.get(email=story.SIGN_INS[0][1])
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.create()
print("SESSION", session.session_key)
"""


def listen(
    square: Square, cookie: str, last_id: str = ""
) -> tuple[http.client.HTTPConnection, Any]:
    link = http.client.HTTPConnection("localhost", square.port, timeout=20)
    link.request(
        "GET",
        "/live/desk",
        headers={"Cookie": cookie} | ({"Last-Event-ID": last_id} if last_id else {}),
    )
    return link, link.getresponse()


def next_event(answer: Any) -> dict[str, str]:
    held: dict[str, str] = {}
    while True:
        line = answer.readline().decode().rstrip("\n")
        if not line and "data" in held:
            return held
        name, _colon, value = line.partition(": ")
        held |= {name: value} if name else {}


def next_presence(answer: Any) -> dict[str, str]:
    """Other events, such as a deadline that passes just now, come by the same line."""
    while (heard := next_event(answer))["event"] != "presence":
        pass
    return heard


def test_the_desk_hears_of_changes_and_catches_up_after_a_break(square: Square, key: str) -> None:
    cookie = sign_in(square)
    link, answer = listen(square, cookie)
    assert (answer.status, answer.headers["content-type"].split(";")[0]) == (
        200,
        "text/event-stream",
    )
    body, headers = delivery(f"live{uuid.uuid4().hex}")
    assert call(square, "POST", f"/hooks/{key}", body, **headers)[0] == 202
    heard = next_event(answer)
    assert heard["event"] == "change"
    assert set(json.loads(heard["data"])) == {"verb", "subject", "conversation"}
    assert json.loads(heard["data"])["conversation"]
    link.close()
    body, headers = delivery(f"live{uuid.uuid4().hex}")
    call(square, "POST", f"/hooks/{key}", body, **headers)
    time.sleep(1.5)
    link, answer = listen(square, cookie, heard["id"])
    caught_up = next_event(answer)
    assert int(caught_up["id"].split("-")[1]) > int(heard["id"].split("-")[1])
    link.close()


def test_more_than_a_thousand_open_desks_keep_nobody_out(square: Square) -> None:
    request = (
        f"GET /live/desk HTTP/1.1\r\nHost: localhost\r\nCookie: {sign_in(square)}\r\n\r\n".encode()
    )
    desks = []
    square.query(
        "INSERT INTO people_limitvalue (municipality_id, name, value, changed_at) SELECT m.id, l, 5000, now()"
        " FROM people_municipality m, unnest(ARRAY['lines_staff', 'lines_address']) l"
    )
    time.sleep(5.5)  # what holds is remembered for five seconds
    try:
        for _desk in range(1_100):
            desk = socket.create_connection(("127.0.0.1", square.port), timeout=20)
            desks.append(desk)
            desk.sendall(request)
        assert all(desk.recv(12) == b"HTTP/1.1 200" for desk in desks)
        assert get(square, "/readyz")[0] == 200
    finally:
        square.query("DELETE FROM people_limitvalue")
        for desk in desks:
            desk.close()


def test_anybody_hears_that_something_happened_on_a_public_topic(square: Square, key: str) -> None:
    link = http.client.HTTPConnection("localhost", square.port, timeout=20)
    link.request("GET", "/live/vegg")
    answer = link.getresponse()
    assert answer.status == 200
    body, headers = delivery(f"live{uuid.uuid4().hex}")
    assert call(square, "POST", f"/hooks/{key}", body, **headers)[0] == 202
    assert get(square, "/live/finnes-ikke")[0] == 404
    link.close()


def test_a_stranger_hears_nothing(square: Square) -> None:
    assert listen(square, "torget=made-up")[1].status == 401
    assert get(square, "/live/desk")[0] == 401


# Life and death ----------------------------------------------------------------------------------


def children_of(pid: int) -> set[int]:
    listed = subprocess.run(
        ["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout
    pairs = [tuple(map(int, line.split())) for line in listed.splitlines()]
    found: set[int] = set()
    fresh = {pid}
    while fresh:
        fresh = {child for child, parent in pairs if parent in fresh} - found
        found |= fresh
    return found


def alive(pids: set[int]) -> set[int]:
    return {pid for pid in pids if os.path.exists(f"/proc/{pid}") and "Z" not in state(pid)}


def state(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def wait_gone(pids: set[int], seconds: float) -> None:
    until = time.monotonic() + seconds
    while alive(pids):
        assert time.monotonic() < until, alive(pids)
        time.sleep(0.1)


def wait_for_new_children(square: Square, old: set[int]) -> None:
    """Until the square is ready again, and not by a worker the old web process began while it was killed."""
    assert square.process is not None
    until = time.monotonic() + 90
    while time.monotonic() < until:
        time.sleep(0.1)
        children = children_of(square.process.pid)
        if len(children) < len(old) or children & old:
            continue
        with contextlib.suppress(OSError, http.client.HTTPException):
            if get(square, "/readyz")[0] == 200:
                return
    raise AssertionError(square.log.read_text(errors="replace")[-3000:])


def test_killed_children_are_started_again_and_the_end_is_clean_with_a_listener_on() -> None:
    with new_square() as square:
        square.open()
        assert square.process is not None
        first = children_of(square.process.pid)
        assert len(first) >= 3  # web, its worker, work
        for pid in first:
            os.kill(pid, signal.SIGKILL)
        wait_for_new_children(square, first)
        link, answer = listen(square, sign_in(square))
        assert answer.status == 200
        everyone = children_of(square.process.pid)
        started = time.monotonic()
        assert square.close() == 0
        assert time.monotonic() - started < 15
        wait_gone(everyone, 1)
        link.close()


def test_when_up_is_killed_nothing_is_left_running() -> None:
    with new_square("--no-demo") as square:
        square.open()
        assert square.process is not None
        everyone = children_of(square.process.pid)
        square.process.kill()
        square.process.wait()
        wait_gone(everyone, 30)


def test_neither_a_heartbeat_nor_a_note_drops_a_ready_page_and_what_all_may_read_does(
    square: Square,
) -> None:
    [(ref, subject)] = square.query(
        "SELECT ref, subject FROM conversations_conversation WHERE visibility = 'public' ORDER BY id LIMIT 1"
    )
    cookie = sign_in(square)
    token = "a" * 32
    headers = {
        "cookie": f"{cookie}; csrftoken={token}",
        "x_csrftoken": token,
        "content_type": "application/x-www-form-urlencoded",
    }

    def say(path: str, body: bytes) -> tuple[int, Any]:
        status, answered, _body = call(square, "POST", path, body, **headers)
        return status, answered

    [(private,)] = square.query(
        "SELECT ref FROM conversations_conversation WHERE visibility = 'private' AND merged_into_id IS NULL"
        " ORDER BY id LIMIT 1"
    )

    status, headers_of_desk, _page = get(square, "/desk/", cookie=cookie)
    assert status == 200
    assert not [name for name in headers_of_desk if name.lower().startswith("x-ready")]
    link, answer = listen(square, cookie)
    time.sleep(1)
    assert subject in get(square, "/vegg")[2].decode()
    # Changed behind everybody's back, so that only a page made anew would show it.
    word = f"Merkelig{uuid.uuid4().hex[:8]}"
    square.query("UPDATE conversations_conversation SET subject = %s WHERE ref = %s", word, ref)
    try:
        status, answered = say(f"/desk/sak/{ref}/her", b"writing=1")
        assert (status, answered.get("x-ready-unchanged")) == (200, None)
        assert json.loads(next_presence(answer)["data"])["verb"] == "presence"
        assert word not in get(square, "/vegg")[2].decode()
        status, answered = say(f"/desk/sak/{private}/notat", b"notat-body=Noe+nytt")
        assert status < 400
        assert "nettopp=" not in str(answered.get_all("set-cookie"))
        while json.loads(next_event(answer)["data"])["verb"] != "message.noted":
            pass  # colleagues hear of it all the same
        assert word not in get(square, "/vegg")[2].decode()
        status, answered = say(f"/vegg/{ref}", b"body=Enig&name=Nils")
        assert status < 400
        assert "nettopp=1" in str(answered.get_all("set-cookie"))
        assert word in get(square, "/vegg")[2].decode()
    finally:
        link.close()
        square.query(
            "UPDATE conversations_conversation SET subject = %s WHERE ref = %s", subject, ref
        )
