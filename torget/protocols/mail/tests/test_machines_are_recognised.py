"""Bounces, automatic replies, lists and our own mail are told from what people write."""

from __future__ import annotations

import pytest

from torget.protocols.mail import machine, may_answer, read
from torget.protocols.mail.tests.samples import NAMES, NOW, OURS, OWN, raw, sample

EXPECTED = {
    "auto_reply_exchange_nb": ("quiet", "", None),
    "auto_reply_rfc3834": ("auto_reply", OURS, None),
    "bounce_exchange_nb": ("bounce", OURS, True),
    "bounce_exim": ("bounce", OURS, False),
    "bounce_gmail_delay": ("bounce", OURS, False),
    "bounce_opensmtpd": ("bounce", OURS, True),
    "bounce_postfix": ("bounce", OURS, True),
    "bounce_qmail": ("bounce", OURS, True),
    "delivered_receipt": ("receipt", OURS, None),
    "mailing_list": ("list", "", None),
    "own_copy": ("own", OURS, None),
    "own_loop": ("quiet", OURS, None),
    "system_generated": ("generated", "", None),
}


@pytest.mark.parametrize("name", NAMES)
def test_every_mail_of_the_corpus_is_judged_right(name):
    found = machine(sample(name), OWN)
    if name not in EXPECTED:
        assert found is None
        return
    assert found is not None
    assert (found.kind, found.of, found.permanent) == EXPECTED[name]


@pytest.mark.parametrize("name", NAMES)
def test_no_automatic_answer_goes_to_a_machine(name):
    assert may_answer(sample(name), OWN) == (name not in EXPECTED)


def test_nobody_and_ourselves_get_no_automatic_answer():
    for sender in (b"no-reply@butikk.test", b"ikkesvar@bank.test", OWN.encode()):
        mail = read(raw("latin1").replace(b"kare@innbygger.test", sender), received_at=NOW)
        assert not may_answer(mail, OWN)


def test_an_empty_return_path_alone_is_shown_to_people_but_never_answered_by_a_machine():
    mail = read(b"Return-Path: <>\r\n" + raw("latin1"), received_at=NOW)
    found = machine(mail, OWN)
    assert found is not None
    assert not found.is_news_only
    assert not may_answer(mail, OWN)


def test_another_municipality_running_torget_is_heard():
    mail = read(
        raw("own_loop").replace(
            b"X-Torget-Loop: postmottak@nordvaag.test", b"X-Torget-Loop: post@sorvaag.test"
        ),
        received_at=NOW,
    )
    assert machine(mail, OWN) is None


def test_a_person_writing_about_a_holiday_is_a_person():
    mail = read(
        raw("latin1").replace(b"=?iso-8859-1?Q?S=F8ppel_p=E5_stranda?=", b"Ferie i Nordvaag"),
        received_at=NOW,
    )
    assert machine(mail, OWN) is None


def test_what_a_bounce_says_is_given_on_one_line():
    for name in ("bounce_postfix", "bounce_exim", "bounce_qmail"):
        found = machine(sample(name), OWN)
        assert found is not None
        assert found.detail
        assert "\n" not in found.detail


@pytest.mark.parametrize("proof", [b"Return-Path: <>\r\n", b"Auto-Submitted: auto-replied\r\n"])
def test_with_proof_an_absence_and_an_echo_are_news(proof):
    for name, kind in (("auto_reply_exchange_nb", "auto_reply"), ("own_loop", "loop")):
        found = machine(read(proof + raw(name), received_at=NOW), OWN)
        assert (found.kind, found.of, found.is_news_only) == (kind, OURS, True)
