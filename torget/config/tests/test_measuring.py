"""Every benchmark runs and tells its figures. How fast is no business of a test."""

from __future__ import annotations

import json

import pytest

from torget.config import measuring
from torget.config.commands import main

FIGURES = {"name", "value", "unit", "limit", "ratio", "n", "seconds"}


# Name → rows, how many were measured, and some of what it tells beside the usual.
SMALL = {
    "intake": (128, 128, {"p50_ms", "p99_ms", "in_flight"}),
    "queue": (128, 128, {"batch"}),
    "inbox": (400, 26, {"p95_search_ms", "p95_queue_ms", "queue_ratio", "messages"}),
    "live": (30, 30, {"kib_each", "p99_ms", "limit_p99_ms"}),
    "fanout": (200, 200, {"two_ratio", "ed25519_times_rsa", "with_slow_and_dead"}),
    "answers": (20, None, {"p95_ms"}),
    "surge": (1, None, {"changing_64", "no_database_64", "behind_nginx_64", "p99_ms_64"}),
    "siege": (3, None, {"times_slower", "peak_mb", "lost", "mail_unread"}),
}


@pytest.mark.parametrize("name", SMALL)
def test_a_benchmark_tells_value_and_limit_as_one_line_of_json(capfd, name):
    rows, measured, more = SMALL[name]
    assert main(["bench", name, "--json", "--rows", str(rows), "--rounds", "1"]) == 0
    told = json.loads(capfd.readouterr().out.splitlines()[-1])
    assert FIGURES | more <= set(told)
    assert told["name"] == name
    assert measured in {None, told["n"]}
    assert told["ratio"] == pytest.approx(told["value"] / told["limit"], rel=0.02)


def test_every_benchmark_is_tested_here():
    assert set(measuring.NAMES) == set(SMALL)
