"""Who may send a form: our own pages; told by the browser, or by a secret in the form where a session is at stake."""

from __future__ import annotations

import pytest
from django.test import Client

from torget.conversations.models import Conversation

pytestmark = pytest.mark.django_db
ASKED = {"body": "Når blir gata vår brøytet?", "visibility": "private", "seen": "1"}


def ask(client: Client, **headers: str) -> int:
    return client.post("/spor", ASKED, headers=headers).status_code


@pytest.fixture
def visitor(nordvaag) -> Client:
    return Client(enforce_csrf_checks=True, SERVER_NAME="localhost", HTTP_HOST="testserver")


@pytest.mark.parametrize("site", ["cross-site", "same-site", "odd"])
def test_a_form_another_site_sent_is_refused_with_and_without_a_session(visitor, site):
    assert ask(visitor, sec_fetch_site=site) == 403
    visitor.cookies["torget"] = "somebody"
    assert ask(visitor, sec_fetch_site=site) == 403
    assert Conversation.objects.count() == 0


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://testserver.evil.example", "testserver"]
)
def test_an_origin_that_is_not_ours_is_refused(visitor, origin):
    assert ask(visitor, origin=origin) == 403


def test_our_own_page_may_send_without_a_secret(visitor):
    assert ask(visitor, sec_fetch_site="same-origin") == 302
    assert ask(visitor, origin="http://testserver") == 302


def test_where_a_session_is_at_stake_and_the_browser_says_nothing_the_secret_is_needed(visitor):
    visitor.cookies["torget"] = "somebody"
    answer = visitor.post("/spor", ASKED)
    assert answer.status_code == 403
    # What was typed is given back, with the secret it lacked.
    page = answer.content.decode()
    assert ASKED["body"] in page
    assert "csrfmiddlewaretoken" in page


def test_a_page_for_everyone_holds_no_secret_and_sets_no_cookie(visitor):
    answer = visitor.get("/spor")
    assert "csrfmiddlewaretoken" not in answer.content.decode()
    assert not answer.cookies
    assert answer["X-Ready-Seconds"]
    visitor.cookies["torget"] = "somebody"
    assert "csrfmiddlewaretoken" in visitor.get("/spor").content.decode()
