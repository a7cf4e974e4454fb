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
