"""Delays that grow, know devices, lock nobody out and tell nobody who has an account."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from tests.cast import PASSWORD, do_jobs, make_staff
from torget.people.limits import delays
from torget.people.models import Counter
from torget.people.roles import Role

HERE, THERE, HALL = "192.0.2.1", "198.51.100.2", "203.0.113.3"


@pytest.fixture
def clock(time_machine):
    start = timezone.now()
    time_machine.move_to(start, tick=False)
    return lambda seconds: time_machine.move_to(start + timedelta(seconds=seconds), tick=False)


def sign_in(email, password=PASSWORD, *, client=None, peer=HERE):
    given = {"login": email, "password": password}
    return (client or Client()).post("/konto/login/", given, REMOTE_ADDR=peer)


def waits(answer):
    found = re.search(r"Vent\s(\d+)\s(sekund|minutt)", answer.content.decode())
    return int(found[1]) * (60 if found[2] == "minutt" else 1) if found else 0


def is_in(answer):
    return answer.status_code == 302


def test_after_some_wrong_passwords_one_waits_and_the_wait_grows(ola, clock):
    email, now, told = ola.staff.user.email, 0, []
    for _ in range(9):
        answer = sign_in(email, "feil")
        if wait := waits(answer):
            told.append(wait)
            now += wait
            clock(now)
            sign_in(email, "feil")
    assert told == sorted(told)
    assert told[0] == delays.FIRST_SECONDS
    assert told[-1] > 2 * told[0]
    clock(now + delays.LONGEST_SECONDS)
    assert is_in(sign_in(email))


def test_while_one_must_wait_hammering_makes_it_no_longer(ola, clock):
    email = ola.staff.user.email
    for _ in range(5):
        sign_in(email, "feil")
    for second in range(delays.FIRST_SECONDS):
        clock(second)
        assert waits(sign_in(email, "feil")) == delays.FIRST_SECONDS - second
        assert not is_in(sign_in(email))  # nor is the right one looked at
    clock(delays.FIRST_SECONDS)
    assert is_in(sign_in(email))


def test_the_owner_on_a_device_of_theirs_comes_in_whatever_others_try(ola):
    email, mine = ola.staff.user.email, Client()
    assert is_in(sign_in(email, client=mine))
    mine.post("/konto/logout/")
    for n in range(60):  # the whole world, and the town hall itself
        sign_in(email, "feil", peer=f"10.{n}.0.1")
        sign_in(email, "feil", peer=HERE)
    assert is_in(sign_in(email, client=mine, peer=HERE))


def test_the_owner_elsewhere_is_not_held_up_by_who_guesses_from_one_place(ola):
    email = ola.staff.user.email
    for _ in range(40):
        sign_in(email, "feil", peer=THERE)
    assert is_in(sign_in(email, peer=HERE))


def test_a_town_hall_where_many_write_wrong_is_not_locked_out(nordvaag):
    staff = [make_staff(nordvaag, f"Ansatt{n}", Role.RESPONDER) for n in range(12)]
    for one in staff:
        for _ in range(4):
            sign_in(one.user.email, "feil", peer=HALL)
    for one in staff:
        assert is_in(sign_in(one.user.email, peer=HALL))


def test_a_device_is_known_for_its_own_user_only_and_until_the_password_is_new(ola, per):
    mine, email = Client(), ola.staff.user.email
    sign_in(email, client=mine)
    mine.post("/konto/logout/")
    for _ in range(6):
        sign_in(per.staff.user.email, "feil", peer=HERE)
    assert waits(sign_in(per.staff.user.email, client=mine, peer=HERE))  # not known as per
    ola.staff.user.set_password("et helt annet passord")
    ola.staff.user.save()
    for _ in range(6):
        sign_in(email, "feil", peer=HERE)
    assert waits(sign_in(email, "et helt annet passord", client=mine, peer=HERE))
    cookie = mine.cookies[delays.DEVICE_COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert email not in cookie.value


def test_a_stolen_device_must_wait_too(ola):
    thief, email = Client(), ola.staff.user.email
    sign_in(email, client=thief)
    thief.post("/konto/logout/")
    answers = [sign_in(email, "feil", client=thief) for _ in range(12)]
    assert waits(answers[-1])


@pytest.mark.parametrize("tries", [1, 7])
def test_an_unknown_address_is_treated_the_same(ola, clock, tries):
    sign_in("varm@kommune.test", "opp", peer="203.0.113.99")  # what is remembered for seconds

    def ask(email):
        for _ in range(tries - 1):
            sign_in(email, "feil", peer=THERE)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = sign_in(email, "feil", peer=THERE)
        page = re.sub(r'value="[^"]*"', "", answer.content.decode())
        return page, [re.sub(r"'[^']*'|\d+", "?", query["sql"])[:60] for query in queries]

    known, unknown = ask(ola.staff.user.email), ask("ingen@kommune.test")
    assert known[0] == unknown[0]
    assert known[1] == unknown[1]


def test_counters_hold_no_address_and_no_name(ola):
    sign_in(ola.staff.user.email, "feil")
    kept = repr([(bytes(key), level) for key, level in Counter.objects.values_list("key", "level")])
    assert "ola" not in kept.lower()
    assert HERE not in kept


@pytest.fixture
def with_codes(ola):
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(ola.staff.user, secret)
    return secret


def code_of(secret):
    return totp.format_hotp_value(
        totp.hotp_value(secret, next(iter(totp.yield_hotp_counters_from_time())))
    )


def test_wrong_codes_are_counted_apart_from_passwords(ola, with_codes, clock):
    thief, email = Client(), ola.staff.user.email
    sign_in(email, client=thief)
    answers = [thief.post("/konto/2fa/authenticate/", {"code": "000000"}) for _ in range(7)]
    assert "feil kode flere ganger" in answers[-1].content.decode()
    right = thief.post("/konto/2fa/authenticate/", {"code": code_of(with_codes)})
    assert right.status_code == 200  # must wait, so it is not looked at
    clock(delays.LONGEST_SECONDS)
    mine = Client()
    sign_in(email, client=mine, peer=THERE)
    assert is_in(mine.post("/konto/2fa/authenticate/", {"code": code_of(with_codes)}))


def forgotten(email, peer=HERE):
    with CaptureQueriesContext(connection) as queries:
        answer = Client().post("/konto/password/reset/", {"email": email}, REMOTE_ADDR=peer)
    return answer, [re.sub(r"'[^']*'|\d+", "?", query["sql"])[:60] for query in queries]


def test_a_forgotten_password_gets_the_same_answer_by_the_same_work_known_or_not(ola, settings):
    settings.SMTP_URL = "smtp://127.0.0.1:9"  # nothing listens there
    settings.EMAIL_BACKEND = "torget.channels.sysmail.Backend"
    sign_in("varm@kommune.test", "opp", peer="203.0.113.99")  # what is remembered for seconds
    known, unknown = forgotten(ola.staff.user.email), forgotten("ingen@kommune.test", THERE)
    for answer in (known[0], unknown[0]):
        assert (answer.status_code, answer["Location"]) == (302, "/konto/password/reset/done/")
    assert known[1] == unknown[1]
    assert not [sql for sql in known[1] if "people_user" in sql]
    assert "kommune.test" not in str([job.args for job in ProcrastinateJob.objects.all()])


def test_the_letter_with_a_way_to_a_new_password_comes_to_who_has_an_account_alone(ola):
    forgotten(ola.staff.user.email.upper())
    forgotten("ingen@kommune.test")
    do_jobs("people.password_letter")
    [letter] = mail.outbox
    assert letter.to == [ola.staff.user.email]
    link = re.search(r"http://testserver(/konto/password/reset/key/\S+)", letter.body)
    page = Client().get(link[1], follow=True)
    assert page.status_code == 200
    assert 'name="password1"' in page.content.decode()


def test_a_stranger_cannot_fill_an_employees_mailbox_with_such_letters(ola):
    for n in range(10):
        forgotten(ola.staff.user.email, f"10.{n}.0.1")
    do_jobs("people.password_letter")
    assert len(mail.outbox) == 3
