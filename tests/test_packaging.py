"""What an installation gets: the rooms and what they need, nothing for those who build and measure."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# Libraries used by name, which nothing of ours imports.
BY_NAME = {"uvloop": "granian's faster loop, found by granian itself"}


def plain(requirement):
    return re.split(r"[\[<>=;~! ]", requirement)[0].lower().replace("_", "-")


def imported():
    names = set()
    for path in (ROOT / "torget").rglob("*.py"):
        if "tests" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names.update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module.split(".")[0])
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                # Django's apps and middleware are named, not imported.
                names.add(node.value.split(".")[0])
    return names


def test_every_library_we_ask_for_is_used():
    used = imported()
    distributions = packages_distributions()
    modules = {}
    for module, names in distributions.items():
        for distribution in names:
            modules.setdefault(distribution.lower().replace("_", "-"), set()).add(module)
    unused = [
        name
        for name in map(plain, PROJECT["dependencies"])
        if name not in BY_NAME and not modules.get(name, set()) & used
    ]
    assert unused == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    place = tmp_path_factory.mktemp("wheel")
    source = place / "source"
    source.mkdir()
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, source)
    shutil.copytree(ROOT / "torget", source / "torget")
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"),
            *("--no-index", "--wheel-dir", str(place), str(source)),
        ],
        check=True,
    )
    [file] = place.glob("*.whl")
    return set(zipfile.ZipFile(file).namelist())


def test_the_package_has_no_benchmarks_and_no_tests(wheel):
    assert not [name for name in wheel if "/tests/" in name or name.startswith("torget/bench/")]


def test_the_package_has_what_the_rooms_need(wheel):
    needed = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "torget").rglob("*")
        if path.is_file()
        and not {"tests", "bench", "__pycache__"} & set(path.parts)
        and path.suffix in {".py", ".html", ".svg", ".css", ".js", ".sql", ".txt", ".json", ".csv"}
    ]
    assert len(needed) > 500
    assert sorted(set(needed) - wheel) == []
