"""A resident finds what is answered before sending, in whatever words and language; with the model and without it."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

from tests.square import new_square

pytestmark = pytest.mark.browser

BUILT_SECONDS = 90


def understood(square):
    """Wait until the worker has made the vectors of every answer."""
    until = time.monotonic() + BUILT_SECONDS
    while square.query("SELECT count(*) FROM answers_answer WHERE understood_at IS NULL")[0][0]:
        assert time.monotonic() < until, "the worker made no vectors"
        time.sleep(0.3)


def write(page, words, at=""):
    page.goto(f"{at}/spor")
    page.locator("html[data-ready]").wait_for()
    field = page.get_by_label(re.compile("Hva lurer du på"))
    field.fill("")  # a draft of what was written before may stand there
    field.press_sequentially(words)


def test_asked_in_nynorsk_and_in_english_what_was_answered_in_bokmaal(page, square, complaints):
    understood(square)
    assert square.query("SELECT count(*) FROM answers_meaning")[0][0] > 0
    write(page, "Kva tid kjem brøytebilen og måkar vegen vår?")
    met = page.get_by_role("link", name="Når blir veien min brøytet?")
    expect(met).to_be_visible(timeout=15_000)
    expect(page.locator("[data-say]")).to_contain_text(re.compile("Vi fant .* svar som ligner"))
    page.goto(met.get_attribute("href"))
    said = page.get_by_role("article")
    expect(said).to_contain_text("Boligveier brøytes når det er mer enn 8 cm snø")
    write(page, "Where do I get rid of old paint and batteries?")
    expect(page.get_by_role("link", name="Hvor kan jeg levere farlig avfall?")).to_be_visible(
        timeout=15_000
    )


def test_found_before_sending_it_is_a_question_less_and_counted_once(page, square, complaints):
    understood(square)
    question = "Må jeg søke for å bygge garasje?"
    count = "SELECT helped FROM answers_answer WHERE question = %s"
    before = square.query(count, question)[0][0]
    sent = square.query("SELECT count(*) FROM conversations_conversation")[0][0]
    page.goto("/spor")
    page.get_by_label("Hva lurer du på?").fill("Do I need a permit to put up a carport?")
    page.get_by_role("button", name="Send spørsmål").click()
    found = page.get_by_role("article").filter(has_text=question)
    found.get_by_role("button", name=re.compile("Ja, dette hjalp")).click()
    expect(page.get_by_role("heading", name="Så bra at det hjalp")).to_be_visible()
    page.reload()  # the browser sends it again
    assert square.query(count, question)[0][0] == before + 1
    assert square.query("SELECT count(*) FROM conversations_conversation")[0][0] == sent


def test_a_reader_of_english_is_shown_the_translation(page, square, complaints):
    page.goto("/svar/")
    page.locator("footer").get_by_role("button", name="English").click()
    page.goto("/sok?q=barnehage+frist")
    link = page.get_by_role("link", name="When is the deadline for applying for kindergarten?")
    expect(link).to_be_visible()
    link.click()
    expect(page.get_by_text("Also in")).to_be_visible()


def test_an_answer_that_did_not_help_is_seen_by_its_editors(page, complaints, sign_in):
    page.goto("/svar/hvor-kan-jeg-levere-farlig-avfall")
    page.get_by_role("button", name="Nei", exact=True).click()
    page.get_by_label("Hva manglet?").fill("Åpningstider på mandager.")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Andre ser det ikke.")).to_be_visible()
    sign_in("amina")
    page.goto("/desk/svar?vis=no")
    expect(page.get_by_text("Åpningstider på mandager.")).to_be_visible()


def test_without_the_model_words_still_find_it(page):
    with new_square(TORGET_MEANING="off") as one:
        one.open()
        write(page, "Kva tid kjem brøytebilen og måkar vegen vår?", at=one.url)
        met = page.get_by_role("link", name="Når blir veien min brøytet?")
        expect(met).to_be_visible(timeout=15_000)
        assert one.query("SELECT count(*) FROM answers_meaning")[0][0] == 0
