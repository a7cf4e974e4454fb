"""Strangers walk every address of the project: nothing leaks, nothing breaks."""

from __future__ import annotations

import io
import itertools

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from PIL import Image

from tests.cast import make_question, make_staff
from torget import rooms
from torget.answers import rules as answers
from torget.casework.models import CannedReply
from torget.casework.rules import (
    approval_rules,
    automation,
    canned_replies,
    drafts,
    pending_replies,
    preferences,
)
from torget.casework.rules.replying import Reply
from torget.channels.contract import RawItem
from torget.channels.models import Account
from torget.conversations import rules as conversations
from torget.conversations.attachments import prepare_picture
from torget.conversations.models import Attachment, Mention, Message, Person
from torget.conversations.rules.submitting import Submission, follow_up
from torget.intake import rules as intake
from torget.intake.models import Envelope
from torget.outbox.models import Delivery
from torget.people.actor import Actor
from torget.people.models import Duty
from torget.people.roles import Role
from torget.rooms import acts as all_acts
from torget.subscriptions.models import Subscription

SECRETS = (
    "HEMMELIGSPORSMAL",
    "HEMMELIGSVAR",
    "HEMMELIGNOTAT",
    "HEMMELIGNAVN",
    "hemmelig@innbygger.test",
    "HEMMELIGEBYTES",
    "HEMMELIGAVSIDES",
    "HEMMELIGUTKAST",
    "HEMMELIGMAL",
    "HEMMELIGVENTER",
)

# Every page for staff → the act a role must allow. A new page gets its row here.
ACCESS = {
    "desk:start": None,  # only leads on to a page of its own
    "desk:inbox": "conversations.read",
    "desk:conversation": "conversations.read",
    "desk:take": "conversations.take",
    "desk:assign": "conversations.read",
    "desk:forward": "conversations.forward",
    "desk:note": "conversations.note",
    "desk:reply": "conversations.reply",
    "desk:regret": "conversations.reply",
    "desk:draft": "conversations.note",
    "desk:drop_draft": "conversations.note",
    "desk:here": "conversations.read",
    "desk:canned_list": "conversations.reply",
    "desk:names": "conversations.note",
    "desk:held_file": "conversations.read",
    "desk:mentions": "conversations.read",
    "desk:open_mention": "conversations.read",
    "desk:approvals": "replies.approve",
    "desk:decide": "replies.approve",
    "desk:approval_file": "replies.approve",
    "desk:terms": "replies.terms",
    "desk:end_term": "replies.terms",
    "desk:canned": "canned.edit",
    "desk:canned_new": "canned.edit",
    "desk:canned_one": "canned.edit",
    "desk:admit": "conversations.handle",
    "desk:dismiss": "conversations.handle",
    "desk:close": "conversations.close",
    "desk:reopen": "conversations.close",
    "desk:publish": "answers.publish",
    "desk:change_answer": "answers.publish",
    "desk:withdraw_answer": "answers.publish",
    "desk:answers": "answers.publish",
    "desk:answer_editions": "answers.publish",
    "desk:tell_answer": "answers.publish",
    "desk:ratings_read": "answers.publish",
    "desk:translate_answer": "answers.publish",
    "desk:topics": "answers.topics",
    "desk:topic_close": "answers.topics",
    "desk:embedding": "answers.topics",
    "desk:post": "wall.post",
    "desk:posted": "wall.post",
    "desk:change_posted": "wall.post",
    "desk:message": "conversations.read",
    "desk:change_message": "conversations.read",
    "desk:account": "channels.pause",
    "desk:account_test": "channels.pause",
    "activitypub:manage": "channels.pause",
    "activitypub:block": "people.administer",
    "activitypub:unblock": "people.administer",
    "activitypub:retry": "people.administer",
    "activitypub:keys": "people.administer",
    "desk:account_use": "people.administer",
    "desk:account_arrange": "people.administer",
    "desk:connect_choose": "people.administer",
    "desk:connect": "people.administer",
    "desk:connected": "people.administer",
    "desk:search": "conversations.read",
    "desk:figures": "figures.read",
    "desk:person": "conversations.read",
    "desk:merge_person": "persons.merge",
    "desk:unmerge_person": "persons.merge",
    "desk:note_person": "persons.note",
    "desk:forget_note": "persons.note",
    "desk:block": "persons.block",
    "desk:lift_block": "persons.block",
    "desk:file": "conversations.read",
    "desk:original": "conversations.read",
    "desk:quarantine": "intake.quarantine",
    "desk:quarantine_item": "intake.quarantine",
    "desk:quarantine_raw": "intake.quarantine",
    "desk:replay": "intake.quarantine",
    "desk:discard": "intake.quarantine",
    "desk:deliveries": "conversations.read",
    "desk:settle": "outbox.settle",
    "desk:connect_mail": "people.administer",
    "desk:settings": "channels.pause",
    "desk:pause": "channels.pause",
    "desk:duty": "conversations.read",
    "desk:absence": "conversations.read",
    "desk:hand_over": "conversations.read",
    "desk:snooze": "conversations.handle",
    "desk:wake": "conversations.handle",
    "desk:tag": "conversations.handle",
    "desk:macro": "conversations.handle",
    "desk:merge": "conversations.handle",
    "desk:unmerge": "conversations.handle",
    "desk:split": "conversations.handle",
    "desk:printout": "conversations.read",
    "desk:export": "conversations.read",
    "desk:batch": "conversations.handle",
    "desk:undo": "conversations.handle",
    "desk:save_view": "conversations.read",
    "desk:drop_view": "conversations.read",
    "desk:hand_on": "conversations.handle",
    "desk:acknowledge": "conversations.read",
    "desk:preferences": "conversations.read",
    "desk:tags": "desk.arrange",
    "desk:change_tag": "desk.arrange",
    "desk:deadlines": "desk.arrange",
    "desk:drop_deadline": "desk.arrange",
    "desk:macros": "desk.arrange",
    "desk:change_macro": "desk.arrange",
    "desk:rules": "desk.arrange",
    "desk:change_rule": "desk.arrange",
    "desk:rehearse": "desk.arrange",
    "desk:switch_rule": "desk.arrange",
    "desk:dealing": "desk.arrange",
    "desk:limits": "people.administer",
    "desk:getting_started": "people.administer",
    "desk:municipality": "people.administer",
    "desk:units": "people.administer",
    "desk:unit": "people.administer",
    "desk:colleagues": "people.administer",
    "desk:colleague": "people.administer",
    "desk:colleagues_table": "people.administer",
    "desk:deal_unit": "desk.arrange",
}


def patterns(resolver=None, prefix="", space=""):
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from patterns(entry, prefix + str(entry.pattern), inner)
        elif isinstance(entry, URLPattern):
            yield f"{space}{entry.name}", prefix + str(entry.pattern), entry


ALL = list(patterns())
EVERY_ACT = frozenset(all_acts())


def test_every_staff_page_has_its_row_in_the_access_table():
    guarded = {
        name: getattr(entry.callback, "requires_act", None)
        for name, path, entry in ALL
        if path.startswith("desk/")
    }
    assert guarded == ACCESS
    assert set(ACCESS.values()) - {None} <= set(all_acts())


def test_a_menu_shows_a_page_to_those_who_may_open_it():
    shown = {page.name: page.act for page in rooms.gather("pages") if page.menu != "public"}
    assert shown == {name: ACCESS[name] for name in shown}
    assert len(shown) > 20


def test_no_page_outside_the_desk_needs_a_role_unseen():
    assert not [
        name
        for name, path, entry in ALL
        if hasattr(entry.callback, "requires_act") and not path.startswith("desk/")
    ]


def jpeg(colour="red"):
    out = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def secrets(nordvaag, ola, per, now):
    """A private conversation with everything in it, a quarantined envelope, a delivery, a withdrawn answer; a public one
    that goes on in private, a draft, a ready-made reply, and a reply that waits for a second person."""
    question = make_question(
        nordvaag,
        "HEMMELIGSPORSMAL om barnet mitt",
        name="HEMMELIGNAVN",
        email="hemmelig@innbygger.test",
        pictures=[prepare_picture("hemmelig.jpg", jpeg())],
    )
    conversations.note(question, "HEMMELIGNOTAT", by=ola, at=now)
    conversations.answer(question, "HEMMELIGSVAR", by=ola, at=now)
    anonymous = make_question(
        nordvaag, "Et åpent spørsmål", name="HEMMELIGNAVN", visibility="public", show_name=False
    )
    conversations.note(anonymous, "HEMMELIGNOTAT", by=ola, at=now)
    conversations.answer(anonymous, "Et åpent svar", by=ola, at=now)
    answer = answers.publish(
        anonymous, question="Et åpent spørsmål?", body="Et åpent svar", by=ola, at=now
    )
    aside = make_question(nordvaag, "Et annet åpent spørsmål", visibility="public")
    conversations.answer(
        aside,
        "HEMMELIGAVSIDES svar",
        by=ola,
        at=now,
        visibility="private",
        public_note="Vi fortsetter samtalen privat.",
        files=[prepare_picture("avsides.jpg", jpeg("blue"))],
    )
    follow_up(aside, Submission("HEMMELIGAVSIDES tilbake", "public"), at=now)
    drafts.keep(question, "answer", "HEMMELIGUTKAST", by=ola, at=now)
    conversations.note(anonymous, "HEMMELIGNOTAT til @per", by=ola, at=now)
    canned_replies.write(
        nordvaag,
        canned_replies.Text("Om brøyting", "broyting", {"nb": "HEMMELIGMAL {fornavn}"}),
        by=per,
        at=now,
    )
    waiting = make_question(nordvaag, "HEMMELIGVENTER spørsmål")
    term = approval_rules.add_rule(nordvaag, "Alle private", by=per, at=now, visibility="private")
    held = pending_replies.submit(waiting, Reply("HEMMELIGVENTER svar"), by=ola, at=now, seconds=10)
    assert held.approval_rule == term
    account = Account.objects.get(network="form", municipality=nordvaag)
    envelope_id, _ = intake.receive(account.pk, RawItem("aside", b"HEMMELIGEBYTES"), at=now)
    envelope = Envelope.objects.select_related("account").get(pk=envelope_id)
    intake.quarantine(envelope, "Uleselig", at=now)
    view = preferences.save_view(nordvaag, "Min", "vis=mine", by=ola, at=now)
    rule = automation.save_rule(
        None,
        nordvaag,
        name="Alle nye",
        event="conversation.opened",
        conditions=[],
        actions=[{"act": "close"}],
        last=False,
        position=1,
        by=per,
        at=now,
    )
    return {
        "private": question,
        "public": anonymous,
        "answer": answer,
        "envelope": envelope,
        "held": held,
        "aside": aside,
        "view": view,
        "rule": rule,
    }


def arguments(secrets, on_duty):
    """Every value an address may be given, by the name of its argument."""
    attachments = list(Attachment.objects.all())
    assert len(attachments) == 2
    message = Message.objects.filter(conversation=secrets["private"], envelope__isnull=False).get()
    return {
        "ref": [
            secrets["private"].ref,
            secrets["public"].ref,
            secrets["aside"].ref,
            secrets["held"].conversation.ref,
            "NV-2026-999",
        ],
        "key": ["a" * 26, secrets["public"].key],
        "public_id": [
            *(str(one.public_id) for one in attachments),
            str(message.public_id),
            str(secrets["envelope"].public_id),
        ],
        "slug": [secrets["answer"].slug, "finnes-ikke"],
        "token": ["feil", *Subscription.objects.values_list("token", flat=True)],
        "pk": sorted(
            {
                Account.objects.first().pk,
                on_duty.pk,
                secrets["held"].pk,
                secrets["held"].approval_rule_id,
                Mention.objects.get().pk,
                CannedReply.objects.get().pk,
                *Delivery.objects.values_list("pk", flat=True),
                *Person.objects.values_list("pk", flat=True),
                secrets["view"].pk,
                secrets["rule"].pk,
            }
        ),
        "sha256": [attachments[0].sha256],
        "language": ["nn", "xx"],
        "what": ["svar", "vegg", "annet"],
        "topic": ["conversations.conversation", "answers.answer", "annet.noe"],
        "network": ["email", "finnes-ikke"],
        "form": ["rss", "atom", "json", "x"],
    }


def arguments_of(secrets):
    """One value an address may be given, by the name of its argument."""
    return {
        "ref": secrets["private"].ref,
        "key": "a" * 26,
        "public_id": str(secrets["envelope"].public_id),
        "slug": secrets["answer"].slug,
        "token": "feil",
        "pk": Account.objects.first().pk,
        "sha256": "a" * 64,
        "language": "nn",
        "what": "svar",
        "topic": "conversations.conversation",
        "network": "webhook",
        "form": "rss",
        "number": 1,
    }


def addresses(values, acts):
    """Every address with every value; one of each page that is closed before it looks at its values."""
    for name, path, entry in ALL:
        keys = list(entry.pattern.converters)
        if entry.pattern.converters and not set(keys) <= set(values):
            continue  # allauth's own pages with arguments are walked by name below
        closed = ACCESS.get(name) is not None and ACCESS[name] not in acts
        for chosen in itertools.islice(
            itertools.product(*(values[key] for key in keys)), 1 if closed else None
        ):
            yield name, "/" + fill(path, dict(zip(keys, chosen, strict=True)))


def fill(path, chosen):
    for key, value in chosen.items():
        for piece in path.split("<")[1:]:
            inner = piece.split(">")[0]
            if inner.split(":")[-1] == key:
                path = path.replace(f"<{inner}>", str(value))
    return path.lstrip("^").rstrip("$").replace("\\Z", "")


def walk(client, values, host, *, acts=EVERY_ACT, until=frozenset(SECRETS)):
    """Get and post everywhere: what leaked, what broke, which pages of the desk opened.

    `acts`: what its roles allow. Once it has found all of `until` it goes no further.
    """
    leaks, broken, staff_pages = [], [], []
    for name, address in addresses(values, acts):
        if name in {"account_logout", "square:signout"}:
            continue  # the walk would go on as somebody else
        for method in ("get", "post"):
            response = getattr(client, method)(address, HTTP_HOST=host)
            body = b"".join(response.streaming_content) if response.streaming else response.content
            body += str(response.headers).encode()
            leaks += [(method, address, secret) for secret in SECRETS if secret.encode() in body]
            if until <= {secret for _method, _address, secret in leaks}:
                return leaks, broken, staff_pages
            if response.status_code >= 500:
                broken.append((method, address, response.status_code))
            if address.startswith("/desk/") and response.status_code == 200:
                staff_pages.append((method, address))
    return leaks, broken, staff_pages


def test_an_anonymous_person_finds_nothing_private(secrets, on_duty):
    leaks, broken, staff_pages = walk(Client(), arguments(secrets, on_duty), "testserver")
    assert (leaks, broken, staff_pages) == ([], [], [])


def test_a_stranger_from_another_municipality_finds_nothing(secrets, on_duty, charlie):
    client = Client()
    client.force_login(charlie.staff.user)
    leaks, broken, staff_pages = walk(
        client, arguments(secrets, on_duty), "testserver", acts=frozenset()
    )
    assert (leaks, broken, staff_pages) == ([], [], [])


def test_a_stranger_at_their_own_desk_finds_nothing_of_ours(secrets, on_duty, charlie):
    client = Client()
    client.force_login(charlie.staff.user)
    leaks, broken, _pages = walk(client, arguments(secrets, on_duty), "soervik.test")
    assert (leaks, broken) == ([], [])


@pytest.mark.parametrize(
    "role", [Role.EDITOR, Role.ADMINISTRATOR, Role.ANALYST, Role.CRISIS_LEAD, Role.APPROVER]
)
def test_roles_that_do_not_read_conversations_read_none(nordvaag, secrets, on_duty, role):
    client = Client()
    client.force_login(make_staff(nordvaag, "Utenfor", role).user)
    acts = {act.name for act in all_acts().values() if role.value in act.roles}
    leaks, broken, _pages = walk(client, arguments(secrets, on_duty), "testserver", acts=acts)
    tends_quarantine = Actor.of_staff(make_staff(nordvaag, "Annen", role)).may("intake.quarantine")
    if tends_quarantine:
        leaks = [leak for leak in leaks if leak[2] != "HEMMELIGEBYTES"]
    if role.value in all_acts()["canned.edit"].roles:
        leaks = [leak for leak in leaks if leak[2] != "HEMMELIGMAL"]
    if role == Role.APPROVER:
        # What waits for them, where it waits: that conversation and no other.
        assert ("get", "/desk/godkjenning", "HEMMELIGVENTER") in leaks
        leaks = [
            leak
            for leak in leaks
            if leak[2] != "HEMMELIGVENTER" or not leak[1].startswith("/desk/godkjenning")
        ]
    assert (leaks, broken) == ([], [])


def test_an_approver_sees_nothing_of_a_conversation_when_its_reply_is_decided(
    nordvaag, secrets, per, now
):
    approver = make_staff(nordvaag, "Gunn", Role.APPROVER)
    client = Client()
    client.force_login(approver.user)
    assert "HEMMELIGVENTER" in client.get("/desk/godkjenning").content.decode()
    pending_replies.approve(secrets["held"], by=per, at=now)
    assert "HEMMELIGVENTER" not in client.get("/desk/godkjenning").content.decode()


def test_an_approver_of_one_unit_sees_nothing_that_waits_in_another(nordvaag, secrets):
    elsewhere = make_staff(nordvaag, "Gunn", Role.APPROVER, over="teknisk-drift")
    client = Client()
    client.force_login(elsewhere.user)
    assert secrets["held"].conversation.unit.slug == "servicetorget"
    assert "HEMMELIGVENTER" not in client.get("/desk/godkjenning").content.decode()


def test_what_goes_on_in_private_is_seen_at_the_secret_address_and_nowhere_in_public(secrets):
    public = secrets["aside"]
    secret = Client().get(f"/saker/{public.ref}/{public.key}").content.decode()
    assert "HEMMELIGAVSIDES svar" in secret
    assert "HEMMELIGAVSIDES tilbake" in secret
    for address in (f"/vegg/{public.ref}", "/vegg", "/", "/feed/vegg.atom", "/feed/vegg.json"):
        page = Client().get(address).content.decode()
        assert "HEMMELIGAVSIDES" not in page, address
    assert "Vi fortsetter samtalen privat." in Client().get(f"/vegg/{public.ref}").content.decode()
    assert public.ref not in Client().get("/sok?q=HEMMELIGAVSIDES").content.decode()


def test_another_resident_signed_in_sees_only_their_own(nordvaag, secrets, on_duty):
    other = make_question(nordvaag, "Mitt eget", email="annen@innbygger.test")
    client = Client()
    session = client.session
    session["resident"] = {"municipality": nordvaag.pk, "person": other.person_id}
    session.save()
    leaks, broken, staff_pages = walk(client, arguments(secrets, on_duty), "testserver")
    assert (leaks, broken, staff_pages) == ([], [], [])
    assert "Mitt eget" in client.get("/min-side").content.decode()


def test_a_wrong_key_tells_no_more_than_a_number_that_does_not_exist(secrets):
    client = Client()
    wrong = client.get(f"/saker/{secrets['private'].ref}/{'b' * 26}")
    missing = client.get(f"/saker/NV-2026-99999/{'b' * 26}")
    assert wrong.status_code == missing.status_code == 404
    there, gone = client.get(f"/saker/{secrets['private'].ref}"), client.get("/saker/NV-2026-99999")
    assert there.status_code == gone.status_code == 404
    assert there.content.decode().replace(
        secrets["private"].ref, "X"
    ) == gone.content.decode().replace("NV-2026-99999", "X")


def test_the_holder_of_the_link_sees_the_case_but_no_note(secrets):
    question = secrets["private"]
    page = Client().get(f"/saker/{question.ref}/{question.key}").content.decode()
    assert "HEMMELIGSPORSMAL" in page
    assert "HEMMELIGSVAR" in page
    assert "HEMMELIGNOTAT" not in page


def test_an_unknown_host_is_answered_400_without_a_word_of_anybody(db):
    response = Client().get("/", HTTP_HOST="ukjent.test")
    assert response.status_code == 400


def test_the_walk_can_find_a_leak(nordvaag, secrets, on_duty, ola):
    """The same walk by somebody who may read does find every secret: it is not blind."""
    client = Client()
    client.force_login(ola.staff.user)
    there = {
        "HEMMELIGSPORSMAL",
        "HEMMELIGSVAR",
        "HEMMELIGNOTAT",
        "HEMMELIGNAVN",
        "HEMMELIGAVSIDES",
        "HEMMELIGUTKAST",
        "HEMMELIGMAL",
        "HEMMELIGVENTER",
    }
    leaks, _broken, _pages = walk(client, arguments(secrets, on_duty), "testserver", until=there)
    assert {secret for _m, _a, secret in leaks} >= there


def test_there_is_a_duty_in_the_walk(on_duty):
    assert Duty.objects.count() == 1
