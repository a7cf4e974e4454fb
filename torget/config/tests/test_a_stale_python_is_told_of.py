"""A Python with faults that have been mended upstream is told of, by what it does and not by its number."""

from __future__ import annotations

import sys

import pytest

from torget.config import doctor, runtime


def test_each_trial_gives_an_answer_within_the_time_it_has():
    for name, (words, trial) in runtime.TRIALS.items():
        assert name.startswith("CVE-")
        assert words
        assert trial() in {True, False}


def test_what_is_quadratic_is_found_and_what_is_linear_is_not():
    assert runtime._grows(lambda size: list(range(size * size // 100)), 12_000)
    assert not runtime._grows(lambda size: list(range(size * 200)), 4_000)


def test_a_child_tries_it_and_says_what_this_one_would():
    assert runtime.look() == [f"{name}: {runtime.TRIALS[name][0]}" for name in runtime.stale()]
    assert runtime.look("/no/such/python") == ["it could not be tried within 30 seconds"]


def test_the_operator_hears_what_to_do():
    assert runtime.sentence([]) == ""
    told = runtime.sentence(["CVE-2024-7592: a long cookie takes minutes to read"])
    assert "CVE-2024-7592" in told
    assert f"install the newest {sys.version_info[0]}.{sys.version_info[1]}" in told


@pytest.mark.django_db
def test_the_doctor_advises_and_does_not_call_it_broken(monkeypatch, now):
    monkeypatch.setattr(runtime, "look", lambda *_python: ["CVE-2024-7592: a long cookie"])
    found = doctor._find("python", doctor._python, now)
    assert found.troubles == []
    assert "CVE-2024-7592" in found.advice[0]
