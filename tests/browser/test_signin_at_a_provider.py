"""Staff by OpenID Connect and residents by ID-porten, with a real provider and a real browser."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.peers.oidc import KARI_PID

pytestmark = [pytest.mark.browser, pytest.mark.peer]


@pytest.fixture(scope="session")
def base_url(signin_square):
    return signin_square.url


def go_to_provider(page, path, button):
    page.set_default_timeout(15_000)
    page.goto(path)
    with page.expect_request(re.compile("/auth")) as asked:
        page.get_by_role("button", name=button).click()
    page.wait_for_url("**/hvem/**")
    return {name: values[0] for name, values in parse_qs(urlsplit(asked.value.url).query).items()}


def staff_enter(page, who):
    asked = go_to_provider(page, "/konto/login/", "Logg inn med Jobbkonto")
    page.get_by_role("link", name=who, exact=True).click()
    return asked


def test_staff_come_from_the_button_to_the_desk_and_signing_out_there_ends_the_session_here(
    page, complaints, signin_square
):
    asked = staff_enter(page, "martin")
    page.wait_for_url("**/desk/**")
    assert asked["code_challenge_method"] == "S256"
    assert asked["response_type"] == "code"
    assert asked["nonce"]
    expect(page.get_by_role("heading", level=1)).to_be_visible()

    # What is kept of the identity holds neither name nor address.
    kept = signin_square.query("SELECT uid, extra_data::text FROM socialaccount_socialaccount")
    assert len(kept) == 1
    assert "martin" not in str(kept).lower()

    # The second time the identity is known.
    page.context.clear_cookies(domain="localhost")
    staff_enter_again(page)
    assert len(signin_square.query("SELECT 1 FROM socialaccount_socialaccount")) == 1

    # Signing out at the provider: its page loads ours in a frame, which ends our session.
    page.goto(f"{signin_square.provider.issuer}/session/end")
    with page.expect_response(re.compile("fra-tilbyder")) as framed:
        page.get_by_role("button", name="Ja, logg ut").click()
    assert framed.value.status == 200
    page.goto("/desk/")
    page.wait_for_url("**/konto/login/**")


def staff_enter_again(page):
    page.goto("/konto/login/")
    page.get_by_role("button", name="Logg inn med Jobbkonto").click()
    page.wait_for_url("**/desk/**")


@pytest.mark.parametrize(
    ("who", "told"),
    [
        ("ukjent", "Fant ingen ansatt med e-postadressen"),
        ("ubekreftet", "ingen bekreftet e-postadresse"),
    ],
)
def test_an_unknown_or_unverified_address_is_refused_in_words(
    page, complaints, signin_square, who, told
):
    users = signin_square.query("SELECT count(*) FROM people_user")
    staff_enter(page, who)
    expect(page.get_by_text(re.compile(told))).to_be_visible()
    assert signin_square.query("SELECT count(*) FROM people_user") == users
    page.goto("/desk/")
    page.wait_for_url("**/konto/login/**")


def test_an_address_that_passed_on_to_another_does_not_bring_the_rights_along(page, signin_square):
    staff_enter(page, "martin")
    page.wait_for_url("**/desk/**")
    page.context.clear_cookies()
    staff_enter(page, "ny")
    expect(page.get_by_text(re.compile("Fant ingen ansatt"))).to_be_visible()


def test_a_resident_enters_by_idporten_and_the_national_identity_number_is_nowhere(
    page, complaints, signin_square
):
    asked = go_to_provider(page, "/min-side/inn", "Logg inn med ID-porten")
    assert asked["acr_values"] == "idporten-loa-substantial"
    page.get_by_role("link", name="kari", exact=True).click()
    page.wait_for_url("**/min-side")

    assert signin_square.query(
        "SELECT external_id, verified FROM conversations_identity WHERE network = 'idporten'"
    ) == [("kari", "idporten")]
    assert "idporten" not in str(
        signin_square.query("SELECT provider FROM socialaccount_socialaccount")
    )
    assert KARI_PID not in signin_square.log.read_text(errors="replace")
    assert KARI_PID not in everything_in_the_database_of(signin_square)

    # No staff rights follow.
    page.goto("/desk/")
    page.wait_for_url("**/konto/login/**")
    # Signing out there ends it here too.
    page.goto(f"{signin_square.provider.issuer}/session/end")
    with page.expect_response(re.compile("fra-tilbyder")):
        page.get_by_role("button", name="Ja, logg ut").click()
    page.goto("/min-side")
    page.wait_for_url("**/min-side/inn")


def test_a_lower_level_of_assurance_than_asked_is_refused(page, complaints, signin_square):
    go_to_provider(page, "/min-side/inn", "Logg inn med ID-porten")
    page.get_by_role("link", name="lav", exact=True).click()
    expect(page.get_by_text(re.compile("lavere sikkerhetsnivå"))).to_be_visible()
    page.goto("/min-side")
    page.wait_for_url("**/min-side/inn")


def everything_in_the_database_of(square):
    tables = [
        name
        for (name,) in square.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    ]
    assert len(tables) > 30
    rows = [str(square.query(f'SELECT t::text FROM "{name}" t')) for name in tables]
    # Sessions are stored encoded.
    from django.contrib.sessions.backends.db import SessionStore  # noqa: PLC0415

    sessions = [
        str(SessionStore().decode(data))
        for (data,) in square.query("SELECT session_data FROM django_session")
    ]
    assert sessions
    return "\n".join(rows + sessions)
