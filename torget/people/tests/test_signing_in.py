"""Signing in and out, by the rules; the real providers and browsers are in tests/browser/test_signin_*."""

from __future__ import annotations

import re

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone

from tests.cast import PASSWORD
from torget.people import rules
from torget.people.models import SignInSession
from torget.people.signin import high_enough, verified_address

ISSUER = "https://konto.example.no"


@pytest.fixture
def provider(settings):
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "APPS": [
                {
                    "provider_id": "staff",
                    "name": "Jobbkonto",
                    "client_id": "torget",
                    "secret": "x",
                    "settings": {"server_url": ISSUER, "oauth_pkce_enabled": True},
                }
            ]
        }
    }


@pytest.fixture
def signed_in(ola):
    browser = Client()
    answer = browser.post(
        "/konto/login/", {"login": ola.staff.user.email, "password": PASSWORD}, follow=False
    )
    assert answer["Location"] == "/desk/start"
    assert browser.get("/desk/").status_code == 200
    return browser


def is_out(browser):
    answer = browser.get("/desk/")
    return answer.status_code == 403 or answer.headers.get("Location", "").startswith(
        "/konto/login/"
    )


def test_signing_out_ends_the_session_also_for_who_copied_the_cookie(signed_in):
    thief = Client()
    thief.cookies[django_settings.SESSION_COOKIE_NAME] = signed_in.cookies[
        django_settings.SESSION_COOKIE_NAME
    ].value
    assert not is_out(thief)
    signed_in.post("/konto/logout/")
    assert is_out(signed_in)
    assert is_out(thief)


@pytest.mark.parametrize("what", ["staff", "user"])
def test_who_is_made_inactive_is_out_at_the_next_request(signed_in, ola, what):
    if what == "staff":
        ola.staff.active = False
        ola.staff.save()
    else:
        ola.staff.user.is_active = False
        ola.staff.user.save()
    assert is_out(signed_in)


def test_the_sign_in_page_says_the_same_of_an_unknown_address(ola):
    told = [
        re.sub(r'value="[^"]*"', "", Client().post("/konto/login/", given).content.decode())
        for given in (
            {"login": ola.staff.user.email, "password": "feil"},
            {"login": "ingen@kommune.test", "password": "feil"},
        )
    ]
    assert told[0] == told[1]


@pytest.mark.parametrize(
    "path",
    ["signup/", "email/", "3rdparty/", "3rdparty/signup/", "confirm-email/", "login/code/confirm/"],
)
def test_nobody_signs_up_or_changes_their_address_by_themselves(signed_in, path):
    for browser in (signed_in, Client()):
        assert browser.get(f"/konto/{path}").status_code == 404
        assert browser.post(f"/konto/{path}", {"email": "sjefen@kommune.test"}).status_code == 404


def bind(browser, sid="s-1", issuer=ISSUER):
    key = browser.cookies[django_settings.SESSION_COOKIE_NAME].value
    rules.bind_session(issuer=issuer, sid=sid, session_key=key, at=timezone.now())


def sign_out_there(**given):
    return Client().get("/konto/utlogget/fra-tilbyder", given)


def test_the_providers_log_out_ends_our_session_and_may_be_framed_by_it_alone(provider, signed_in):
    bind(signed_in)
    answer = sign_out_there(iss=ISSUER, sid="s-1")
    assert answer.status_code == 200
    assert "X-Frame-Options" not in answer.headers
    policy = answer["Content-Security-Policy"]
    assert f"frame-ancestors {ISSUER} " in policy
    assert "no-store" in answer["Cache-Control"]
    assert is_out(signed_in)
    assert not SignInSession.objects.exists()
    # Every other page stays unframed.
    assert Client().get("/konto/login/")["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"iss": "https://another.example", "sid": "s-1"}, 400),
        ({"sid": "s-1"}, 400),
        ({"iss": ISSUER}, 400),
        ({"iss": ISSUER, "sid": "s-2"}, 200),
    ],
)
def test_a_log_out_that_is_not_about_this_session_leaves_it(provider, signed_in, given, status):
    bind(signed_in)
    assert sign_out_there(**given).status_code == status
    assert not is_out(signed_in)


def test_bindings_of_long_gone_sessions_are_forgotten(db):
    long_ago = timezone.now() - rules.BINDING_LIVES * 2
    rules.bind_session(issuer=ISSUER, sid="gammel", session_key="x", at=long_ago)
    rules.bind_session(issuer=ISSUER, sid="ny", session_key="y", at=timezone.now())
    assert list(SignInSession.objects.values_list("sid", flat=True)) == ["ny"]


def test_a_provider_that_does_not_answer_gives_a_page_that_says_so(provider, nordvaag, settings):
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["server_url"] = (
        "http://127.0.0.1:9"
    )
    answer = Client().post("/konto/oidc/staff/login/?process=login")
    assert answer.status_code == 503
    assert "Innloggingen gikk ikke" in answer.content.decode()


def test_a_provider_nobody_set_up_is_not_found(nordvaag):
    assert Client().post("/konto/oidc/staff/login/").status_code == 404
    assert Client().post("/konto/oidc/idporten/login/").status_code == 404
    assert "ID-porten" not in Client().get("/min-side/inn").content.decode()


@pytest.mark.parametrize(
    ("acr", "asked", "enough"),
    [
        ("idporten-loa-high", "idporten-loa-substantial", True),
        ("idporten-loa-substantial", "idporten-loa-substantial", True),
        ("idporten-loa-low", "idporten-loa-substantial", False),
        ("", "idporten-loa-low", False),
        ("idporten-loa-low", "idporten-loa-high idporten-loa-low", True),
        ("own", "own", True),
        ("other", "own", False),
        ("idporten-loa-high", "own", False),
    ],
)
def test_a_level_of_assurance_must_be_at_least_what_was_asked(acr, asked, enough):
    assert high_enough(acr, asked) is enough


@pytest.mark.parametrize(
    ("claims", "address"),
    [
        ({"email": "Ola@Kommune.test", "email_verified": True}, "ola@kommune.test"),
        ({"email": "ola@kommune.test", "email_verified": "true"}, "ola@kommune.test"),
        ({"email": "ola@kommune.test", "email_verified": "false"}, ""),
        ({"email": "ola@kommune.test", "email_verified": False}, ""),
        ({"email": "ola@kommune.test"}, ""),
        ({"email_verified": True}, ""),
    ],
)
def test_only_an_address_the_provider_vouches_for_counts(claims, address):
    assert verified_address(claims) == address


def test_only_active_staff_are_connected(ola, charlie):
    email = ola.staff.user.email
    assert rules.user_to_connect(email, issuer=ISSUER) == ola.staff.user
    ola.staff.active = False
    ola.staff.save()
    assert rules.user_to_connect(email, issuer=ISSUER) is None
    assert rules.user_to_connect("", issuer=ISSUER) is None
