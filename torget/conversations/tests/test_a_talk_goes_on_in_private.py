from __future__ import annotations

import json

import pytest

from tests.cast import make_question
from torget.channels import rules as channels
from torget.channels.contract import Author, File, InboundMessage, RawItem
from torget.conversations import filing, rules
from torget.conversations.attachments import prepare
from torget.conversations.models import Message
from torget.conversations.rules.submitting import Submission, comment, follow_up, post
from torget.errors import Refused
from torget.intake import rules as intake
from torget.intake.models import Envelope
from torget.outbox.models import Delivery
from torget.people.actor import Actor
from torget.people.models import Unit

NOTE = "Vi fortsetter samtalen privat."


@pytest.fixture
def mail(nordvaag, now):
    return channels.open_account(
        Unit.objects.get(municipality=nordvaag, slug="servicetorget"),
        network="email",
        address="post@nordvaag.test",
        name="Post",
        by=Actor.system(nordvaag.pk),
        at=now,
    )


@pytest.fixture
def public(nordvaag, mail):
    """Kari asks in public and gives her address."""
    return make_question(
        nordvaag, "Hvem kan hjelpe meg?", visibility="public", email="kari@innbygger.test"
    )


def go_private(conversation, ola, now, body="Privat svar om deg"):
    conversation.refresh_from_db()
    return rules.answer(conversation, body, by=ola, at=now, visibility="private", public_note=NOTE)


def test_the_private_words_go_to_the_one_who_asked_also_when_another_spoke_last(
    nordvaag, public, ola, now
):
    comment(
        public,
        Submission("Meg også!", "public", email="nils@innbygger.test"),
        by=Actor.resident(nordvaag.pk),
        at=now,
    )
    message = go_private(public, ola, now)
    sent = Delivery.objects.filter(subject_type="conversations.message")
    assert [one.recipient for one in sent] == ["kari@innbygger.test"]
    assert (message.visibility, message.recipient) == ("private", public.identity)


def test_a_short_word_stays_in_public_and_the_row_shows_nothing_private(public, ola, now):
    go_private(public, ola, now)
    public.refresh_from_db()
    assert [m.body for m in Message.objects.filter(conversation=public).public()] == [
        "Hvem kan hjelpe meg?",
        NOTE,
    ]
    assert (public.preview, public.message_count, public.public_count) == (NOTE, 3, 2)
    rules.answer(public, "Enda et privat svar", by=ola, at=now, visibility="private")
    follow_up(public, Submission("Helt privat tilbake", "public"), at=now)
    public.refresh_from_db()
    assert (public.preview, public.public_count) == (NOTE, 2)


def test_what_she_says_from_the_case_page_is_private_from_then_on(client, public, ola, now):
    address = f"/saker/{public.ref}/{public.key}"
    assert "Alle kan lese det du skriver her." in client.get(address).content.decode()
    go_private(public, ola, now)
    page = client.get(address).content.decode()
    assert "Bare du og kommunen kan lese det du skriver her." in page
    assert "Privat svar om deg" in page
    assert f"/vegg/{public.ref}" in page  # the way back
    client.post(address, {"body": "Takk, her er mer om meg", "nonce": ""})
    said = Message.objects.get(body__startswith="Takk, her")
    assert said.visibility == "private"
    for open_page in (f"/vegg/{public.ref}", "/vegg", "/", "/feed/vegg.json", "/sok?q=Takk"):
        text = client.get(open_page).content.decode()
        assert "Takk, her er mer" not in text
        assert "Privat svar om deg" not in text


def test_a_national_identity_number_may_be_told_in_private_though_the_question_was_public(
    client, public, ola, now
):
    go_private(public, ola, now)
    address = f"/saker/{public.ref}/{public.key}"
    answer = client.post(address, {"body": "Mitt nummer er 13097248022", "nonce": ""})
    assert answer.status_code == 302
    assert Message.objects.get(body__contains="13097248022").visibility == "private"


def test_a_comment_in_the_public_thread_stays_public(nordvaag, public, ola, now):
    go_private(public, ola, now)
    comment(public, Submission("Samme her", "public"), by=Actor.resident(nordvaag.pk), at=now)
    assert Message.objects.get(body="Samme her").visibility == "public"


def test_a_commenter_never_gets_the_key_of_anothers_case(nordvaag, public, ola, now):
    comment(
        public,
        Submission("Meg også!", "public", email="nils@innbygger.test"),
        by=Actor.resident(nordvaag.pk),
        at=now,
    )
    rules.answer(public, "Svar til alle", by=ola, at=now)
    [sent] = Delivery.objects.filter(recipient="nils@innbygger.test")
    assert public.key not in json.dumps(sent.payload)
    assert f"/vegg/{public.ref}" in sent.payload["case_url"]


def test_what_another_says_in_private_in_the_thread_is_not_shown_to_the_one_who_asked(
    client, nordvaag, mail, public, ola, now
):
    # Nils answers the mail he got: it is private, and his alone.
    envelope_id, _ = intake.receive(mail.pk, _item("m1"), at=now)
    envelope = Envelope.objects.select_related("account__municipality").get(pk=envelope_id)
    filing._file_new(
        envelope,
        InboundMessage(
            "m1", Author("nils@innbygger.test", "Nils"), "Hemmelig fra Nils", now, case=public.key
        ),
        now,
    )
    public.refresh_from_db()
    assert public.preview == "Hvem kan hjelpe meg?"
    page = client.get(f"/saker/{public.ref}/{public.key}").content.decode()
    assert "Hvem kan hjelpe meg?" in page
    assert "Hemmelig fra Nils" not in page


def test_an_answer_to_what_was_private_is_private_whatever_its_network_says(mail, public, ola, now):
    go_private(public, ola, now)
    Delivery.objects.update(receipt="<ours@nordvaag.test>")
    envelope_id, _ = intake.receive(mail.pk, _item("m2"), at=now)
    envelope = Envelope.objects.select_related("account__municipality").get(pk=envelope_id)
    said = InboundMessage(
        "m2",
        Author("kari@innbygger.test", "Kari"),
        "Mer om meg",
        now,
        visibility="public",
        parents=["<ours@nordvaag.test>"],
    )
    message = filing._file_new(envelope, said, now)
    assert (message.conversation_id, message.visibility) == (public.pk, "private")


def _item(name):
    return RawItem(name, b"x", "message/rfc822")


def test_files_of_a_private_answer_are_not_handed_out_in_public(client, public, ola, now):
    rules.answer(
        public,
        "Se vedlegget",
        by=ola,
        at=now,
        visibility="private",
        files=[prepare(File("vedtak.pdf", "application/pdf", b"%PDF-1.4"))],
    )
    file = Message.objects.get(kind="answer").attachments.get()
    assert client.get(f"/fil/{file.public_id}").status_code == 404
    assert client.get(f"/saker/{public.ref}/{public.key}/{file.public_id}").status_code == 200


def test_who_gave_no_address_reads_it_at_the_secret_address(nordvaag, ola, now):
    asked = make_question(nordvaag, "Hvem kan hjelpe?", visibility="public")
    assert rules.reachable_privately(asked) == "page"
    go_private(asked, ola, now)
    assert rules.gone_private(asked)


def test_who_posted_on_the_wall_without_an_address_cannot_be_told_in_private(
    client, nordvaag, ola, now
):
    wall = post(
        nordvaag, Submission("For en dag!", "public"), by=Actor.resident(nordvaag.pk), at=now
    )
    assert rules.reachable_privately(wall) == ""
    with pytest.raises(Refused, match="ikke nå innbyggeren privat"):
        go_private(wall, ola, now)
    client.force_login(ola.staff.user)
    page = client.get(f"/desk/sak/{wall.ref}").content.decode()
    assert "kan ikke nås privat" in page
    assert "svar-visibility" not in page


def test_what_is_said_in_public_beside_it_is_watched_too(public, ola, now):
    with pytest.raises(Refused, match="fødselsnummer"):
        rules.answer(
            public,
            "Privat",
            by=ola,
            at=now,
            visibility="private",
            public_note="Svar til 13097248022",
        )
