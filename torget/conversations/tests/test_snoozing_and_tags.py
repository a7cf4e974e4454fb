from __future__ import annotations

from datetime import timedelta

import pytest

from tests.cast import NOW, make_question
from torget.conversations import rules
from torget.conversations.models import Conversation, Tag
from torget.conversations.rules import snoozing, tagging
from torget.conversations.rules.submitting import Submission, follow_up
from torget.errors import NotAllowed, Refused
from torget.history.models import Entry


def fresh(row):
    return Conversation.objects.get(pk=row.pk)


def test_a_snoozed_conversation_leaves_the_queue_and_comes_back_at_its_time(question, ola):
    snoozing.snooze(question, NOW + timedelta(hours=3), by=ola, at=NOW)
    assert not Conversation.objects.visible_to(ola).waiting().exists()
    assert snoozing.wake_due(at=NOW + timedelta(hours=2)) == 0
    assert snoozing.wake_due(at=NOW + timedelta(hours=3)) == 1
    row = fresh(question)
    assert (row.state, row.snoozed_until, row.waiting_since) == ("open", None, NOW)
    assert Entry.objects.filter(verb="conversation.woken").get().actor_kind == "system"


def test_a_word_from_the_resident_wakes_it(question, ola):
    snoozing.snooze(question, None, by=ola, at=NOW)
    assert snoozing.wake_due(at=NOW + timedelta(days=300)) == 0
    follow_up(fresh(question), Submission("Hallo?", "private"), at=NOW + timedelta(hours=1))
    assert fresh(question).state == "open"


@pytest.mark.parametrize(("hours", "code"), [(-1, "past"), (24 * 400, "too_far")])
def test_a_time_gone_by_or_too_far_off_is_refused(question, ola, hours, code):
    with pytest.raises(Refused) as refusal:
        snoozing.snooze(question, NOW + timedelta(hours=hours), by=ola, at=NOW)
    assert refusal.value.code == code


def test_what_is_closed_is_not_snoozed(question, ola):
    rules.close(question, by=ola, at=NOW)
    with pytest.raises(Refused):
        snoozing.snooze(fresh(question), None, by=ola, at=NOW)


def test_a_tag_is_put_on_once_and_taken_off(nordvaag, question, ola, per):
    tag = tagging.make_tag(nordvaag, "Brøyting og strøing", by=per, at=NOW)
    assert tag.slug == "broeyting-og-stroeing"
    for _time in range(2):
        tagging.add_tag(question, tag.slug, by=ola, at=NOW)
    assert fresh(question).tags == [tag.slug]
    assert Entry.objects.filter(verb="conversation.tagged").count() == 1
    tagging.remove_tag(question, tag.slug, by=ola, at=NOW)
    assert fresh(question).tags == []


def test_a_retired_tag_stays_where_it_is_but_is_not_put_on(nordvaag, question, ola, per):
    tag = tagging.make_tag(nordvaag, "Vinter", by=per, at=NOW)
    tagging.add_tag(question, "vinter", by=ola, at=NOW)
    tagging.change_tag(tag, "Vinterdrift", active=False, by=per, at=NOW)
    assert fresh(question).tags == ["vinter"]
    other = make_question(nordvaag)
    with pytest.raises(Refused):
        tagging.add_tag(other, "vinter", by=ola, at=NOW)
    assert tagging.make_tag(nordvaag, "Vinter", by=per, at=NOW).pk == tag.pk


def test_a_tag_elsewhere_is_no_tag_here(nordvaag, elsewhere, question, ola, charlie):
    Tag.objects.create(municipality=elsewhere, slug="deres", name="Deres")
    with pytest.raises(Refused):
        tagging.add_tag(question, "deres", by=ola, at=NOW)
    for do in (tagging.add_tag, tagging.remove_tag):
        with pytest.raises(NotAllowed):
            do(question, "deres", by=charlie, at=NOW)
    with pytest.raises(NotAllowed):
        tagging.make_tag(nordvaag, "Min", by=ola, at=NOW)
