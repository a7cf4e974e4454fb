"""The same story by e-mail, through real servers, a real square and a real browser at the desk."""

from __future__ import annotations

import email
import re
from email.message import EmailMessage
from email.policy import default

import pytest
from playwright.sync_api import expect

from torget.demo.story import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.mail]

BOX = "postmottak@nordvaag.test"


def letter(sender, subject, body, **headers):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, headers.pop("to", BOX), subject
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(body)
    return mail.as_bytes()


def enter(page, who):
    page.set_default_timeout(15_000)
    page.goto("/konto/login/")
    page.get_by_label("E-post").fill(f"{who}@nordvaag.example.no")
    page.get_by_label("Passord").fill(PASSWORD)
    page.get_by_role("button", name="Logg inn", exact=True).click()
    page.wait_for_url("**/desk/**")


@pytest.fixture
def connected(square, mail_servers, new_context):
    """Liv, the administrator, connects the mailbox on its page; a wrong password is told before it is saved."""
    mail_servers.empty()
    if square.query("SELECT 1 FROM channels_account WHERE address = %s", BOX):
        return mail_servers
    liv = new_context().new_page()
    enter(liv, "liv")
    liv.goto("/desk/innstillinger/epost")

    def fill(password):
        liv.get_by_label("E-postadresse").fill(BOX)
        liv.get_by_label("Enhet").select_option(label="Servicetorget")
        liv.get_by_label("Brukernavn").fill(BOX)
        liv.get_by_label("Passord").fill(password)
        for kind, port in (("imap", mail_servers.imap_port), ("smtp", mail_servers.smtp_port)):
            liv.locator(f"[name={kind}_host]").fill(mail_servers.host)
            liv.locator(f"[name={kind}_port]").fill(str(port))
            liv.locator(f"[name={kind}_security]").select_option("none")
        liv.locator("[name=smtp_sign_in]").uncheck()
        liv.get_by_role("button", name="Prøv og lagre").click()

    fill("feil passord")
    expect(liv.get_by_text(re.compile("Vi fikk ikke kontakt"))).to_be_visible()
    fill(mail_servers.password(BOX))
    expect(liv.get_by_text(re.compile("E-postkassen er koblet til"))).to_be_visible()
    return mail_servers


def inbox(servers, address):
    return [email.message_from_bytes(raw, policy=default) for raw in servers.inbox(address)]


@pytest.mark.timeout(240)
def test_a_mail_is_answered_and_everybody_knows(connected, square, new_context):
    martin = new_context().new_page()
    enter(martin, "martin")

    # Kari writes to the municipality's ordinary address.
    connected.deliver(
        letter(
            "Kari Nordmann <kari@innbygger.test>",
            "Sprukket lokk på dunken",
            "Hei!\n\nLokket på bosspannet mitt er sprukket. Hva gjør jeg?\n\n-- \nKari",
            Message_ID="<k1@innbygger.test>",
        ),
        BOX,
    )
    arrived = martin.get_by_role("link", name=re.compile("Sprukket lokk på dunken")).first
    expect(arrived).to_be_visible(timeout=30_000)
    arrived.click()
    martin.get_by_role("button", name="Ta saken").click()
    martin.get_by_text("Skriv internt notat").click()
    martin.locator("textarea[name='notat-body']").fill("Lokk ligger på hylle 4.")
    martin.get_by_role("button", name=re.compile("Lagre notat")).click()
    martin.locator("textarea[name='svar-body']").fill("Hent nytt lokk gratis på Servicetorget.")
    martin.get_by_role("button", name=re.compile("Send svar")).click()
    expect(martin.get_by_text("Svaret sendes om 10 sekunder.")).to_be_visible()

    # The answer comes back the way the question came: in her own mailbox, in the same thread, under name.
    connected.wait_for(lambda: inbox(connected, "kari@innbygger.test"), "the answer to Kari", 40)
    answer = inbox(connected, "kari@innbygger.test")[0]
    text = answer.get_content()
    assert "Hent nytt lokk gratis på Servicetorget." in text
    assert "Martin, Servicetorget" in text
    assert "hylle 4" not in text
    assert answer["In-Reply-To"] == "<k1@innbygger.test>"

    # She answers the mail; her words join the case, without the quoted history.
    connected.deliver(
        letter(
            "Kari Nordmann <kari@innbygger.test>",
            f"Re: {answer['Subject']}",
            "Takk! Er dere åpne lørdag?\n\nDen 23. nov. 2026 kl. 10:00 skrev Servicetorget:\n> Hent nytt lokk gratis",
            to=answer["Reply-To"] or BOX,
            In_Reply_To=answer["Message-ID"],
            Message_ID="<k2@innbygger.test>",
        ),
        BOX,
    )
    expect(martin.get_by_text("Takk! Er dere åpne lørdag?").first).to_be_visible(timeout=30_000)
    assert square.query(
        "SELECT count(*) FROM conversations_conversation WHERE subject = 'Sprukket lokk på dunken'"
    ) == [(1,)]

    # Her page, by the link in the mail, shows the same.
    link = re.search(r"http://\S+/saker/\S+", text)[0]
    kari = new_context().new_page()
    kari.goto(re.sub(r"http://[^/]+", square.url, link))
    expect(kari.get_by_text("Hent nytt lokk gratis på Servicetorget.")).to_be_visible()
    expect(kari.get_by_text("hylle 4")).to_have_count(0)

    # The answer is shared, and another who writes by the web meets it.
    martin.reload()
    martin.get_by_role("link", name="Del svaret med alle").click()
    martin.get_by_label(re.compile("Spørsmålet")).fill(
        "Hva gjør jeg når lokket på bosspannet er sprukket?"
    )
    martin.get_by_label("Svaret", exact=True).fill("Hent nytt lokk gratis på Servicetorget.")
    martin.get_by_role("button", name="Publiser svaret").click()
    expect(martin.get_by_text("Svaret er publisert.")).to_be_visible()
    kari.goto("/spor")
    kari.get_by_label("Hva lurer du på?").press_sequentially("Lokket på bosspannet er sprukket")
    expect(
        kari.get_by_role("link", name=re.compile("lokket på bosspannet er sprukket"))
    ).to_be_visible(timeout=10_000)


@pytest.mark.timeout(240)
def test_the_desk_shows_who_gets_the_answer_and_asks_when_it_is_somebody_else(
    connected, square, page, sign_in, faults, complaints
):
    connected.deliver(
        letter(
            "Kari Nordmann <kari@innbygger.test>",
            "Søknad om avlastning for sønnen",
            "Det gjelder sønnen min. Her er legeerklæringen.",
            Cc="Nina Nabo <nina@innbygger.test>",
            Message_ID="<priv1@innbygger.test>",
        ),
        BOX,
    )
    sign_in("martin")
    page.goto("/desk/")
    page.get_by_role("link", name=re.compile("Søknad om avlastning")).first.click(timeout=30_000)
    case = page.url
    going = page.get_by_role("group", name="Hvem som får svaret")
    expect(going).to_contain_text("Kari Nordmann (kari@innbygger.test, E-post)")
    expect(page.get_by_label(re.compile("nina@innbygger.test"))).not_to_be_checked()
    expect(page.get_by_text("Skrevet uten innlogging").first).to_be_visible()

    # The neighbour, who was on copy, answers the mail: it is a case of its own, and the two say so.
    connected.deliver(
        letter(
            "Nina Nabo <nina@innbygger.test>",
            "Re: Søknad om avlastning for sønnen",
            "Hei, hva gjelder dette?",
            In_Reply_To="<priv1@innbygger.test>",
            Message_ID="<priv2@innbygger.test>",
        ),
        BOX,
    )
    beside = page.get_by_text("En annen enn den som spurte, har svart på denne saken:").first

    def told():
        page.goto(case)
        return beside.count()

    connected.wait_for(told, "the case beside it", 40)
    assert not faults.here()
    page.set_viewport_size({"width": 1280, "height": 900})
    page.locator("p", has=beside).get_by_role("link").click()
    expect(page.get_by_text("Kom fra en annen enn den som spurte.")).to_be_visible()
    expect(going).to_contain_text("Nina Nabo (nina@innbygger.test, E-post)")
    assert not faults.here()
    page.set_viewport_size({"width": 1280, "height": 900})
    page.locator("textarea[name='svar-body']").fill("Hei, dette kan vi ikke si noe om.")
    page.get_by_role("button", name=re.compile("Send svar")).click()
    expect(page.get_by_text(re.compile("bekreft før du sender"))).to_be_visible()
    expect(page.locator("textarea[name='svar-body']")).to_have_value(re.compile("kan vi ikke si"))
    page.get_by_label("Ja, svaret skal til mottakeren som står her").check()
    page.get_by_role("button", name=re.compile("Send svar")).click()
    expect(page.get_by_text("Svaret sendes om 10 sekunder.")).to_be_visible()

    page.goto(case)
    page.locator("textarea[name='svar-body']").fill("Vedtaket er vedlagt. Dere får avlastning.")
    page.get_by_role("button", name=re.compile("Send svar")).click()
    expect(page.get_by_text("Svaret sendes om 10 sekunder.")).to_be_visible()
    expect(page.get_by_text(re.compile("Sendes til:"))).to_contain_text("kari@innbygger.test")
    hers, neighbour = "kari@innbygger.test", "nina@innbygger.test"
    connected.wait_for(lambda: inbox(connected, hers), "the answer to Kari", 40)
    connected.wait_for(lambda: inbox(connected, neighbour), "the answer to Nina", 40)
    assert "Vedtaket er vedlagt." in inbox(connected, hers)[0].get_content()
    [theirs] = inbox(connected, neighbour)
    key = re.search(r"/saker/\S+/(\w+)", inbox(connected, hers)[0].get_content())[1]
    for foreign in (key, "Vedtaket", "avlastning.", "sønnen min"):
        assert foreign not in theirs.as_string()
