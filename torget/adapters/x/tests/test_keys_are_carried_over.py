"""The tokens X had renewed stood in a table of their own; they go among the account's secrets, once."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from importlib import import_module
from types import SimpleNamespace

import pytest

from torget.channels import rules
from torget.channels.models import Account
from torget.channels.secrets import seal
from torget.people.actor import Actor
from torget.people.models import Unit

MOVE = import_module("torget.adapters.x.migrations.0002_keys_beside_the_account")
ENDS = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def account(nordvaag, now):
    return rules.open_account(
        Unit.objects.get(municipality=nordvaag, slug="servicetorget"),
        network="x",
        address="500",
        name="nordvaag",
        secrets={"client_secret": "h", "token": "old", "refresh_token": "r0"},
        by=Actor.system(nordvaag.pk),
        at=now,
    )


def carry(account, connected_with):
    key = SimpleNamespace(
        account_number=account.pk,
        connected_with=hashlib.sha256(connected_with.encode()).hexdigest(),
        sealed=seal({"token": "new", "refresh_token": "r7"}),
        ends_at=ENDS,
    )
    keys = SimpleNamespace(objects=SimpleNamespace(all=lambda: [key]))
    MOVE.carry_over(SimpleNamespace(get_model=lambda app, name: keys if app == "x" else Account), None)  # fmt: skip
    return rules.secrets_of(account.pk)


def test_renewed_tokens_are_kept_with_the_accounts_other_secrets(account):
    assert carry(account, "r0") == {
        "client_secret": "h",
        "token": "new",
        "refresh_token": "r7",
        "token_ends": str(int(ENDS.timestamp())),
    }


def test_those_of_an_account_connected_anew_since_are_left(account):
    assert carry(account, "another")["token"] == "old"
