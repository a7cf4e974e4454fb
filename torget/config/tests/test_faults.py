"""What nobody foresaw: told by kind and place and nothing else, counted, made an alarm; what was typed is given back."""

from __future__ import annotations

import errno
import logging
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DataError, IntegrityError, OperationalError, connection
from django.test import Client
from PIL import Image

from torget.channels.models import Alarm, Fault
from torget.channels.rules import note_fault
from torget.channels.watchdog import watch
from torget.config import faults
from torget.conversations.rules import submitting
from torget.errors import Busy

pytestmark = pytest.mark.django_db
WORDS = "Barnet vårt gruer seg til skolen. Hvem kan vi snakke med om det?"
SAID = {
    "body": WORDS,
    "visibility": "private",
    "email": "kari@example.org",
    "name": "Kari",
    "seen": "1",
    "nonce": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
}


@pytest.fixture
def visitor(nordvaag) -> Client:
    return Client(raise_request_exception=False)


def fail(monkeypatch, fault: BaseException, name: str = "ask") -> None:
    def broken(*_args, **_kwargs):
        raise fault

    monkeypatch.setattr(submitting, name, broken)


def test_a_fault_leaves_type_view_and_stack_in_the_log_and_nothing_of_what_was_said(
    visitor, monkeypatch, caplog
):
    fail(monkeypatch, ValueError(f"cannot read {WORDS} of kari@example.org"))
    with caplog.at_level(logging.DEBUG):
        answer = visitor.post("/spor?q=hemmelig", SAID)
    assert answer.status_code == 500
    told = caplog.text
    assert "ValueError in square:ask" in told
    assert "torget/square/views/ask.py" in told
    for private in (WORDS, "kari@", "Kari", "hemmelig", "/spor"):
        assert private not in told


def test_a_fault_is_counted_and_becomes_an_alarm_that_ends(visitor, monkeypatch, now):
    for at in (now, now + timedelta(minutes=1)):
        note_fault("ValueError", "square:ask", at=at)
    fault = Fault.objects.get()
    assert (fault.count, fault.place) == (2, "square:ask")
    watch(at=now + timedelta(minutes=2))
    alarm = Alarm.objects.get(what="fault", closed_at=None)
    assert "square:ask" in alarm.detail
    assert "2 ganger" in alarm.detail
    watch(at=now + timedelta(hours=2))
    assert not Alarm.objects.filter(what="fault", closed_at=None).exists()
    note_fault("ValueError", "square:ask", at=now + timedelta(days=2))
    assert Fault.objects.get().count == 1


def test_a_view_that_raises_is_counted(visitor, monkeypatch):
    fail(monkeypatch, KeyError("x"))
    visitor.post("/spor", SAID)
    visitor.post("/spor", SAID)
    fault = Fault.objects.get()
    assert (fault.kind, fault.place, fault.count) == ("KeyError", "square:ask", 2)


@pytest.mark.parametrize(
    "fault",
    [
        OperationalError("connection refused"),
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EROFS, "Read-only file system"),
    ],
)
def test_what_was_typed_is_given_back_when_nothing_can_be_taken(visitor, monkeypatch, fault):
    fail(monkeypatch, fault)
    buffer = BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, "PNG")
    picture = SimpleUploadedFile("hull i veien.png", buffer.getvalue(), "image/png")
    answer = visitor.post("/spor", SAID | {"picture_text": "Et hull", "pictures": picture})
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert answer["Cache-Control"] == "no-store"
    page = answer.content.decode()
    assert "Dette ble ikke sendt" in page
    for name, value in SAID.items():
        assert f'name="{name}"' in page
        assert value in page
    assert f">{WORDS}</textarea>" in page
    assert "ikke borte" not in page
    assert "hull i veien.png" in page  # must be chosen again: no page can give a file back
    assert not Fault.objects.exists()


def test_a_form_sent_again_from_that_page_arrives_once(visitor, monkeypatch):
    with monkeypatch.context() as away:
        fail(away, OperationalError("gone"))
        assert visitor.post("/spor", SAID).status_code == 503
    first = visitor.post("/spor", SAID)
    assert first.status_code == 302
    assert visitor.post("/spor", SAID)["Location"] == first["Location"]


def test_a_busy_square_gives_back_what_was_typed(visitor, monkeypatch):
    fail(monkeypatch, Busy("Vi kan ikke ta imot bilder akkurat nå.", retry_after_seconds=7))
    answer = visitor.post("/spor", SAID)
    assert (answer.status_code, answer["Retry-After"]) == (503, "7")
    assert WORDS in answer.content.decode()
    assert "bilder akkurat nå" in answer.content.decode()


def test_the_page_needs_no_database(visitor, monkeypatch, django_assert_num_queries):
    visitor.get("/regler")  # the municipality is known
    fail(monkeypatch, OperationalError("gone"))

    def refuse(execute, sql, params, many, context):
        raise OperationalError("gone")

    with connection.execute_wrapper(refuse):
        answer = visitor.post("/spor", SAID)
        page = visitor.get("/vegg/NV-2026-1")
    assert answer.status_code == 503
    assert WORDS in answer.content.decode()
    assert page.status_code == 503
    assert "ikke tilgjengelig" in page.content.decode()


def test_it_speaks_the_language_of_who_reads(visitor, monkeypatch):
    fail(monkeypatch, OperationalError("gone"))
    visitor.cookies["spraak"] = "nn"
    assert "ikkje sendt" in visitor.post("/spor", SAID).content.decode()


def test_markup_that_was_typed_comes_back_as_text(visitor, monkeypatch):
    fail(monkeypatch, OperationalError("gone"))
    evil = '</textarea><script>alert(1)</script>" onfocus="x'
    page = visitor.post("/spor", SAID | {"body": evil, "name": evil}).content.decode()
    assert "<script>alert" not in page
    assert '" onfocus="x' not in page


@pytest.mark.parametrize(
    ("fault", "away"),
    [
        (OperationalError("x"), True),
        (DataError("x"), False),
        (IntegrityError("x"), False),
        (OSError(errno.ENOSPC, "x"), True),
        (OSError(errno.ENOENT, "x"), False),
        (ValueError("x"), False),
        (None, False),
    ],
)
def test_only_what_may_pass_is_called_away(fault, away):
    assert faults.is_away(fault) is away


def test_what_is_wrapped_in_another_fault_is_found(visitor):
    fault = ValueError("cannot")
    fault.__cause__ = OSError(errno.ENOSPC, "full")
    assert faults.is_away(fault)
    assert "OSError" in faults.stack_of(fault)
