from __future__ import annotations

from dataclasses import replace

import pytest

from torget.adapters.sms import adapter
from torget.adapters.sms.tests import specimens as s
from torget.channels.contract import SendError
from torget.channels.tests.loopback import refused_as, sent_through_cuts, served

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_line_cut_anywhere_sends_once():
    for which, when, published in sent_through_cuts(s.SPECIMENS):
        assert len(published) == 1, f"cut {when} answer {which}"


@pytest.mark.parametrize("refusal", s.SPECIMENS.refusals, ids=lambda one: one.status)
def test_refusals_are_told_apart_by_status(refusal):
    fault = refused_as(s.SPECIMENS, refusal)
    kinds = (fault.permanent, fault.account, fault.limited)
    assert kinds == (refusal.permanent, refusal.account, refusal.limited)


def test_a_provider_that_cannot_be_asked_leaves_it_unknown():
    peer = s.Provider()
    with served(peer) as (url, line):
        line.server.cut_at = 0
        account = s.at(url)
        account = replace(account, settings={**account.settings, "lookup_url": ""})
        with pytest.raises(SendError) as caught:
            adapter.send(s.OUT, account)
        assert caught.value.ambiguous
        with pytest.raises(SendError) as asked:
            adapter.find(s.OUT, account)
        assert asked.value.ambiguous
    assert peer.published == [f"{s.OUT.body}\n{s.OUT.signature}"]
