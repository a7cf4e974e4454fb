from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from torget import rooms
from torget.channels import account_health, standstills
from torget.channels.contract import Health, Outgoing, RawItem
from torget.channels.models import Account, Alarm
from torget.channels.rules import beat, note_health
from torget.channels.watchdog import watch
from torget.intake import rules as intake
from torget.intake.models import Envelope
from torget.outbox import rules as outbox
from torget.outbox.models import Delivery


@pytest.fixture
def account(nordvaag):
    return Account.objects.get(municipality=nordvaag)


def opened():
    return {alarm.what for alarm in Alarm.objects.filter(closed_at=None)}


def test_all_is_quiet_when_everything_moves(nordvaag, now):
    beat("filing", at=now)
    watch(at=now)
    assert opened() == set()


def test_a_loop_that_gives_no_sign_of_life_is_told_of_until_it_does(nordvaag, now):
    beat("outbox", at=now)
    late = now + timedelta(minutes=5)
    watch(at=late)
    assert opened() == {"loop"}
    beat("outbox", at=late)
    watch(at=late)
    assert opened() == set()


def test_what_was_received_and_not_filed_is_told_of(account, now):
    intake.receive(account.pk, RawItem("a", b"x"), at=now)
    watch(at=now + timedelta(minutes=1))
    assert opened() == set()
    watch(at=now + timedelta(minutes=3))
    assert opened() == {"intake"}


def test_a_quarantine_that_is_not_empty_is_told_of(account, now):
    envelope_id, _ = intake.receive(account.pk, RawItem("a", b"x"), at=now)
    intake.quarantine(
        Envelope.objects.select_related("account").get(pk=envelope_id), "Uleselig", at=now
    )
    watch(at=now)
    assert opened() == {"quarantine"}


def test_what_waits_too_long_to_be_sent_and_what_is_in_doubt_are_told_of(account, now):
    outbox.enqueue(account, Outgoing("k1", "a@b.test", "Hei"), about=account, at=now)
    doubtful = outbox.enqueue(account, Outgoing("k2", "a@b.test", "Hei"), about=account, at=now)
    Delivery.objects.filter(pk=doubtful.pk).update(state=Delivery.State.UNKNOWN)
    watch(at=now + timedelta(minutes=6))
    assert opened() == {"outbox", "unknown"}


def test_an_account_that_has_gone_silent_is_told_of(account, now):
    Account.objects.filter(pk=account.pk).update(last_seen_at=now - timedelta(hours=1))
    watch(at=now)
    assert opened() == {"silent"}


def test_an_account_the_municipality_decided_not_to_use_may_be_silent(account, now):
    Account.objects.filter(pk=account.pk).update(
        last_seen_at=now - timedelta(hours=1), in_use=False
    )
    watch(at=now)
    assert opened() == set()
    assert account_health.examine_due(at=now) == 0


def test_one_standstill_is_one_alarm_and_one_letter_however_long_it_lasts(nordvaag, now, settings):
    settings.ALARM_EMAIL = "vakt@nordvaag.test"
    beat("outbox", at=now)
    for minutes in range(5, 15):
        watch(at=now + timedelta(minutes=minutes))
    assert Alarm.objects.count() == 1
    assert [letter.to for letter in mail.outbox] == [["vakt@nordvaag.test"]]


def test_trouble_that_comes_and_goes_is_one_alarm_and_one_letter_an_hour(account, now, settings):
    settings.ALARM_EMAIL = "vakt@nordvaag.test"
    ill, well = Health(False, "token revoked", missing=["pages_messaging"]), Health(True)
    note_health(account.pk, ill, at=now)
    for minutes in (10, 20, 30):
        watch(at=now + timedelta(minutes=minutes))
        note_health(account.pk, well, at=now + timedelta(minutes=minutes))
        assert not Alarm.objects.filter(what="account", closed_at=None).exists()
        note_health(account.pk, ill, at=now + timedelta(minutes=minutes + 1))
    assert Alarm.objects.filter(what="account").count() == len(mail.outbox) == 1
    note_health(account.pk, well, at=now + timedelta(minutes=40))
    note_health(account.pk, ill, at=now + timedelta(hours=2))
    assert Alarm.objects.filter(what="account").count() == 2


def test_a_failed_send_forgets_no_missing_permission(account, now):
    note_health(account.pk, Health(True, missing=["pages_messaging"]), at=now)
    note_health(account.pk, Health(False, "token expired"), at=now)
    account.refresh_from_db()
    assert account.missing == ["pages_messaging"]
    note_health(account.pk, Health(True), at=now)
    account.refresh_from_db()
    assert account.missing == []


def test_a_letter_that_could_not_be_sent_is_tried_again(nordvaag, now, settings, monkeypatch):
    settings.ALARM_EMAIL = "vakt@nordvaag.test"
    beat("outbox", at=now)

    def fail(*args, **kwargs):
        raise OSError("no mail server")

    with monkeypatch.context() as broken:
        broken.setattr("torget.channels.watchdog.send_mail", fail)
        watch(at=now + timedelta(minutes=5))
    watch(at=now + timedelta(minutes=6))
    assert len(mail.outbox) == 1


def test_the_desk_shows_what_stands_still_also_what_is_nobodys(nordvaag, ola):
    beat("outbox", at=timezone.now() - timedelta(minutes=10))
    watch(at=timezone.now())
    client = Client()
    client.force_login(ola.staff.user)
    assert "Utsendingen har stått stille siden" in client.get("/desk/").content.decode()


def test_every_loop_of_the_worker_has_words_for_the_desk():
    loops = rooms.gather("loops")
    assert len({loop.name for loop in loops}) == len(loops) > 8
    assert all(str(loop.label) and callable(rooms.load(loop.run)) for loop in loops)


def test_a_token_that_ends_is_told_of_fourteen_and_three_days_ahead(account, now):
    def told():
        watch(at=now)
        return set(Alarm.objects.filter(what="expires", closed_at=None).values_list("subject"))

    ends = {15: [], 14: ["14"], 4: ["14"], 3: ["3"], 0: ["3"], -1: ["3"]}
    for days, before in ends.items():
        Account.objects.filter(pk=account.pk).update(expires_at=now + timedelta(days=days))
        assert told() == {(f"account:{account.pk}:{one}",) for one in before}
    Account.objects.filter(pk=account.pk).update(expires_at=now + timedelta(days=60))
    assert told() == set()


def test_a_planned_restart_raises_no_alarm_and_a_loop_that_stays_away_does(
    nordvaag, account, now, monkeypatch
):
    monkeypatch.setattr(standstills, "_since", {})
    Account.objects.filter(pk=account.pk).update(last_seen_at=now, in_use=True)
    beat("outbox", at=now)
    later = now + timedelta(hours=1)
    standstills.begin_watch(at=later)
    watch(at=later)
    assert opened() == set()
    beat("outbox", at=later + timedelta(minutes=4))
    watch(at=later + timedelta(minutes=5))
    assert opened() == set()
    watch(at=later + timedelta(minutes=36))
    assert opened() == {"loop", "silent"}


def test_a_watch_that_fails_is_told_of_and_silences_no_other(nordvaag, account, now, monkeypatch):
    intake.receive(account.pk, RawItem("a", b"x"), at=now)
    beat("outbox", at=now)
    late = now + timedelta(minutes=5)
    watch(at=late)
    assert opened() == {"intake", "loop"}
    looks = {watched.name: watched.look for watched in rooms.gather("watches")}
    load = rooms.load

    def broken(path):
        return (lambda _at: 1 / 0) if path == looks["intake"] else load(path)

    monkeypatch.setattr(rooms, "load", broken)
    beat("outbox", at=late)
    watch(at=late)
    still = set(Alarm.objects.filter(closed_at=None).values_list("what", "subject"))
    assert ("intake", "look") in still
    assert {what for what, _subject in still} == {"intake"}
    assert len(still) == 2  # what it saw before it failed is still open
    monkeypatch.undo()
    watch(at=late)
    assert not Alarm.objects.filter(closed_at=None, subject="look").exists()
