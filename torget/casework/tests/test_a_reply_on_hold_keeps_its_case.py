from __future__ import annotations

from datetime import timedelta

import pytest

from tests.cast import make_question
from torget.casework.models import ApprovalRule, AutomationRun, Draft, Macro, PendingReply
from torget.casework.rules import automation, bulk_acts, drafts, pending_replies
from torget.casework.rules.replying import Reply, reply
from torget.casework.tasks import release_due
from torget.channels.watchdog import standstills
from torget.conversations import rules
from torget.conversations.models import Conversation, Message
from torget.conversations.rules import merging, persons, snoozing
from torget.conversations.rules.submitting import Submission, follow_up
from torget.errors import Refused
from torget.people.models import Unit

TEXT = Reply("Vi brøyter før klokka tolv.")
FORWARD = {"act": "forward", "value": "teknisk-drift"}


@pytest.fixture
def technical(nordvaag):
    return Unit.objects.get(municipality=nordvaag, slug="teknisk-drift")


@pytest.fixture
def pool(nordvaag):
    """A question for the service centre."""
    return make_question(nordvaag, "Når åpner bassenget?")


def unit_of(row):
    return Unit.objects.get(conversations=row).slug


def test_a_case_is_not_sent_on_while_a_reply_waits_to_be_sent(pool, technical, ola, now):
    pending_replies.submit(pool, TEXT, by=ola, at=now, seconds=10)
    with pytest.raises(Refused) as refusal:
        rules.forward(pool, technical, by=ola, at=now)
    assert refusal.value.code == "reply_waits"
    assert release_due(now=lambda: now + timedelta(seconds=10)) == 1
    assert PendingReply.objects.get().state == PendingReply.State.SENT
    rules.forward(pool, technical, by=ola, at=now)
    assert unit_of(pool) == "teknisk-drift"


def test_nor_while_it_waits_for_a_second_person(nordvaag, pool, technical, ola, per, now):
    ApprovalRule.objects.create(municipality=nordvaag, name="Alt")
    held = pending_replies.submit(pool, TEXT, by=ola, at=now, seconds=10)
    with pytest.raises(Refused):
        rules.forward(pool, technical, by=per, at=now)
    pending_replies.send_back(held, "Skriv mer", by=per, at=now)
    rules.forward(pool, technical, by=per, at=now)


@pytest.mark.parametrize("how", ["bulk", "macro"])
def test_many_at_once_leaves_out_the_one_with_a_reply_on_hold(nordvaag, pool, ola, now, how):
    other = make_question(nordvaag, "Når åpner biblioteket?")
    pending_replies.submit(pool, TEXT, by=ola, at=now, seconds=10)
    if how == "bulk":
        done = bulk_acts.run([pool, other], **FORWARD, by=ola, at=now)
    else:
        macro = Macro.objects.create(municipality=nordvaag, name="Videre", actions=[FORWARD])
        done = bulk_acts.run_macro(macro, [pool, other], by=ola, at=now)
    assert (done.done, [ref for ref, _why in done.refused]) == (1, [pool.ref])
    assert (unit_of(pool), unit_of(other)) == ("servicetorget", "teknisk-drift")


def test_undoing_does_not_send_it_back_from_under_a_reply_on_hold(pool, ola, now):
    done = bulk_acts.run([pool], **FORWARD, by=ola, at=now)
    pool.refresh_from_db()
    pending_replies.submit(pool, TEXT, by=ola, at=now, seconds=10)
    undone = bulk_acts.undo(done.batch, by=ola, at=now)
    assert (undone.done, unit_of(pool)) == (0, "teknisk-drift")


def test_a_rule_says_why_it_could_not_send_it_on(nordvaag, pool, ola, per, now):
    given = {"name": "R", "event": "conversation.closed", "conditions": [], "last": False}
    rule = automation.save_rule(
        None,
        nordvaag,
        **given,
        position=1,
        actions=[FORWARD],
        by=per,
        at=now,
    )
    automation.switch(rule, True, by=per, at=now)
    pending_replies.submit(pool, TEXT, by=ola, at=now, seconds=10)
    rules.close(pool, by=ola, at=now)
    automation.follow(at=now)
    assert "ikke sendt ennå" in AutomationRun.objects.get().fault
    assert unit_of(pool) == "servicetorget"


@pytest.fixture
def merged(nordvaag, ola, now):
    """(lives on, was merged into it): Kari asked twice."""
    two = [make_question(nordvaag, "Når åpner det?", email="kari@innbygger.test") for _n in "ab"]
    merging.merge(two[0], two[1], by=ola, at=now)
    return two


@pytest.mark.parametrize("how", ["held", "at once"])
def test_a_reply_to_a_case_that_was_merged_meanwhile_is_not_said_where_nobody_reads(
    merged, ola, now, how
):
    _kept, joined = merged  # as the writer's page had them: not merged yet
    drafts.keep(joined, "answer", TEXT.body, by=ola, at=now)
    do = {
        "held": lambda: pending_replies.submit(joined, TEXT, by=ola, at=now, seconds=10),
        "at once": lambda: reply(joined, TEXT.body, by=ola, at=now),
    }
    with pytest.raises(Refused) as refusal:
        do[how]()
    assert refusal.value.code == "merged"
    assert not PendingReply.objects.exists()
    assert not Message.objects.filter(kind="answer").exists()
    assert Draft.objects.get().body == TEXT.body


def test_its_text_is_a_draft_where_the_case_lives_on(client, merged, ola, now):
    kept, joined = merged
    drafts.keep(kept, "answer", "Begynt her", by=ola, at=now)
    client.force_login(ola.staff.user)
    sent = client.post(f"/desk/sak/{joined.ref}/svar", {"svar-body": TEXT.body}, follow=True)
    assert sent.redirect_chain == [(f"/desk/sak/{kept.ref}#svar", 302)]
    page = sent.content.decode()
    assert "slått sammen med en annen" in page
    assert TEXT.body in page
    draft = Draft.objects.get()
    assert (draft.conversation, draft.body) == (kept, f"{TEXT.body}\n\nBegynt her")


def test_a_reply_that_can_never_be_sent_is_told_of_though_it_is_put_off_each_time(pool, ola, now):
    held = pending_replies.submit(pool, TEXT, by=ola, at=now, seconds=10)
    PendingReply.objects.filter(pk=held.pk).update(files=[{"nonsense": 1}])
    told = []
    for seconds in range(10, 200, 15):
        moment = now + timedelta(seconds=seconds)
        assert release_due(now=lambda moment=moment: moment) == 0
        told.append("held" in {sort for sort, _standstill in standstills(at=moment)})
    assert PendingReply.objects.get().release_at > now + timedelta(seconds=200)
    assert (told[0], told[-1]) == (False, True)


def release(held, now):
    assert release_due(now=lambda: now + timedelta(seconds=10)) == 1
    return Conversation.objects.get(pk=held.conversation_id)


SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("close", [False, True])
def test_what_is_put_on_hold_while_the_reply_waits_stays_so(pool, ola, now, close):
    given, until = Reply("Mandag.", close=close), now + timedelta(days=3)
    held = pending_replies.submit(pool, given, by=ola, at=now, seconds=10)
    snoozing.snooze(pool, until, by=ola, at=now + SECOND)
    row = release(held, now)
    assert (row.state, row.snoozed_until, row.waiting_since) == ("snoozed", until, None)
    assert row.messages.filter(kind="answer").count() == 1


def test_what_is_ended_while_the_reply_waits_stays_so(pool, ola, now):
    held = pending_replies.submit(pool, TEXT, by=ola, at=now, seconds=10)
    rules.close(pool, by=ola, at=now + SECOND)
    row = release(held, now)
    assert (row.state, row.closed_at, row.waiting_since) == ("closed", now + SECOND, None)


def test_one_put_on_hold_after_a_preliminary_reply_still_waits_for_the_answer(pool, ola, now):
    held = pending_replies.submit(
        pool, Reply("Vi ser.", preliminary=True), by=ola, at=now, seconds=10
    )
    snoozing.snooze(pool, None, by=ola, at=now + SECOND)
    row = release(held, now)
    assert (row.state, row.waiting_since) == ("snoozed", pool.waiting_since)


def test_a_word_from_the_resident_counts_more_than_that(pool, ola, now):
    held = pending_replies.submit(pool, TEXT, by=ola, at=now, seconds=10)
    snoozing.snooze(pool, None, by=ola, at=now + SECOND)
    follow_up(pool, Submission("Og i helgen?", "private"), at=now + 2 * SECOND)
    row = release(held, now)
    assert (row.state, row.waiting_since) == ("open", now)


@pytest.mark.parametrize("put_away", ["snoozed", "closed"])
def test_one_put_away_before_the_reply_was_written_is_answered(pool, ola, now, put_away):
    if put_away == "snoozed":
        snoozing.snooze(pool, None, by=ola, at=now)
    else:
        rules.close(pool, by=ola, at=now)
    held = pending_replies.submit(pool, TEXT, by=ola, at=now + SECOND, seconds=5)
    row = release(held, now)
    assert (row.state, row.closed_at, row.snoozed_until) == ("answered", None, None)


def test_what_a_blocked_sender_says_meanwhile_makes_nobody_wait(nordvaag, ola, per, now):
    asked = make_question(nordvaag, "Når åpner det?", email="kari@innbygger.test")
    held = pending_replies.submit(asked, TEXT, by=ola, at=now, seconds=10)
    week = now.date() + timedelta(days=7)
    persons.block(asked.identity, reason="Trusler", until_on=week, by=per, at=now)
    follow_up(asked, Submission("Svar nå!", "private"), at=now + SECOND)
    row = release(held, now)
    assert (row.message_count, row.last_inbound_at) == (3, now)
    assert (row.state, row.waiting_since) == ("answered", None)
