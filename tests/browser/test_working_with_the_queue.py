"""Working with the queue of a shared inbox, told in real browsers: a shift hands over, a late case climbs, bulk and undo."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.square import Square

pytestmark = pytest.mark.browser


def ask(visitor, body):
    """A resident asks; the number of the case."""
    kari = visitor()
    kari.goto("/spor")
    kari.get_by_label("Hva lurer du på?").fill(body)
    kari.get_by_role("button", name="Send spørsmål").first.click()
    if kari.get_by_role("button", name=re.compile("Nei")).count():
        kari.get_by_role("button", name=re.compile("Nei")).click()
    kari.wait_for_url("**/saker/**")
    return re.search(r"NV-\d+-\d+", kari.url)[0]


def test_a_late_case_climbs(visitor, square: Square):
    # Somebody has waited a while; then a case comes in whose deadline is soon over.
    first = ask(visitor, "Hvor lenge er gjenvinningsstasjonen åpen på lørdag?")
    late = ask(visitor, "Kan jeg få utsatt fristen for eiendomsskatt?")
    per = visitor("per")
    per.goto("/desk/")
    refs = per.locator(".queue a").evaluate_all("links => links.map(link => link.pathname)")
    assert refs.index(f"/desk/sak/{first}") < refs.index(f"/desk/sak/{late}")
    square.query(
        "UPDATE conversations_conversation SET first_due_at = now() - interval '30 days' WHERE ref = %s",
        late,
    )
    # The worker puts the breach on record, which reaches the open desk; the case stands on top in words.
    square.query(
        "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('default', 'conversations.deadlines', 0, NULL, NULL,"
        " '{\"timestamp\": 0}', NULL)::procrastinate_job_to_defer_v1])"
    )
    top = per.locator(".queue > li").first
    expect(top.get_by_role("link")).to_have_attribute(
        "href", re.compile(f"/desk/sak/{late}"), timeout=75_000
    )
    expect(top).to_contain_text("Forsinket 30 dager")
    per.get_by_role("navigation", name="Visninger").get_by_role(
        "link", name="Forsinket eller snart"
    ).click()
    expect(per.locator(".queue > li").first).to_contain_text("utsatt fristen for eiendomsskatt")
    per.locator(".queue a").first.click()
    expect(per.get_by_text("Fristen for å svare ble brutt")).to_be_visible()


def test_several_are_closed_at_once_and_it_is_undone(visitor):
    refs = [ask(visitor, f"Takk for hjelpen med trapp nummer {n}!") for n in (1, 2)]
    martin = visitor("martin")
    martin.goto("/desk/?vis=free")
    for ref in refs:
        martin.locator(f"#velg-{ref}").check()
    # Choosing opens the tool; it says how many.
    tool = martin.locator("#samle")
    expect(tool.locator("[data-chosen]")).to_have_text("2")
    tool.get_by_label("Hva skal gjøres?").select_option(label="Avslutt")
    tool.get_by_role("button", name="Gjør det med dem jeg har valgt").click()
    expect(martin.get_by_text("2 saker er endret.")).to_be_visible()
    for ref in refs:
        expect(martin.locator(f"#velg-{ref}")).to_have_count(0)
    martin.get_by_role("button", name="Angre").click()
    expect(martin.get_by_text("Angret: 2 saker er som før.")).to_be_visible()
    for ref in refs:
        expect(martin.locator(f"#velg-{ref}")).to_be_visible()


def test_several_are_tagged_without_scripts(visitor):
    ref = ask(visitor, "Hvem har ansvar for benken ved kaia?")
    martin = visitor("martin", java_script_enabled=False)
    martin.goto("/desk/?vis=free")
    martin.locator(f"#velg-{ref}").check()
    martin.locator("#flere > summary").click()
    martin.locator("#samle-act").select_option(label="Sett på merke")
    martin.locator("#samle-tag").select_option(label="Haster")
    martin.get_by_role("button", name="Gjør det med dem jeg har valgt").click()
    expect(martin.get_by_text("1 sak er endret.")).to_be_visible()
    expect(martin.locator(".queue > li", has=martin.locator(f"#velg-{ref}"))).to_contain_text(
        "Haster"
    )


def test_a_view_is_saved_and_its_counter_follows_what_comes_in(visitor):
    martin = visitor("martin")
    martin.goto("/desk/?vis=free")
    martin.locator("#filtre > summary").click()
    martin.locator("#enhet").select_option("kultur")
    martin.get_by_role("button", name="Bruk filtrene").click()
    martin.locator("#lagre > summary").click()
    martin.get_by_label("Navn på visningen").fill("Kultur som ikke er tatt")
    martin.locator("#lagre").get_by_role("button", name="Lagre", exact=True).click()
    expect(martin.get_by_text("Visningen er lagret.")).to_be_visible()
    saved = martin.get_by_role("list", name="Lagrede visninger").get_by_role(
        "link", name="Kultur som ikke er tatt"
    )
    expect(saved).to_have_attribute("aria-current", "page")
    before = int(saved.locator(".n").inner_text())
    nina = visitor()
    nina.goto("/spor")
    nina.get_by_label("Hva lurer du på?").fill("Kommer den nye utstillingen til biblioteket?")
    nina.get_by_label(re.compile("Hvem")).select_option("kultur")
    nina.get_by_role("button", name="Send spørsmål").first.click()
    if nina.get_by_role("button", name=re.compile("Nei")).count():
        nina.get_by_role("button", name=re.compile("Nei")).click()
    nina.wait_for_url("**/saker/**")
    expect(saved.locator(".n")).to_have_text(str(before + 1), timeout=10_000)


def test_a_shift_hands_over(visitor, square: Square):
    # Martin is on duty and has a case; Kristin comes on after him.
    ref = ask(visitor, "Ringte dere tilbake om leie av samfunnshuset?")
    square.query(
        "UPDATE people_duty d SET starts_at = now() - interval '2 hours', ends_at = now() + interval '5 minutes'"
        " WHERE id = (SELECT d.id FROM people_duty d JOIN people_staff s ON s.id = d.staff_id"
        " WHERE s.first_name = 'Martin' ORDER BY abs(extract(epoch FROM d.starts_at - now())) LIMIT 1)"
    )
    martin = visitor("martin")
    martin.goto(f"/desk/sak/{ref}")
    martin.get_by_role("button", name="Ta saken").click()
    martin.goto("/desk/vakt")
    martin.get_by_role("link", name="Overlever åpne saker").click()
    expect(martin.get_by_label(re.compile("leie av samfunnshuset"))).to_be_checked()
    martin.get_by_label("Beskjed til den som tar over").fill(
        "Utleieren ringer tilbake etter klokka ti."
    )
    martin.get_by_label("Hvem tar over?").select_option(label="Kristin Dahl")
    martin.get_by_role("button", name="Overlever", exact=True).click()
    expect(martin.get_by_text(re.compile(r"overlevert til Kristin"))).to_be_visible()

    # Kristin sees it when she comes on, until she says that she has taken over.
    kristin = visitor("kristin")
    kristin.goto("/desk/")
    panel = kristin.get_by_role("region", name="Overlevert fra Martin")
    expect(panel).to_contain_text("Utleieren ringer tilbake etter klokka ti.")
    panel.get_by_role("link", name="Vis sakene mine").click()
    expect(kristin.get_by_role("link", name=re.compile("leie av samfunnshuset"))).to_be_visible()
    kristin.get_by_role("region", name="Overlevert fra Martin").get_by_role(
        "button", name="Jeg har tatt over"
    ).click()
    expect(kristin.get_by_text("Du har tatt over.")).to_be_visible()
    expect(kristin.get_by_role("region", name="Overlevert fra Martin")).to_have_count(0)
    kristin.goto(f"/desk/sak/{ref}")
    expect(kristin.get_by_text("Martin overleverte saken til Kristin")).to_be_visible()


def test_the_queue_is_walked_by_keyboard_only_when_switched_on(visitor):
    ask(visitor, "Kan jeg leie kajakk av kommunen?")
    amina = visitor("kristin")
    amina.goto("/desk/")
    amina.keyboard.press("j")
    assert not amina.evaluate("document.activeElement.closest('.queue') !== null")
    amina.goto("/desk/meg")
    amina.get_by_label("Bruk hurtigtaster i innboksen").check()
    amina.get_by_role("button", name="Lagre valgene").click()
    amina.goto("/desk/")
    amina.locator("html[data-keys]").wait_for()
    links = amina.locator(".queue a")
    amina.keyboard.press("j")
    expect(links.nth(0)).to_be_focused()
    amina.keyboard.press("j")
    expect(links.nth(1)).to_be_focused()
    amina.keyboard.press("k")
    expect(links.nth(0)).to_be_focused()
    amina.keyboard.press("?")
    help_dialog = amina.get_by_role("dialog", name="Hurtigtaster")
    expect(help_dialog).to_be_visible()
    amina.keyboard.press("Escape")
    expect(help_dialog).to_be_hidden()
    links.nth(0).focus()
    amina.keyboard.press("Enter")
    amina.wait_for_url("**/desk/sak/**")
    amina.locator("html[data-keys]").wait_for()
    amina.keyboard.press("n")
    note = amina.locator("textarea[name='notat-body']")
    expect(note).to_be_focused()
    amina.keyboard.type("jkrt?")  # while writing they are letters
    expect(note).to_have_value("jkrt?")


def test_two_cases_are_merged_and_the_old_link_leads_to_the_kept_one(visitor, square: Square):
    """And it is undone: both stand as they did."""
    cases = []
    for body in ("Når tømmes septiktanken vår?", "Glemte å skrive adressen: Myrveien 3."):
        kari = visitor()
        kari.goto("/spor")
        kari.get_by_label("Hva lurer du på?").fill(body)
        kari.get_by_label("E-post").fill("myrveien@innbygger.test")
        kari.get_by_role("button", name="Send spørsmål").first.click()
        if kari.get_by_role("button", name=re.compile("Nei")).count():
            kari.get_by_role("button", name=re.compile("Nei")).click()
        kari.wait_for_url("**/saker/**")
        cases.append((kari.url.split("?")[0], re.search(r"NV-\d+-\d+", kari.url)[0]))
    (kept_url, kept), (joined_url, joined) = cases
    per = visitor("per")
    per.goto(f"/desk/sak/{joined}")
    per.locator("#mer > summary").click()
    per.get_by_role("link", name="Slå sammen med en annen sak").click()
    expect(per.get_by_text(kept)).to_be_visible()
    per.get_by_label("Saksnummeret til den andre saken").fill(kept)
    per.get_by_role("button", name="Slå sammen").click()
    expect(per.get_by_role("log").get_by_text("Glemte å skrive adressen")).to_be_visible()
    expect(per.get_by_text(f"fra {joined}").first).to_be_visible()
    kari = visitor()
    kari.goto(joined_url)
    assert kari.url == kept_url
    expect(kari.get_by_text("Glemte å skrive adressen: Myrveien 3.")).to_be_visible()
    per.get_by_role("button", name="Angre sammenslåingen").click()
    expect(per.get_by_text("Sammenslåingen er angret.")).to_be_visible()
    kari.goto(joined_url)
    assert kari.url == joined_url
