from __future__ import annotations

import base64
import contextlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from torget.adapters.sms import adapter
from torget.adapters.sms.tests import specimens as s
from torget.channels.contract import BadSignature, NetworkEvent, RawItem, Unparseable
from torget.channels.tests.mutations import thousands

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def parsed(held):
    return adapter.parse(s.item(held), s.ACCOUNT, received_at=NOW)


def test_a_text_becomes_a_private_utterance_of_its_number():
    (said,) = parsed(s.TEXT)
    assert (said.external_id, said.body, said.visibility) == ("mo-1", s.TEXT["text"], "private")
    assert (said.author.external_id, said.author.handle) == ("+4790000001", "+47 90 00 00 01")
    assert said.occurred_at == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def test_the_same_person_is_the_same_however_the_number_is_written():
    ways = ["90000001", "+47 900 00 001", "004790000001", "+4790000001"]
    people = {parsed({**s.TEXT, "from": way})[0].author.external_id for way in ways}
    assert people == {"+4790000001"}


def test_another_providers_names_for_the_same_fields_are_understood():
    (said,) = parsed(s.LINK_TEXT)
    assert (said.external_id, said.body) == ("abc", "Hei 🙂")


@pytest.mark.parametrize(
    ("held", "kind"),
    [(s.REPORT, "receipt"), (s.LINK_REPORT, "receipt"), (s.FAILED, "bounce")],
)
def test_a_delivery_report_is_news_of_what_we_sent(held, kind):
    (event,) = parsed(held)
    assert isinstance(event, NetworkEvent)
    assert (event.kind, event.of) == (kind, "mt-1")


def test_a_delivery_is_known_by_its_signature_or_by_its_password():
    headers, body = s.signed()
    assert adapter.verify(s.ACCOUNT, headers, body).body == body
    plain = {":path": "/hooks/x"}
    basic = base64.b64encode(f"link:{s.SECRET}".encode()).decode()
    for good in (
        {"authorization": f"Basic {basic}"},
        {"authorization": f"Bearer {s.SECRET}"},
        {":path": "/hooks/x?token=et+delt+passord"},
    ):
        assert adapter.verify(s.ACCOUNT, {**plain, **good}, body)


def test_a_wrong_or_missing_signature_is_refused_and_so_is_everything_without_a_secret():
    headers, body = s.signed()
    for bad in (
        {**headers, "x-signature": "0" * 64},
        {":path": "/hooks/x"},
        {":path": "/hooks/x", "authorization": "Basic %%%"},
        {":path": "/hooks/x", "authorization": "Bearer æ"},
    ):
        with pytest.raises(BadSignature):
            adapter.verify(s.ACCOUNT, bad, body)
    with pytest.raises(BadSignature):
        adapter.verify(s.ACCOUNT, headers, body + b" ")
    with pytest.raises(BadSignature):
        adapter.verify(replace(s.ACCOUNT, secrets={}), s.signed(secret="")[0], body)


def test_the_clerk_sees_how_many_texts_it_is_and_what_makes_it_dear():
    short = adapter.preview(replace(s.OUT, body="Blåbærsyltetøy på Ås"), s.ACCOUNT)
    assert (short.used, short.unit, list(short.remarks)) == (1, "SMS-er", [])
    dear = adapter.preview(replace(s.OUT, body="Hei 🙂 " + "a" * 70), s.ACCOUNT)
    assert dear.used == 2
    assert "🙂" in dear.remarks[0]
    assert not adapter.preview(replace(s.OUT, body="a" * 1600), s.ACCOUNT).fits


def test_thousands_of_mutated_deliveries_are_understood_or_set_aside():
    bodies = [s.raw(one) for one in (s.TEXT, s.LINK_TEXT, s.REPORT, s.LINK_REPORT, [s.TEXT])]

    def parse(body):
        with contextlib.suppress(Unparseable):
            for one in adapter.parse(RawItem("x", body), s.ACCOUNT, received_at=NOW):
                assert isinstance(one, NetworkEvent) or one.external_id

    thousands(bodies, parse)
