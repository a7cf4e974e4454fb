from __future__ import annotations

from datetime import timedelta

import pytest

from torget.channels import http
from torget.channels.contract import (
    Author,
    File,
    InboundMessage,
    NetworkEvent,
    Polled,
    RawItem,
    SendError,
)
from torget.channels.models import Account
from torget.channels.registry import adapters
from torget.channels.rules import access, open_account
from torget.conversations import filing
from torget.conversations.models import Conversation, Message
from torget.conversations.rules import answer, correcting, reachable_privately
from torget.desk.tests.test_posts_on_our_accounts import Net, post, send
from torget.errors import NotAllowed, Refused
from torget.intake import listening
from torget.intake.models import Envelope
from torget.intake.rules import receive
from torget.outbox import rules as outbox
from torget.outbox.models import Delivery
from torget.people.actor import Actor
from torget.people.models import Unit


class Talking(Net):
    """Says what the test put in."""

    said: list = []

    def parse(self, item, account, *, received_at):
        return [self.said[int(item.body)]]


@pytest.fixture
def net(nordvaag, now, monkeypatch):
    made = Talking(read_private=True, by_sender=True, pre_moderate=True, private_reply=True)
    made.said = []
    monkeypatch.setitem(adapters(), "net", made)
    open_account(
        Unit.objects.get(municipality=nordvaag, slug="servicetorget"),
        network="net",
        address="net.test",
        name="Nett",
        by=Actor.system(nordvaag.pk),
        at=now,
    )
    return made


def say(net, now, words, *, name="1", visibility="public", who="did:kari", **more):
    net.said.append(
        InboundMessage(
            name, Author(who, "Kari", handle="@kari"), words, now, visibility=visibility, **more
        )
    )
    return take_in(net, now)


def take_in(net, now):
    account = Account.objects.get(network="net")
    number = len(net.said) - 1
    pk, _known = receive(account.pk, RawItem(f"e{number}", str(number).encode()), at=now)
    envelope = Envelope.objects.select_related("account__municipality").get(pk=pk)
    return filing.file(envelope, at=now)


def test_what_is_public_there_is_not_shown_on_our_square_unless_decided(net, now, client):
    said = say(net, now, "Hvorfor er Storgata stengt?").messages[0]
    assert said.visibility == "public"
    assert said.conversation.ref not in client.get("/vegg").content.decode()
    assert client.get(f"/vegg/{said.conversation.ref}").status_code == 404
    Account.objects.filter(network="net").update(on_square=True)
    shown = say(net, now, "Og Kirkegata?", name="2").messages[0]
    assert shown.conversation.ref in client.get("/vegg").content.decode()


def test_a_comment_and_a_private_message_of_one_person_are_one_talk(net, now):
    public = say(net, now, "Hvorfor er Storgata stengt?").messages[0]
    private = say(net, now, "Jeg bor der.", name="2", visibility="private").messages[0]
    other = say(net, now, "Hei", name="3", visibility="private", who="did:nina").messages[0]
    assert private.conversation == public.conversation != other.conversation
    assert (public.visibility, private.visibility) == ("public", "private")


def test_a_month_later_it_is_a_new_matter(net, now):
    first = say(net, now, "Hei", visibility="private").messages[0]
    later = say(net, now + timedelta(days=30), "Hei", name="2", visibility="private").messages[0]
    assert first.conversation != later.conversation


def test_a_public_answer_goes_back_under_what_was_said_and_a_private_one_to_the_person(
    net, ola, now
):
    conversation = say(net, now, "Hvorfor er Storgata stengt?").messages[0].conversation
    assert reachable_privately(conversation) == "channel"
    answer(conversation, "Vannledningen byttes.", by=ola, at=now, visibility="public")
    answer(conversation, "Skriv adressen din.", by=ola, at=now, visibility="private")
    send(now)
    private, public = sorted(net.did, key=lambda out: out.visibility)
    assert (public.visibility, public.parent, public.signature) == (
        "public",
        "1",
        "Ola, Servicetorget",
    )
    assert (private.visibility, private.recipient) == ("private", "did:kari")


def test_an_answer_the_network_does_not_take_whole_is_sent_back_to_its_writer(net, ola, now):
    conversation = say(net, now, "Hvorfor?").messages[0].conversation
    with pytest.raises(Refused) as refusal:
        answer(conversation, "Fordi. " * 20, by=ola, at=now, visibility="public")
    assert refusal.value.code == "too_long_there"
    assert "100" in refusal.value.message


def test_a_comment_under_our_post_joins_it(net, amina, now):
    ours = post(amina, now)
    send(now)
    theirs = say(net, now, "Endelig!", parents=["net-1"]).messages[0]
    assert theirs.conversation == ours.conversation


def test_hidden_there_it_is_hidden_here_with_its_reason_and_can_be_shown_again(net, per, ola, now):
    message = say(net, now, "Idioter!").messages[0]
    with pytest.raises(NotAllowed):
        correcting.act_there(message, "hide", "Regel 3", by=ola, at=now)
    with pytest.raises(Refused):
        correcting.act_there(message, "hide", "", by=per, at=now)
    correcting.act_there(message, "hide", "Regel 3", by=per, at=now)
    send(now)
    assert [(out.act, out.target) for out in net.did] == [("hide", "1")]
    message.refresh_from_db()
    assert (message.hidden_reason, message.body) == ("Regel 3", "Idioter!")
    assert correcting.acts_there(message) == ["show"]
    correcting.act_there(message, "show", "Feil vurdert", by=per, at=now + timedelta(minutes=1))
    send(now + timedelta(minutes=1))
    assert net.did[-1].act == "show"
    message.refresh_from_db()
    assert message.hidden_at is None


def test_what_waits_there_is_let_through(net, per, now):
    message = say(net, now, "Fint!", pending=True).messages[0]
    assert "show" in correcting.acts_there(message)
    correcting.act_there(message, "show", "Greit", by=per, at=now)
    message.refresh_from_db()
    assert not message.held_there


def test_a_deletion_that_comes_first_wins(net, now):
    assert say(net, now, "", kind="delete").messages == []
    assert say(net, now, "Sent ute").messages == []
    assert not Message.objects.exists()


def test_an_older_edit_that_comes_late_changes_nothing(net, now):
    say(net, now, "Først")
    say(net, now, "Sist", kind="edit", changed_at=now + timedelta(minutes=2))
    say(net, now, "Midt", kind="edit", changed_at=now + timedelta(minutes=1))
    assert Message.objects.get().body == "Sist"


def test_news_only_the_network_understands_is_heeded_with_the_envelope(net, now, monkeypatch):
    heard = []
    monkeypatch.setattr(
        Talking, "on_event", lambda self, event, account, at: heard.append(event.data)
    )
    net.said.append(NetworkEvent("network", data={"follow": "kari"}))
    take_in(net, now)
    assert heard == [{"follow": "kari"}]
    assert Envelope.objects.get().state == Envelope.State.NOTED


def test_a_delivery_report_is_written_beside_what_was_sent(net, ola, now):
    conversation = say(net, now, "Hei", visibility="private").messages[0].conversation
    answer(conversation, "Hei.", by=ola, at=now)
    send(now)
    net.said.append(NetworkEvent("receipt", of="net-1", detail="DELIVRD"))
    take_in(net, now)
    assert Delivery.objects.get().trail[-1]["detail"] == "DELIVRD"


def test_what_asking_finds_that_no_webhook_brought_is_counted(net, now):
    net.said.append(InboundMessage("9", Author("did:kari"), "Hei", now, visibility="public"))
    account = Account.objects.get(network="net")
    pk, _known = receive(account.pk, RawItem("poll", b"0", headers={"via": "reconcile"}), at=now)
    filing.file(Envelope.objects.select_related("account__municipality").get(pk=pk), at=now)
    account.refresh_from_db()
    assert account.missed_count == 1
    assert Conversation.objects.count() == 1


def test_while_one_writes_the_networks_measure_is_counted(net, ola, now, client):
    conversation = say(net, now, "Hvorfor?").messages[0].conversation
    client.force_login(ola.staff.user)
    written = {"svar-body": "Fordi vannledningen byttes.", "svar-visibility": "public"}
    answered = client.post(
        f"/desk/sak/{conversation.ref}/utkast", written, headers={"x-requested-with": "fetch"}
    ).json()
    assert "/ 100 tegn" in " ".join(answered["guard"].split())
    assert "For langt" not in answered["guard"]
    written["svar-body"] *= 9
    answered = client.post(
        f"/desk/sak/{conversation.ref}/utkast", written, headers={"x-requested-with": "fetch"}
    ).json()
    assert "For langt" in answered["guard"]
    assert "/ 100 tegn" in " ".join(
        client.get(f"/desk/sak/{conversation.ref}").content.decode().split()
    )


def test_what_is_deleted_or_edited_there_leaves_our_lists_too(net, now, client):
    Account.objects.filter(network="net").update(on_square=True)
    said = say(net, now, "Naboen min er syk.").messages[0]
    assert "Naboen min er syk." in client.get("/vegg").content.decode()
    later = now + timedelta(minutes=1)
    edit = {"kind": "edit", "changed_at": later}
    say(net, now, "Hvem hjelper naboer?", **edit)
    said.conversation.refresh_from_db()
    assert said.conversation.subject == said.conversation.preview == "Hvem hjelper naboer?"
    say(net, now, "", kind="delete")
    said.conversation.refresh_from_db()
    assert said.conversation.preview == ""
    assert "naboer" not in said.conversation.subject
    assert "naboer" not in client.get("/vegg").content.decode()


def test_private_words_that_change_do_not_come_on_the_public_row(net, now, ola):
    first = say(net, now, "Hei").messages[0]
    say(net, now, "Hei", name="2", visibility="private")
    say(net, now, "Jeg er syk", name="2", kind="edit", changed_at=now + timedelta(minutes=1))
    first.conversation.refresh_from_db()
    assert first.conversation.preview == "Hei"
    aside = answer(first.conversation, "Hei", by=ola, at=now, visibility="private")
    correcting.correct(aside, "Du er syk", by=ola, at=now)
    first.conversation.refresh_from_db()
    assert first.conversation.preview == "Hei"


def test_hiding_that_waits_to_be_tried_again_does_not_undo_a_later_showing(net, now, per):
    said = say(net, now, "Tull").messages[0]
    hidden = correcting.act_there(said, "hide", "Utskjelling", by=per, at=now)
    said.refresh_from_db()
    shown = correcting.act_there(said, "show", "Feil", by=per, at=now + timedelta(seconds=9))
    hidden.refresh_from_db()
    assert (hidden.state, shown.state) == ("cancelled", "due")


def test_a_decision_never_overtakes_an_earlier_one_that_may_still_be_under_way(net, now, per):
    said = say(net, now, "Tull").messages[0]
    hidden = correcting.act_there(said, "hide", "Utskjelling", by=per, at=now)
    net.fault = SendError("Cut.", ambiguous=True)
    send(now)
    net.fault = None
    said.refresh_from_db()
    shown = correcting.act_there(said, "show", "Feil", by=per, at=now + timedelta(seconds=9))
    send(now + timedelta(seconds=9))
    assert net.did == []
    # Half a minute later nothing of the first can come any more, and it is not looked up or sent again.
    send(now + timedelta(seconds=31))
    assert [out.act for out in net.did] == ["show"]
    hidden.refresh_from_db()
    shown.refresh_from_db()
    assert (hidden.state, shown.state) == ("cancelled", "sent")


def test_a_second_correction_waits_for_the_first_and_is_the_one_that_stands(net, now, ola):
    conversation = say(net, now, "Når?").messages[0].conversation
    said = answer(conversation, "I dag.", by=ola, at=now)
    send(now)
    (first,) = correcting.correct(said, "I morgen.", by=ola, at=now)
    claimed = outbox.claim([first.account_id], at=now)
    assert [one.id for one in claimed] == [first.pk]  # a worker is at it
    (second,) = correcting.correct(said, "I natt.", by=ola, at=now)
    send(now + timedelta(seconds=1))
    assert [out.act for out in net.did] == ["say"]
    outbox.settle_failed(claimed[0], SendError("Busy."), at=now + timedelta(seconds=2))
    for seconds in (60, 70):  # tried again in its own time, and only then the second
        send(now + timedelta(seconds=seconds))
    assert [out.body for out in net.did] == ["I dag.", "I morgen.", "I natt."]
    assert Delivery.objects.get(pk=second.pk).state == "sent"


def test_an_answer_that_no_account_of_ours_would_send_is_refused_in_words(net, now, ola):
    conversation = say(net, now, "Hvorfor?").messages[0].conversation
    Account.objects.filter(network="net").update(in_use=False)
    conversation = Conversation.objects.get(pk=conversation.pk)
    with pytest.raises(Refused) as refused:
        answer(conversation, "Fordi.", by=ola, at=now)
    assert refused.value.code == "not_in_use"
    assert not Delivery.objects.exists()


def test_of_a_file_that_cannot_be_had_its_address_stays_with_the_message(net, now, monkeypatch):
    def nobody_there(*_args, **_more):
        raise http.HttpError("No answer.", maybe_sent=True)

    monkeypatch.setattr(http, "request", nobody_there)
    picture = File("snø.jpg", "image/jpeg", b"", url="https://net.example/sno.jpg")
    message = say(net, now, "Se her", attachments=[picture]).messages[0]
    assert "https://net.example/sno.jpg" in message.folded
    assert not message.attachments.exists()


def test_a_network_that_has_had_enough_uses_up_no_attempts(net, ola, now):
    conversation = say(net, now, "Hei", visibility="private").messages[0].conversation
    answer(conversation, "Hei.", by=ola, at=now)
    net.fault = SendError("Too much.", limited=True, retry_after_seconds=60)
    send(now)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == (Delivery.State.DUE, 0)
    assert delivery.next_attempt_at == now + timedelta(seconds=60)
    net.fault = None
    send(now + timedelta(seconds=30))
    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.DUE
    send(now + timedelta(seconds=61))
    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.SENT


def test_where_the_account_is_closed_since_another_of_ours_there_answers(net, ola, now, nordvaag):
    conversation = say(net, now, "Hei", visibility="private").messages[0].conversation
    unit = Unit.objects.get(municipality=nordvaag, slug="servicetorget")
    system = Actor.system(nordvaag.pk)
    newer = open_account(unit, network="net", address="ny.test", name="Ny", by=system, at=now)
    Account.objects.filter(pk=conversation.account_id).update(closed_at=now)
    conversation.refresh_from_db()
    answer(conversation, "Hei.", by=ola, at=now)
    assert Delivery.objects.get().account == newer


def test_when_it_was_last_asked_for_what_webhooks_lost_is_kept(net, now, monkeypatch):
    account = Account.objects.get(network="net")
    answer_of = {"reconciled": False}
    monkeypatch.setattr(Talking, "poll", lambda self, account, cursor: Polled(**answer_of))
    listening.ask(access(account))
    account.refresh_from_db()
    assert account.reconciled_at is None
    answer_of["reconciled"] = True
    listening.ask(access(account))
    account.refresh_from_db()
    assert account.reconciled_at is not None
