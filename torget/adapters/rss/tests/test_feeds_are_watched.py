from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import time_machine

from torget.adapters.rss import adapter
from torget.adapters.rss.tests import specimens as s
from torget.channels.contract import Outgoing, RawItem, SendError, Unparseable
from torget.channels.tests.loopback import served
from torget.channels.tests.mutations import thousands
from torget.protocols.tests import papers

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
peered = pytest.mark.django_db(transaction=True)


class Paper:
    """Serves a feed, knows its own marks, and redirects from /gammel."""

    def __init__(self):
        self.body, self.status, self.asked = papers.RSS, 200, []

    def answer(self, method, path, headers, body):
        self.asked.append(headers)
        if path == "/gammel":
            return 301, {"location": "/rss"}, b""
        if path == "/runde":
            return 302, {"location": "/runde"}, b""
        if headers.get("if-none-match") == '"v1"':
            return 304, {}, b""
        return self.status, {"etag": '"v1"', "content-type": "text/xml"}, self.body


@pytest.fixture
def paper():
    peer = Paper()
    with served(peer) as (url, _line), time_machine.travel(NOW, tick=True):
        peer.url = url
        peer.account = replace(s.ACCOUNT, settings={**s.ACCOUNT.settings, "url": f"{url}/rss"})
        yield peer


def parsed(item):
    (said,) = adapter.parse(item, s.ACCOUNT, received_at=NOW)
    return said


def test_a_piece_is_public_said_by_its_paper_and_leads_to_it():
    said = parsed(s.item())
    assert (said.external_id, said.visibility, said.author.name) == (
        "avis-1",
        "public",
        "Nordvåg Blad",
    )
    assert (
        said.body
        == "Nordvåg kommune åpner nytt bad\n\nBadet åpner lørdag.\n\nhttps://avis.example/bad"
    )
    assert said.occurred_at == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    assert parsed(s.item(changed=True)).kind == "edit"


def test_it_only_listens_and_says_so():
    can = adapter.capabilities
    assert not any((can.reply, can.publish, can.hide, can.remove))
    with pytest.raises(SendError) as caught:
        adapter.send(Outgoing("k", "r", "Hei"), s.ACCOUNT)
    assert caught.value.permanent


@peered
def test_only_pieces_that_name_us_come_and_each_once(paper):
    polled = adapter.poll(paper.account, {})
    assert [parsed(one).external_id for one in polled.items] == ["avis-1"]
    again = adapter.poll(paper.account, polled.cursor)
    assert again.items == ()
    assert paper.asked[-1]["if-none-match"] == '"v1"'


@peered
def test_a_changed_piece_is_an_edit(paper):
    polled = adapter.poll(paper.account, {})
    paper.body = paper.body.replace("lørdag".encode(), b"s") + b""
    paper.body = paper.body.replace(b"l&oslash;rdag", b"s&oslash;ndag")
    (item,) = adapter.poll(paper.account, {**polled.cursor, "marks": {}}).items
    assert (parsed(item).kind, "søndag" in parsed(item).body) == ("edit", True)


@peered
def test_a_feed_newly_watched_does_not_bring_its_old_pieces(paper):
    with time_machine.travel(datetime(2026, 12, 24, tzinfo=UTC)):
        polled = adapter.poll(paper.account, {})
    assert polled.items == []
    assert adapter.poll(paper.account, {**polled.cursor, "marks": {}}).items == []


@peered
def test_connecting_follows_a_moved_address_and_refuses_what_is_no_feed(paper):
    moved = replace(s.ACCOUNT, name="", settings={"url": f"{paper.url}/gammel", "words": "x"})
    given = adapter.connect(moved)
    assert (given.address, given.name) == (f"{paper.url}/rss", "Nordvåg Blad")
    for url in (f"{paper.url}/runde", "file:///etc/passwd", "avis.example"):
        with pytest.raises(SendError):
            adapter.connect(replace(moved, settings={"url": url}))
    paper.body = b"<html><body>Forside</body></html>"
    with pytest.raises(SendError):
        adapter.connect(moved)
    assert not adapter.check(paper.account).ok


@peered
@pytest.mark.parametrize(("status", "account"), [(404, True), (410, True), (500, False)])
def test_a_feed_that_is_gone_is_told_and_one_that_is_down_is_waited_for(paper, status, account):
    paper.status = status
    with pytest.raises(SendError) as caught:
        adapter.poll(paper.account, {})
    assert caught.value.account is account


def test_thousands_of_spoiled_pieces_are_understood_or_set_aside():
    def parse(body):
        with contextlib.suppress(Unparseable):
            assert adapter.parse(RawItem("x", body), s.ACCOUNT, received_at=NOW)[0].external_id

    thousands([s.item().body, s.item(changed=True).body], parse)
