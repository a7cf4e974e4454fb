"""Whatever a stranger's program wrote as a time is read right, or not at all."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torget.protocols.clocks import FAR, Believed, believed, when

RECEIVED = datetime(2026, 11, 30, 12, tzinfo=UTC)


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "right"),
    [
        ("Fri, 27 Nov 2026 01:45:08 +02:00", at(2026, 11, 26, 23, 45, 8)),
        ("Fri, 27 Nov 2026 12:00:00 CET", at(2026, 11, 27, 11)),
        ("Fri, 26 Jun 2026 12:00:00 CEST", at(2026, 6, 26, 10)),
        ("Tue, 24 Nov 2026 2:17:57 PM CET", at(2026, 11, 24, 13, 17, 57)),
        ("12:05 a.m., 30 November 2026 GMT", at(2026, 11, 30, 0, 5)),
        ("Mon, 30 Nov 26 09:00 -0000", at(2026, 11, 30, 9)),
        ("Mon, 30 Nov 2026 09:00:00 GMT+1 (Oslo)", at(2026, 11, 30, 8)),
        ("Mon Nov 30 10:00:00 CET 2026", at(2026, 11, 30, 9)),
        ("Mon Nov 30 2026 10:00:00 GMT+0100 (sentraleuropeisk normaltid)", at(2026, 11, 30, 9)),
        ("2026-11-30T10:00:00+01:00[Europe/Oslo]", at(2026, 11, 30, 9)),
        ("2026-06-30 10:00 Europe/Oslo", at(2026, 6, 30, 8)),
        ("2026-11-30T09:00:00.123456789Z", at(2026, 11, 30, 9, 0, 0, 123456)),
        ("2026-11-30t09:00:00z", at(2026, 11, 30, 9)),
        ("2026-11-30 09:00:00 UTC", at(2026, 11, 30, 9)),
        ("2026-11-30T9:00:00Z", at(2026, 11, 30, 9)),
        ("2026-11-30T09:00:00", at(2026, 11, 30, 9)),
        ("Mon, 30 Nov 2026 24:00:00 GMT", at(2026, 12, 1)),
        ("Wed, 31 Dec 2025 23:59:60 GMT", at(2025, 12, 31, 23, 59, 59)),
        ("fre, 27 nov. 2026 12:00:00 +0100", at(2026, 11, 27, 11)),
        ("24. desember 2026 kl. 17.00", at(2026, 12, 24, 16)),
        ("17. mai 2026, 10:00", at(2026, 5, 17, 8)),
        ("30.11.2026 12:00", at(2026, 11, 30, 11)),
        ("11/30/2026 2:17 PM", at(2026, 11, 30, 14, 17)),
        ("20261130090000", at(2026, 11, 30, 9)),
        (1796029200, at(2026, 11, 30, 9)),
        (1796029200.0, at(2026, 11, 30, 9)),
        (1796029200000, at(2026, 11, 30, 9)),
        ("1796029200", at(2026, 11, 30, 9)),
        ("1796029200000000", at(2026, 11, 30, 9)),
        ("/Date(1796029200000)/", at(2026, 11, 30, 9)),
    ],
)
def test_times_are_read_as_they_are_meant(said, right):
    assert when(said) == right


@pytest.mark.parametrize(
    "said",
    [
        *(None, "", " ", True, 0, -5, 17, float("nan"), float("inf"), 10**300, [], {}),
        *("i går", "05/06/2026 14:00", "Mon, 30 Nov 2026 09:00:00 IST", "31 Feb 2026 10:00 GMT"),
        *("2026-11-30 25:00", "2026-11-30 09:00 +99:00", "9999-12-31T23:59:59-10:00"),
        "2026-11-30 " * 50,
    ],
)
def test_what_nobody_can_be_sure_of_is_no_time(said):
    assert when(said) is None


@given(st.text(max_size=130) | st.integers() | st.floats())
def test_nothing_that_is_sent_breaks_the_reader(said):
    found = when(said)
    assert found is None or found.tzinfo is UTC


@pytest.mark.parametrize("year", [1970, 2018, 2038])
def test_a_time_far_from_the_receipt_is_its_senders_claim(year):
    said_at = RECEIVED.replace(year=year)
    assert believed(said_at, RECEIVED) == Believed(RECEIVED, said_at)


def test_a_clock_that_is_near_is_believed_and_nothing_is_said_in_the_future():
    late = RECEIVED - FAR + timedelta(minutes=1)
    assert believed(late, RECEIVED) == Believed(late)
    assert believed(RECEIVED + timedelta(minutes=5), RECEIVED) == Believed(RECEIVED)
    assert believed(None, RECEIVED) == Believed(RECEIVED)
