from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from tests.cast import make_staff
from torget.channels import account_health, connecting
from torget.channels.base import Base
from torget.channels.connecting import Filled
from torget.channels.contract import Health
from torget.channels.models import Account
from torget.channels.registry import adapters
from torget.channels.rules import open_account
from torget.errors import NotAllowed, Refused
from torget.people.actor import Actor
from torget.people.models import Unit
from torget.people.roles import Role


class Net(Base):
    """Takes whatever address it is given."""

    network, label, oauth = "net", "Nett", True

    def authorise_url(self, account, *, redirect_uri, state):
        return f"https://net.example/yes?state={state}"


@pytest.fixture
def account(nordvaag, now, monkeypatch):
    monkeypatch.setitem(adapters(), "net", Net())
    return open_account(
        Unit.objects.get(municipality=nordvaag, slug="servicetorget"),
        network="net",
        address="a",
        name="A",
        by=Actor.system(nordvaag.pk),
        at=now,
    )


def other_unit(nordvaag):
    return (
        Unit.objects.filter(municipality=nordvaag)
        .exclude(slug__in=["servicetorget", "rot"])
        .exclude(children__slug="servicetorget")
        .first()
    )


def test_an_account_of_another_unit_is_not_taken_over_by_connecting_it_again(
    account, nordvaag, now
):
    unit = other_unit(nordvaag)
    made = make_staff(nordvaag, "Nina", Role.ADMINISTRATOR, unit=unit.slug, over=unit.slug)
    theirs = Actor.of_staff(made)
    with pytest.raises(NotAllowed):
        connecting.connect(Filled(unit, "net", "Min", {"address": "a"}), by=theirs, at=now)
    account.refresh_from_db()
    assert (account.name, account.unit.slug) == ("A", "servicetorget")


def test_a_state_with_odd_letters_is_refused_and_does_not_break_the_page(account, liv, now):
    filled = Filled(account.unit, "net", "A", {"address": "a"})
    _url, kept = connecting.ask_owner(filled, "https://x.example", by=liv)
    with pytest.raises(Refused) as refused:
        connecting.owner_said_yes(kept, "æøå", "1", "https://x.example", by=liv, at=now)
    assert refused.value.code == "wrong_state"


def test_a_decision_made_today_is_of_today_also_just_after_midnight(account, liv):
    at = datetime(2026, 6, 1, 22, 30, tzinfo=UTC)  # half past midnight on 2 June in Norway
    said = {"in_use": True, "note": "Vurdert", "decided_by": "Rådmannen"}
    account_health.decide_use(account, **said, decided_on=date(2026, 6, 2), by=liv, at=at)
    assert Account.objects.get(pk=account.pk).use_decisions.count() == 1


def test_an_adapter_that_stumbles_does_not_leave_the_other_accounts_unexamined(
    account, nordvaag, now, monkeypatch
):
    def check(snapshot):
        if snapshot.address == "a":
            raise KeyError("token")
        return Health(True)

    monkeypatch.setattr(adapters()["net"], "check", check)
    same = {"network": "net", "name": "B", "by": Actor.system(nordvaag.pk), "at": now}
    other = open_account(account.unit, address="b", **same)
    account_health.examine_due(at=now)
    other.refresh_from_db()
    assert other.health_at == now
    # On its page it is told; the account itself is as well as it was.
    assert (
        account_health.examine(account, at=now).detail == "Feilen er hos oss, og den står i loggen."
    )
    account.refresh_from_db()
    assert account.healthy
