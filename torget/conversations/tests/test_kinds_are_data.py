"""A kind of conversation is a row of a manifest: nothing else is touched for a new one."""

from __future__ import annotations

import ast
import sys

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from tests.cast import NOW, make_question
from tests.test_conventions import MODULES, dotted, name
from torget import rooms
from torget.channels.rules import form_account
from torget.conversations import deadlines
from torget.conversations.models import Conversation, Message
from torget.conversations.opening import open_conversation
from torget.conversations.room import QUESTION, WALL
from torget.conversations.rules import posting
from torget.conversations.rules.submitting import Submission, comment
from torget.errors import NotAllowed, Refused
from torget.people.actor import Actor
from torget.people.models import Unit

MANIFEST = """
from torget.rooms import Kind, Room

ROOM = Room(
    name="room_proposals",
    kinds=(
        Kind(
            name="proposal",
            label="Forslag",
            icon="comment",
            address="/forslag/{ref}",
            publish="wall.post",
            answer_days=30,
            badge="Forslag",
            states={"waiting": "Samler støtte"},
        ),
    ),
)
"""


@pytest.fixture
def proposal(tmp_path, monkeypatch, settings):
    """A kind of a room that consists of one file."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "room_proposals").mkdir()
    (tmp_path / "room_proposals" / "__init__.py").touch()
    (tmp_path / "room_proposals" / "room.py").write_text(MANIFEST)
    before, deadlines_before = settings.ROOMS, deadlines.forget
    settings.ROOMS = [*before, "room_proposals"]
    deadlines_before()
    yield rooms.kind("proposal")
    deadlines.forget()
    for module in [module for module in sys.modules if module.startswith("room_proposals")]:
        del sys.modules[module]


def make_one(kind, municipality, text="Sykkelsti langs Fjellveien", **fields):
    account = form_account(municipality)
    return open_conversation(
        kind, account, account.unit, text, visibility="public", now=NOW, **fields
    )


def test_a_new_kind_is_found_in_the_queue_and_the_search_at_an_address_of_its_own(
    nordvaag, ola, proposal
):
    row = make_one(proposal, nordvaag, waiting_since=NOW, state="open")
    question = make_question(nordvaag)
    desk = Client()
    desk.force_login(ola.staff.user)
    chosen = desk.get("/desk/?slag=proposal").content.decode()
    assert f"/desk/sak/{row.ref}" in chosen
    assert f"/desk/sak/{question.ref}" not in chosen
    assert f'href="/forslag/{row.ref}"' in Client().get("/sok?q=sykkelsti").content.decode()
    assert row.public_state == "Samler støtte"


def test_what_does_not_belong_on_the_wall_is_not_there(nordvaag, proposal):
    row = make_one(proposal, nordvaag)
    wall = make_one(WALL, nordvaag, "Fin tur i dag")
    for page in ("/vegg", "/", "/feed/vegg.rss"):
        shown = Client().get(page).content.decode()
        assert wall.ref in shown
        assert row.ref not in shown
    assert Client().get(f"/vegg/{row.ref}")["Location"] == f"/forslag/{row.ref}"


def test_a_kind_nobody_comments_takes_no_comment(nordvaag, proposal):
    row = make_one(proposal, nordvaag)
    with pytest.raises(Refused, match="kommentere"):
        comment(row, Submission("Enig", "public"), by=Actor.resident(nordvaag.pk), at=NOW)


def test_a_kind_brings_deadlines_of_its_own(nordvaag, proposal):
    usual = [one for one in deadlines.defaults(nordvaag) if one.kind == "proposal"]
    assert [(one.what, one.amount, str(one.kind_label)) for one in usual] == [
        ("answer", 30, "Forslag")
    ]
    row = make_one(proposal, nordvaag)
    assert deadlines.dues(row, NOW).preliminary_due_at is None
    assert deadlines.dues(make_question(nordvaag), NOW).preliminary_due_at is not None


def test_a_conversation_outlives_the_room_of_its_kind(nordvaag, ola, proposal, settings):
    row = make_one(proposal, nordvaag, waiting_since=NOW, state="open")
    settings.ROOMS = [path for path in settings.ROOMS if path != "room_proposals"]
    desk = Client()
    desk.force_login(ola.staff.user)
    assert desk.get(f"/desk/sak/{row.ref}").status_code == 200
    assert Client().get(f"/saker/{row.ref}").status_code == 404


def test_whoever_may_publish_a_kind_opens_one_and_a_unit_or_the_system_may_sign_it(
    nordvaag, amina, charlie
):
    front = Unit.objects.get(municipality=nordvaag, slug="servicetorget")
    account = form_account(nordvaag)
    own = posting.open_post(WALL, front, account, "Vi brøyter nå", by=amina, now=NOW)
    assert (own.staff, own.signature) == (amina.staff, amina.staff.signature)
    by_unit = posting.open_post(
        WALL,
        front,
        account,
        "Vi stenger vannet",
        by=amina,
        now=NOW,
        signed=posting.Signed(unit=front, approver=amina.staff),
    )
    assert (by_unit.staff, by_unit.signature) == (None, front.local_name)
    system = posting.open_post(
        WALL, front, account, "Øvelse", by=Actor.system(nordvaag.pk), now=NOW
    )
    assert system.by_system
    assert by_unit.conversation.opened_by_us
    with pytest.raises(NotAllowed):
        posting.open_post(WALL, front, account, "Hei", by=charlie, now=NOW)
    page = Client().get(by_unit.conversation.public_path).content.decode()
    assert front.local_name in page


def test_a_message_has_exactly_one_author_who_is_not_its_approver(nordvaag, amina):
    front = Unit.objects.get(municipality=nordvaag, slug="servicetorget")
    message = posting.open_post(WALL, front, form_account(nordvaag), "Hei", by=amina, now=NOW)
    inbound = make_question(nordvaag).messages.get()
    wrong = [
        (message, {"unit": front}),
        (message, {"staff": None}),
        (message, {"by_system": True}),
        (message, {"approved_by": amina.staff}),
        (inbound, {"unit": front}),
        (inbound, {"by_system": True}),
    ]
    for row, fields in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            Message.objects.filter(pk=row.pk).update(**fields)


def test_only_opening_makes_a_conversation():
    makers = [
        f"{name(path)} {dotted(node.func)}"
        for path in MODULES
        if "bench" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and (
            (
                dotted(node.func).startswith("Conversation.objects.")
                and dotted(node.func).endswith(("create", "bulk_create"))
            )
            or dotted(node.func) == "Conversation"
        )
    ]
    assert makers == ["torget/conversations/opening.py Conversation.objects.create"]


def test_no_room_asks_for_a_kind_by_its_name():
    """What differs between kinds stands in the manifest; who opens one names it by the manifest's own constant."""
    asked = [
        f"{name(path)}:{node.lineno}"
        for path in MODULES
        if not {"bench", "demo"} & set(path.parts)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Compare)
        and dotted(node.left).endswith(".kind")
        and any(
            (isinstance(other, ast.Constant) and other.value in {QUESTION.name, WALL.name})
            or dotted(other) in {"QUESTION.name", "WALL.name"}
            for other in node.comparators
        )
    ]
    assert not asked


def test_the_kind_of_a_row_is_what_the_manifest_says(nordvaag):
    row = make_question(nordvaag)
    assert row.kind_info is QUESTION
    assert Conversation(kind="gone", ref="NV-1").public_path == ""
