"""An administrator changes the municipality, its units and hours, and those who work here: by pages alone."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone

from tests.cast import make_question, make_staff
from torget.conversations import rules as conversations
from torget.conversations.models import Conversation
from torget.errors import NotAllowed, Refused
from torget.history.models import Entry
from torget.people import colleagues, profile, units
from torget.people import rules as people
from torget.people.actor import Actor
from torget.people.hours import Hours
from torget.people.models import ClosedDay, RoleGrant, Staff, Unit, User
from torget.people.roles import Role
from torget.people.tenancy import forget_hosts

SETTINGS = "/desk/innstillinger"


@pytest.fixture
def hers(liv):
    client = Client()
    client.force_login(liv.staff.user)
    return client


def page(client, path, data=None):
    answer = (
        client.post(f"{SETTINGS}{path}", data, follow=True)
        if data
        else client.get(f"{SETTINGS}{path}")
    )
    return answer.content.decode()


def verbs(subject):
    return set(Entry.objects.filter(subject_id=subject.pk).values_list("verb", flat=True))


# Getting started -------------------------------------------------------------------------------


def left(client):
    return page_of(client, "/desk/kom-i-gang").count("Gjenstår")


def page_of(client, path):
    return client.get(path).content.decode()


def test_each_step_is_done_by_the_facts(nordvaag, hers, liv, ola, per, now):
    nordvaag.phone = ""
    nordvaag.opened_at = None
    nordvaag.save()
    forget_hosts()
    assert "Torget er ikke åpnet ennå" in page_of(hers, "/desk/kom-i-gang")
    before = left(hers)
    page(hers, "/kommunen", PROFILE | {"default_language": "nb"})
    assert left(hers) == before - 1
    people.roster(
        ola.staff,
        ola.staff.unit,
        starts_at=timezone.now(),
        ends_at=timezone.now() + timedelta(hours=4),
        by=per,
        at=now,
    )
    assert left(hers) == before - 2
    Authenticator.objects.create(user=liv.staff.user, type=Authenticator.Type.TOTP, data={})
    assert left(hers) == before - 3
    told = hers.post("/desk/kom-i-gang", follow=True).content.decode()
    assert "Torget er åpent for innbyggerne" in told
    assert Entry.objects.filter(verb="municipality.opened").count() == 1
    assert Client().get("/").status_code == 200


# The municipality ------------------------------------------------------------------------------

PROFILE = {
    "name": "Nyvåg",
    "phone": "75 00 00 00",
    "email": "post@nyvaag.example.no",
    "website": "https://nyvaag.example.no",
    "colour": "#7a1f2b",
    "ref_prefix": "NY",
    "default_language": "nn",
    "answer_days": "4",
}


def test_everything_the_municipality_says_of_itself_is_changed_by_a_page(nordvaag, hers):
    assert set(PROFILE) == set(profile.FIELDS)
    assert "Endringene er lagret." in page(hers, "/kommunen", PROFILE)
    nordvaag.refresh_from_db()
    told = {name: str(getattr(nordvaag, name)) for name in PROFILE}
    assert told == PROFILE
    [entry] = Entry.objects.filter(verb="municipality.changed")
    assert set(entry.data["fields"]) == set(PROFILE)
    page(hers, "/kommunen", PROFILE)
    assert Entry.objects.filter(verb="municipality.changed").count() == 1


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("colour", "rød", "Skriv fargen som #"),
        ("ref_prefix", "N1", "én til fire av A til Z"),
        ("answer_days", "0", "større enn eller lik 1"),
        ("website", "javascript:alert(1)", "gyldig"),
        ("name", "", "påkrevet"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_half_done(nordvaag, hers, field, value, said):
    answer = hers.post(f"{SETTINGS}/kommunen", PROFILE | {field: value})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    nordvaag.refresh_from_db()
    assert nordvaag.name == "Nordvåg"


# Units -----------------------------------------------------------------------------------------


def unit_named(name):
    return Unit.objects.get(name=name)


def test_a_unit_is_opened_renamed_and_given_words(nordvaag, hers):
    root = Unit.objects.get(municipality=nordvaag, parent=None)
    new = {
        "name": "Ørnes skole",
        "parent": root.pk,
        "keywords": "skole, SFO,, skole",
        "receives": "on",
    }
    assert "Ørnes skole" in page(hers, "/enheter", new)
    school = unit_named("Ørnes skole")
    assert (school.slug, school.keywords, school.path) == (
        "oernes-skole",
        ["skole", "SFO"],
        f"{root.path}{school.pk}/",
    )
    assert "heter det allerede" in page(hers, "/enheter", new)
    changed = {
        "gjor": "endre",
        "name": "Ørnes oppvekst",
        "name_nn": "Ørnes oppvekst",
        "name_en": "Ørnes school",
    }
    page(hers, "/enheter/oernes-skole", changed)
    school.refresh_from_db()
    assert (school.name, school.name_en, school.keywords, school.receives) == (
        "Ørnes oppvekst",
        "Ørnes school",
        [],
        False,
    )
    assert {"unit.opened", "unit.changed"} <= verbs(school)


def test_a_unit_moves_with_all_below_it_and_its_cases_and_roles_follow(nordvaag, liv, now):
    root = Unit.objects.get(municipality=nordvaag, parent=None)
    given = {"by": liv, "at": now}
    north, south = (
        units.open_unit(nordvaag, root, {"name": name}, **given) for name in ("Nord", "Sør")
    )
    school = units.open_unit(nordvaag, north, {"name": "Skolen"}, **given)
    lead = make_staff(nordvaag, "Sigrid", Role.DUTY_LEAD, over="soer")
    assert not Actor.of_staff(lead).may("conversations.read", school)
    north.refresh_from_db()
    units.move_unit(north, south, **given)
    school.refresh_from_db()
    assert school.path == f"{south.path}{north.pk}/{school.pk}/"
    assert Actor.of_staff(lead).may("conversations.read", school)
    with pytest.raises(Refused, match="under seg selv"):
        units.move_unit(south, school, **given)
    with pytest.raises(Refused, match="øverste"):
        units.move_unit(root, school, **given)


def test_another_unit_takes_what_nobody_else_was_meant_to(nordvaag, hers):
    page(hers, "/enheter/teknisk-drift", {"gjor": "forst"})
    assert list(Unit.objects.filter(municipality=nordvaag, is_front=True)) == [
        Unit.objects.get(municipality=nordvaag, slug="teknisk-drift")
    ]


def test_hours_are_set_by_weekday_and_a_day_is_closed_and_opened_again(nordvaag, hers):
    unit = Unit.objects.get(municipality=nordvaag, slug="teknisk-drift")
    times = {"gjor": "tider", "opens_0": "09:00", "closes_0": "12:30"}
    assert "Åpningstidene er lagret." in page(hers, "/enheter/teknisk-drift", times)
    [row] = unit.opening_hours.all()
    assert (row.weekday, str(row.opens), str(row.closes)) == (0, "09:00:00", "12:30:00")
    assert 'value="09:00"' in page(hers, "/enheter/teknisk-drift")
    for wrong, said in (
        ({"opens_0": "12:00", "closes_0": "09:00"}, "stenge etter at den åpner"),
        ({"opens_0": "12:00"}, "både når det åpner"),
    ):
        assert said in page(hers, "/enheter/teknisk-drift", {"gjor": "tider", **wrong})
    monday = timezone.localdate() + timedelta(days=7 - timezone.localdate().weekday())
    closed = {"gjor": "steng", "on": monday.isoformat(), "reason": "Flytting"}
    assert "Flytting" in page(hers, "/enheter/teknisk-drift", closed)
    assert not Hours(unit).spans(monday)
    assert "allerede stengt" in page(hers, "/enheter/teknisk-drift", closed)
    day = ClosedDay.objects.get(unit=unit)
    page(hers, "/enheter/teknisk-drift", {"gjor": "aapne", "dag": day.pk})
    assert not ClosedDay.objects.exists()
    past = closed | {"on": "2020-01-02"}
    assert "Dagen er over" in page(hers, "/enheter/teknisk-drift", past)
    page(hers, "/enheter/teknisk-drift", {"gjor": "tider"})
    assert Hours(unit).known  # those of the unit above


# Colleagues ------------------------------------------------------------------------------------


def invited(client, nordvaag, **more):
    front = Unit.objects.get(municipality=nordvaag, is_front=True)
    new = {
        "email": "Nina@Nordvaag.example.no",
        "first_name": "Nina",
        "last_name": "Ny",
        "unit": front.pk,
    }
    return page(client, "/kollegaer", new | more)


def test_a_colleague_is_invited_chooses_a_password_and_works(nordvaag, hers):
    said = invited(hers, nordvaag)
    link = re.search(r'class="secret">https?://[^/]+(/[^<]+)<', said).group(1)
    nina = Staff.objects.get(user__email="nina@nordvaag.example.no")
    assert "Den vises bare nå" not in page(hers, f"/kollegaer/{nina.pk}")
    theirs = Client()
    form = theirs.get(link, follow=True)
    chosen = {"password1": "En lang setning om torsk", "password2": "En lang setning om torsk"}
    theirs.post(form.request["PATH_INFO"], chosen)
    assert User.objects.get(pk=nina.user_id).check_password("En lang setning om torsk")
    theirs.force_login(User.objects.get(pk=nina.user_id))
    assert theirs.get("/desk/").status_code == 403
    role = {"gjor": "rolle", "role": "responder", "unit": nina.unit_id}
    assert "Rollen er gitt." in page(hers, f"/kollegaer/{nina.pk}", role)
    assert theirs.get("/desk/").status_code == 200
    assert "er her allerede" in invited(hers, nordvaag)


def test_who_serves_another_municipality_keeps_the_sign_in_they_have(nordvaag, hers, elsewhere):
    eva = make_staff(elsewhere, "Eva", Role.RESPONDER)
    said = invited(hers, nordvaag, email=eva.user.email)
    here = Staff.objects.get(municipality=nordvaag, user=eva.user)
    assert "secret" not in said
    assert "har en innlogging allerede" in page(hers, f"/kollegaer/{here.pk}", {"gjor": "lenke"})


def test_a_name_and_a_unit_change_and_what_was_signed_stays(nordvaag, hers, ola, now):
    question = make_question(nordvaag, "Når brøytes det?")
    message = conversations.answer(question, "I morgen.", by=ola, at=now)
    there = Unit.objects.get(municipality=nordvaag, slug="teknisk-drift")
    changed = {"gjor": "endre", "first_name": "Olav", "last_name": "Nes", "unit": there.pk}
    page(hers, f"/kollegaer/{ola.staff.pk}", changed)
    ola.staff.refresh_from_db()
    assert (ola.staff.display_name, ola.staff.unit) == ("Olav Nes", there)
    before = message.signature
    message.refresh_from_db()
    assert message.signature == before


def test_a_role_is_taken_back(hers, ola):
    [given] = RoleGrant.objects.filter(staff=ola.staff, ended_at=None)
    page(hers, f"/kollegaer/{ola.staff.pk}", {"gjor": "ta", "gitt": given.pk})
    assert not RoleGrant.objects.filter(staff=ola.staff, ended_at=None).exists()


def test_who_leaves_is_a_stranger_at_once_and_their_cases_go_on(nordvaag, hers, ola, per, now):
    mine, done = (make_question(nordvaag, text) for text in ("Når brøytes det?", "Ferdig sak"))
    for case in (mine, done):
        conversations.take(case, by=ola, at=now)
    conversations.close(done, by=ola, at=now)
    theirs = Client()
    theirs.force_login(ola.staff.user)
    assert theirs.get("/desk/").status_code == 200
    said = page(hers, f"/kollegaer/{ola.staff.pk}", {"gjor": "slutt", "to": per.staff.pk})
    assert "1 sak er gitt videre" in said
    assert theirs.get("/desk/").status_code == 403
    mine.refresh_from_db()
    done.refresh_from_db()
    assert (mine.assignee_id, done.assignee_id) == (per.staff.pk, ola.staff.pk)
    assert "har sluttet. Ta inn igjen" in invited(hers, nordvaag, email=ola.staff.user.email)
    page(hers, f"/kollegaer/{ola.staff.pk}", {"gjor": "tilbake"})
    assert theirs.get("/desk/").status_code == 403  # without a role there is nothing to see
    assert {"staff.left", "staff.came_back"} <= verbs(ola.staff)


def test_the_last_administrator_cannot_be_lost(nordvaag, liv, now):
    given = {"by": liv, "at": now}
    [grant] = RoleGrant.objects.filter(staff=liv.staff)
    RoleGrant.objects.filter(role=Role.ADMINISTRATOR).exclude(pk=grant.pk).update(ended_at=now)
    for act in (
        lambda: colleagues.take_role(grant, **given),
        lambda: colleagues.leave(liv.staff, **given),
    ):
        with pytest.raises(Refused) as refusal:
            act()
        assert refusal.value.code == "last_administrator"
    make_staff(nordvaag, "Tor", Role.ADMINISTRATOR, over="teknisk-drift")  # of a part only
    with pytest.raises(Refused):
        colleagues.leave(liv.staff, **given)
    make_staff(nordvaag, "Una", Role.ADMINISTRATOR)
    colleagues.leave(liv.staff, **given)
    liv.staff.refresh_from_db()
    assert not liv.staff.active


def test_an_administrator_of_a_part_arranges_that_part_only(nordvaag, ola, now):
    below = Unit.objects.get(municipality=nordvaag, slug="teknisk-drift")
    tor = Actor.of_staff(make_staff(nordvaag, "Tor", Role.ADMINISTRATOR, over="teknisk-drift"))
    given = {"by": tor, "at": now}
    root = below.parent
    for act in (
        lambda: profile.change_profile(nordvaag, {"name": "Mitt"}, **given),
        lambda: units.change_unit(root, {"name": "Mitt"}, **given),
        lambda: units.open_unit(nordvaag, root, {"name": "Ny"}, **given),
        lambda: units.move_unit(below, root, **given),
        lambda: units.make_front(below, **given),
        lambda: colleagues.give_role(tor.staff, Role.ADMINISTRATOR, root, **given),
        lambda: colleagues.leave(ola.staff, **given),
    ):
        with pytest.raises(NotAllowed):
            act()
    units.change_unit(below, {"name": "Drift"}, **given)
    colleagues.give_role(ola.staff, Role.ANALYST, below, **given)


def test_an_administrator_of_a_part_has_no_hand_on_who_holds_more(nordvaag, liv, now):
    tor = Actor.of_staff(make_staff(nordvaag, "Tor", Role.ADMINISTRATOR, over="teknisk-drift"))
    above = make_staff(nordvaag, "Una", Role.ADMINISTRATOR, unit="teknisk-drift")
    above.user.set_unusable_password()
    above.user.save()
    given = {"by": tor, "at": now}
    for act in (
        lambda: colleagues.leave(above, **given),
        lambda: colleagues.invite_again(above, **given),
        lambda: colleagues.change_colleague(
            above, first_name="X", last_name="Y", unit=above.unit, **given
        ),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert colleagues.invite_again(above, by=liv, at=now)
    above.user.last_login = now  # at the identity provider: no second way in beside it
    above.user.save()
    with pytest.raises(Refused):
        colleagues.invite_again(above, by=liv, at=now)


def test_a_link_is_shown_beside_its_own_name_alone(nordvaag, hers, ola):
    front = Unit.objects.get(municipality=nordvaag, is_front=True)
    new = {"email": "n@x.example.no", "first_name": "Nina", "last_name": "Ny", "unit": front.pk}
    nina = hers.post(f"{SETTINGS}/kollegaer", new)["Location"]
    assert 'class="secret"' not in page(hers, f"/kollegaer/{ola.staff.pk}")
    assert 'class="secret"' in hers.get(nina).content.decode()


def test_an_administrator_reads_no_private_case_by_that_role(nordvaag, hers):
    case = make_question(nordvaag, "HEMMELIG spørsmål")
    assert hers.get(f"/desk/sak/{case.ref}").status_code in {403, 404}
    assert Conversation.objects.filter(pk=case.pk).exists()


def test_another_municipalitys_people_and_units_are_not_there(hers, elsewhere):
    eva = make_staff(elsewhere, "Eva", Role.RESPONDER)
    unit = Unit.objects.create(municipality=elsewhere, name="Bare der", slug="bare-der", path="/x/")
    assert hers.get(f"{SETTINGS}/kollegaer/{eva.pk}").status_code == 404
    assert hers.get(f"{SETTINGS}/enheter/{unit.slug}").status_code == 404
    role = {"gjor": "rolle", "role": "analyst", "unit": unit.pk}
    me = Staff.objects.exclude(municipality=elsewhere).get(first_name="Liv")
    assert hers.post(f"{SETTINGS}/kollegaer/{me.pk}", role).status_code == 422
