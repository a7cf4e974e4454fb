from __future__ import annotations

from datetime import timedelta

import pytest

from tests.cast import make_question
from torget.casework.models import Draft
from torget.casework.rules import drafts, pending_replies
from torget.casework.rules.replying import Reply
from torget.conversations import rules as conversations
from torget.errors import NotAllowed

FETCH = {"X-Requested-With": "fetch"}


def test_a_draft_is_kept_as_one_writes_and_shown_on_any_machine(client, question, ola, now):
    client.force_login(ola.staff.user)
    address = f"/desk/sak/{question.ref}"
    told = client.post(f"{address}/utkast", {"svar-body": "Hei, vi"}, headers=FETCH).json()
    assert told["saved"].startswith("Utkast lagret")
    client.post(f"{address}/utkast", {"svar-body": "Hei, vi brøyter"}, headers=FETCH)
    client.logout()
    client.force_login(ola.staff.user)
    assert "Hei, vi brøyter</textarea>" in client.get(address).content.decode()
    assert Draft.objects.count() == 1


def test_answers_and_notes_are_kept_apart_and_one_sees_only_ones_own(
    client, question, ola, per, now
):
    drafts.keep(question, "answer", "Et svar", by=ola, at=now)
    drafts.keep(question, "note", "Et notat", by=ola, at=now)
    client.force_login(per.staff.user)
    page = client.get(f"/desk/sak/{question.ref}").content.decode()
    assert "Et svar" not in page
    assert "Et notat" not in page
    assert Draft.objects.count() == 2


def test_without_scripts_a_button_keeps_it_and_another_throws_it_away(client, question, ola):
    client.force_login(ola.staff.user)
    address = f"/desk/sak/{question.ref}"
    page = client.post(
        f"{address}/utkast", {"svar-body": "Hei", "svar-preliminary": "on"}, follow=True
    )
    assert "Utkastet er lagret." in page.content.decode()
    assert Draft.objects.get().choices == {"preliminary": True}
    client.post(f"{address}/utkast/kast", {"svar-body": "Hei"})
    assert not Draft.objects.exists()


def test_sending_uses_the_draft_up_and_a_late_save_does_not_bring_it_back(question, ola, now):
    drafts.keep(question, "answer", "Hei", by=ola, at=now)
    pending_replies.submit(question, Reply("Hei"), by=ola, at=now, seconds=10)
    assert not Draft.objects.exists()
    drafts.keep(question, "answer", "Hei", by=ola, at=now + timedelta(seconds=1))
    assert not Draft.objects.exists()
    conversations.note(question, "Et notat", by=ola, at=now)
    drafts.keep(question, "note", "Et notat ", by=ola, at=now + timedelta(seconds=1))
    assert not Draft.objects.exists()
    drafts.keep(question, "answer", "Noe nytt", by=ola, at=now + timedelta(seconds=1))
    assert Draft.objects.get().body == "Noe nytt"


def test_a_note_sent_uses_its_draft_up(client, question, ola, now):
    drafts.keep(question, "note", "Et notat", by=ola, at=now)
    client.force_login(ola.staff.user)
    client.post(f"/desk/sak/{question.ref}/notat", {"notat-body": "Et notat"})
    assert not Draft.objects.exists()


def test_a_refused_reply_is_kept_too(client, nordvaag, question, ola):
    client.force_login(ola.staff.user)
    client.post(
        f"/desk/sak/{question.ref}/svar",
        {"svar-body": "Begge deler", "svar-preliminary": "on", "svar-close": "on"},
    )
    assert Draft.objects.get().body == "Begge deler"


def test_who_may_not_answer_keeps_no_answers(question, siri, charlie, now):
    drafts.keep(question, "note", "Et notat", by=siri, at=now)
    for actor, kind in ((siri, "answer"), (charlie, "note"), (charlie, "answer")):
        with pytest.raises(NotAllowed):
            drafts.keep(question, kind, "x", by=actor, at=now)


def test_the_guard_whispers_while_one_writes_in_public(client, nordvaag, ola, now):
    public = make_question(nordvaag, "Hvem hjelper?", visibility="public", name="Kari Nordmann")
    client.force_login(ola.staff.user)
    address = f"/desk/sak/{public.ref}/utkast"

    def whispered(**data):
        return client.post(address, {"svar-visibility": "public", **data}, headers=FETCH).json()[
            "guard"
        ]

    assert whispered(**{"svar-body": "Vi brøyter i dag."}) == ""
    assert "412 34 567" in whispered(**{"svar-body": "Ring 412 34 567"})
    assert "Kari" in whispered(**{"svar-body": "Hei Kari"})
    assert whispered(**{"svar-body": "Ring 70 00 00 00"}) == ""  # the municipality's own
    private = {"svar-visibility": "private", "svar-body": "Ring 412 34 567"}
    assert client.post(address, private, headers=FETCH).json()["guard"] == ""
