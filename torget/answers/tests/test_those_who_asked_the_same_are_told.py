"""What is most asked without an answer; and one act that answers everybody who asked it."""

from __future__ import annotations

import threading

import pytest
from django.db import close_old_connections, connection

from tests.cast import make_question
from torget.answers import learning, rules
from torget.answers.models import Asked, Wording
from torget.answers.rules.asking import most_asked, note_some, waiting_for
from torget.answers.rules.informing import inform_all
from torget.casework.models import Draft, PendingReply
from torget.casework.rules import approval_rules, drafts, pending_replies
from torget.casework.rules.replying import Reply
from torget.conversations import rules as conversations
from torget.conversations.models import Conversation, Message
from torget.conversations.rules import merging
from torget.errors import NotAllowed, Refused
from torget.history.models import Entry

SFO = (
    "Hvordan melder jeg sønnen min på SFO?",
    "Hvordan melder jeg datteren min på SFO til høsten?",
    "Korleis melder eg guten min på SFO?",
)


@pytest.fixture
def talks(nordvaag, now):
    made = [make_question(nordvaag, words) for words in (*SFO, "Gatelyset er mørkt.")]
    note_some(at=now)
    return made


def seen(actor):
    return Conversation.objects.visible_to(actor)


@pytest.mark.parametrize("how", ["auto", "off"])
def test_questions_that_ask_the_same_stand_together_the_most_asked_first(
    nordvaag, ola, now, settings, how
):
    settings.MEANING = how
    for words in (*SFO, "Gatelyset er mørkt."):
        make_question(nordvaag, words)
    assert note_some(at=now) == 4
    assert note_some(at=now) == 0
    groups = most_asked(nordvaag, seen(ola), at=now)
    assert [group.many for group in groups] == [3, 1]


def test_only_what_one_may_see_is_counted(talks, nordvaag, charlie, now):
    assert most_asked(nordvaag, seen(charlie), at=now) == []


def publish(talk, by, at):
    conversations.answer(talk, "I portalen.", by=by, at=at)
    talk.refresh_from_db()
    answer = rules.publish(
        talk, question="Hvordan melder jeg barnet på SFO?", body="I foreldreportalen.", by=by, at=at
    )
    learning.understand_some(at=at)
    return answer


def test_a_published_answer_takes_the_question_off_the_list(talks, nordvaag, ola, now):
    publish(talks[0], ola, now)
    asked = Asked.objects.get(conversation=talks[0])
    assert asked.answer is not None
    assert talks[0] not in [group.first for group in most_asked(nordvaag, seen(ola), at=now)]


def test_one_act_answers_everybody_who_is_ticked_each_where_they_asked(
    client, talks, nordvaag, ola, now
):
    answer = publish(talks[0], ola, now)
    waiting = waiting_for(answer, seen(ola), at=now)
    assert set(waiting) == set(talks[1:3])
    client.force_login(ola.staff.user)
    address = f"/desk/svar/{answer.slug}/gi"
    assert talks[1].ref in client.get(address).content.decode()
    client.post(address, {"ref": [talks[1].ref, talks[2].ref, talks[3].ref]})
    for talk in talks[1:3]:
        said = Message.objects.filter(conversation=talk, kind=Message.Kind.ANSWER).get()
        assert "I foreldreportalen." in said.body
        assert said.signature.startswith("Ola")
    # What does not ask the same cannot be answered so, whoever sends its number.
    assert not Message.objects.filter(conversation=talks[3], kind=Message.Kind.ANSWER).exists()
    assert Wording.objects.filter(answer=answer, text=SFO[1]).exists()
    assert waiting_for(answer, seen(ola), at=now) == []


def test_each_is_answered_in_their_own_language_where_it_is_translated(talks, ola, now):
    answer = publish(talks[0], ola, now)
    rules.translate(
        answer,
        "nn",
        question="Korleis melder eg barnet på SFO?",
        body="I foreldreportalen, ja.",
        by=ola,
        at=now,
    )
    Conversation.objects.filter(pk=talks[2].pk).update(language="nn")
    talks[2].refresh_from_db()
    inform_all(answer, [talks[2]], by=ola, at=now)
    said = Message.objects.get(conversation=talks[2], kind=Message.Kind.ANSWER)
    assert "I foreldreportalen, ja." in said.body
    assert said.body.startswith("Hei! Fleire har spurt")


def test_nobody_chosen_is_nobody_told(talks, ola, now):
    with pytest.raises(Refused):
        inform_all(publish(talks[0], ola, now), [], by=ola, at=now)


def test_an_outsider_tells_nobody(talks, ola, charlie, now):
    answer = publish(talks[0], ola, now)
    with pytest.raises(NotAllowed):
        inform_all(answer, [talks[1]], by=charlie, at=now)
    assert not Message.objects.filter(conversation=talks[1], kind=Message.Kind.ANSWER).exists()


def answers_in(talk):
    return Message.objects.filter(conversation=talk, kind=Message.Kind.ANSWER).count()


def test_what_must_be_approved_waits_for_it(client, talks, nordvaag, ola, per, now):
    answer = publish(talks[0], ola, now)
    approval_rules.add_rule(nordvaag, "Alle svar", by=per, at=now)
    client.force_login(ola.staff.user)
    page = client.post(
        f"/desk/svar/{answer.slug}/gi", {"ref": [talks[1].ref, talks[2].ref]}, follow=True
    ).content.decode()
    assert "2 svar venter på godkjenning." in page
    assert [answers_in(talk) for talk in talks[1:3]] == [0, 0]
    assert PendingReply.objects.to_approve().count() == 2
    again = inform_all(answer, talks[1:3], by=ola, at=now)
    assert (again.to_approve, again.left) == ([], talks[1:3])
    pending_replies.approve(PendingReply.objects.to_approve().first(), by=per, at=now)
    assert answers_in(talks[1]) == 1


def test_a_case_somebody_answers_or_has_merged_is_left_alone_and_named(
    client, talks, nordvaag, ola, per, now
):
    answer = publish(talks[0], ola, now)
    client.force_login(ola.staff.user)
    pending_replies.submit(talks[1], Reply("Fra Per"), by=per, at=now, seconds=60)
    page = client.post(
        f"/desk/svar/{answer.slug}/gi", {"ref": [talks[1].ref, talks[2].ref]}, follow=True
    ).content.decode()
    assert "1 har fått svaret." in page
    assert f"har et svar som venter: {talks[1].ref}." in page
    more = [make_question(nordvaag, SFO[1], email="a@innbygger.test") for _n in range(2)]
    merging.merge(more[0], more[1], by=ola, at=now)
    conversations.close(talks[3], by=ola, at=now)
    stale = [talks[1], talks[2], talks[3], more[1]]  # as they were when the page was shown
    told = inform_all(answer, stale, by=ola, at=now)
    assert (told.answered, told.left) == ([], stale)
    assert [answers_in(talk) for talk in stale] == [0, 1, 0, 0]
    assert Entry.objects.filter(verb="answer.told").count() == 1


def test_what_one_was_writing_there_oneself_is_kept(talks, ola, now):
    answer = publish(talks[0], ola, now)
    drafts.keep(talks[1], "answer", "Halvferdig", by=ola, at=now)
    assert inform_all(answer, [talks[1]], by=ola, at=now).answered == [talks[1]]
    assert Draft.objects.get().body == "Halvferdig"


def test_an_answer_taken_down_or_out_of_date_is_given_to_nobody(talks, ola, now):
    answer = publish(talks[0], ola, now)
    answer.valid_until = now
    answer.save()
    with pytest.raises(Refused) as expired:
        inform_all(answer, [talks[1]], by=ola, at=now)
    answer.valid_until = None
    answer.save()
    rules.withdraw(answer, by=ola, at=now)
    with pytest.raises(Refused) as withdrawn:
        inform_all(answer, [talks[1]], by=ola, at=now)
    assert expired.value.code == withdrawn.value.code == "unpublished"
    assert answers_in(talks[1]) == 0


def test_what_the_guard_would_stop_is_read_by_everybody_already(nordvaag, ola, now):
    first, other = (
        make_question(nordvaag, SFO[0], visibility="public", name="Kari") for _n in range(2)
    )
    conversations.answer(first, "Ring.", by=ola, at=now)
    first.refresh_from_db()
    body = "Ring 22 33 44 55 eller Kari på helsestasjonen."
    answer = rules.publish(
        first, question="SFO?", body=body, by=ola, at=now, confirmed=["22 33 44 55", "Kari"]
    )
    assert inform_all(answer, [other], by=ola, at=now).answered == [other]


@pytest.mark.django_db(transaction=True)
def test_posted_twice_at_once_everybody_is_answered_once(nordvaag, ola, now):
    talks = [make_question(nordvaag, words) for words in SFO]
    answer = publish(talks[0], ola, now)
    gate, told = threading.Barrier(2), []

    def run(order):
        close_old_connections()
        gate.wait()
        try:
            told.append(inform_all(answer, order, by=ola, at=now))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(order,)) for order in (talks[1:], talks[:0:-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(one.answered) for one in told) == [0, 2]
    assert [answers_in(talk) for talk in talks[1:]] == [1, 1]
