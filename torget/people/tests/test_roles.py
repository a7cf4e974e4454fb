from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from tests.cast import make_staff
from torget.people import rules as people
from torget.people.actor import Actor
from torget.people.models import RoleGrant, Unit
from torget.people.roles import Role
from torget.rooms import acts

# The access table of DESIGN §4, written out once more by hand: act → who may.
EXPECTED = {
    "replies.approve": "approver duty_lead",
    "replies.terms": "duty_lead administrator",
    "canned.edit": "duty_lead editor administrator",
    "conversations.read": "responder duty_lead moderator archivist",
    "conversations.take": "responder duty_lead",
    "conversations.assign": "duty_lead",
    "conversations.forward": "responder duty_lead",
    "conversations.note": "responder duty_lead moderator archivist",
    "conversations.reply": "responder duty_lead",
    "conversations.close": "responder duty_lead",
    "messages.hide": "moderator duty_lead",
    "conversations.handle": "responder duty_lead",
    "desk.arrange": "duty_lead administrator",
    "persons.merge": "responder duty_lead",
    "persons.note": "responder duty_lead",
    "persons.block": "duty_lead moderator",
    "figures.read": "responder duty_lead analyst",
    "answers.topics": "editor duty_lead administrator",
    "wall.post": "editor responder duty_lead",
    "answers.publish": "responder editor duty_lead",
    "intake.quarantine": "duty_lead administrator",
    "outbox.settle": "duty_lead",
    "channels.pause": "duty_lead administrator",
    "people.roster": "duty_lead",
    "people.administer": "administrator",
}


def test_the_matrix_is_the_one_agreed():
    assert {act.name: set(act.roles) for act in acts().values()} == {
        act: set(roles.split()) for act, roles in EXPECTED.items()
    }


@pytest.mark.parametrize("act", sorted(EXPECTED))
@pytest.mark.parametrize("role", list(Role))
def test_a_role_allows_its_acts_and_no_others(nordvaag, act, role):
    actor = Actor.of_staff(make_staff(nordvaag, "Noen", role))
    assert actor.may(act) == (role in EXPECTED[act].split())


def test_a_role_in_a_unit_reaches_the_units_below_and_no_others(nordvaag):
    school = people.add_unit(
        nordvaag, name="Skole", slug="skole", parent=Unit.objects.get(slug="teknisk-drift")
    )
    actor = Actor.of_staff(make_staff(nordvaag, "Eva", Role.RESPONDER, over="teknisk-drift"))
    assert actor.may("conversations.reply", school)
    assert not actor.may("conversations.reply", Unit.objects.get(slug="servicetorget"))


def test_every_role_elsewhere_allows_nothing_here(nordvaag, charlie):
    unit = Unit.objects.get(municipality=nordvaag, slug="servicetorget")
    assert not any(charlie.may(act, unit) for act in acts())


def test_who_left_may_nothing(nordvaag, ola):
    ola.staff.active = False
    assert not any(ola.may(act) for act in acts())


def test_only_one_current_grant_of_a_role_in_a_unit(nordvaag, ola, now):
    given = RoleGrant.objects.get(staff=ola.staff)
    with pytest.raises(IntegrityError), transaction.atomic():
        RoleGrant.objects.create(staff=ola.staff, unit=given.unit, role=given.role, granted_at=now)
    people.end_grant(given, at=now, by=Actor.system(nordvaag.pk))
    people.grant(ola.staff, Role.RESPONDER, given.unit, at=now, by=Actor.system(nordvaag.pk))
    assert RoleGrant.objects.filter(staff=ola.staff).count() == 2
