from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from torget.channels.models import Alarm
from torget.channels.watchdog import watch
from torget.conversations.models import Conversation
from torget.errors import Refused
from torget.history.models import Entry
from torget.people import limits
from torget.people.limits import counting, tickets
from torget.people.limits.values import forget_values
from torget.people.models import Counter, LimitFigure, LimitValue

LIBRARY = "192.0.2.7"


@pytest.fixture
def low(nordvaag):
    """Limits so low that a test reaches them: three forms from an address."""
    for name, value in (("forms_address", 3), ("forms_network", 50), ("forms_square", 60)):
        LimitValue.objects.create(
            municipality=nordvaag, name=name, value=value, changed_at=timezone.now()
        )
    forget_values()
    return nordvaag


def ask(client=None, body="Når åpner biblioteket?", peer=LIBRARY, **more):
    given = {"body": body, "visibility": "private", "seen": "1"} | more
    return (client or Client()).post("/spor", given, REMOTE_ADDR=peer)


def hidden(page):
    """What the page of the slow lane sends along again."""
    text = page.content.decode()
    pairs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', text)
    pairs += re.findall(r'<textarea[^>]* name="([^"]+)" rows="6">([^<]*)</textarea>', text)
    return {name: value for name, value in pairs if name != "csrfmiddlewaretoken"}


def solve(text, bits):
    return next(str(n) for n in range(2**26) if tickets.zero_bits(text, str(n)) >= bits)


def test_thirty_people_behind_one_address_ask_within_a_minute_and_all_get_through(nordvaag):
    answers = [
        answer
        for n in range(30)
        for client in [Client()]
        for answer in (
            ask(client, f"Spørsmål {n} om lånekort?", seen=""),
            ask(client, f"Nummer {n}: når åpner dere?"),
        )
    ]
    assert {answer.status_code for answer in answers} == {302}
    assert Conversation.objects.count() == 60
    assert not LimitFigure.objects.exists()


def test_above_the_limit_everything_typed_comes_back_and_goes_through_after_a_sum(low):
    answers = [ask(body=f"Spørsmål {n} om snø?") for n in range(4)]
    assert [answer.status_code for answer in answers] == [302, 302, 302, 429]
    page = answers[-1]
    assert int(page["Retry-After"]) >= tickets.WAIT_SECONDS
    typed = hidden(page)
    assert typed["body"] == "Spørsmål 3 om snø?"
    assert typed["visibility"] == "private"
    assert 'role="status"' in page.content.decode()
    typed["regnestykke"] = solve(typed["ventebillett"], tickets.EASIEST_BITS)
    through = Client().post("/spor", typed, REMOTE_ADDR=LIBRARY)
    assert through.status_code == 302
    assert Conversation.objects.count() == 4
    [row] = LimitFigure.objects.all()
    assert (row.name, row.slowed, row.refused) == ("forms_address", 1, 0)


def test_a_ticket_is_worth_one_form_at_one_address_from_one_place(low, monkeypatch):
    monkeypatch.setattr(tickets, "EASIEST_BITS", 8)
    for n in range(3):
        ask(body=f"Spørsmål {n}?")
    typed = hidden(ask())
    typed["regnestykke"] = solve(typed["ventebillett"], 8)
    elsewhere = Client().post("/vegg/nytt", typed, REMOTE_ADDR=LIBRARY)
    assert elsewhere.status_code == 429
    for n in range(3):
        ask(body=f"Fra et annet sted {n}?", peer="198.51.100.9")
    assert Client().post("/spor", typed, REMOTE_ADDR="198.51.100.9").status_code == 429
    assert Client().post("/spor", typed, REMOTE_ADDR=LIBRARY).status_code == 302
    again = Client().post("/spor", typed, REMOTE_ADDR=LIBRARY)
    assert again.status_code == 429
    forged = typed | {"ventebillett": typed["ventebillett"][:-2] + "xx"}
    assert Client().post("/spor", forged, REMOTE_ADDR=LIBRARY).status_code == 429


def test_without_javascript_one_waits_and_sends_the_same_page_again(low, time_machine):
    start = timezone.now()
    time_machine.move_to(start, tick=False)
    for n in range(3):
        ask(body=f"Spørsmål {n}?")
    page = ask(body="Den fjerde?")
    wait = int(page["Retry-After"])
    assert wait >= tickets.WAIT_SECONDS
    typed = hidden(page)
    early = Client().post("/spor", typed, REMOTE_ADDR=LIBRARY)
    assert early.status_code == 429
    assert (
        hidden(early)["ventebillett"] == typed["ventebillett"]
    )  # still the same place in the line
    time_machine.move_to(start + timedelta(seconds=wait + 1), tick=False)
    assert Client().post("/spor", typed, REMOTE_ADDR=LIBRARY).status_code == 302


def test_who_waits_in_a_flood_waits_for_those_before_and_a_store_of_tickets_is_no_way_around(low):
    for n in range(3):
        ask(body=f"Spørsmål {n}?")
    pages = [ask(body=f"Flom {n}?") for n in range(8)]
    opens = [
        tickets.read(hidden(page)["ventebillett"], "/spor", LIBRARY + "/32", at=timezone.now())
        for page in pages
    ]
    times = [one.opens_at for one in opens]
    # Three in ten minutes: one has a turn each 200 s, so that the second already must use the sum.
    assert times[0] is not None
    assert times[1:] == [None] * 7
    assert opens[-1].bits > opens[0].bits


def test_far_above_the_limit_nothing_is_taken_and_the_text_is_given_back(low):
    answers = [ask(body=f"Flom nummer {n}?") for n in range(70)]
    wall = answers[-1]
    assert wall.status_code == 429
    assert "Dette ble ikke sendt" in wall.content.decode()
    assert "ventebillett" not in hidden(wall)
    assert hidden(wall)["body"] == "Flom nummer 69?"
    assert int(wall["Retry-After"]) > 0
    elsewhere = ask(peer="203.0.113.80")
    assert elsewhere.status_code in {302, 429}
    assert Conversation.objects.count() <= 5


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
    ],
)
def test_an_address_is_a_household(first, second, same):
    assert (counting.address_of(first) == counting.address_of(second)) is same
    assert counting.network_of("192.0.2.1") == counting.network_of("192.0.2.200")
    assert counting.network_of("2001:db8:1:2::1") == counting.network_of("2001:db8:1:ff::1")


@pytest.mark.parametrize(
    "path", ["/vegg/nytt", "/prat", "/min-side/inn", "/konto/password/reset/", "/prat?ramme=1"]
)
def test_every_form_has_the_slow_lane(low, path):
    given = {"body": "Hei på dere", "email": "kari@example.org"}
    answers = [Client().post(path, given, REMOTE_ADDR=LIBRARY) for _n in range(4)]
    assert answers[-1].status_code == 429
    page = answers[-1].content.decode()
    assert 'name="email" value="kari@example.org"' in page
    assert f'action="{path}"' in page
    if "ramme" in path:
        assert "X-Frame-Options" not in answers[-1]


def test_staff_who_are_signed_in_pass(low, ola):
    client = Client()
    client.force_login(ola.staff.user)
    assert {ask(client, f"Internt {n}?").status_code for n in range(6)} == {302}


def test_nothing_that_names_anybody_is_kept_and_all_of_it_is_forgotten(low):
    for _ in range(5):
        ask(email="kari@example.org")
    rows = list(Counter.objects.values())
    assert rows
    kept = repr([{**row, "key": bytes(row["key"])} for row in rows])
    assert "kari" not in kept
    assert LIBRARY not in kept
    assert {len(row["key"]) for row in rows} == {32}
    assert limits.forget_past(at=timezone.now() - timedelta(hours=1)) == 0
    assert limits.forget_past(at=timezone.now() + timedelta(days=2)) == len(rows)
    assert not Counter.objects.exists()


def test_a_bucket_empties_evenly(nordvaag, now):
    for _ in range(3):
        assert limits.at_most("letters_kind", nordvaag, "x", at=now).counted
    assert not limits.at_most("letters_kind", nordvaag, "x", at=now).counted
    assert not limits.at_most("letters_kind", nordvaag, "x", at=now + timedelta(minutes=19)).counted
    assert limits.at_most("letters_kind", nordvaag, "x", at=now + timedelta(minutes=21)).counted
    # A clock that goes backwards takes nothing back.
    assert not limits.at_most("letters_kind", nordvaag, "x", at=now).counted


def test_the_square_in_flood_makes_an_alarm_and_its_end_closes_it(low):
    for n in range(62):
        ask(body=f"Flom {n}", peer=f"10.{n}.0.1")
    at = timezone.now()
    watch(at=at)
    alarm = Alarm.objects.get(what="flood")
    assert alarm.closed_at is None
    watch(at=at + timedelta(hours=1))
    alarm.refresh_from_db()
    assert alarm.closed_at is not None


def test_an_administrator_changes_a_limit_within_its_bounds_and_history_tells(nordvaag, liv, ola):
    client, page = Client(), "/desk/innstillinger/grenser"
    client.force_login(liv.staff.user)
    assert client.get(page).status_code == 200
    answer = client.post(page, {"name": "forms_address", "value": "200"})
    assert answer.status_code == 302
    forget_values()
    assert limits.value_of("forms_address", nordvaag) == 200
    row = Entry.objects.get(verb="limit.changed")
    assert row.data == {"limit": "forms_address", "before": 120, "after": 200}
    answer = client.post(page, {"name": "forms_address", "value": "1"})
    assert answer.status_code == 422
    assert "Skriv et tall fra 60 til 1000" in answer.content.decode().replace("\xa0", "")
    with pytest.raises(Refused):
        limits.set_value(nordvaag, "forms_address", 1, by=liv, at=timezone.now())
    with pytest.raises(Refused):
        limits.set_value(nordvaag, "forms_address", 100, by=ola, at=timezone.now())


def test_the_page_shows_what_was_slowed_and_refused(low, liv):
    for n in range(70):
        ask(body=f"Flom nummer {n}?")
    client = Client()
    client.force_login(liv.staff.user)
    page = " ".join(client.get("/desk/innstillinger/grenser").content.decode().split())
    assert re.search(r"Bremset \d+ i dag, \d+ siste sju dager · Avvist \d+ i dag", page)


def test_counting_is_one_statement_however_many_count_at_once(nordvaag, now):
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'people_counter'")
        assert cursor.fetchone() == ("u",)  # unlogged: cheap, and not in backups


def test_a_flood_from_one_address_slows_nobody_else(low):
    for n in range(200):
        ask(body=f"Flom nummer {n}?")
    assert ask(body="Når åpner svømmehallen?", peer="198.51.100.9").status_code == 302
    assert not counting.flooded(low, at=timezone.now())


def test_a_flood_from_everywhere_slows_everybody_and_stops_nobody(low, monkeypatch):
    monkeypatch.setattr(tickets, "EASIEST_BITS", 8)
    monkeypatch.setattr(tickets, "HARDEST_BITS", 8)
    value = counting.value_of("forms_square", low)
    ask(body="Den første?", peer="198.51.100.9")
    everybody = Counter.objects.filter(key=counting.key_of("forms_square", low.pk))
    assert everybody.update(level=value * counting.WALL) == 1
    slowed = ask(body="Når åpner svømmehallen?", peer="203.0.113.9")
    assert slowed.status_code == 429
    typed = hidden(slowed)
    typed["regnestykke"] = solve(typed["ventebillett"], 8)
    assert Client().post("/spor", typed, REMOTE_ADDR="203.0.113.9").status_code == 302
