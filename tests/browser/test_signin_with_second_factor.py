"""Staff sign in by password, app, recovery code and passkey, in a real browser."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
import time

import pytest
from playwright.sync_api import expect

from torget.demo.story import PASSWORD

pytestmark = [pytest.mark.browser]


@pytest.fixture(scope="session")
def base_url(signin_square):
    return signin_square.url


def totp(secret, at):
    """RFC 6238: HMAC-SHA-1 over the 30-second step, six digits (RFC 4226 §5.3)."""
    key = base64.b32decode(secret, casefold=True)
    mac = hmac.new(key, struct.pack(">Q", int(at) // 30), hashlib.sha1).digest()
    offset = mac[-1] & 15
    return f"{(int.from_bytes(mac[offset : offset + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


def test_our_own_codes_are_those_of_the_standard():
    # RFC 6238 appendix B, the last six of its eight digits.
    secret = base64.b32encode(b"12345678901234567890").decode()
    assert [totp(secret, at) for at in (59, 1111111109, 20000000000)] == [
        "287082",
        "081804",
        "353130",
    ]


def enter_password(page, who):
    page.set_default_timeout(15_000)
    page.goto("/konto/login/")
    page.get_by_label("E-post").fill(f"{who}@nordvaag.example.no")
    page.get_by_label("Passord").fill(PASSWORD)
    page.get_by_role("button", name="Logg inn", exact=True).click()


def enter_code(page, code):
    page.get_by_label("Kode fra appen").fill(code)
    page.get_by_role("button", name=re.compile("^(Slå på|Logg inn)$")).click()


def confirm_it_is_me(page):
    expect(page.get_by_role("heading", name="Bekreft at det er deg")).to_be_visible()
    page.get_by_label("Passord").fill(PASSWORD)
    page.get_by_role("button", name="Bekreft").click()


def sign_out(page):
    page.goto("/konto/logout/")
    page.get_by_role("button", name="Logg ut").click()
    page.goto("/desk/")
    page.wait_for_url("**/konto/login/**")


@pytest.mark.timeout(180)
def test_with_an_app_the_password_alone_no_longer_opens(page, complaints, signin_square):
    enter_password(page, "siri")
    page.wait_for_url("**/desk/**")
    page.goto("/konto/2fa/")
    page.get_by_role("link", name="Slå på med app").click()
    confirm_it_is_me(page)
    secret = page.locator(".secret").inner_text()
    expect(page.locator("img.qr")).to_be_visible()
    now = time.time()
    enter_code(page, totp(secret, now))

    # Reserve codes are shown; the key lies encrypted in the database.
    page.goto("/konto/2fa/recovery-codes/")
    codes = page.locator("pre.secret").inner_text().split()
    assert len(codes) == 10
    kept = str(signin_square.query("SELECT data::text FROM mfa_authenticator"))
    assert secret not in kept

    sign_out(page)
    enter_password(page, "siri")
    page.wait_for_url("**/konto/2fa/authenticate/**")
    assert page.request.get("/desk/", max_redirects=0).status == 302  # not in yet
    enter_code(page, "000000")
    expect(page.get_by_role("link", name=re.compile("Koden er feil"))).to_be_visible()
    enter_code(page, totp(secret, now))
    page.wait_for_url("**/desk/**")
    sign_out(page)
    enter_password(page, "siri")
    enter_code(page, totp(secret, now))  # seen over the shoulder: spent (RFC 6238 §5.2)
    expect(page.get_by_role("link", name=re.compile("Koden er feil"))).to_be_visible()

    # Without the telephone: a reserve code, once.
    enter_code(page, codes[0])
    page.wait_for_url("**/desk/**")
    sign_out(page)
    enter_password(page, "siri")
    enter_code(page, codes[0])
    expect(page.get_by_role("link", name=re.compile("Koden er feil"))).to_be_visible()


@pytest.mark.timeout(120)
def test_a_passkey_opens_without_a_password(page, complaints):
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    devices.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    enter_password(page, "amina")
    page.wait_for_url("**/desk/**")
    page.goto("/konto/2fa/webauthn/add/")
    confirm_it_is_me(page)
    page.get_by_label("Navn på nøkkelen").fill("Jobbtelefonen")
    page.get_by_label("Bruk den i stedet for passord").check()
    page.get_by_role("button", name="Legg til", exact=True).click()
    page.wait_for_url(lambda url: "add" not in url)
    page.goto("/konto/2fa/webauthn/")
    expect(page.get_by_text("Jobbtelefonen")).to_be_visible()

    sign_out(page)
    page.goto("/konto/login/")
    page.get_by_role("button", name="Bruk passnøkkel").click()
    page.wait_for_url("**/desk/**")

    # As the second step after a password, too.
    sign_out(page)
    enter_password(page, "amina")
    page.get_by_role("button", name="Bruk passnøkkel").click()
    page.wait_for_url("**/desk/**")
