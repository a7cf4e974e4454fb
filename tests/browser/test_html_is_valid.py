"""Every page is HTML as the standard has it: the W3C's own checker (vnu) reads them all at once."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.pages import ADMINISTRATOR, public_pages, staff_pages

pytestmark = pytest.mark.browser

CHECKER = Path(__file__).resolve().parents[2] / "node_modules/vnu-jar/build/dist/vnu.jar"


def check(page: Page, addresses: tuple[str, ...], folder: Path) -> list[str]:
    """What the checker says of them, errors and warnings, one line each."""
    java = shutil.which("java")
    if java is None or not CHECKER.is_file():
        pytest.fail("The HTML checker is missing. Run: python3 tools/setup.py dev")
    written = {}
    for number, address in enumerate(addresses):
        file = folder / f"{number}.html"
        file.write_text(page.request.get(address).text(), encoding="utf-8")
        written[file.name] = address
    command = [
        java,
        "-Xmx512m",
        "-jar",
        str(CHECKER),
        "--format",
        "json",
        "--stdout",
        "--skip-non-html",
    ]
    told = subprocess.run([*command, str(folder)], check=False, capture_output=True, text=True)
    return [
        f"{written[Path(said['url']).name]} {said['type']}: {said['message']} {said.get('extract', '')[:160]!r}"
        for said in json.loads(told.stdout)["messages"]
    ]


@pytest.mark.timeout(300)
def test_residents_pages_are_valid(page, tmp_path):
    said = check(page, public_pages(page), tmp_path)
    assert not said, "\n".join(said)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("name", "pages"), [("per", staff_pages), ("liv", lambda _page: ADMINISTRATOR)]
)
def test_staff_pages_are_valid(page, sign_in, tmp_path, name, pages):
    sign_in(name)
    said = check(page, pages(page), tmp_path)
    assert not said, "\n".join(said)
