from __future__ import annotations

import pytest

from tests.cast import make_question
from torget.casework.rules.replying import reply
from torget.channels import rules as channels
from torget.conversations.models import Conversation
from torget.conversations.rules import merging
from torget.conversations.rules.submitting import Submission, comment
from torget.outbox.models import Delivery
from torget.people.actor import Actor
from torget.people.models import Unit
from torget.subscriptions.models import Subscription
from torget.subscriptions.rules import follow_by_address

KARI, JON, NINA = "kari@innbygger.test", "jon@innbygger.test", "nina@innbygger.test"


@pytest.fixture(autouse=True)
def _mail(nordvaag, now):
    channels.open_account(
        Unit.objects.get(municipality=nordvaag, slug="servicetorget"),
        network="email",
        address="post@nordvaag.test",
        name="Post",
        by=Actor.system(nordvaag.pk),
        at=now,
    )


def ask(nordvaag, address):
    return make_question(nordvaag, "Når åpner det?", visibility="public", email=address)


def fresh(row):
    return Conversation.objects.get(pk=row.pk)


def sent(message):
    """(address, the link it holds) of everything sent about a message, by address."""
    rows = Delivery.objects.filter(subject_type="conversations.message", subject_id=message.pk)
    return {row.recipient: row.payload for row in rows}, rows.count()


def follows(row, address, now):
    follow_by_address(row, address, title="x", language="nb", at=now)
    Subscription.objects.update(confirmed_at=now)


@pytest.mark.parametrize("chain", [False, True])
def test_a_public_answer_goes_to_each_who_asked_in_what_was_merged(nordvaag, ola, now, chain):
    first, second, third = (ask(nordvaag, address) for address in (KARI, JON, NINA))
    merging.merge(second, third, by=ola, at=now)
    if chain:
        merging.merge(first, second, by=ola, at=now)
    kept = fresh(first if chain else second)
    message = reply(kept, "Mandag.", by=ola, at=now)
    letters, count = sent(message)
    assert set(letters) == ({KARI, JON, NINA} if chain else {JON, NINA})
    assert count == len(letters)
    for address, letter in letters.items():
        # The key opens what is private in the case, so only the one whose case it is gets it.
        assert (kept.key in str(letter)) == (address == kept.identity.external_id)


def test_one_who_asked_twice_and_spoke_last_gets_it_once(nordvaag, ola, now):
    first, second = ask(nordvaag, KARI), ask(nordvaag, KARI)
    merging.merge(first, second, by=ola, at=now)
    assert sent(reply(fresh(first), "Mandag.", by=ola, at=now))[1] == 1


def test_what_was_parted_again_is_answered_alone(nordvaag, ola, now):
    first, second = ask(nordvaag, KARI), ask(nordvaag, JON)
    row = merging.merge(first, second, by=ola, at=now)
    merging.unmerge(row, by=ola, at=now)
    assert set(sent(reply(fresh(first), "Mandag.", by=ola, at=now))[0]) == {KARI}


def test_a_private_answer_goes_to_no_other_who_asked(nordvaag, ola, now):
    first, second = ask(nordvaag, KARI), ask(nordvaag, JON)
    merging.merge(first, second, by=ola, at=now)
    message = reply(fresh(first), "Bare til deg.", by=ola, at=now, visibility="private")
    assert set(sent(message)[0]) == {KARI}


def test_who_followed_what_was_merged_is_told_and_nobody_twice(nordvaag, ola, now):
    first, second = ask(nordvaag, KARI), ask(nordvaag, JON)
    follows(first, NINA, now)
    follows(second, NINA, now)
    follows(second, "per@innbygger.test", now)
    follows(second, JON, now)  # is sent the answer itself
    merging.merge(first, second, by=ola, at=now)
    letters, count = sent(reply(fresh(first), "Mandag.", by=ola, at=now))
    assert set(letters) == {KARI, JON, NINA, "per@innbygger.test"}
    assert count == 4


def test_who_asked_and_follows_is_told_when_another_spoke_last(nordvaag, ola, now):
    talk = ask(nordvaag, KARI)
    follows(talk, KARI, now)
    jon = Submission("Jeg og", "public", name="Jon", email=JON)
    comment(talk, jon, by=Actor.resident(nordvaag.pk), at=now)
    letters, count = sent(reply(fresh(talk), "Mandag.", by=ola, at=now))
    assert (set(letters), count) == ({KARI, JON}, 2)
