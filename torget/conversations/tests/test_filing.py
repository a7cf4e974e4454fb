from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from tests.cast import NOW, make_question
from torget.channels import http
from torget.channels.contract import (
    Author,
    Capabilities,
    File,
    InboundMessage,
    NetworkEvent,
    RawItem,
    Unparseable,
)
from torget.channels.models import Account
from torget.channels.registry import adapters
from torget.channels.rules import open_account
from torget.conversations.filing import file
from torget.conversations.models import (
    Attachment,
    Conversation,
    Identity,
    Message,
    Person,
    Version,
)
from torget.conversations.rules import answer
from torget.conversations.tasks import Aside, file_due
from torget.intake import rules as intake
from torget.intake.models import Envelope
from torget.people.actor import Actor
from torget.people.models import Unit


class Letters:
    """A tiny real network: JSON letters, parsed for what they say."""

    network, label, icon = "letters", "Brev", "mail"
    capabilities = Capabilities(read_public=True, read_private=True, reply=True)

    def parse(self, item, account, *, received_at):
        held = json.loads(item.body)
        if held.get("broken"):
            raise Unparseable("The letter cannot be read.")
        if held.get("crash"):
            raise ZeroDivisionError("our own fault")
        if "notice" in held:
            return [NetworkEvent(**held["notice"])]
        author = Author(held.pop("author", "kari@innbygger.test"), held.pop("name", "Kari"))
        files = [
            File(name, "image/jpeg", content.encode()) for name, content in held.pop("files", [])
        ]
        files += [File("bilde", "image/jpeg", b"", url=url) for url in held.pop("fetch", [])]
        base = InboundMessage(
            item.external_id, author, held.pop("body", "Hei"), received_at, attachments=files
        )
        return [replace(base, **held)]


@pytest.fixture
def letters(nordvaag, monkeypatch):
    monkeypatch.setitem(adapters(), "letters", Letters())
    unit = Unit.objects.get(municipality=nordvaag, slug="servicetorget")
    return open_account(
        unit,
        network="letters",
        address="brev@nordvaag.test",
        name="Brev",
        by=Actor.system(nordvaag.pk),
        at=NOW,
    )


def post(account, external_id, now, /, **letter):
    envelope_id, seen = intake.receive(
        account.pk, RawItem(external_id, json.dumps(letter).encode()), at=now
    )
    return Envelope.objects.select_related("account__municipality").get(pk=envelope_id), seen


def test_the_same_letter_received_five_times_is_one_message(letters, now):
    for _ in range(5):
        envelope, _seen = post(letters, "a1", now, body="Veien er ikke brøytet")
        file(envelope, at=now)
    assert Message.objects.count() == Envelope.objects.count() == 1


def test_a_letter_opens_a_conversation_in_the_unit_its_words_point_to(letters, now):
    file(post(letters, "a1", now, body="Når blir det brøyting i Fjellveien?")[0], at=now)
    conversation = Conversation.objects.get()
    assert (conversation.unit.slug, conversation.state, conversation.waiting_since) == (
        "teknisk-drift",
        "new",
        now,
    )
    assert conversation.ref == "NV-2026-1"
    assert conversation.person_name == "Kari"


def test_words_nobody_owns_go_to_the_service_centre(letters, now):
    file(post(letters, "a1", now, body="Hva er klokka?")[0], at=now)
    assert Conversation.objects.get().unit.slug == "servicetorget"


@pytest.mark.parametrize("how", ["case", "parents"])
def test_a_reply_finds_its_conversation(letters, now, how):
    file(post(letters, "a1", now)[0], at=now)
    first = Conversation.objects.get()
    link = {"case": first.key.upper()} if how == "case" else {"parents": ["unknown", "a1"]}
    file(post(letters, "a2", now, body="Og en ting til", **link)[0], at=now)
    assert Conversation.objects.get().message_count == 2


def test_a_case_number_alone_is_trusted_only_from_somebody_in_the_case(letters, now):
    file(post(letters, "a1", now)[0], at=now)
    ref = Conversation.objects.get().ref
    file(post(letters, "a2", now, ref_hint=ref)[0], at=now)
    assert Conversation.objects.count() == 1
    file(post(letters, "a3", now, author="ukjent@annet.test", ref_hint=ref)[0], at=now)
    assert Conversation.objects.count() == 2


def test_an_edit_keeps_the_earlier_words_and_a_deletion_leaves_a_tombstone(letters, now):
    file(post(letters, "a1", now, body="Frist 1. mai")[0], at=now)
    edit = {"external_id": "a1", "kind": "edit", "body": "Frist 1. mars"}
    file(post(letters, "a1-edit", now, **edit)[0], at=now)
    file(post(letters, "a1-gone", now, external_id="a1", kind="delete", body="")[0], at=now)
    message = Message.objects.get()
    assert message.body == ""
    assert message.removed_at == now
    assert [version.body for version in message.versions.all()] == ["Frist 1. mai", "Frist 1. mars"]


def test_earlier_words_cannot_be_changed_in_the_database(letters, now):
    file(post(letters, "a1", now, body="Først")[0], at=now)
    file(post(letters, "a1-edit", now, external_id="a1", kind="edit", body="Så")[0], at=now)
    with pytest.raises(Exception, match="append-only"), transaction.atomic():
        Version.objects.update(body="noe annet")


def test_files_follow_an_edit_outside_and_the_earlier_ones_are_kept_for_staff(
    letters, now, client, per
):
    file(post(letters, "a1", now, files=[["a.jpg", "en"], ["b.jpg", "to"]])[0], at=now)
    message = Message.objects.get()
    stays = message.attachments.get(name="a.jpg")
    edit = {"external_id": "a1", "kind": "edit", "whole": True}
    new = [["a.jpg", "en"], ["c.jpg", "tre"]]
    file(post(letters, "a1-edit", now, files=new, **edit)[0], at=now)
    assert [one.name for one in message.attachments.all()] == ["a.jpg", "c.jpg"]
    assert message.attachments.get(name="a.jpg") == stays
    [version] = message.versions.all()
    [earlier] = version.files
    assert earlier.name == "b.jpg"
    assert (Attachment.objects.count(), Attachment.everything.count()) == (2, 3)
    conversation = message.conversation
    case = f"/saker/{conversation.ref}/{conversation.key}"
    assert client.get(f"{case}/{stays.public_id}").status_code == 200
    assert client.get(f"{case}/{earlier.public_id}").status_code == 404
    client.force_login(per.staff.user)
    assert client.get(f"/desk/fil/{earlier.public_id}").status_code == 200
    page = client.get(f"/desk/sak/{conversation.ref}").content.decode()
    assert f"/desk/fil/{earlier.public_id}" in page.split("Vis hva som sto før")[1]


def test_an_edit_that_does_not_tell_of_its_files_or_cannot_bring_them_takes_none_away(
    letters, now, monkeypatch
):
    def lost(*_args, **_more):
        raise http.HttpError("away", maybe_sent=False)

    monkeypatch.setattr(http, "request", lost)
    file(post(letters, "a1", now, files=[["a.jpg", "en"]])[0], at=now)
    edit = {"external_id": "a1", "kind": "edit"}
    file(post(letters, "a1-1", now, body="Så", **edit)[0], at=now)
    lame = {"fetch": ["https://bilder.test/b.jpg"], "files": [["c.jpg", "tre"]], "whole": True}
    file(post(letters, "a1-2", now, body="Til slutt", **lame, **edit)[0], at=now)
    message = Message.objects.get()
    assert (message.body, [one.name for one in message.attachments.all()]) == (
        "Til slutt",
        ["a.jpg", "c.jpg"],
    )
    assert "https://bilder.test/b.jpg" in message.folded  # a person is told what is not here


def test_earlier_files_of_many_messages_are_one_question(letters, now, django_assert_num_queries):
    for number in range(4):
        said = {"external_id": f"a{number}", "kind": "edit", "whole": True, "files": []}
        file(post(letters, f"a{number}", now, files=[["a.jpg", "en"]])[0], at=now)
        file(post(letters, f"a{number}-edit", now, body="Uten bilde", **said)[0], at=now)
    with django_assert_num_queries(4):  # messages, files, versions, files of versions
        rows = Message.objects.with_files_and_versions()
        names = [one.name for row in rows for old in row.versions.all() for one in old.files]
    assert names == ["a.jpg"] * 4


def test_the_files_of_what_is_taken_back_are_no_longer_with_it(letters, now):
    file(post(letters, "a1", now, files=[["a.jpg", "en"]])[0], at=now)
    file(post(letters, "a1-gone", now, external_id="a1", kind="delete", body="")[0], at=now)
    message = Message.objects.get()
    assert not message.attachments.exists()
    assert [one.name for one in message.versions.get().files] == ["a.jpg"]


def test_an_edit_that_arrives_before_its_message_becomes_the_message(letters, now):
    file(post(letters, "e1", now, external_id="a1", kind="edit", body="Rettet")[0], at=now)
    file(post(letters, "a1", now, body="Opprinnelig")[0], at=now)
    assert Message.objects.get().body == "Rettet"


def test_what_cannot_be_read_goes_to_quarantine_and_comes_back_after_a_mend(
    letters, per, now, monkeypatch
):
    envelope, _ = post(letters, "bad", now, broken=True)
    file_due(now=lambda: now)
    envelope.refresh_from_db()
    assert (envelope.state, envelope.error) == ("quarantined", "The letter cannot be read.")
    assert list(Envelope.objects.visible_to(per).quarantined()) == [envelope]
    monkeypatch.setattr(
        Letters, "parse", lambda *a, **k: [InboundMessage("bad", Author("k"), "Lesbar nå", now)]
    )
    intake.replay(envelope, by=per, at=now)
    file_due(now=lambda: now)
    assert Message.objects.get().body == "Lesbar nå"


def test_a_fault_of_ours_is_tried_again_and_ends_in_quarantine_not_in_silence(letters, now):
    envelope, _ = post(letters, "boom", now, crash=True)
    for minutes in range(intake.MAX_ATTEMPTS):
        assert file_due(now=lambda m=minutes: now + timedelta(minutes=2 * m)) == 1
    envelope.refresh_from_db()
    assert envelope.state == "quarantined"
    assert "ZeroDivisionError" in envelope.error


@pytest.mark.django_db(transaction=True)
def test_a_server_slow_to_give_its_picture_holds_up_only_its_own_message(letters, now, monkeypatch):
    asked, let = threading.Event(), threading.Event()

    def slow(method, url, **_more):
        asked.set()
        let.wait(10)
        raise http.HttpError("Nothing came.", maybe_sent=True)

    monkeypatch.setattr(http, "request", slow)
    picture = "https://slow.test/hull.jpg"
    with Aside(lambda: now) as aside:
        post(letters, "a1", now, body="Se bildet", fetch=[picture])
        post(letters, "a2", now, body="Når blir det brøyting?")
        file_due(now=lambda: now, aside=aside)
        assert asked.wait(5)
        assert [one.body for one in Message.objects.all()] == ["Når blir det brøyting?"]
        late = now + timedelta(seconds=intake.LEASE.total_seconds() + 1)
        assert (
            file_due(now=lambda: late, aside=aside) == 1
        )  # its lease is over, but it is under way
        let.set()
    assert {one.body for one in Message.objects.all()} == {"Når blir det brøyting?", "Se bildet"}
    assert picture in Message.objects.get(body="Se bildet").folded


def test_an_envelope_whose_worker_died_is_taken_by_another(letters, now):
    post(letters, "a1", now)
    assert len(intake.claim(at=now)) == 1
    assert intake.claim(at=now) == []
    assert len(intake.claim(at=now + intake.LEASE + timedelta(seconds=1))) == 1


def test_a_message_has_exactly_one_author_and_a_note_is_never_public(question, ola, now):
    with pytest.raises(IntegrityError, match="message_one_author"), transaction.atomic():
        Message.objects.create(
            conversation=question,
            kind="answer",
            visibility="private",
            occurred_at=now,
            created_at=now,
        )
    with pytest.raises(IntegrityError, match="message_note_private"), transaction.atomic():
        Message.objects.create(
            conversation=question,
            kind="note",
            visibility="public",
            staff=ola.staff,
            occurred_at=now,
            created_at=now,
        )


@pytest.mark.parametrize("model", [Account, Unit, Person, Identity])
def test_deleting_what_was_spoken_through_never_deletes_what_was_said(question, model):
    spoken_through = model.objects.filter(pk__in=model.objects.values("pk"))
    with pytest.raises(ProtectedError):
        spoken_through.delete()
    assert Message.objects.count() == 1


def test_deleting_a_colleague_never_deletes_their_answers(question, ola, now):
    answer(question, "Vi brøyter nå.", by=ola, at=now)
    with pytest.raises(ProtectedError):
        ola.staff.delete()


def test_the_same_form_sent_twice_is_one_question(nordvaag):
    first = make_question(nordvaag, nonce="abc")
    assert make_question(nordvaag, nonce="abc") == first
    assert Message.objects.count() == 1


def test_case_numbers_have_no_gaps_and_start_again_each_year(nordvaag, now):
    refs = [make_question(nordvaag, at=now).ref for _ in range(3)]
    refs.append(make_question(nordvaag, at=now + timedelta(days=60)).ref)
    assert refs == ["NV-2026-1", "NV-2026-2", "NV-2026-3", "NV-2027-1"]
