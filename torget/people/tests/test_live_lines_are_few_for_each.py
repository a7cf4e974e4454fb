"""One member of staff, with one cookie or many, cannot take all live lines."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from torget.people import live
from torget.people.limits import forget_past, take_line, value_of
from torget.people.models import LimitFigure, Line


@pytest.fixture(autouse=True)
def _one_connection(monkeypatch):
    """What a thread of the front does between two calls would end the test's transaction."""
    monkeypatch.setattr(live, "close_old_connections", lambda: None)


def call(staff, peer="192.0.2.1"):
    client = Client()
    client.force_login(staff.user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    headers = {"host": "testserver", "cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"}
    return live.answer_call(headers, peer)


def test_twenty_lines_each_and_a_colleague_still_gets_through(ola, per):
    lines = [call(ola.staff, peer=f"192.0.2.{n}") for n in range(20)]
    assert all(lines)
    with pytest.raises(live.TooManyLines):
        call(ola.staff)
    assert call(per.staff) is not None
    live.end_call(lines[0])
    assert call(ola.staff) is not None
    assert LimitFigure.objects.get().name == "lines_staff"


def test_what_a_killed_process_held_is_free_after_a_while(nordvaag, ola):
    at = timezone.now()
    for _ in range(20):
        assert take_line(nordvaag, ola.staff.pk, "192.0.2.1", at=at, lives=live.LINE_LIVES)
    assert not take_line(nordvaag, ola.staff.pk, "192.0.2.1", at=at, lives=live.LINE_LIVES)
    later = at + live.LINE_LIVES + timedelta(seconds=1)
    assert take_line(nordvaag, ola.staff.pk, "192.0.2.1", at=later, lives=live.LINE_LIVES)
    assert forget_past(at=later) == 40
    assert Line.objects.count() == 2


def test_a_stranger_takes_no_line(nordvaag):
    assert live.answer_call({"host": "testserver", "cookie": "torget=x"}, "192.0.2.1") is None
    assert not Line.objects.exists()


def test_visitors_listen_without_signing_in_and_no_address_takes_all_lines(nordvaag):
    headers = {"host": "testserver"}
    assert live.answer_visitor({"host": "ukjent.test"}, "192.0.2.1") is None
    most = value_of("lines_address", nordvaag)
    assert most >= 20
    assert all(live.answer_visitor(headers, "192.0.2.1") for _ in range(most))
    with pytest.raises(live.TooManyLines):
        live.answer_visitor(headers, "192.0.2.1")
    assert live.answer_visitor(headers, "192.0.2.2").municipality_id == nordvaag.pk
    assert set(LimitFigure.objects.values_list("name", flat=True)) == {"lines_address"}
