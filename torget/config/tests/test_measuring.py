"""Every benchmark runs and tells its figures. How fast is no business of a test."""

from __future__ import annotations

import json

import pytest

from torget.config import measuring
from torget.config.commands import main

FIGURES = {"name", "value", "unit", "limit", "ratio", "n", "seconds"}


@pytest.mark.parametrize(
    ("name", "more"), [("intake", {"p50_ms", "p99_ms", "in_flight"}), ("queue", {"batch"})]
)
def test_a_benchmark_tells_value_and_limit_as_one_line_of_json(capfd, name, more):
    assert name in measuring.NAMES
    assert main(["bench", name, "--json", "--rows", "128", "--rounds", "1"]) == 0
    told = json.loads(capfd.readouterr().out.splitlines()[-1])
    assert set(told) == FIGURES | more
    assert (told["name"], told["n"]) == (name, 128)
    assert told["ratio"] == pytest.approx(told["value"] / told["limit"], rel=0.01)


def test_every_benchmark_is_tested_here():
    assert set(measuring.NAMES) == {"intake", "queue"}
