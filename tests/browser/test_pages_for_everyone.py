"""Every page is usable by everyone: WCAG 2.2 AA, any width, light and dark, without scripts, and light to load."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.pages import ADMINISTRATOR, PUBLIC, STAFF, first, public_pages, staff_pages
from torget.design.templatetags.torget import when

pytestmark = pytest.mark.browser

BUDGET_BYTES = 80_000
LETTERS_BYTES = 110_000


@pytest.mark.timeout(600)
def test_residents_pages_have_no_barriers_at_any_width_in_light_and_dark(page, faults, complaints):
    wrong = [line for address in public_pages(page) for line in faults(address)]
    assert not wrong, "\n".join(wrong)


def test_the_longest_time_of_opening_fits_on_the_smallest_phone(page):
    page.set_viewport_size({"width": 320, "height": 900})
    page.goto("/prat")
    # Whichever way the square stands just now, the notice says what it would on the longest of days.
    longest = str(when(datetime(2026, 9, 24, 8, tzinfo=UTC), "weekday"))
    assert "torsdag 24. sep" in longest
    page.locator(".ds-alert p").last.evaluate(
        "(p, time) => { p.innerHTML = `Vi er tilbake <strong>${time}</strong>.` }", longest
    )
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


LONG = "Kommunedelplanarealreguleringsbestemmelsesendringsforslag"


@pytest.fixture
def long_words(square) -> Iterator[None]:
    """Whatever people wrote holds a word as long as a line."""
    written = (
        ("conversations_conversation", "subject"),
        ("conversations_conversation", "preview"),
        ("conversations_message", "body"),
        ("conversations_message", "author_name"),
        ("answers_answer", "question"),
        ("answers_answer", "body"),
    )
    for table, column in written:
        fits = f"{column} <> '' AND ('body' = '{column}' OR length({column}) < 60)"
        square.query(f"UPDATE {table} SET {column} = '{LONG} ' || {column} WHERE {fits}")
    yield
    for table, column in written:
        square.query(f"UPDATE {table} SET {column} = replace({column}, '{LONG} ', '')")


@pytest.mark.timeout(300)
def test_a_word_as_long_as_a_line_fits_on_the_smallest_phone(
    page, square, long_words, sign_in, too_wide
):
    page.set_viewport_size({"width": 320, "height": 900})
    sign_in("per")
    refs = square.query("SELECT ref FROM conversations_conversation ORDER BY id")
    cases = [f"/desk/sak/{ref}" for (ref,) in refs]
    parts = [f"{cases[0]}/{part}" for part in ("slaa-sammen", "del-opp", "utskrift", "publiser")]
    posts = (
        first(page, "/desk/vegg", r"/desk/vegg/NV-\d+-\d+"),
        first(page, "/vegg", r"/vegg/NV-\d+-\d+"),
    )
    wide = []
    for address in (*STAFF, *PUBLIC, *cases, *parts, *posts):
        page.goto(address)
        page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
        wide += [f"{address} {line}" for line in too_wide()]
    assert not wide, "\n".join(wide)


@pytest.mark.timeout(600)
def test_staff_pages_have_no_barriers_at_any_width_in_light_and_dark(
    page, faults, complaints, sign_in
):
    sign_in("per")
    addresses = staff_pages(page)
    wrong = [line for address in addresses for line in faults(address)]
    assert not wrong, "\n".join(wrong)


def test_the_administrators_pages_have_no_barriers(page, faults, complaints, sign_in):
    sign_in("liv")
    assert not [line for address in ADMINISTRATOR for line in faults(address)]
    page.set_viewport_size({"width": 1280, "height": 900})
    # Only ways she may go are shown.
    expect(page.get_by_role("link", name="Innstillinger")).to_be_visible()
    expect(page.get_by_role("link", name="Innboks")).to_have_count(0)


def test_a_form_with_faults_puts_focus_on_the_summary_and_keeps_what_was_typed(
    page, faults, complaints
):
    page.goto("/spor")
    page.get_by_label("E-post").fill("kari@")
    page.get_by_role("button", name="Send spørsmål").click()
    summary = page.locator(".ds-error-summary")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("Du må rette 2 felt")
    expect(page.get_by_label("E-post")).to_have_value("kari@")
    assert not faults.here()
    summary.get_by_role("link").last.click()
    expect(page.get_by_label("E-post")).to_be_focused()


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_a_question_is_asked_and_found_again_without_scripts(page):
    page.goto("/")
    page.get_by_role("link", name="Still et spørsmål").click()
    page.get_by_label("Hva lurer du på?").fill("Hvor henter jeg parkeringsbevis for bobilen?")
    page.get_by_role("button", name="Send spørsmål").click()
    if page.get_by_role("button", name="Nei, send spørsmålet mitt").is_visible():
        page.get_by_role("button", name="Nei, send spørsmålet mitt").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(
        "Takk! Vi har fått spørsmålet ditt"
    )
    page.goto(page.locator("#lenke").inner_text())
    expect(page.get_by_role("heading", level=1)).to_contain_text("parkeringsbevis")


@pytest.mark.browser_context_args(java_script_enabled=False, viewport={"width": 390, "height": 800})
def test_the_menu_on_a_phone_opens_without_scripts(page):
    page.goto("/")
    expect(page.get_by_role("link", name="Min side")).to_be_hidden()
    page.get_by_role("button", name="Meny").click()
    page.get_by_role("link", name="Veggen", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Veggen")


def test_the_keyboard_reaches_the_content_by_the_skip_link(page):
    page.goto("/vegg")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Hopp til innholdet")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_language_and_looks_are_chosen_and_kept(page):
    page.goto("/svar/")
    page.locator("footer").get_by_role("button", name="Mørkt").click()
    expect(page.locator("html")).to_have_attribute("data-color-scheme", "dark")
    page.locator("footer").get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert urlsplit(page.url).path == "/svar/"
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("data-color-scheme", "dark")


def test_a_long_text_is_not_lost_when_the_page_is_left(page):
    page.goto("/vegg/nytt")
    page.locator("html[data-ready]").wait_for()
    page.get_by_label("Hva vil du si?").fill("En lang tekst om snø")
    page.goto("/")
    page.goto("/vegg/nytt")
    expect(page.get_by_label("Hva vil du si?")).to_have_value("En lang tekst om snø")


@pytest.mark.parametrize("address", ["/", "/spor", "/svar/", "/vegg", "/min-side/inn"])
def test_a_public_page_weighs_no_more_than_80_kilobytes(page, address):
    replies = []
    page.on(
        "response", lambda reply: replies.append(reply)
    )  # Playwright takes no built-in function
    page.goto(address, wait_until="networkidle")
    # Weighed afterwards: a body cannot be asked for while its own event is being handled.
    weights = {
        reply.url: len(gzip.compress(reply.body(), 9))
        for reply in replies
        if reply.request.resource_type in {"document", "stylesheet", "script", "font"}
    }
    assert urljoin(page.url, "/farger.css") in weights
    letters = {url: weight for url, weight in weights.items() if url.endswith(".woff2")}
    assert sum(letters.values()) <= LETTERS_BYTES, letters
    assert sum(weights.values()) - sum(letters.values()) <= BUDGET_BYTES, weights
