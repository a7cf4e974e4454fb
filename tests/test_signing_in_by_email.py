"""Residents sign in by a link in a mail, through the real servers."""

from __future__ import annotations

import email
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email.policy import default

import pytest
from django.test import Client
from django.utils import timezone

from tests.cast import NOW, make_municipality, make_question
from torget.channels import rules as channels
from torget.outbox.tasks import deliver_due
from torget.people.actor import Actor
from torget.people.models import Unit

pytestmark = [pytest.mark.mail, pytest.mark.timeout(120), pytest.mark.django_db(transaction=True)]

OWN, KARI, NINA = "postmottak@nordvaag.test", "kari@innbygger.test", "nina@innbygger.test"


@pytest.fixture
def town(post_office):
    municipality = make_municipality()
    channels.open_account(
        Unit.objects.get(municipality=municipality, slug="servicetorget"),
        network="email",
        address=OWN,
        name="Servicetorget, Nordvåg kommune",
        settings=post_office.settings(OWN),
        secrets=post_office.secrets(OWN),
        by=Actor.system(municipality.pk),
        at=NOW,
    )
    return municipality


def links_in(mails):
    texts = [email.message_from_bytes(raw, policy=default).get_content() for raw in mails]
    return [link for text in texts for link in re.findall(r"/min-side/inn/\S+", text)]


def ask_for_link(post_office, address):
    """Type an address on the sign-in page; what the page says, and the link that comes."""
    page = Client().post("/min-side/inn", {"email": address})
    assert page.status_code == 200
    with ThreadPoolExecutor(1) as pool:
        deliver_due(pool, now=timezone.now)
    post_office.wait_for(lambda: links_in(post_office.inbox(address)), f"the link to {address}")
    [link] = links_in(post_office.inbox(address))
    said = page.content.decode().replace(address, "ADRESSEN")
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", said), link


def test_the_link_opens_ones_own_cases_once_and_says_nothing_of_who_is_known(post_office, town):
    make_question(town, "Kari spør om barnehageplass", email=KARI)
    make_question(town, "Nabosaken er ikke hennes", email="ola@innbygger.test")
    post_office.empty()
    said_to_known, link = ask_for_link(post_office, KARI)
    said_to_unknown, _ = ask_for_link(post_office, NINA)
    assert said_to_known == said_to_unknown

    kari = Client()
    # A mail scanner that opens the link spends nothing.
    opened = kari.get(link)
    assert opened.status_code == 200
    assert opened["Referrer-Policy"] == "same-origin"
    assert kari.get("/min-side").status_code == 302
    assert kari.post(link)["Location"] == "/min-side"
    page = kari.get("/min-side").content.decode()
    assert "Kari spør om barnehageplass" in page
    assert "Nabosaken" not in page

    somebody = Client()
    again = somebody.post(link)
    assert again.status_code == 409
    assert "Be om en ny" in again.content.decode()
    assert somebody.get("/min-side").status_code == 302


def test_after_half_an_hour_the_link_is_worthless(post_office, town, time_machine):
    _, link = ask_for_link(post_office, KARI)
    time_machine.move_to(timezone.now() + timedelta(minutes=31))
    late = Client()
    assert late.post(link).status_code == 409
    assert late.get("/min-side").status_code == 302
