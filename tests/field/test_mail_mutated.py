"""Mails like the field cases, damaged in every way: read, or set aside with words, within a second."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.field.mutations import in_time, inputs, mutations, tried
from tests.field.test_mail import ACCOUNT, RECEIVED
from torget.adapters.email import adapter
from torget.channels.contract import Item, Notice, Unparseable, Utterance

PROOFS = (
    b"auto-submitted",
    b"return-path",
    b"multipart/report",
    b"x-torget-loop",
    b"mailer-daemon",
)
pytestmark = [pytest.mark.growth, pytest.mark.timeout(3600)]


@tried
@given(mutations(inputs("*.eml")))
def test_a_damaged_mail_is_one_thing_or_is_set_aside_with_words(named):
    _name, raw = named
    why = ""
    with in_time():
        try:
            found = adapter.parse(Item("", raw, "message/rfc822"), ACCOUNT, received_at=RECEIVED)
        except Unparseable as fault:
            found, why = [], str(fault)
    if not found:
        assert why.strip()
        return
    [one] = found
    if isinstance(one, Notice):
        # No mail is put aside without something in it that proves what it is.
        assert any(sign in raw.lower() for sign in PROOFS)
    assert isinstance(one, Utterance | Notice)
    if isinstance(one, Utterance):
        assert one.author.external_id
        assert "\x00" not in one.body + one.folded + one.subject
