"""A real browser on a real square: Chromium, axe, and what every page must keep."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Page

from torget.demo.story import PASSWORD

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["best-practice", "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# All that differs between light and dark is colours; there the other rules would find what they found already.
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
WIDTHS = (1280, 390, 320)
SCHEMES = ("light", "dark")
# The innermost of what reaches farthest to the right.
WIDEST = """() => [...document.body.querySelectorAll('*')].reduce((widest, next) =>
  next.getBoundingClientRect().right >= widest.getBoundingClientRect().right ? next : widest).outerHTML.slice(0, 200)"""
PAINTED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 30))))"


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    given = (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    )
    if not given:
        pytest.fail("Chromium is missing. Run: apt-get install chromium")
    return {
        **browser_type_launch_args,
        "executable_path": given,
        "args": ["--no-sandbox", "--disable-dev-shm-usage"],
    }


@pytest.fixture
def browser_context_args(browser_context_args, base_url):
    """For each test anew: the plugin's own is made once a run, with the address of whichever square came first."""
    return {
        **browser_context_args,
        "base_url": base_url,
        "locale": "nb-NO",
        "timezone_id": "Europe/Oslo",
        "reduced_motion": "reduce",
        "viewport": {"width": 1280, "height": 900},
    }


@pytest.fixture(scope="session")
def base_url(square) -> str:
    """Pages are opened by path: `page.goto("/spor")`."""
    return square.url


@pytest.fixture(scope="session")
def _story_ends_at(square) -> int:
    """The last conversation the example municipality was born with."""
    told = "SELECT max(id) FROM conversations_conversation WHERE network = 'form'"
    return int(square.query(told)[0][0])


@pytest.fixture(autouse=True)
def _a_town_that_keeps_up(square, _story_ends_at) -> None:
    """What earlier tests left waiting is closed: a new case stands on the first page of the queue."""
    square.query(
        "UPDATE conversations_conversation SET state = 'closed', closed_at = now(), waiting_since = NULL"
        " WHERE state IN ('new', 'open') AND id > %s",
        _story_ends_at,
    )


@pytest.fixture
def complaints(page: Page) -> Iterator[list[str]]:
    """What the browser complained of: broken policy, script faults. Must be empty at the end."""
    heard: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "violates the following" in message.text:
            heard.append(f"{page.url}: {message.text}")

    page.on("console", hear)
    page.on("pageerror", lambda fault: heard.append(f"{page.url}: {fault}"))
    yield heard
    assert not heard


def violations(page: Page, rules: object = RULES) -> list[str]:
    """What axe finds in the page as it stands, one line each; by these rules, or all of WCAG 2.0–2.2 A and AA."""
    if not AXE.is_file():
        pytest.fail("axe-core is missing. Run: npm ci")
    # Through the debugging protocol, which the page's policy does not stop.
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = page.evaluate(
        "async rules => (await axe.run({runOnly: rules})).violations", rules
    )
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found]


@pytest.fixture
def axe(page: Page) -> Callable[[], list[str]]:
    """Violations in the test's own page."""
    return lambda: violations(page)


@pytest.fixture
def axe_of() -> Callable[[Page], list[str]]:
    """As `axe`, for any page of several."""
    return violations


@pytest.fixture
def too_wide(page: Page) -> Callable[[], list[str]]:
    """What of the test's own page reaches beyond the window, in a line or none."""

    def look() -> list[str]:
        beyond = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        return [f"scrolls sideways by {beyond} px: {page.evaluate(WIDEST)}"] if beyond > 0 else []

    return look


@pytest.fixture
def faults(page: Page, too_wide: Callable[[], list[str]]) -> Callable[[str], list[str]]:
    """Open an address and look at it at every width, in light and dark: what is wrong, one line each."""

    def look(address: str) -> list[str]:
        page.goto(address)
        return [f"{address} {line}" for line in look_here()]

    def look_here() -> list[str]:
        wrong: list[str] = []
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            # On the smallest phone the same parts stand as on the other, in the same colours.
            for scheme in SCHEMES if width > min(WIDTHS) else SCHEMES[:1]:
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
                page.evaluate(PAINTED)  # half-changed colours are nobody's fault
                rules = RULES if scheme == SCHEMES[0] else COLOURS
                wrong += [f"{width} {scheme} {line}" for line in violations(page, rules)]
            wrong += [f"{width} {line}" for line in too_wide()]
        return wrong

    look.here = look_here  # type: ignore[attr-defined]
    return look


def enter(page: Page, name: str) -> None:
    """Sign in as one of the example municipality's staff, by first name."""
    page.goto("/konto/login/")
    page.get_by_label("E-post").fill(f"{name}@nordvaag.example.no")
    page.get_by_label("Passord").fill(PASSWORD)
    page.get_by_role("button", name="Logg inn", exact=True).click()
    page.wait_for_url("**/desk/**")


@pytest.fixture
def sign_in(page: Page) -> Callable[[str], None]:
    """Sign in on the test's own page: `sign_in("per")`."""
    return lambda name: enter(page, name)


@pytest.fixture
def visitor(new_context: Callable[..., Any]) -> Callable[..., Page]:
    """A person at a browser of their own: `visitor()` a resident, `visitor("per")` somebody at work."""

    def make(who: str = "", **context: Any) -> Page:
        page: Page = new_context(**context).new_page()
        page.set_default_timeout(10_000)
        if who:
            enter(page, who)
        return page

    return make
