"""A new room is one folder and one line of settings; a script needs neither of the faces."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("folder", ["lending", "faceless"])
def test_the_house_stands_with_one_room_more_and_without_its_faces(folder):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider"),
            *(f"--ds=tests.{folder}.settings", f"tests/{folder}/proof.py"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
