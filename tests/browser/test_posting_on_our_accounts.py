"""The municipality says it on its wall and its accounts at once, follows how it went, mends it and takes it back."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_an_editor_posts_on_two_accounts_corrects_and_withdraws_everywhere(
    page, sign_in, axe, complaints
):
    sign_in("amina")
    page.goto("/desk/vegg")
    page.get_by_label("Overskrift").fill("Kulturskolen har ledige plasser")
    page.get_by_label("Tekst", exact=True).fill("Det er fire ledige plasser på trommer.")
    page.get_by_label("Nordvåg kommune").first.check()
    page.get_by_label("Kultur og bibliotek, Nordvåg").first.check()
    page.get_by_text("Si det på en annen måte noen steder").click()
    own = page.get_by_label("Egen tekst for Kultur og bibliotek, Nordvåg")
    own.fill("Fire plasser på trommer! #kulturskolen")
    page.get_by_role("button", name="Se hvordan det blir").click()
    shown = page.get_by_role("region", name="Slik blir det")
    expect(shown.get_by_role("article")).to_have_count(3)  # the wall, and two accounts
    wall = shown.get_by_role("article").first
    expect(wall).to_contain_text("Kulturskolen har ledige plasser")
    expect(wall).to_contain_text("Det er fire ledige plasser på trommer.")
    expect(shown).to_contain_text("Fire plasser på trommer! #kulturskolen")
    expect(shown).to_contain_text("38 / 5000 tegn")
    assert not axe()
    page.get_by_role("button", name="Legg ut").click()

    # What was previewed is what went out, and each account tells how it went.
    outcomes = page.get_by_role("region", name="Hvor det gikk")
    expect(outcomes.get_by_text("Sendt")).to_have_count(2, timeout=15_000)
    assert not axe()
    page.goto("/ap/kultur")
    expect(page.get_by_role("main")).to_contain_text("Fire plasser på trommer!")
    page.go_back()

    page.get_by_text("Rett teksten").click()
    page.get_by_label("Rettet tekst").fill("Det er tre ledige plasser på trommer.")
    page.get_by_role("button", name="Rett overalt").click()
    expect(page.get_by_text("Endringen går også ut på 2 kontoer.")).to_be_visible()
    page.goto("/ap/nordvaag")
    expect(page.get_by_role("main")).to_contain_text("tre ledige plasser", timeout=15_000)
    page.go_back()

    page.get_by_text("Trekk tilbake", exact=True).click()
    page.get_by_role("textbox", name="Begrunnelse").fill("Plassene er fylt.")
    page.get_by_role("button", name="Trekk tilbake overalt").click()
    expect(page.get_by_text("Meldingen er trukket tilbake.").first).to_be_visible()
    expect(page.get_by_role("region", name="Hvor det gikk").get_by_text("Sendt")).to_have_count(
        6, timeout=15_000
    )
    page.goto("/ap/kultur")
    expect(page.get_by_role("main")).not_to_contain_text("plasser på trommer")


def test_a_moderator_hides_a_comment_with_a_reason_and_is_told_what_it_means(
    page, sign_in, axe, complaints
):
    sign_in("per")
    page.goto("/desk/sok?q=plogen+til+Bakkeveien+f%C3%B8r+helga")
    page.get_by_role("main").get_by_role("link", name="Kommer plogen til Bakkeveien").first.click()
    page.get_by_role("link", name="Skjul på kanalen").first.click()
    expect(page.get_by_text("Det blir stående på tjeneren det ble skrevet på.")).to_be_visible()
    assert not axe()
    page.get_by_role("button", name="Skjul", exact=True).click()
    expect(page.get_by_text("begrunn", exact=False).first).to_be_visible()  # not without a reason
    there = page.get_by_role("region", name="På kanalen")
    there.get_by_label("Begrunnelse").fill("Navngir en nabo.")
    page.get_by_role("button", name="Skjul", exact=True).click()
    expect(page.get_by_text("Vi har bedt kanalen om det.")).to_be_visible()
    again = there.get_by_role("button", name="Vis igjen", exact=True)
    expect(again).to_be_visible(timeout=15_000)
    there.get_by_label("Begrunnelse").fill("Navnet er tatt bort.")
    again.click()
    expect(page.get_by_role("button", name="Skjul", exact=True)).to_be_visible(timeout=15_000)
