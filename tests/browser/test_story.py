"""The story of one question, told in real browsers against a real square."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_a_cracked_lid_is_answered_and_everybody_knows(visitor):
    # Martin of the service centre has his inbox open.
    martin = visitor("martin")
    expect(martin.get_by_role("heading", name="Innboks")).to_be_visible()

    # A resident writes of a cracked lid on the waste bin, and gets a number at once.
    kari = visitor()
    kari.goto("/")
    kari.get_by_role("link", name=re.compile("Still et spørsmål")).first.click()
    kari.get_by_label("Hva lurer du på?").fill(
        "Lokket på avfallsdunken min er sprukket. Hvordan får jeg nytt lokk?"
    )
    kari.get_by_label("Navnet ditt").fill("Kari Nordmann")
    kari.get_by_role("button", name="Send spørsmål").first.click()
    if kari.get_by_role("button", name=re.compile("Nei")).count():
        kari.get_by_role("button", name=re.compile("Nei")).click()
    kari.wait_for_url("**/saker/**")
    case = kari.url.split("?")[0]
    ref = re.search(r"NV-\d+-\d+", case)[0]
    expect(kari.get_by_text(ref).first).to_be_visible()

    # It arrives on Martin's desk without a reload.
    arrived = martin.get_by_role(
        "link", name=re.compile("Lokket på avfallsdunken min er sprukket")
    ).first
    expect(arrived).to_be_visible(timeout=10_000)
    arrived.click()

    # He takes it, leaves a note for his colleagues and answers under name.
    martin.get_by_role("button", name="Ta saken").click()
    expect(martin.get_by_text("Du har tatt saken.")).to_be_visible()
    martin.get_by_text("Skriv internt notat").click()
    martin.locator("textarea[name='notat-body']").fill("Vi har lokk på lageret.")
    martin.get_by_role("button", name=re.compile("Lagre notat")).click()
    expect(martin.get_by_text("Vi har lokk på lageret.")).to_be_visible()
    martin.locator("textarea[name='svar-body']").fill(
        "Du får nytt lokk gratis på Servicetorget. Ta med det gamle."
    )
    martin.get_by_role("button", name=re.compile("Send svar")).click()
    # For ten seconds he may regret it; then it is sent, without a reload.
    expect(martin.get_by_text("Svaret sendes om 10 sekunder.")).to_be_visible()
    expect(martin.locator(".held")).to_have_count(0, timeout=25_000)

    # Kari sees the answer with his name on her page – and not the note.
    kari.goto(case)
    expect(kari.get_by_text("Du får nytt lokk gratis på Servicetorget.")).to_be_visible()
    expect(kari.get_by_text("Martin, Servicetorget").first).to_be_visible()
    expect(kari.get_by_text("Vi har lokk på lageret.")).to_have_count(0)

    # Martin publishes a cleaned question and answer.
    martin.get_by_role("link", name="Del svaret med alle").click()
    martin.get_by_label(re.compile("Spørsmålet")).fill(
        "Hvordan får jeg nytt lokk til avfallsdunken?"
    )
    martin.get_by_role("button", name=re.compile("Publiser")).click()
    expect(martin.get_by_text("Svaret er publisert.")).to_be_visible()

    # Another resident meets it while writing the same, and need not send.
    nina = visitor()
    nina.goto("/spor")
    nina.get_by_label("Hva lurer du på?").press_sequentially(
        "Lokket på søppeldunken er ødelagt, får jeg nytt lokk?"
    )
    met = nina.get_by_role("link", name="Hvordan får jeg nytt lokk til avfallsdunken?")
    expect(met).to_be_visible(timeout=10_000)
    nina.goto(met.get_attribute("href"))  # it opens beside the form, so that nothing typed is lost
    expect(nina.get_by_text("Du får nytt lokk gratis")).to_be_visible()

    # And it is found by searching, in the list of answers and in the feed.
    nina.goto("/sok?q=lokk")
    expect(
        nina.get_by_role("link", name="Hvordan får jeg nytt lokk til avfallsdunken?")
    ).to_be_visible()
    assert "nytt lokk til avfallsdunken" in nina.request.get("/feed/svar.atom").text()


def test_the_whole_way_without_javascript(visitor):
    kari = visitor(java_script_enabled=False)
    kari.goto("/spor")
    kari.get_by_label("Hva lurer du på?").fill("Når er fristen for å søke barnehageplass?")
    kari.get_by_role("button", name="Send spørsmål").first.click()
    # What is already answered is shown before sending.
    expect(
        kari.get_by_role("heading", name="Når er fristen for å søke barnehageplass?")
    ).to_be_visible()
    kari.get_by_role("button", name=re.compile("Nei")).click()
    kari.wait_for_url("**/saker/**")
    martin = visitor("martin", java_script_enabled=False)
    ref = re.search(r"/saker/(NV-\d+-\d+)", kari.url)[1]
    martin.goto(f"/desk/sak/{ref}")
    martin.get_by_role("button", name="Ta saken").click()
    martin.locator("textarea[name='svar-body']").fill("Fristen er 1. mars.")
    martin.get_by_role("button", name=re.compile("Send svar")).click()
    expect(martin.get_by_text("Svaret sendes om 10 sekunder.")).to_be_visible()
    answer = kari.get_by_text("Fristen er 1. mars.")
    until = time.monotonic() + 30
    while not answer.count() and time.monotonic() < until:
        kari.wait_for_timeout(500)
        kari.reload()
    expect(answer).to_be_visible()


def test_of_two_who_open_the_same_case_one_takes_it(visitor):
    per, martin = visitor("per"), visitor("martin")
    for page in (per, martin):
        page.goto("/desk/?vis=free")
        page.get_by_role("link", name=re.compile("Gatelyset utenfor Kirkegata 12")).first.click()
    # Martin's screen has not caught up: what it would fetch anew does not come through.
    martin.route(re.compile("[?&]del="), lambda route: route.abort())
    per.get_by_role("button", name="Ta saken").click()
    expect(per.get_by_text("Du har tatt saken.")).to_be_visible()
    martin.get_by_role("button", name="Ta saken").click()
    expect(martin.get_by_text("Per Haugland har allerede tatt saken.")).to_be_visible()
