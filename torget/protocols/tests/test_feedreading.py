from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import pytest

from torget.channels.tests.mutations import bytes_spoiled, json_spoiled, thousands
from torget.protocols import feedreading, feeds
from torget.protocols.feedreading import BadFeed
from torget.protocols.tests import papers as s


def read(body):
    return feedreading.read(body, url=s.WHERE)


def test_rss_atom_and_json_say_the_same():
    for body in (s.RSS, s.ATOM, s.JSON):
        source = read(body)
        entry = source.entries[0]
        assert (source.title, source.home) == ("Nordvåg Blad", "https://avis.example/")
        assert (entry.url, entry.author) == ("https://avis.example/bad", "Redaksjonen")
        assert entry.published_at == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def test_markup_becomes_plain_text_and_scripts_nothing():
    assert read(s.RSS).entries[0].text == "Badet åpner lørdag."
    assert read(s.ATOM).entries[0].title == "Ordføreren i Nordvåg <3 badet"


def test_the_feeds_we_write_are_read_back():
    at = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    entry = feeds.Entry("id:1", "https://x.example/1", "Tittel", "Æ & ø <å>", "Ola", at, at)
    feed = feeds.Feed("https://x.example/f", "https://x.example/", "Torget", "nb", (entry,), at)
    for write in (feeds.rss, feeds.atom, feeds.json_feed):
        (found,) = read(write(feed)).entries
        assert (found.id, found.url, found.title, found.published_at) == (
            "id:1",
            "https://x.example/1",
            "Tittel",
            at,
        )


def test_bad_markup_is_mended():
    torn = s.RSS.replace(b"</item>", b"", 1).replace(b"</channel></rss>", b"")
    assert read(torn).entries[0].id == "avis-1"
    assert read(b"\xef\xbb\xbf\n" + s.ATOM).entries


def test_entities_are_not_followed_and_bombs_do_not_go_off():
    outside = b'<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    body = (
        outside + b"<rss><channel><item><guid>1</guid><title>a&x;b</title></item></channel></rss>"
    )
    assert read(body).entries[0].title == "ab"
    lol = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
    bomb = b'<!DOCTYPE rss [<!ENTITY l0 "ha">' + lol + b"]>"
    body = bomb + b"<rss><channel><item><guid>1</guid><title>x&l9;</title></item></channel></rss>"
    assert len(read(body).entries[0].title) < 10


@pytest.mark.parametrize(
    "body", [b"", b"<html/>", b"{}", b'{"items": 1}', b"\xff\xfe", b"<rss", b" " * 2_000_001]
)
def test_what_is_no_feed_is_said_to_be_none(body):
    if body == b"<rss":  # mended to an empty feed
        assert read(body).entries == ()
        return
    with pytest.raises(BadFeed):
        read(body)


@pytest.mark.parametrize("link", ["javascript:alert(1)", "file:///x", "https://x.example/a b"])
def test_only_addresses_of_the_web_lead_anywhere(link):
    body = f"<rss><channel><item><guid>1</guid><title>t</title><link>{link}</link></item></channel></rss>"
    assert read(body.encode()).entries[0].url == ""


def test_thousands_of_spoiled_feeds_are_read_or_said_to_be_none():
    def parse(body):
        with contextlib.suppress(BadFeed):
            assert all(entry.id for entry in read(body).entries)

    thousands([s.RSS, s.ATOM], parse, spoil=bytes_spoiled)
    thousands([s.JSON], parse, spoil=json_spoiled)
