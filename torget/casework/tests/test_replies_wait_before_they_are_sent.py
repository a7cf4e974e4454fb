from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import close_old_connections, connection, transaction

from tests.cast import make_question, make_staff
from torget.casework.models import Draft, PendingReply, Preference
from torget.casework.rules import drafts, pending_replies
from torget.casework.rules.replying import Crossed, Guarded, Reply, Seen, undo_seconds
from torget.casework.tasks import release_due
from torget.channels import rules as channels
from torget.channels.watchdog import standstills
from torget.conversations.attachments import Prepared
from torget.conversations.models import Message
from torget.conversations.rules.submitting import Submission, follow_up
from torget.errors import Refused, Stale
from torget.history.models import Entry
from torget.outbox.models import Delivery
from torget.people.actor import Actor
from torget.people.models import RoleGrant, Unit
from torget.people.roles import Role
from torget.subscriptions.models import Subscription
from torget.subscriptions.rules import follow_by_address

SOON = timedelta(seconds=10)
TEXT = Reply("Vi brøyter før klokka tolv.")


def answers(conversation):
    return [m.body for m in conversation.messages.filter(kind=Message.Kind.ANSWER)]


def test_a_reply_is_not_sent_before_the_time_to_regret_is_over(question, ola, now):
    pending_replies.submit(question, TEXT, by=ola, at=now, seconds=10)
    assert release_due(now=lambda: now + SOON - timedelta(seconds=1)) == 0
    assert answers(question) == []
    question.refresh_from_db()
    assert question.waiting_since
    assert release_due(now=lambda: now + SOON) == 1
    assert answers(question) == [TEXT.body]
    question.refresh_from_db()
    assert (question.state, question.waiting_since) == ("answered", None)
    assert PendingReply.objects.get().message.signature == "Ola, Servicetorget"


def test_the_writer_may_ask_for_no_time_at_all(question, ola, now):
    assert undo_seconds(ola.staff) == 10
    Preference.objects.create(staff=ola.staff, undo_seconds=0)
    held = pending_replies.submit(question, TEXT, by=ola, at=now, seconds=undo_seconds(ola.staff))
    assert held.state == PendingReply.State.SENT
    assert answers(question) == [TEXT.body]


def test_a_regretted_reply_is_a_draft_again_with_what_was_chosen(question, ola, now):
    file = Prepared("a" * 64, "application/pdf", "kart.pdf", 10)
    given = Reply("Utkast", files=[file], close=True)
    held = pending_replies.submit(question, given, by=ola, at=now, seconds=10)
    assert not Draft.objects.exists()
    pending_replies.undo_send(held, by=ola, at=now)
    draft = Draft.objects.get()
    assert (draft.body, draft.files, draft.choices["close"]) == ("Utkast", [file.as_json()], True)
    assert release_due(now=lambda: now + SOON) == 0
    assert answers(question) == []


def test_what_was_begun_meanwhile_is_kept_behind_the_regretted_text(question, ola, now):
    held = pending_replies.submit(question, TEXT, by=ola, at=now, seconds=10)
    drafts.keep(question, "answer", "Og en ting til", by=ola, at=now)
    pending_replies.undo_send(held, by=ola, at=now)
    assert Draft.objects.get().body == f"{TEXT.body}\n\nOg en ting til"


def test_what_is_sent_cannot_be_regretted_nor_what_is_anothers(question, ola, per, now):
    held = pending_replies.submit(question, TEXT, by=ola, at=now, seconds=10)
    with pytest.raises(Refused, match="Bare den som skrev"):
        pending_replies.undo_send(held, by=per, at=now)
    release_due(now=lambda: now + SOON)
    with pytest.raises(Stale):
        pending_replies.undo_send(held, by=ola, at=now)


def email_account(nordvaag, now):
    return channels.open_account(
        Unit.objects.get(municipality=nordvaag, slug="servicetorget"),
        network="email",
        address="post@nordvaag.test",
        name="Post",
        by=Actor.system(nordvaag.pk),
        at=now,
    )


def test_message_delivery_history_and_followers_are_one_transaction(nordvaag, ola, now):
    email_account(nordvaag, now)
    post = make_question(
        nordvaag, "Når åpner bassenget?", visibility="public", email="kari@innbygger.test"
    )
    follow_by_address(post, "per@innbygger.test", title="x", language="nb", at=now)
    Subscription.objects.update(confirmed_at=now)
    pending_replies.submit(post, Reply("På mandag."), by=ola, at=now, seconds=10)
    before = Delivery.objects.count()

    def dies_at_the_end():
        with transaction.atomic():
            assert pending_replies.release_next(at=now + SOON)
            assert answers(post) == ["På mandag."]
            assert Delivery.objects.count() == before + 2  # to Kari, and to Per who follows
            raise RuntimeError

    with pytest.raises(RuntimeError):
        dies_at_the_end()
    assert (answers(post), Delivery.objects.count()) == ([], before)
    assert PendingReply.objects.get().state == PendingReply.State.WAITING
    assert not Entry.objects.filter(verb="message.answered").exists()
    release_due(now=lambda: now + SOON)
    assert (answers(post), Delivery.objects.count()) == (["På mandag."], before + 2)
    assert Entry.objects.filter(verb="message.answered").count() == 1


def test_one_who_may_no_longer_answer_gets_the_text_back(question, ola, now):
    pending_replies.submit(question, TEXT, by=ola, at=now, seconds=10)
    RoleGrant.objects.filter(staff=ola.staff).update(ended_at=now)
    release_due(now=lambda: now + SOON)
    held = PendingReply.objects.get()
    assert (held.state, answers(question)) == (PendingReply.State.UNDONE, [])
    assert held.reason
    assert Draft.objects.get().body == TEXT.body
    assert Entry.objects.filter(verb="reply.stopped").count() == 1


def test_one_that_cannot_be_sent_does_not_stop_the_others(nordvaag, ola, now):
    first, second = make_question(nordvaag), make_question(nordvaag)
    broken = pending_replies.submit(first, TEXT, by=ola, at=now, seconds=5)
    PendingReply.objects.filter(pk=broken.pk).update(files=[{"nonsense": 1}])
    pending_replies.submit(second, TEXT, by=ola, at=now, seconds=10)
    assert release_due(now=lambda: now + SOON) == 1
    assert answers(second) == [TEXT.body]
    assert PendingReply.objects.get(pk=broken.pk).state == PendingReply.State.WAITING


def test_a_reply_that_stands_on_hold_too_long_is_told_of(question, ola, now):
    pending_replies.submit(question, TEXT, by=ola, at=now, seconds=10)
    assert not [sort for sort, _ in standstills(at=now + timedelta(minutes=1)) if sort == "held"]
    assert [sort for sort, _ in standstills(at=now + timedelta(minutes=3)) if sort == "held"]


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_what_is_due_exactly_once(nordvaag, now):
    ola = Actor.of_staff(make_staff(nordvaag, "Ola", Role.RESPONDER))
    questions = [
        make_question(nordvaag, f"Spørsmål {n}", email="kari@innbygger.test") for n in range(12)
    ]
    for question in questions:
        pending_replies.submit(question, TEXT, by=ola, at=now, seconds=10)
    sent = []

    def work():
        close_old_connections()
        try:
            sent.append(release_due(now=lambda: now + SOON))
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    while release_due(now=lambda: now + SOON):
        pass
    assert [len(answers(question)) for question in questions] == [1] * 12
    assert PendingReply.objects.filter(state=PendingReply.State.SENT).count() == 12


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies_while_sending_leaves_it_to_the_next(nordvaag, now):
    ola = Actor.of_staff(make_staff(nordvaag, "Ola", Role.RESPONDER))
    question = make_question(nordvaag)
    pending_replies.submit(question, TEXT, by=ola, at=now, seconds=10)

    def die():
        close_old_connections()
        transaction.set_autocommit(False)
        pending_replies.release_next(at=now + SOON)
        connection.connection.close()  # as when the process is killed: no commit, no rollback said
        connection.close()

    worker = threading.Thread(target=die)
    worker.start()
    worker.join()
    assert answers(question) == []
    assert release_due(now=lambda: now + SOON) == 1
    assert answers(question) == [TEXT.body]


def test_a_colleague_who_answered_meanwhile_is_seen_first(question, ola, per, now):
    seen = Seen.of(question)
    pending_replies.submit(question, TEXT, by=per, at=now, seconds=0)
    with pytest.raises(Crossed) as crossed:
        pending_replies.submit(question, Reply("Mitt svar"), by=ola, at=now, seconds=10, seen=seen)
    assert crossed.value.other.body == TEXT.body
    assert "Per svarte mens du skrev" in crossed.value.message
    # Having read it, Ola may still send.
    pending_replies.submit(
        question, Reply("Mitt svar"), by=ola, at=now, seconds=0, seen=Seen.of(question)
    )
    assert answers(question) == [TEXT.body, "Mitt svar"]


def test_a_colleagues_reply_on_hold_counts_too_and_ones_own_does_not(question, ola, per, now):
    seen = Seen.of(question)
    pending_replies.submit(question, TEXT, by=per, at=now, seconds=10)
    with pytest.raises(Crossed):
        pending_replies.submit(question, Reply("Mitt"), by=ola, at=now, seconds=10, seen=seen)
    pending_replies.submit(question, Reply("Og mer"), by=per, at=now, seconds=10, seen=seen)


def test_of_two_who_send_at_once_one_is_told(client, question, ola, per, now):
    client.force_login(ola.staff.user)
    page = client.get(f"/desk/sak/{question.ref}")
    seen = page.context["reply_form"].initial["seen"]
    pending_replies.submit(question, TEXT, by=per, at=now, seconds=0)
    sent = client.post(
        f"/desk/sak/{question.ref}/svar", {"svar-body": "Mitt svar", "svar-seen": seen}
    )
    assert sent.status_code == 422
    assert "Per svarte mens du skrev" in sent.content.decode()
    assert sent.content.decode().count(TEXT.body) >= 2  # in the thread, and beside the text box
    assert Draft.objects.get().body == "Mitt svar"
    again = sent.context["reply_form"].data["svar-seen"]
    sent = client.post(
        f"/desk/sak/{question.ref}/svar", {"svar-body": "Mitt svar", "svar-seen": again}
    )
    assert sent.status_code == 302
    assert not Draft.objects.exists()


def test_files_of_the_staff_go_along_through_the_hold(client, nordvaag, ola, now):
    question = make_question(nordvaag)
    client.force_login(ola.staff.user)
    address = f"/desk/sak/{question.ref}"
    pdf = b"%PDF-1.4 kart"

    file = SimpleUploadedFile("kart.pdf", pdf, "application/pdf")
    client.post(f"{address}/svar", {"svar-body": "Se kartet.", "svar-attachments": [file]})
    held = PendingReply.objects.get()
    [kept] = held.files
    assert client.get(f"{address}/vent/{held.pk}/{kept['sha256']}").getvalue() == pdf
    client.post(f"{address}/angre/{held.pk}")
    page = client.get(address).content.decode()
    assert "kart.pdf" in page
    client.post(f"{address}/svar", {"svar-body": "Se kartet.", "svar-kept": [kept["sha256"]]})
    release_due(now=lambda: PendingReply.objects.last().release_at)
    [attached] = Message.objects.get(kind="answer").attachments.all()
    assert (attached.name, attached.size) == ("kart.pdf", len(pdf))


def test_the_guard_stops_a_public_reply_until_it_is_let_through(nordvaag, ola, now):
    post = make_question(nordvaag, "Hvem kan hjelpe?", visibility="public")
    given = Reply("Ring 412 34 567 om diagnosen.")
    with pytest.raises(Guarded) as guarded:
        pending_replies.submit(post, given, by=ola, at=now, seconds=0)
    assert [one.code for one in guarded.value.findings] == ["phone", "health"]
    with pytest.raises(Guarded):
        pending_replies.submit(post, given, by=ola, at=now, seconds=0, let_through=["phone"])
    held = pending_replies.submit(
        post, given, by=ola, at=now, seconds=0, let_through=["phone", "health"]
    )
    assert held.let_through == ["health", "phone"]
    entry = Entry.objects.get(verb="reply.let_through")
    assert entry.data["codes"] == ["health", "phone"]
    assert "412" not in str(entry.data)


def test_a_preliminary_reply_keeps_the_resident_waiting_for_the_real_one(question, ola, now):
    since = question.waiting_since
    pending_replies.submit(
        question, Reply("Vi ser på det.", preliminary=True), by=ola, at=now, seconds=0
    )
    question.refresh_from_db()
    assert (question.state, question.waiting_since, question.preliminary_at) == ("open", since, now)
    pending_replies.submit(question, TEXT, by=ola, at=now, seconds=0)
    question.refresh_from_db()
    assert (question.state, question.waiting_since) == ("answered", None)
    with pytest.raises(Refused, match="avslutter ikke"):
        pending_replies.submit(
            question, Reply("x", preliminary=True, close=True), by=ola, at=now, seconds=0
        )


def test_what_the_resident_says_meanwhile_is_not_answered_by_it(question, ola, now):
    pending_replies.submit(question, Reply("Ja.", close=True), by=ola, at=now, seconds=10)
    said_at = now + timedelta(seconds=4)
    follow_up(question, Submission("Og hva koster det?", "private"), at=said_at)
    release_due(now=lambda: now + SOON)
    question.refresh_from_db()
    assert answers(question) == ["Ja."]
    assert question.state == "open"
    assert question.waiting_since


def test_nothing_is_delivered_while_a_reply_is_on_hold(nordvaag, ola, now):
    email_account(nordvaag, now)
    question = make_question(nordvaag, email="kari@innbygger.test")
    before = Delivery.objects.count()
    pending_replies.submit(question, TEXT, by=ola, at=now, seconds=10)
    assert Delivery.objects.count() == before
    release_due(now=lambda: now + SOON)
    assert Delivery.objects.count() == before + 1


@pytest.mark.parametrize("seconds", [0, 10])
def test_the_same_form_sent_twice_is_one_reply(question, ola, now, seconds):
    seen = Seen.of(question)
    held = pending_replies.submit(question, TEXT, by=ola, at=now, seconds=seconds, seen=seen)
    again = pending_replies.submit(question, TEXT, by=ola, at=now, seconds=seconds, seen=seen)
    assert again == held
    release_due(now=lambda: now + SOON)
    assert (
        pending_replies.submit(question, TEXT, by=ola, at=now + SOON, seconds=0, seen=seen) == held
    )
    assert answers(question) == [TEXT.body]
    # Having seen it said, the writer may say it again; and having regretted it.
    seen = Seen.of(question)
    more = pending_replies.submit(question, TEXT, by=ola, at=now + SOON, seconds=10, seen=seen)
    pending_replies.undo_send(more, by=ola, at=now + SOON)
    pending_replies.submit(question, TEXT, by=ola, at=now + SOON, seconds=0, seen=seen)
    assert answers(question) == [TEXT.body] * 2


def test_a_form_sent_twice_from_the_page_leaves_no_draft_and_no_second_reply(client, question, ola):
    client.force_login(ola.staff.user)
    seen = client.get(f"/desk/sak/{question.ref}").context["reply_form"].initial["seen"]
    for _time in range(2):
        sent = client.post(
            f"/desk/sak/{question.ref}/svar", {"svar-body": f" {TEXT.body}", "svar-seen": seen}
        )
        assert sent.status_code == 302
    assert PendingReply.objects.count() == 1
    assert not Draft.objects.exists()


def test_the_same_words_to_another_circle_are_another_reply(nordvaag, ola, now):
    post = make_question(nordvaag, visibility="public", email="kari@innbygger.test")
    email_account(nordvaag, now)
    seen = Seen.of(post)
    pending_replies.submit(post, TEXT, by=ola, at=now, seconds=0, seen=seen)
    aside = Reply(TEXT.body, visibility="private")
    pending_replies.submit(post, aside, by=ola, at=now, seconds=0, seen=seen)
    assert answers(post) == [TEXT.body] * 2
