"""Times are Oslo's, and read as people say them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from torget.design.times import clock, length, moment, weekday_moment

NOW = datetime(2025, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "words"),
    [("nb", "20. nov. kl. 09.10"), ("nn", "20. nov. kl. 09.10"), ("en", "20 Nov at 09:10")],
)
def test_a_moment_is_told_in_oslo_time_in_the_readers_language(language, words):
    assert moment(datetime(2025, 11, 20, 8, 10, tzinfo=UTC), now=NOW, language=language) == words


def test_summer_time_is_kept():
    assert clock(datetime(2025, 7, 1, 6, 0, tzinfo=UTC), language="nb") == "kl. 08.00"


def test_another_year_is_named():
    assert (
        moment(datetime(2024, 5, 17, 8, 0, tzinfo=UTC), now=NOW, language="nb")
        == "17. mai 2024 kl. 10.00"
    )


def test_the_weekday_is_named_unless_it_is_today():
    with translation.override("nb"):
        assert (
            weekday_moment(datetime(2025, 11, 24, 7, 0, tzinfo=UTC), now=NOW)
            == "mandag 24. nov. kl. 08.00"
        )
        assert weekday_moment(NOW + timedelta(hours=1), now=NOW) == "i dag kl. 14.00"


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (-5, "0 min"),
        (12, "12 min"),
        (125, "2 t"),
        (24 * 60, "1 dag"),
        (28 * 60, "1 dag og 4 t"),
        (50 * 60, "2 dager og 2 t"),
        (8 * 24 * 60 + 90, "8 dager"),
    ],
)
def test_a_length_of_time_has_at_most_two_parts(minutes, words):
    with translation.override("nb"):
        assert length(timedelta(minutes=minutes)) == words
