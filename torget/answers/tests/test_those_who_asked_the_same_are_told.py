"""What is most asked without an answer; and one act that answers everybody who asked it."""

from __future__ import annotations

import pytest

from tests.cast import make_question
from torget.answers import learning, rules
from torget.answers.models import Asked, Wording
from torget.answers.rules.asking import most_asked, note_some, waiting_for
from torget.conversations import rules as conversations
from torget.conversations.models import Conversation, Message
from torget.desk.rules.telling import tell_all
from torget.errors import NotAllowed, Refused

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
    tell_all(answer, [talks[2]], by=ola, at=now)
    said = Message.objects.get(conversation=talks[2], kind=Message.Kind.ANSWER)
    assert "I foreldreportalen, ja." in said.body
    assert said.body.startswith("Hei! Fleire har spurt")


def test_nobody_chosen_is_nobody_told(talks, ola, now):
    with pytest.raises(Refused):
        tell_all(publish(talks[0], ola, now), [], by=ola, at=now)


def test_an_outsider_tells_nobody(talks, ola, charlie, now):
    answer = publish(talks[0], ola, now)
    with pytest.raises(NotAllowed):
        tell_all(answer, [talks[1]], by=charlie, at=now)
    assert not Message.objects.filter(conversation=talks[1], kind=Message.Kind.ANSWER).exists()
