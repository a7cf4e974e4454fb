"""A resident and a responder talk directly: on the square, in a frame on another page, and without scripts."""

from __future__ import annotations

import re
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def begin(page, words):
    page.goto("/prat")
    page.get_by_label("Hva lurer du på?").fill(words)
    page.get_by_label("Navnet ditt").fill("Gunhild")
    page.get_by_role("button", name=re.compile("Start praten|Send meldingen")).click()
    page.wait_for_url("**/prat/NV-**")
    return re.search(r"NV-\d+-\d+", page.url)[0]


def test_they_talk_and_each_sees_that_the_other_writes(page, visitor, axe_of):
    ref = begin(page, "Er biblioteket åpent i romjula?")
    desk = visitor("per")
    desk.goto(f"/desk/sak/{ref}")
    expect(desk.get_by_text("Innbyggeren er i praten nå.")).to_be_visible()
    desk.get_by_role("button", name="Ta saken").click()
    expect(page.get_by_text("Du snakker med Per")).to_be_visible(timeout=10_000)
    page.get_by_label("Skriv her").press_sequentially("Jeg ")
    expect(desk.get_by_text("Innbyggeren skriver …")).to_be_visible(timeout=10_000)
    desk.locator("#svar textarea").press_sequentially("Ja, ")
    expect(page.get_by_text("Per skriver …")).to_be_visible(timeout=15_000)
    desk.locator("#svar textarea").fill("Ja, fra klokka ti alle hverdager.")
    desk.get_by_role("button", name="Send svar").click()
    expect(page.get_by_role("log")).to_contain_text("Ja, fra klokka ti", timeout=10_000)
    page.get_by_label("Skriv her").fill("Supert!")
    page.keyboard.press("Enter")
    expect(page.get_by_role("log")).to_contain_text("Supert!")
    expect(page.get_by_label("Skriv her")).to_have_value("")
    expect(desk.get_by_role("log")).to_contain_text("Supert!", timeout=10_000)
    assert not axe_of(page)
    page.get_by_role("button", name="Avslutt praten").click()
    expect(page.get_by_role("status").filter(has_text="Praten er avsluttet.")).to_be_visible()


@pytest.mark.browser_context_args(java_script_enabled=False, viewport={"width": 390, "height": 800})
def test_without_scripts_it_is_a_page_that_refreshes(page, square):
    ref = begin(page, "Når stenger gjenvinningsstasjonen?")
    assert page.locator('noscript meta[http-equiv="refresh"]').count() == 1
    page.get_by_label("Skriv her").fill("Den på Nordneset.")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Den på Nordneset.")).to_be_visible()
    expect(page.get_by_text(ref, exact=True)).to_be_visible()


@pytest.fixture
def website(square):
    """A page of somebody else's with one script tag."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            tag = f'<script src="{square.url}/embed/prat.js" defer></script>'
            body = f"<!doctype html><title>Kommunen</title><h1>Kommunen</h1>{tag}".encode()
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args):
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    origin = f"http://www.kommunen.localhost:{server.server_address[1]}"
    before = square.query("SELECT website FROM people_municipality WHERE number = '9901'")[0][0]
    square.query("UPDATE people_municipality SET website = %s WHERE number = '9901'", origin)
    until = time.monotonic() + 15  # what the square knows of its municipality is some seconds old
    while time.monotonic() < until:
        with urllib.request.urlopen(f"{square.url}/prat?ramme=1") as answer:
            if origin in answer.headers["Content-Security-Policy"]:
                break
        time.sleep(0.5)
    yield origin
    square.query("UPDATE people_municipality SET website = %s WHERE number = '9901'", before)
    server.shutdown()
    server.server_close()


def test_one_script_tag_puts_it_on_the_municipalitys_own_site(page, website):
    page.goto(website)
    page.get_by_role("button", name="Snakk med oss").click()
    frame = page.frame_locator("iframe")
    frame.get_by_label("Hva lurer du på?").fill("Hvor søker jeg om bostøtte?")
    frame.get_by_role("button", name=re.compile("Start praten|Send meldingen")).click()
    expect(frame.get_by_role("log")).to_contain_text("bostøtte")
    frame.get_by_label("Skriv her").fill("Jeg bor i Storgata.")
    frame.get_by_role("button", name="Send", exact=True).click()
    expect(frame.get_by_role("log")).to_contain_text("Jeg bor i Storgata.")
    page.get_by_role("button", name="Lukk praten").click()
    expect(page.locator("iframe")).to_be_hidden()
