"""What people really send: every field case is tried by a test, and none is a copy."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.field.mutations import inputs

TESTS = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))


@pytest.mark.parametrize("path", inputs("*"), ids=lambda path: path.name)
def test_every_field_case_is_named_by_a_test(path):
    assert f'"{path.name}"' in TESTS or f'"{path.stem}"' in TESTS


def test_no_field_case_is_there_twice():
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in inputs("*")]
    assert len(set(digests)) == len(digests)
