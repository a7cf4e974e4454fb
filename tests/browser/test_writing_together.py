"""Those who answer: two who meet in one case, a talk that goes on in private, a reply regretted, one that is approved."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

TEXT = "textarea[name='svar-body']"


def ask(page, body, *, public=False, email=""):
    """A resident asks; the secret address of the case."""
    page.goto("/spor")
    page.get_by_label("Hva lurer du på?").fill(body)
    page.get_by_label("Navnet ditt").fill("Kari Nordmann")
    if email:
        page.get_by_label("E-post").fill(email)
    if public:
        page.get_by_label("Alle kan lese spørsmålet og svaret").check()
    page.get_by_role("button", name="Send spørsmål").first.click()
    if page.get_by_role("button", name=re.compile("Nei")).count():
        page.get_by_role("button", name=re.compile("Nei")).click()
    page.wait_for_url("**/saker/**")
    return page.url.split("?")[0]


def ref_of(case):
    return re.search(r"NV-\d+-\d+", case)[0]


def open_case(page, ref):
    page.goto(f"/desk/sak/{ref}")
    page.locator("html[data-writing]").wait_for()


def wait_until_sent(page):
    """The time to regret runs out, and the reply leaves for good."""
    expect(page.locator(".held")).to_have_count(0, timeout=25_000)


def test_two_responders_meet_in_one_conversation(visitor):
    """The collision is seen, the draft is kept, one answers and the other is told."""
    ref = ref_of(ask(visitor(), "Kan dere måke stien bak kirken? Den er helt igjensnødd."))
    per, martin = visitor("per"), visitor("martin")
    for page in (per, martin):
        open_case(page, ref)
    expect(per.get_by_text("Martin ser på saken")).to_be_visible()
    expect(martin.get_by_text("Per ser på saken")).to_be_visible()

    # Per begins to write: Martin sees it at once, without a reload, above his own button.
    per.locator(TEXT).press_sequentially("Vi måker stien")
    expect(martin.get_by_text("Per svarer nå.")).to_be_visible(timeout=15_000)
    notice = martin.get_by_text("Per svarer nå.").bounding_box()
    assert notice["y"] < martin.get_by_role("button", name="Send svar").bounding_box()["y"]

    # Martin writes too; what he wrote is on the server a moment later.
    martin.locator(TEXT).fill("Stien blir måket i morgen tidlig.")
    expect(martin.get_by_text("Utkast lagret")).to_be_visible()

    # Per sends first.
    per.locator(TEXT).fill("Vi måker stien i dag.")
    per.get_by_role("button", name="Send svar").click()
    expect(per.get_by_text("Svaret sendes om 10 sekunder.")).to_be_visible()
    expect(martin.locator(".held").get_by_text("Vi måker stien i dag.")).to_be_visible()
    wait_until_sent(per)
    expect(martin.locator(".said.us").get_by_text("Vi måker stien i dag.")).to_be_visible()

    # Martin is told, sees what was said, and has lost nothing.
    martin.get_by_role("button", name="Send svar").click()
    told = martin.get_by_role("group", name=re.compile("Per svarte mens du skrev"))
    expect(told).to_be_focused()
    expect(told.get_by_text("Vi måker stien i dag.")).to_be_visible()
    expect(martin.locator(TEXT)).to_have_value("Stien blir måket i morgen tidlig.")

    # The draft is his on any machine, and he throws it away.
    elsewhere = visitor("martin")
    open_case(elsewhere, ref)
    expect(elsewhere.locator(TEXT)).to_have_value("Stien blir måket i morgen tidlig.")
    elsewhere.get_by_role("button", name="Kast utkastet").click()
    expect(elsewhere.get_by_text("Utkastet er kastet.")).to_be_visible()
    expect(elsewhere.locator(TEXT)).to_have_value("")

    # When Per leaves, nobody waits for him.
    martin.goto("/desk/")
    per.goto("/desk/")
    expect(elsewhere.get_by_text("Per ser på saken")).to_have_count(0)


def test_a_heated_public_question_goes_on_in_private(visitor, axe_of):
    kari = visitor()
    case = ask(
        kari,
        "Hvorfor får ikke sønnen min plass?! Dere har jo fått alle papirene!",
        public=True,
    )
    ref = ref_of(case)
    martin = visitor("martin")
    open_case(martin, ref)
    words = "Kari, sønnen din får plass når legeerklæringen er på plass. Ring meg på 412 34 567."
    martin.locator(TEXT).fill(words)
    expect(martin.get_by_text(re.compile("Svaret blir offentlig og inneholder"))).to_be_visible()
    martin.get_by_role("button", name="Send svar").click()

    # The guard shows what it found, marked in the text, and nothing is sent.
    guard = martin.get_by_role("group", name=re.compile("Svaret blir offentlig"))
    expect(guard).to_be_focused()
    marked = guard.locator("mark").all_inner_texts()
    assert [text.split("(")[0].strip() for text in marked] == [
        "Kari",
        "sønnen din",
        "legeerklæringen",
        "412 34 567",
    ]
    assert axe_of(martin) == []
    guard.get_by_role("button", name="Fortsett privat").click()

    # He goes on in private; a short word, which he may change, stays in public.
    expect(martin.get_by_text("Nå skriver du privat.")).to_be_visible()
    expect(martin.locator(TEXT)).to_have_value(words)
    expect(martin.get_by_label("Bare Kari Nordmann")).to_be_checked()
    stays = martin.get_by_label(re.compile("Dette blir stående offentlig"))
    expect(stays).to_have_value(re.compile("Vi fortsetter samtalen privat"))
    martin.get_by_role("button", name="Send svar").click()
    expect(martin.locator(".held").get_by_text(words)).to_be_visible()
    wait_until_sent(martin)

    # Everybody reads the short word and no more.
    nina = visitor()
    nina.goto(f"/vegg/{ref}")
    expect(nina.get_by_text("Vi fortsetter samtalen privat")).to_be_visible()
    expect(nina.get_by_text("legeerklæringen")).to_have_count(0)
    for address in ("/vegg", "/", "/feed/vegg.atom", "/sok?q=legeerkl%C3%A6ringen"):
        assert "412 34 567" not in nina.request.get(address).text()

    # Kari reads it at her own address, and what she says there stays between them.
    kari.goto(case)
    expect(kari.get_by_text(words)).to_be_visible()
    expect(kari.get_by_text("Bare du og kommunen kan lese det du skriver her.")).to_be_visible()
    kari.get_by_label("Skriv mer i saken").fill("Takk. Legeerklæringen kommer i morgen.")
    kari.get_by_role("button", name="Send", exact=True).click()
    expect(kari.get_by_text("Takk. Legeerklæringen kommer i morgen.")).to_be_visible()
    kari.get_by_role("link", name="Se det alle kan lese").click()
    expect(kari.get_by_text("Vi fortsetter samtalen privat")).to_be_visible()
    expect(kari.get_by_text("Legeerklæringen kommer i morgen")).to_have_count(0)

    # On the desk it came in live, marked private, and the next answer is private unless chosen otherwise.
    expect(martin.get_by_text("Takk. Legeerklæringen kommer i morgen.")).to_be_visible()
    martin.reload()
    expect(martin.get_by_label("Bare Kari Nordmann")).to_be_checked()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_reply_is_regretted_and_comes_back_to_be_mended(visitor, scripts):
    kari = visitor()
    case = ask(kari, f"Hvor leverer jeg gamle malingspann? ({scripts})")
    martin = visitor("martin", java_script_enabled=scripts)
    martin.goto(f"/desk/sak/{ref_of(case)}")
    martin.locator(TEXT).fill("Du leverer dem på gjenvinningsstasjonen på søndag.")
    martin.get_by_role("button", name="Send svar").click()
    held = martin.locator(".held")
    if scripts:
        expect(held.get_by_text(re.compile(r"Sendes om \d s"))).to_be_visible()
    else:
        expect(held.get_by_text(re.compile(r"Sendes\s+kl"))).to_be_visible()
    held.get_by_role("button", name="Angre").click()
    expect(martin.get_by_text("Svaret er ikke sendt.")).to_be_visible()
    expect(martin.locator(TEXT)).to_have_value("Du leverer dem på gjenvinningsstasjonen på søndag.")
    martin.locator(TEXT).fill("Du leverer dem på gjenvinningsstasjonen på mandag.")
    martin.get_by_role("button", name="Send svar").click()
    sent = kari.get_by_text("gjenvinningsstasjonen på mandag.")
    until = time.monotonic() + 30
    while not sent.count() and time.monotonic() < until:
        kari.wait_for_timeout(500)
        kari.reload()
    expect(sent).to_be_visible()
    expect(kari.get_by_text("på søndag")).to_have_count(0)


def test_a_reply_that_needs_approval_waits_for_a_second_person(visitor, axe_of):
    per, martin = visitor("per"), visitor("martin")
    per.goto("/desk/innstillinger")
    settings = per.get_by_role("navigation", name="Innstillinger")
    settings.get_by_role("link", name="Godkjenning").click()
    per.get_by_label("Navn").fill("Alt om kino")
    per.get_by_label("Enhet").select_option(label="Kultur og bibliotek")
    per.get_by_role("button", name="Legg til kravet").click()
    expect(per.get_by_text("Fra nå av må slike svar godkjennes.")).to_be_visible()

    kari = visitor()
    case = ask(kari, "Kan vi leie kinoen til bursdag?")
    open_case(martin, ref_of(case))
    martin.locator(TEXT).fill("Ja, det går fint.")
    martin.get_by_role("button", name="Send svar").click()
    expect(martin.get_by_text("Svaret venter på at en kollega godkjenner det.")).to_be_visible()
    expect(martin.locator(".held").get_by_text("Venter på godkjenning")).to_be_visible()

    # Per reads it with what was asked, and sends it back.
    per.get_by_role("navigation", name="Arbeidsflate").get_by_role(
        "link", name=re.compile("Godkjenning")
    ).click()
    card = per.get_by_role("region", name="Kan vi leie kinoen til bursdag?")
    expect(card.get_by_text("Ja, det går fint.")).to_be_visible()
    assert axe_of(per) == []
    card.get_by_text("Send tilbake").first.click()
    card.get_by_label("Hva må endres?").fill("Skriv hva det koster.")
    card.get_by_role("button", name="Send tilbake til svareren").click()
    expect(per.get_by_text("Svaret er sendt tilbake.")).to_be_visible()

    # Martin is told why, live, has the text, mends it; then it is approved and sent.
    expect(martin.get_by_text("Per: Skriv hva det koster.")).to_be_visible()
    martin.reload()
    expect(martin.locator(TEXT)).to_have_value("Ja, det går fint.")
    martin.locator(TEXT).fill("Ja, det går fint. Det koster 900 kroner.")
    martin.get_by_role("button", name="Send svar").click()
    expect(martin.locator(".held").get_by_text("Venter på godkjenning")).to_be_visible()
    per.reload()
    per.get_by_role("button", name=re.compile(f"Godkjenn og send {ref_of(case)}")).click()
    expect(per.get_by_text("Svaret er godkjent og sendt.")).to_be_visible()
    expect(martin.locator(".held")).to_have_count(0)
    kari.goto(case)
    expect(kari.get_by_text("Det koster 900 kroner.")).to_be_visible()
    expect(kari.get_by_text("Martin, Servicetorget").first).to_be_visible()

    per.goto("/desk/innstillinger/godkjenning")
    per.get_by_role("button", name="Fjern kravet Alt om kino").click()
    expect(per.get_by_text("Slike svar trenger ikke godkjenning lenger.")).to_be_visible()


def test_ready_made_replies_and_names_are_chosen_by_keyboard(visitor, axe_of):
    per, martin = visitor("per"), visitor("martin")
    per.goto("/desk/svarmaler/ny")
    per.get_by_label("Navn", exact=True).fill("Frist for feiing")
    per.get_by_label("Kortnavn").fill("feiing-frist")
    per.get_by_label("Tekst på bokmål").fill("Hei {fornavn}! Feieren kommer innen en uke.")
    per.get_by_role("button", name="Lagre svarmalen").click()
    expect(per.get_by_text("Svarmalen er lagret.")).to_be_visible()

    ref = ref_of(ask(visitor(), "Når kommer feieren til oss? Det er lenge siden feiing."))
    open_case(martin, ref)
    # It is offered for what was asked, and "/" opens it from the text box.
    martin.locator("#maler summary").click()
    offered = martin.locator("#maler").get_by_role("link", name="Frist for feiing")
    expect(offered).to_be_visible()
    martin.locator(TEXT).press_sequentially("/feiing")
    option = martin.get_by_role("option", name=re.compile("Frist for feiing"))
    expect(option).to_have_attribute("aria-selected", "true")
    assert martin.locator(TEXT).get_attribute("aria-activedescendant") == option.get_attribute("id")
    assert axe_of(martin) == []
    martin.keyboard.press("Enter")
    expect(martin.locator(TEXT)).to_have_value("Hei Kari! Feieren kommer innen en uke.")
    expect(martin.get_by_role("listbox")).to_have_count(0)

    # A colleague is named in a note, and finds it.
    martin.get_by_text("Skriv internt notat").click()
    note = martin.locator("textarea[name='notat-body']")
    note.press_sequentially("Stemmer det, @ha")
    expect(martin.get_by_role("option", name=re.compile("Per Haugland"))).to_be_visible()
    martin.keyboard.press("Escape")
    expect(martin.get_by_role("listbox")).to_have_count(0)
    note.press_sequentially("u")
    expect(martin.get_by_role("option", name=re.compile("Per Haugland"))).to_be_visible()
    martin.keyboard.press("Tab")
    expect(note).to_have_value('Stemmer det, @"Per Haugland" ')
    martin.get_by_role("button", name="Lagre notatet").click()
    per.get_by_role("link", name=re.compile("Nevnt")).click()
    named = per.get_by_role("listitem").filter(has_text="Stemmer det")
    expect(named).to_be_visible()
    named.get_by_role("button", name=re.compile("Åpne saken")).click()
    per.wait_for_url(f"**/desk/sak/{ref}#**")
    per.goto("/desk/nevnt")
    expect(per.get_by_role("listitem").filter(has_text="Stemmer det")).to_have_count(0)
