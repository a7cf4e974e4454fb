"""A Threads token is renewed in good time, is kept sealed, and nothing is lost when Meta refuses."""

from __future__ import annotations

import time

import pytest

from torget.adapters.meta import adapters
from torget.adapters.meta.tests import specimens as s
from torget.adapters.meta.tests.peers import said
from torget.channels import rules
from torget.channels.account_health import examine
from torget.channels.models import Account
from torget.channels.secrets import unseal
from torget.channels.tests.loopback import served
from torget.history.models import Entry
from torget.people.actor import Actor
from torget.people.models import Unit

THREADS = adapters[3]
DAY = 86_400
pytestmark = pytest.mark.django_db(transaction=True)


class Renewing:
    """Threads, giving a new token for the one it gave last."""

    def __init__(self):
        self.asked = []
        self.answer_with = None

    def answer(self, method, path, headers, body):
        self.asked.append((method, path.partition("?")[0], path))
        if "/refresh_access_token" in path:
            new = {"access_token": "NEWTOKEN", "token_type": "bearer", "expires_in": 60 * DAY}
            return self.answer_with or said(new)
        return said({"id": s.THREADS.address, "username": "nordvaag"})

    @property
    def renewals(self):
        return [path for _method, bare, path in self.asked if bare == "/refresh_access_token"]


@pytest.fixture
def threads(nordvaag, now):
    peer = Renewing()
    with served(peer) as (url, _line):
        peer.account = rules.open_account(
            Unit.objects.get(municipality=nordvaag, slug="servicetorget"),
            network="threads",
            address=s.THREADS.address,
            name="Nordvåg",
            settings={"api": url, "username": "nordvaag"},
            secrets={"token": "OLDTOKEN", "app_secret": "shh"},
            by=Actor.system(nordvaag.pk),
            at=now,
        )
        yield peer


def ends_in(peer, days):
    ends = int(time.time() + days * DAY)
    Account.objects.filter(pk=peer.account.pk).update(
        settings={**peer.account.settings, "expires_at": ends}
    )
    peer.account.refresh_from_db()
    return ends


def secrets_of(peer):
    return unseal(bytes(Account.objects.get(pk=peer.account.pk).secrets))


def test_a_token_with_less_than_twenty_days_left_is_renewed_once(threads, now):
    ends_in(threads, 19)
    health = examine(threads.account, at=now)
    assert health.ok
    assert health.expires_at.timestamp() == pytest.approx(time.time() + 60 * DAY, abs=60)
    assert len(threads.renewals) == 1
    assert "grant_type=th_refresh_token" in threads.renewals[0]
    assert "access_token=OLDTOKEN" in threads.renewals[0]
    kept = secrets_of(threads)
    assert (kept["token"], kept["app_secret"]) == ("NEWTOKEN", "shh")
    threads.account.refresh_from_db()
    assert threads.account.expires_at == health.expires_at
    assert examine(threads.account, at=now).expires_at == health.expires_at
    assert len(threads.renewals) == 1


def test_history_tells_that_secrets_were_renewed_and_not_what_they_are(threads, now):
    ends_in(threads, 19)
    examine(threads.account, at=now)
    row = Entry.objects.get(verb="account.secrets_renewed")
    assert row.subject_id == threads.account.pk
    assert row.data == {"names": ["token", "token_ends"]}
    assert "NEWTOKEN" not in str(list(Entry.objects.values()))
    assert b"NEWTOKEN" not in bytes(Account.objects.get(pk=threads.account.pk).secrets)


@pytest.mark.parametrize("days", [21, -1])
def test_one_with_time_left_and_one_that_has_ended_are_not_asked_about(threads, now, days):
    ends = ends_in(threads, days)
    assert examine(threads.account, at=now).expires_at.timestamp() == ends
    assert threads.renewals == []


@pytest.mark.parametrize(
    "answer",
    [said({"error": {"code": 190}}, 400), said({"expires_in": 60 * DAY}), said({}, 500)],
)
def test_when_meta_gives_no_new_token_the_old_one_and_its_end_stand(threads, now, answer):
    ends = ends_in(threads, 10)
    threads.answer_with = answer
    health = examine(threads.account, at=now)
    assert (health.ok, health.expires_at.timestamp()) == (True, ends)
    assert secrets_of(threads) == {"token": "OLDTOKEN", "app_secret": "shh"}
    assert not Entry.objects.filter(verb="account.secrets_renewed").exists()
