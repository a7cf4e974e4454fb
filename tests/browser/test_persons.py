"""Two identities of one person are merged and parted again, and a search finds what was said, as one types."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def ask(page, words, email):
    page.goto("/spor")
    page.get_by_label("Hva lurer du på?").fill(words)
    page.get_by_label("Navnet ditt").fill("Gunhild Prøvesen")
    page.get_by_label("E-post").fill(email)
    page.get_by_role("button", name="Send spørsmål").first.click()
    if page.get_by_role("button", name=re.compile("Nei")).count():
        page.get_by_role("button", name=re.compile("Nei")).click()
    page.wait_for_url("**/saker/**")
    return re.search(r"NV-\d+-\d+", page.url)[0]


def test_two_identities_of_one_person_are_merged_and_unmerged(page, sign_in, faults, complaints):
    home = ask(page, "Hytteeierne ved Storvatnet ønsker søppelkasser.", "gunhild@hjemme.test")
    work = ask(page, "Skolekorpset trenger øvingslokale på tirsdager.", "gunhild@jobb.test")
    sign_in("martin")
    page.goto(f"/desk/sak/{home}")
    page.get_by_role("link", name="Alt fra denne personen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Gunhild Prøvesen")
    expect(page.get_by_text("gunhild@jobb.test")).to_have_count(0)

    page.get_by_text("Slå sammen med en annen").click()
    expect(page.get_by_text(work)).to_be_visible()  # somebody of the same name is offered
    page.get_by_label("Den andre: e-postadresse eller saksnummer").fill(work)
    page.get_by_label("Hvordan vet du at det er samme person?").fill("Hun ringte og fortalte det")
    page.get_by_role("button", name="Slå sammen").click()
    expect(page.get_by_text("Slått sammen. Du kan angre det her på siden.")).to_be_visible()
    for words in ("Hytteeierne ved Storvatnet", "Skolekorpset trenger"):
        expect(page.get_by_role("link", name=re.compile(words))).to_be_visible()
    expect(page.get_by_text("gunhild@jobb.test")).to_be_visible()
    assert not faults.here()

    page.get_by_role("button", name=re.compile("Skill fra")).click()
    expect(page.get_by_text("De er to personer igjen.")).to_be_visible()
    expect(page.get_by_text("gunhild@jobb.test")).to_have_count(0)
    page.goto(f"/desk/sak/{work}")
    expect(page.get_by_role("heading", name="Gunhild Prøvesen")).to_be_visible()
    expect(page.get_by_role("heading", name="Andre saker")).to_have_count(0)


def test_hits_come_as_one_types_and_the_address_keeps_them(page, sign_in, complaints):
    ask(page, "Tranebærtyttebærhagen bør få benker.", "gunhild@hjemme.test")
    sign_in("martin")
    page.goto("/desk/sok")
    page.get_by_label("Ord, navn eller saksnummer").press_sequentially("tranebærtytte")
    hit = page.locator("#treff").get_by_role("link", name=re.compile("Tranebærtyttebærhagen"))
    expect(hit).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="1 sak")).to_be_visible()
    page.reload()
    expect(hit).to_be_visible()
    page.get_by_text("Avgrens").click()
    page.get_by_label("Tilstand").select_option(label="Avsluttet")
    expect(hit).to_have_count(0)
