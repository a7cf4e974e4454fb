"""The desk by keyboard alone, and as a screen reader is told of it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from torget.demo.story import PASSWORD

pytestmark = pytest.mark.browser

SIZES = [{"width": 1280, "height": 900}, {"width": 390, "height": 844}]
MOST_STEPS = 150
# What each page must offer by role and name, beside the landmarks every page has.
OFFERS = {
    "/desk/": [("heading", "Innboks"), ("navigation", "Visninger"), ("list", None)],
    "/desk/sok": [("heading", "Søk i sakene"), ("searchbox", "Ord, navn eller saksnummer")],
    "/desk/tall": [("heading", "Tall"), ("img", re.compile("Nye saker og første svar"))],
    "/desk/vakt": [("heading", "Vaktliste"), ("table", None)],
    "/desk/svarmaler": [("heading", "Svarmaler")],
    "/desk/godkjenning": [("heading", "Svar som venter på godkjenning")],
    "/desk/nevnt": [("heading", "Du er nevnt")],
    "/desk/svar": [("heading", "Publiserte svar")],
    "/desk/sendinger": [("heading", "Sendinger")],
    "/desk/karantene": [("heading", "Karantene")],
    "/desk/innstillinger": [("heading", "Kanalene våre")],
    "/desk/meg": [("heading", "Mine valg")],
}
UNNAMED = """() => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
  .filter(node => node.checkVisibility() && !node.closest("[inert]"))
  .filter(node => {
    const labels = node.labels ? [...node.labels].map(label => label.textContent).join(" ") : "";
    const by = (node.getAttribute("aria-labelledby") || "").split(" ").map(id => document.getElementById(id)?.textContent).join(" ");
    return !(node.getAttribute("aria-label") || by || labels || node.textContent || node.title || "").trim();
  }).map(node => node.outerHTML.slice(0, 120))"""


def tab_to(page, target):
    """Press Tab until the target has focus; how often. Focus must always be seen on the way."""
    for step in range(MOST_STEPS):
        if target.evaluate("node => node === document.activeElement"):
            return step
        page.keyboard.press("Tab")
        hidden = page.evaluate(
            "() => document.activeElement !== document.body && !document.activeElement.checkVisibility()"
        )
        assert not hidden, "focus went where nobody sees it"
    raise AssertionError(f"never reached {target}")


@pytest.mark.parametrize("size", SIZES, ids=["desktop", "phone"])
def test_a_case_is_answered_by_keyboard_alone(page, size, complaints):
    words = f"Hvem rydder leskuret ved fergekaia ({size['width']})?"
    page.goto("/spor")
    page.get_by_label("Hva lurer du på?").fill(words)
    page.get_by_role("button", name="Send spørsmål").first.click()
    if page.get_by_role("button", name=re.compile("Nei")).count():
        page.get_by_role("button", name=re.compile("Nei")).click()
    page.wait_for_url("**/saker/**")
    ref = re.search(r"NV-\d+-\d+", page.url)[0]

    page.set_viewport_size(size)
    page.goto("/konto/login/")
    tab_to(page, page.get_by_label("E-post"))
    page.keyboard.type("martin@nordvaag.example.no")
    tab_to(page, page.get_by_label("Passord"))
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/**")

    # He searches for it, opens it, takes it and answers.
    page.goto("/desk/sok")
    tab_to(page, page.get_by_label("Ord, navn eller saksnummer"))
    page.keyboard.type(ref)
    page.keyboard.press("Enter")
    hit = page.locator("#treff").get_by_role("link", name=re.compile("leskuret"))
    expect(hit).to_be_visible()
    tab_to(page, hit)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/desk/sak/{ref}**")
    tab_to(page, page.get_by_role("button", name="Ta saken"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Du har tatt saken.")).to_be_visible()
    tab_to(page, page.locator("textarea[name='svar-body']"))
    page.keyboard.type("Teknisk drift rydder i morgen.")
    tab_to(page, page.get_by_role("button", name=re.compile("Send svar")))
    page.keyboard.press("Enter")
    held = page.get_by_role("log").get_by_text("Teknisk drift rydder i morgen.")
    expect(held).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Angre"))).to_have_count(0, timeout=20_000)
    expect(held).to_be_visible()


def test_the_desk_says_what_it_is_to_a_screen_reader(page, sign_in, complaints):
    sign_in("per")
    for size in SIZES:
        page.set_viewport_size(size)
        for address, offers in OFFERS.items():
            page.goto(address)
            tree = page.locator("body").aria_snapshot()
            for landmark in ("banner", "main"):
                assert f"- {landmark}" in tree, (address, landmark)
            assert page.locator("h1:visible").count() == 1, address
            for role, name in offers:
                found = page.get_by_role(role, name=name) if name else page.get_by_role(role)
                assert found.count(), (address, size["width"], role, name)
            assert not page.evaluate(UNNAMED), address


def test_a_conversation_says_who_said_what_and_what_one_can_do(page, sign_in, complaints):
    sign_in("per")
    for size in SIZES:
        page.set_viewport_size(size)
        page.goto("/desk/?vis=free")
        ref = re.search(r"/desk/sak/(NV-\d+-\d+)", page.content())[1]
        page.goto(f"/desk/sak/{ref}")
        expect(page.get_by_role("log", name="Samtalen")).to_be_visible()
        expect(page.get_by_role("log").get_by_role("listitem").first).to_be_visible()
        expect(page.get_by_role("textbox", name=re.compile("Svar til"))).to_be_visible()
        expect(page.get_by_role("button", name="Ta saken")).to_be_visible()
        expect(page.get_by_role("button", name=re.compile("Send svar"))).to_be_visible()
        expect(page.get_by_role("complementary")).to_be_visible()
        assert not page.evaluate(UNNAMED)
