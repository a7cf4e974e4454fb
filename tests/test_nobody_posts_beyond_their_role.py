"""Every form of the project posted by everybody: who may not, writes nothing and is told nothing.

What each may is written here by hand, from what the roles are for, and not read from the code's own matrix.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from tests import test_nothing_leaks as leaks
from tests.cast import make_question, make_staff
from torget.casework.models import Macro
from torget.channels.contract import Outgoing
from torget.conversations import rules as conversations
from torget.conversations.models import Identity
from torget.conversations.rules import merging, tagging
from torget.conversations.rules import persons as persons_rules
from torget.conversations.rules.submitting import Submission, comment, follow_up, post
from torget.outbox import rules as outbox
from torget.people import rules as people
from torget.people.roles import Role

secrets = leaks.secrets

A, D, E, P, M, S, L = (
    Role.RESPONDER,
    Role.DUTY_LEAD,
    Role.EDITOR,
    Role.APPROVER,
    Role.MODERATOR,
    Role.ARCHIVIST,
    Role.ADMINISTRATOR,
)
ANSWERS, READS = {A, D}, {A, D, M, S}
ARRANGES, ADMINISTERS = {D, L}, {L}
# Tables in which being a visitor leaves traces that are nobody's: sessions, counters of attempts.
TRACES = ("django_session", "people_user", "people_counter", "account_%", "django_cache%")


@dataclass(frozen=True)
class Form:
    """One address that takes POST: who may, with what it is filled in, and whether it stands in one case or unit."""

    may: set[Role]
    fill: dict[str, Any] = field(default_factory=dict)
    args: dict[str, Any] = field(default_factory=dict)
    at_case: bool = True  # roles elsewhere in the municipality do not reach it
    sure: bool = True  # filled in so that one who may does write


def forms(s):
    """The forms of the desk. `s` names what they are about."""
    case, day = {"ref": s["case"].ref}, (timezone.now() + timedelta(days=9)).date().isoformat()
    free = {"at_case": False}
    return {
        "desk:take": Form(ANSWERS, {}, case),
        "desk:assign": Form(ANSWERS, {"til-staff": s["ola"].pk}, case),
        "desk:forward": Form(ANSWERS, {"videre-unit": "teknisk-drift"}, case),
        "desk:note": Form(READS, {"notat-body": "Et notat"}, case),
        "desk:reply": Form(ANSWERS, {"svar-body": "Et svar", "gjor": "send"}, case),
        "desk:regret": Form(
            ANSWERS, {}, {"ref": s["held"].conversation.ref, "pk": s["held"].pk}, sure=False
        ),
        "desk:draft": Form(ANSWERS, {"svar-body": "Et utkast"}, case),
        "desk:drop_draft": Form(READS, {"notat-body": "x"}, case, sure=False),
        "desk:here": Form(READS, {"writing": "1"}, case),
        "desk:open_mention": Form(READS, {}, {"pk": 0}, sure=False, **free),
        "desk:decide": Form({P, D}, {"gjor": "godkjenn"}, {"pk": s["held"].pk}),
        "desk:terms": Form(ARRANGES, {"name": "Alle svar"}, **free),
        "desk:end_term": Form(ARRANGES, {}, {"pk": s["held"].approval_rule_id}, **free),
        "desk:canned_new": Form(
            {D, E, L},
            {"name": "Ny", "shortcut": "ny", "body_nb": "Hei", "active": "on"},
            **free,
        ),
        "desk:canned_one": Form({D, E, L}, {"name": "x"}, {"pk": s["canned"]}, sure=False, **free),
        "desk:admit": Form(ANSWERS, {"sikker": "on"}, {"ref": s["beside"].ref}),
        "desk:dismiss": Form(ANSWERS, {"deltaker": "0"}, case, sure=False),
        "desk:close": Form(ANSWERS, {}, case),
        "desk:reopen": Form(ANSWERS, {}, {"ref": s["closed"].ref}),
        "desk:publish": Form(
            {A, D},
            {"question": "Et spørsmål?", "body": "Et svar uten noe om noen.", "valid_until": day},
            {"ref": s["private"].ref},
            sure=False,
        ),
        "desk:tell_answer": Form(
            {A, D, E}, {"ref": s["public"].ref}, {"slug": s["answer"].slug}, sure=False, **free
        ),
        "desk:ratings_read": Form({A, D, E}, {}, {"slug": s["answer"].slug}, sure=False, **free),
        "desk:translate_answer": Form(
            {A, D, E},
            {"question": "Eit ope spørsmål?", "body": "Eit svar"},
            {"slug": s["answer"].slug, "language": "nn"},
            **free,
        ),
        "desk:topics": Form({D, E, L}, {"name": "Snø"}, **free),
        "desk:topic_close": Form({D, E, L}, {}, {"pk": 0}, sure=False, **free),
        "desk:embedding": Form({D, E, L}, {"visning-remind_days": "10"}, sure=False, **free),
        "desk:change_answer": Form(
            {A, D, E}, {"question": "x"}, {"slug": s["answer"].slug}, sure=False, **free
        ),
        "desk:withdraw_answer": Form(
            {A, D, E}, {"reason": "Feil"}, {"slug": s["answer"].slug}, **free
        ),
        "desk:post": Form(
            {A, D, E}, {"subject": "Fra oss", "body": "Et innlegg fra oss", "gjor": "send"}, **free
        ),
        "desk:change_posted": Form(
            {A, D, E},
            {"gjor": "rett", "body": "Rettet"},
            {"ref": s["wall"].ref},
            sure=False,
            **free,
        ),
        "desk:change_message": Form(
            {D, M},
            {"gjor": "skjul", "regel": "hate", "trekk-reason": "Hets"},
            {"public_id": s["comment"].public_id},
        ),
        "desk:merge_person": Form(
            ANSWERS,
            {"samme-other": s["public"].ref, "samme-reason": "Samme"},
            {"pk": s["case"].person_id},
        ),
        "desk:unmerge_person": Form(ANSWERS, {}, {"pk": s["merge"].pk}),
        "desk:note_person": Form(
            ANSWERS,
            {"notat-purpose": "help", "notat-body": "Ring", "notat-expires_on": day},
            {"pk": s["case"].person_id},
        ),
        "desk:forget_note": Form(ANSWERS, {}, {"pk": s["note"].pk}),
        "desk:block": Form(
            {D, M},
            {"blokk-identity": s["identity"].pk, "blokk-reason": "Trusler", "blokk-until_on": day},
            {"pk": s["identity"].person_id},
        ),
        "desk:lift_block": Form({D, M}, {}, {"pk": s["block"].pk}),
        "desk:replay": Form(
            ARRANGES, {}, {"public_id": s["envelope"].public_id}, sure=False, **free
        ),
        "desk:discard": Form(
            ARRANGES, {"reason": "Søppel"}, {"public_id": s["envelope"].public_id}, **free
        ),
        "desk:settle": Form({D}, {"outcome": "cancel"}, {"pk": s["delivery"].pk}, **free),
        "desk:pause": Form(ARRANGES, {"reason": "Ferie"}, {"pk": s["account"].pk}, **free),
        "desk:account_test": Form(ARRANGES, {}, {"pk": s["account"].pk}, sure=False, **free),
        "desk:account_use": Form(
            ADMINISTERS,
            {
                "bruk-in_use": "nei",
                "bruk-note": "Vurdert",
                "bruk-decided_on": "2026-11-20",
                "bruk-decided_by": "Rådmannen",
            },
            {"pk": s["account"].pk},
            **free,
        ),
        "desk:account_arrange": Form(
            ADMINISTERS, {"vis-name": "Nytt navn"}, {"pk": s["account"].pk}, **free
        ),
        "desk:connect": Form(
            ADMINISTERS, {"name": "x"}, {"network": "webhook"}, sure=False, **free
        ),
        "desk:connect_mail": Form(ADMINISTERS, {"name": "x"}, sure=False, **free),
        "desk:duty": Form(
            {D},
            {
                "staff": s["ola"].pk,
                "unit": "servicetorget",
                "starts_at": f"{day}T08:00",
                "ends_at": f"{day}T15:00",
            },
            sure=False,
            **free,
        ),
        "desk:absence": Form(
            {D}, {"staff": s["ola"].pk, "from_on": day, "to_on": day}, sure=False, **free
        ),
        "desk:hand_over": Form({D}, {"handover": "Husk brøyting"}, {"pk": s["duty"].pk}, **free),
        "desk:snooze": Form(ANSWERS, {"vent-choice": "tomorrow"}, case, sure=False),
        "desk:wake": Form(ANSWERS, {}, case, sure=False),
        "desk:tag": Form(ANSWERS, {"merke": "vinter"}, case),
        "desk:macro": Form(ANSWERS, {"macro": s["macro"].pk}, case),
        "desk:merge": Form(ANSWERS, {"other": s["private"].ref}, {"ref": s["case"].ref}),
        "desk:unmerge": Form(ANSWERS, {"sammen": s["joined"].pk}, {"ref": s["joined"].kept.ref}),
        "desk:split": Form(
            ANSWERS, {"messages": str(s["second"].public_id)}, {"ref": s["second"].conversation.ref}
        ),
        "desk:batch": Form(
            ANSWERS, {"ref": s["case"].ref, "act": "tag", "tag": "vinter"}, sure=False, **free
        ),
        "desk:undo": Form(ANSWERS, {}, {"pk": 0}, sure=False, **free),
        "desk:save_view": Form(READS, {"name": "Min", "query": "vis=mine"}, sure=False, **free),
        "desk:drop_view": Form(READS, {}, {"pk": s["view"].pk}, sure=False, **free),
        "desk:hand_on": Form(ANSWERS, {"note": "Over til deg"}, sure=False, **free),
        "desk:acknowledge": Form(READS, {}, {"pk": 0}, sure=False, **free),
        "desk:preferences": Form(READS, {"undo_seconds": "20"}, sure=False, **free),
        "desk:tags": Form(ARRANGES, {"name": "Sommer"}, **free),
        "desk:change_tag": Form(ARRANGES, {"name": "Vår"}, {"pk": s["tag"].pk}, **free),
        "desk:deadlines": Form(
            ARRANGES,
            {"what": "first", "amount": "2", "measure": "open_days", "warn_hours": "4"},
            **free,
        ),
        "desk:drop_deadline": Form(ARRANGES, {}, {"pk": 0}, sure=False, **free),
        "desk:macros": Form(ARRANGES, {"name": "Ny", "act_1": "close"}, sure=False, **free),
        "desk:change_macro": Form(
            ARRANGES, {"act": "retire"}, {"pk": s["macro"].pk}, sure=False, **free
        ),
        "desk:rules": Form(ARRANGES, {"name": "Ny"}, sure=False, **free),
        "desk:change_rule": Form(ARRANGES, {"name": "x"}, {"pk": s["rule"].pk}, sure=False, **free),
        "desk:switch_rule": Form(
            ARRANGES, {"act": "off"}, {"pk": s["rule"].pk}, sure=False, **free
        ),
        "desk:dealing": Form(ARRANGES, {}, sure=False, **free),
        "desk:deal_unit": Form(
            ARRANGES, {"active": "on", "most_open": "5"}, {"slug": "servicetorget"}, **free
        ),
        "desk:limits": Form(ADMINISTERS, {"name": "signin_pair", "value": "7"}, **free),
        "desk:getting_started": Form(ADMINISTERS, {}, sure=False, **free),
        "desk:municipality": Form(ADMINISTERS, {"name": "Nyvåg"}, sure=False, **free),
        "desk:units": Form(ADMINISTERS, {"name": "Nytt"}, sure=False, **free),
        "desk:unit": Form(ADMINISTERS, {"gjor": "forst"}, {"slug": "bare-her"}, **free),
        "desk:colleagues": Form(ADMINISTERS, {"email": "n@y.test"}, sure=False, **free),
        "desk:colleagues_table": Form(ADMINISTERS, {"table": "x"}, sure=False, **free),
        "desk:colleague": Form(
            ADMINISTERS,
            {"gjor": "rolle", "role": "analyst", "unit": s["ola"].unit_id},
            {"pk": s["ola"].pk},
            **free,
        ),
        "activitypub:block": Form(
            ADMINISTERS, {"steng-host": "x.test"}, {"pk": 0}, sure=False, **free
        ),
        "activitypub:unblock": Form(ADMINISTERS, {"host": "x.test"}, {"pk": 0}, sure=False, **free),
        "activitypub:retry": Form(ADMINISTERS, {"host": "x.test"}, {"pk": 0}, sure=False, **free),
        "activitypub:keys": Form(ADMINISTERS, {"nokler-sure": "on"}, {"pk": 0}, sure=False, **free),
    }


# Forms everybody may send: what they may not is to be told anything, or to act in a case without its key.
WRONG = "b" * 26
OPEN = {
    "square:set_language": ({"language": "nn"}, {}),
    "square:set_theme": ({"look": "dark"}, {}),
    "square:ask": ({"body": "Hva koster det?", "visibility": "private", "seen": "1"}, {}),
    "square:helped": ({}, {"slug": "ANSWER"}),
    "square:case": ({"body": "Jeg vil inn"}, {"ref": "PRIVATE", "key": WRONG}),
    "square:wall_new": ({"body": "Et innlegg"}, {}),
    "square:wall_post": ({"body": "En kommentar"}, {"ref": "PRIVATE"}),
    "square:answer_follow": ({"email": "x@y.test"}, {"slug": "ANSWER"}),
    "square:topic_follow": ({"email": "x@y.test"}, {"slug": "finnes-ikke"}),
    "square:wall_follow": ({"email": "x@y.test"}, {"ref": "PRIVATE"}),
    "square:follow": (
        {"email": "x@y.test"},
        {"topic": "conversations.conversation", "ref": "PRIVATE"},
    ),
    "square:confirm_follow": ({}, {"token": "feil"}),
    "square:end_follow": ({}, {"token": "feil"}),
    "square:signin": ({"email": "hemmelig@innbygger.test"}, {}),
    "square:signin_link": ({}, {"token": "feil"}),
    "square:chat": ({"body": "Hei"}, {}),
    "square:talk": ({"body": "Jeg vil inn"}, {"ref": "PRIVATE", "key": WRONG}),
    "square:talk_typing": ({}, {"ref": "PRIVATE", "key": WRONG}),
    "square:talk_end": (
        {"gjor": "utskrift", "email": "x@y.test"},
        {"ref": "PRIVATE", "key": WRONG},
    ),
    "answers:rate": ({"useful": "1"}, {"slug": "ANSWER"}),
}
# These need the key of the case, or name one that is private: without it nothing is written.
CLOSED = {
    *("square:case", "square:wall_post", "square:wall_follow", "square:follow"),
    "square:talk",
    *("square:talk_typing", "square:talk_end", "square:confirm_follow", "square:signin_link"),
}
# One's own sign-in, password and second factor, by the library: its own tests see to them; here they only tell nothing.
OWN = ("account_", "mfa_", "socialaccount_", "openid_connect_", "people:")
LEAVES = {"account_logout", "square:signout"}


@pytest.fixture
def town(secrets, nordvaag, ola, per, on_duty, now):
    """What the forms are about: of each kind one, with secrets in it."""
    people.add_unit(nordvaag, name="Bare her", slug="bare-her", parent=ola.staff.unit.parent)
    case = make_question(nordvaag, "HEMMELIGSPORSMAL nytt", email="hemmelig@innbygger.test")
    beside = make_question(nordvaag, "HEMMELIGSPORSMAL ved siden av", email="nabo@innbygger.test")
    beside.beside = case
    beside.save(update_fields=["beside"])
    closed = make_question(nordvaag, "HEMMELIGSPORSMAL avsluttet", email="c@innbygger.test")
    conversations.close(closed, by=ola, at=now)
    first, other = (
        make_question(nordvaag, "HEMMELIGSPORSMAL to ganger", email="d@innbygger.test")
        for _ in "12"
    )
    joined = merging.merge(first, other, by=ola, at=now)
    two = make_question(nordvaag, "HEMMELIGSPORSMAL med mer", email="e@innbygger.test")
    second = follow_up(two, Submission("HEMMELIGSPORSMAL mer", "private"), at=now)
    identity = Identity.objects.get(external_id="hemmelig@innbygger.test")
    strangers = [
        make_question(nordvaag, "HEMMELIGSPORSMAL", email=f"{one}@innbygger.test") for one in "fg"
    ]
    merge = persons_rules.merge(
        strangers[0].person, strangers[1].person, reason="Samme", by=ola, at=now
    )
    day = (timezone.now() + timedelta(days=20)).date()
    note = persons_rules.note_on(
        case.person, "HEMMELIGNOTAT", purpose="help", expires_on=day, by=ola, at=timezone.now()
    )
    block = persons_rules.block(
        closed.identity, reason="Trusler", until_on=day, by=per, at=timezone.now()
    )
    tag = tagging.make_tag(nordvaag, "Vinter", by=per, at=now)
    macro = Macro.objects.create(
        municipality=nordvaag, name="Lukk", actions=[{"act": "close"}], active=True
    )
    wall = post(
        nordvaag,
        Submission("Åpent innlegg", "public"),
        by=leaks.Actor.resident(nordvaag.pk),
        at=now,
    )
    said = comment(
        wall, Submission("Åpen kommentar", "public"), by=leaks.Actor.resident(nordvaag.pk), at=now
    )
    delivery = leaks.Delivery.objects.order_by("pk").first()
    if delivery is None:
        delivery = _refused_delivery(nordvaag, case, now)
    leaks.Delivery.objects.filter(pk=delivery.pk).update(state="refused")
    return {
        **secrets,
        "case": case,
        "beside": beside,
        "closed": closed,
        "joined": joined,
        "second": second,
        "identity": identity,
        "merge": merge,
        "note": note,
        "block": block,
        "tag": tag,
        "macro": macro,
        "wall": wall,
        "comment": said,
        "delivery": delivery,
        "canned": leaks.CannedReply.objects.get().pk,
        "account": leaks.Account.objects.get(network="form", municipality=nordvaag),
        "duty": on_duty,
        "ola": ola.staff,
    }


def _refused_delivery(municipality, case, now):
    account = leaks.Account.objects.get(network="form", municipality=municipality)
    out = Outgoing("walk", "hemmelig@innbygger.test", "HEMMELIGSVAR")
    return outbox.enqueue(account, out, about=case, at=now)


def tables():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_stat_user_tables WHERE NOT relname LIKE ANY(%s) ORDER BY 1",
            [list(TRACES)],
        )
        return [name for (name,) in cursor.fetchall()]


TOUCHED = """
SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_xact_user_tables
WHERE NOT relname LIKE ANY(%s)
"""


class Watch:
    """Whether the database says something else than before: looked at closely only when something was touched."""

    def __init__(self):
        self.names = tables()
        self.before = self.whole()
        self.count = self.touched()

    def touched(self):
        with connection.cursor() as cursor:
            cursor.execute(TOUCHED, [list(TRACES)])
            return cursor.fetchone()[0]

    def whole(self):
        each = " UNION ALL ".join(
            f"SELECT '{name}', count(*), sum(hashtextextended(t::text, 0)::numeric) FROM {name} t"
            for name in self.names
        )
        with connection.cursor() as cursor:
            cursor.execute(each)
            return cursor.fetchall()

    def wrote(self):
        """The tables that differ."""
        count, self.count = self.count, self.touched()
        if self.count == count:
            return []
        return [was[0] for was, now in zip(self.before, self.whole(), strict=True) if was != now]


def address_of(name, arguments):
    path = next(path for known, path, _entry in leaks.ALL if known == name)
    return "/" + leaks.fill(path, arguments)


WAYS = ("form", "json")


def send(client, address, filled, way, host):
    if way == "json":
        return client.post(
            address, json.dumps(filled, default=str), "application/json", HTTP_HOST=host
        )
    return client.post(address, filled, HTTP_HOST=host)


def posted(client, watch, name, filled, arguments, *, ways=WAYS, host="testserver"):
    """Post it each way, and undo it: (the tables that were written, the secrets that were told, faults)."""
    wrote, told, broken = [], [], []
    address = address_of(name, arguments)
    for way in ways:
        with transaction.atomic():
            response = send(client, address, filled, way, host)
            wrote += [(name, way, table) for table in watch.wrote()]
            transaction.set_rollback(True)
        watch.count = watch.touched()
        text = b"".join(response.streaming_content) if response.streaming else response.content
        text += str(response.headers).encode()
        told += [(name, way, secret) for secret in leaks.SECRETS if secret.encode() in text]
        if response.status_code >= 500:
            broken.append((name, way, response.status_code))
    return wrote, told, broken


def client_of(staff):
    client = Client()
    client.force_login(staff.user)
    return client


def resident(municipality, person_id):
    client = Client()
    session = client.session
    session["resident"] = {"municipality": municipality.pk, "person": person_id, "proof": "link"}
    session.save()
    return client


def test_every_address_that_takes_a_post_is_walked(nordvaag, town):
    """A new form gets its row above: this tells which one lacks it."""
    client, values = client_of(make_staff(nordvaag, "Alle", *Role)), leaks.arguments_of(town)
    known = {*forms(town), *OPEN, *LEAVES}
    unknown = []
    for name, path, entry in leaks.ALL:
        if name in known or name.startswith(OWN) or name == "None":
            continue
        chosen = {key: values.get(key, "x") for key in entry.pattern.converters}
        response = client.post("/" + leaks.fill(path, chosen), HTTP_HOST="testserver")
        if response.status_code != 405:
            unknown.append((name, response.status_code))
    assert unknown == []
    assert known <= {name for name, _path, _entry in leaks.ALL}


def test_who_may_does_write(nordvaag, town):
    """The walk is not blind: each form, filled in by one whose role may, changes something."""
    still = []
    client = {role: client_of(make_staff(nordvaag, role.value, role)) for role in Role}
    watch = Watch()
    for name, form in forms(town).items():
        if form.sure:
            role = sorted(form.may)[0]
            wrote, _told, broken = posted(
                client[role], watch, name, form.fill, form.args, ways=("form",)
            )
            if broken or not wrote:
                still.append((name, role.value, broken))
    assert still == []


@pytest.mark.parametrize("role", list(Role))
def test_a_role_that_may_not_writes_nothing(nordvaag, town, role):
    client, watch = client_of(make_staff(nordvaag, "Utenfor", role)), Watch()
    found = []
    for number, (name, form) in enumerate(forms(town).items()):
        if role in form.may:
            continue
        # One way each: over the roles every form is posted in all of them.
        way = WAYS[(number + list(Role).index(role)) % len(WAYS)]
        wrote, told, broken = posted(client, watch, name, form.fill, form.args, ways=[way])
        if role in READS or role == P:  # they may read what the page shows again
            told = []
        if role in {D, E, L}:
            told = [one for one in told if one[2] != "HEMMELIGMAL"]
        found += wrote + told + broken
    assert found == []


def test_a_role_in_another_unit_does_not_reach_the_case(nordvaag, town):
    roles = [A, D, M, S, P, E]
    client = client_of(
        make_staff(nordvaag, "Drift", *roles, unit="teknisk-drift", over="teknisk-drift")
    )
    watch, found = Watch(), []
    for name, form in forms(town).items():
        if form.at_case:
            for part in posted(client, watch, name, form.fill, form.args):
                found += part
    assert found == []


@pytest.mark.parametrize("host", ["testserver", "soervik.test"])
def test_another_municipalitys_staff_write_nothing_of_ours(nordvaag, town, charlie, host):
    client, watch, found = client_of(charlie.staff), Watch(), []
    for name, form in forms(town).items():
        if host != "testserver" and not form.args:
            continue  # at their own desk they arrange their own
        wrote, told, broken = posted(client, watch, name, form.fill, form.args, host=host)
        if host != "testserver" and name == "desk:deal_unit":
            wrote = []  # a unit of that name is theirs too
        found += wrote + told + broken
    assert found == []


@pytest.mark.parametrize("who", ["nobody", "another resident", "the one who asked"])
def test_residents_do_nothing_at_the_desk_and_nothing_in_a_case_without_its_key(
    nordvaag, town, who
):
    other = make_question(nordvaag, "Mitt eget", email="annen@innbygger.test")
    person = {"another resident": other.person_id, "the one who asked": town["case"].person_id}
    client = resident(nordvaag, person[who]) if who in person else Client()
    watch, found = Watch(), []
    for name, form in forms(town).items():
        for part in posted(client, watch, name, form.fill, form.args):
            found += part
    names = {"PRIVATE": town["private"].ref, "ANSWER": town["answer"].slug}
    for name, (filled, arguments) in OPEN.items():
        chosen = {key: names.get(value, value) for key, value in arguments.items()}
        wrote, told, broken = posted(client, watch, name, filled, chosen)
        if name == "square:signin":  # what she typed herself is said back to her
            told = [one for one in told if one[2] != "hemmelig@innbygger.test"]
        found += told + broken + (wrote if name in CLOSED else [])
    assert found == []


def test_the_library_s_own_forms_tell_nothing(nordvaag, town):
    client, watch, found = Client(), Watch(), []
    for name, path, entry in leaks.ALL:
        if name.startswith(OWN) and not entry.pattern.converters and "?" not in path:
            _wrote, told, broken = posted(client, watch, name, {"email": "hemmelig@x.test"}, {})
            found += told + broken
    assert found == []
