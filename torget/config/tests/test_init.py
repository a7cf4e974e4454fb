"""Opening the square for a real municipality."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from django.test import Client

from tests.cast import NOW
from torget.config import founding as opening
from torget.errors import Refused
from torget.history.models import Entry
from torget.people import founding
from torget.people.models import Host, Municipality, Staff, Unit
from torget.people.roles import Role
from torget.people.tenancy import forget_hosts

ADMIN = {"email": "liv@fredrikstad.example.no", "name": "Liv Prøve Nesheim"}


def init(number="3107", host="square.example.no", email="", name=""):
    told = []
    opening.open_for(number, host, email=email, name=name, tell=told.append)
    return "\n".join(told)


def test_all_357_municipalities_are_known_by_number_and_name():
    known = founding.all_municipalities()
    assert len(known) == 357
    assert known["3107"] == "Fredrikstad"
    assert all(len(number) == 4 and number.isdigit() for number in known)
    file = Path(founding.__file__).parent / "data" / "municipalities.csv"
    assert len(list(csv.reader(file.open(encoding="utf-8")))) == 358


def test_each_of_them_can_be_opened(db):
    for number in founding.all_municipalities():
        founded = founding.found(number, f"k{number}.example.no", at=NOW)
        founded.municipality.full_clean(exclude=["coat_of_arms"])
        assert len(founded.municipality.ref_prefix) == 2
        assert founded.municipality.ref_prefix.isascii()


def test_a_new_municipality_is_set_up_and_then_opened_by_its_administrator_who_enters_by_a_link(db):
    told = init(**ADMIN)
    forget_hosts()
    browser, resident = (Client(SERVER_NAME="square.example.no") for _who in "12")
    for path in ("/", "/spor", "/svar/", "/vegg", "/min-side/inn", "/feed/"):
        closed = resident.get(path)
        assert closed.status_code == 503, path
        assert "Torget i Fredrikstad åpner snart" in closed.content.decode()
    assert resident.post("/spor", {"body": "Når åpner dere?"}).status_code == 503

    link = next(line.strip() for line in told.splitlines() if "http://" in line)
    path = link.removeprefix("http://square.example.no")
    page = browser.get(path, follow=True)
    password = "fire ord på rad er lett"
    done = browser.post(page.redirect_chain[-1][0], {"password1": password, "password2": password})
    assert done.status_code == 302
    answer = browser.post("/konto/login/", {"login": ADMIN["email"], "password": password})
    assert answer["Location"] == "/desk/start"
    guide = browser.get("/desk/start", follow=True).content.decode()
    assert "Torget er ikke åpnet ennå" in guide
    assert browser.get("/desk/innstillinger").status_code == 200
    assert "Fredrikstad" in browser.get("/").content.decode()
    assert "Torget er åpent" in browser.post("/desk/kom-i-gang", follow=True).content.decode()
    assert resident.get("/spor").status_code == 200
    opened = Municipality.objects.get().opened_at
    browser.post("/desk/kom-i-gang")
    assert Municipality.objects.get().opened_at == opened
    # The link is spent.
    again = Client(SERVER_NAME="square.example.no").get(path, follow=True)
    assert "virker ikke lenger" in again.content.decode()
    assert Entry.objects.filter(verb="municipality.founded").count() == 1


def test_doing_it_again_changes_nothing(db):
    init(**ADMIN)
    before = [model.objects.count() for model in (Municipality, Host, Unit, Staff, Entry)]
    told = init(**ADMIN)
    assert "already has a sign-in" in told
    assert before == [model.objects.count() for model in (Municipality, Host, Unit, Staff, Entry)]
    staff = Staff.objects.get()
    assert (staff.first_name, staff.last_name) == ("Liv Prøve", "Nesheim")
    assert Role.ADMINISTRATOR in set(staff.grants.values_list("role", flat=True))


def test_two_of_the_same_name_may_live_on_one_installation(db):
    same = [number for number, name in founding.all_municipalities().items() if name == "Herøy"]
    assert len(same) == 2
    for number in same:
        init(number, f"{number}.example.no")
    assert Municipality.objects.values("slug").distinct().count() == 2


@pytest.mark.parametrize(
    ("given", "code", "told"),
    [
        ({"number": "3108"}, "unknown_number", "3107 Fredrikstad"),
        ({"number": "Fredrikstad"}, "unknown_number", "3107 Fredrikstad"),
        ({"number": "fredrikstd"}, "unknown_number", "3107 Fredrikstad"),
        ({"number": "Røros"}, "unknown_number", "Rosse - Røros"),
        ({"number": ""}, "unknown_number", "ssb.no"),
        ({"host": "https://square.example.no"}, "bad_host", "without https://"),
        ({"host": "square.example.no:8000"}, "bad_host", "port"),
        ({"host": ""}, "bad_host", "not a host name"),
        ({"email": "a@b.example.no"}, "half_admin", "--admin-name"),
        ({"email": "liv", "name": "Liv Prøve"}, "bad_email", "not an e-mail"),
        ({"email": "a@b.example.no", "name": "Liv"}, "name", "last name"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(db, given, code, told):
    with pytest.raises(Refused, match=told) as refused:
        init(**given)
    assert refused.value.code == code
    assert not Municipality.objects.exists()


def test_a_host_another_municipality_has_is_refused(nordvaag):
    with pytest.raises(Refused, match="Nordvåg already answers"):
        init(host="testserver")
