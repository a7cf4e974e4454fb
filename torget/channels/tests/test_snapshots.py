"""What an adapter may know of an account holds no credential, and costs no decryption."""

from __future__ import annotations

import pytest

from torget.channels import rules, tokens
from torget.channels.contract import AccountAccess, AccountSnapshot
from torget.channels.models import Account
from torget.channels.tokens import Token
from torget.conversations.rules import sending
from torget.errors import Refused
from torget.history.models import Entry
from torget.people.actor import Actor
from torget.people.models import Unit

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(nordvaag, now):
    return rules.open_account(
        Unit.objects.get(municipality=nordvaag, slug="servicetorget"),
        network="mastodon",
        address="@nordvaag@mastodon.example",
        name="Nordvåg",
        settings={"server": "mastodon.example"},
        secrets={"access_token": "t"},
        by=Actor.system(nordvaag.pk),
        at=now,
    )


def test_a_preview_is_made_of_an_account_whose_secrets_cannot_be_read(account):
    Account.objects.filter(pk=account.pk).update(secrets=b"of another installation")
    account.refresh_from_db()
    assert sending.preview(account, "Hei på deg", act="publish", link="", pictures=0).fits
    assert type(rules.snapshot(account)) is AccountSnapshot
    with pytest.raises(Refused):
        rules.access(account)


def test_a_token_is_renewed_once_and_kept_for_every_process(account):
    asked = []

    def renew(last):
        asked.append(last.refresh)
        return Token(f"token-{len(asked)}", refresh="again")

    access = rules.access(account)
    assert tokens.current(access, renew, of="password").value == "token-1"
    tokens.forget()  # as another process, which read the account before
    assert tokens.current(access, renew, of="password").value == "token-1"
    tokens.refuse("token-1")
    assert tokens.current(access, renew, of="password").value == "token-2"
    assert asked == ["", "again"]
    assert not Entry.objects.filter(verb="account.secrets_renewed").exists()


def test_a_token_of_another_password_is_not_used(account):
    def renew(last):
        return Token(f"got without {last.value or 'any'}")

    access = rules.access(account)
    tokens.current(access, renew, of="old password")
    assert tokens.current(access, renew, of="new password").value == "got without any"
    assert isinstance(access, AccountAccess)
