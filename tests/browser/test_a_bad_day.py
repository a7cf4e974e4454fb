"""The database stops while a resident writes, and thirty people share one address: nothing typed is lost or typed twice."""

from __future__ import annotations

import os
import re
import uuid
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("PICTURES_IN", "")


def picture(page: Page, name: str) -> None:
    """A picture of the page for who wants to look, in the folder PICTURES_IN names."""
    if PICTURES:
        for width, scheme in ((1280, "light"), (390, "dark"), (390, "light"), (1280, "dark")):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            path = Path(PICTURES) / f"{name}-{width}-{scheme}.png"
            page.screenshot(path=path, full_page=True)


def test_a_resident_writes_while_the_database_is_stopped_and_sends_it_when_it_is_back(
    page: Page, square, faults, complaints
):
    words = f"Bekken har gått over veien ved ungdomshuset. {uuid.uuid4().hex}"
    page.goto("/spor")
    page.get_by_label("Hva lurer du på?").fill(words)
    with square.without_database():
        page.get_by_role("radio", name="Alle kan lese").check()
        page.get_by_label("E-post").fill("kari@example.org")
        page.get_by_role("button", name="Send spørsmål").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Dette ble ikke sendt")
        expect(page.get_by_label("Det du skrev")).to_have_value(words)
        assert faults.here() == []
        picture(page, "unsent")
        page.get_by_label("Det du skrev").fill(words + " Det haster.")
        # Still away: given back once more, as it now stands.
        page.get_by_role("button", name="Send på nytt").click()
        expect(page.get_by_label("Det du skrev")).to_have_value(words + " Det haster.")
        # The browser keeps it too: an old form opened meanwhile holds what was typed.
        page.goto("/spor")
        expect(page.get_by_text("Vi har problemer akkurat nå")).to_be_visible()
        expect(page.get_by_label("Hva lurer du på?")).to_have_value(words + " Det haster.")
        expect(page.get_by_label("E-post")).to_have_value("kari@example.org")
        assert faults.here() == []
        picture(page, "old")
    page.get_by_role("button", name="Send spørsmål").click()
    again = page.get_by_role("button", name="Send på nytt")
    for _try in range(20):
        page.wait_for_load_state()
        if not again.is_visible():
            break
        page.wait_for_timeout(500)
        again.click()
    if page.get_by_role("button", name="Nei, send spørsmålet mitt").is_visible():
        page.get_by_role("button", name="Nei, send spørsmålet mitt").click()
    expect(page).to_have_url(re.compile("/saker/"))
    rows = square.query(
        "SELECT count(*) FROM conversations_message WHERE body = %s", words + " Det haster."
    )
    assert rows == [(1,)]
    # Sent: the browser has forgotten it.
    page.goto("/spor")
    expect(page.get_by_label("Hva lurer du på?")).to_have_value("")


def test_a_library_s_thirty_people_ask_within_a_minute_and_all_get_through(
    browser: Browser, base_url, square
):
    """One address, thirty browsers, each with nothing of its own but what it typed."""
    mark = uuid.uuid4().hex
    for number in range(30):
        context = browser.new_context(base_url=base_url)
        body = {"body": f"Spørsmål {number} fra biblioteket {mark}", "visibility": "private"}
        answer = context.request.post(
            "/spor",
            data=urlencode(body | {"seen": "1", "nonce": str(uuid.uuid4())}),
            headers={
                "content-type": "application/x-www-form-urlencoded",
                "sec-fetch-site": "same-origin",
            },
            max_redirects=0,
        )
        assert (answer.status, "/saker/" in answer.headers["location"]) == (302, True)
        context.close()
    like = f"Spørsmål % fra biblioteket {mark}"
    rows = square.query("SELECT count(*) FROM conversations_message WHERE body LIKE %s", like)
    assert rows == [(30,)]


def test_the_same_form_pressed_twice_is_one_question(page: Page, square):
    words = f"Er svømmehallen åpen i romjula? {uuid.uuid4().hex}"
    page.goto("/spor")
    page.get_by_label("Hva lurer du på?").fill(words)
    fields = page.locator("form[data-keep=spor]").evaluate(
        "form => [...new FormData(form)].filter(([, value]) => typeof value === 'string')"
    )
    sent = urlencode([*map(tuple, fields), ("seen", "1")])
    for _time in range(2):
        answer = page.request.post(
            "/spor",
            data=sent,
            headers={
                "content-type": "application/x-www-form-urlencoded",
                "sec-fetch-site": "same-origin",
            },
            max_redirects=0,
        )
        assert answer.status == 302
    rows = square.query("SELECT count(*) FROM conversations_message WHERE body = %s", words)
    assert rows == [(1,)]
