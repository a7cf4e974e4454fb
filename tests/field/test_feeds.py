"""What newspapers and blogs really write as feeds, read whole: field cases, and more of each kind."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from tests.field.mutations import INPUTS, in_time, inputs, mutations, tried
from torget.adapters.rss import adapter
from torget.adapters.rss.adapter import _item, names
from torget.channels import beside, http
from torget.channels.contract import AccountAccess, InboundMessage, RawItem, Unparseable
from torget.protocols import feedreading
from torget.protocols.feedreading import BadFeed, Entry, Source

AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
WHERE = "https://avis.example/nyheter/feed"
ACCOUNT = AccountAccess(1, "rss", WHERE, "Avisa", {"url": WHERE, "words": "nordvåg"})
FEEDS = [*inputs("*.xml"), *inputs("70-*.json")]


def read(body: bytes | str) -> Source:
    raw = body if isinstance(body, bytes) else body.encode()
    return feedreading.read(raw, url=WHERE, words=beside.of_html)


def case(name: str) -> tuple[Entry, ...]:
    return read((INPUTS / name).read_bytes()).entries


def only(name: str) -> Entry:
    (entry,) = case(name)
    return entry


def rss_with(item: str, head: str = "", spaces: str = "") -> Entry:
    body = f'{head}<rss version="2.0"{spaces}><channel><title>A</title><link>https://avis.example/</link><item>{item}</item></channel></rss>'
    (entry,) = read(body).entries
    return entry


def atom_with(entry: str, more: str = "") -> Entry:
    body = f'<feed xmlns="http://www.w3.org/2005/Atom"{more}><title>A</title><entry><id>1</id>{entry}</entry></feed>'
    (found,) = read(body).entries
    return found


# The field cases ---------------------------------------------------------------------------------


def test_the_caption_of_a_picture_is_not_the_description():
    entry = only("64-rss-media-content-before-description.xml")
    assert (entry.title, entry.text, entry.author) == (
        "Full stans",
        "Ferga i Nordvåg er innstilt.",
        "",
    )
    assert names(entry, "nordvåg")


def test_letters_written_as_htmls_entities_are_letters():
    entry = only("66-rss-undeclared-entities.xml")
    assert (entry.title, entry.text) == ("Nordvåg – brøyting", "Snøen kom i Nordvåg.")


def test_addresses_begin_where_xml_base_says():
    assert only("67-atom-xml-base.xml").url == "https://blogg.example/2026/11/innlegg-1"


def test_times_with_named_zones_and_am_and_pm_are_right():
    assert [entry.published_at for entry in case("68-rss-dates.xml")] == [
        datetime(2026, 11, 26, 23, 45, 8, tzinfo=UTC),
        datetime(2026, 11, 27, 11, tzinfo=UTC),
        datetime(2026, 11, 24, 13, 17, 57, tzinfo=UTC),
    ]


def test_what_calls_itself_utf_8_and_is_latin_1_is_read():
    first, second = case("69-rss-latin1-called-utf8.xml")
    assert (first.title, first.text) == ("Nordvåg får bru", "Rådhuset i Nordvåg.")
    assert second.title == "Neste Nordvåg-sak"


def test_an_author_that_is_a_text_spoils_nothing():
    assert [(one.title, one.author) for one in case("70-jsonfeed-author-text.json")] == [
        ("Nordvåg i dag", "Ola"),
        ("Nordvåg i morgen", ""),
    ]


def test_what_was_escaped_twice_is_read_once_more():
    entry = only("74-rss-double-escaped.xml")
    assert (entry.title.replace("\xad", ""), entry.text) == (
        "Rock & rull i Nordvåg: «bildekunst»",
        "A & B",
    )


def test_a_naked_ampersand_is_a_letter():
    entry = only("75-rss-naked-ampersand.xml")
    assert (entry.title, entry.url) == ("Rema & Kiwi i Nordvåg", "https://avis.example/?a=1&b=2")


def test_what_a_program_wrote_before_the_feed_is_no_part_of_it():
    assert only("76-rss-junk-before.xml").title == "Nordvåg"


def test_html_in_a_description_is_read_as_people_see_it():
    assert only("79-rss-html-with-figure.xml").text == (
        "[Bilde: Kai] https://avis.example/x.jpg\n\nFerga går ikke.\n\n– Mandag\n– Tirsdag"
    )


def test_two_items_with_one_id_are_two():
    first, second = case("102-rss-two-items-one-guid.xml")
    assert (first.title, second.title) == ("Nordvåg A", "Nordvåg B")
    assert first.id != second.id


def test_a_summary_beside_the_whole_is_looked_through_and_a_picture_alone_is_no_text():
    spaces = ' xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    whole = "<content:encoded>&lt;p&gt;Ferga går ikke.&lt;/p&gt;</content:encoded>"
    entry = rss_with(f"<title>T</title><description>I Nordvåg</description>{whole}", spaces=spaces)
    assert (entry.text, names(entry, "nordvåg")) == ("Ferga går ikke.", True)
    picture = "<content:encoded>&lt;img src='/1.jpg'&gt;</content:encoded>"
    entry = rss_with(f"<title>T</title>{picture}<description>Ord</description>", spaces=spaces)
    assert entry.text == "Ord"


# Asked again and again ---------------------------------------------------------------------------


def asked(monkeypatch: pytest.MonkeyPatch, body: bytes, cursor: dict[str, Any]) -> Any:
    monkeypatch.setattr(http, "request", lambda *_a, **_k: http.Response(200, {}, body))
    return adapter.poll(ACCOUNT, cursor)


def message_of(item: RawItem) -> InboundMessage:
    (said,) = adapter.parse(item, ACCOUNT, received_at=AT)
    assert isinstance(said, InboundMessage)
    return said


def test_two_items_with_one_id_are_at_rest_in_whatever_order(monkeypatch):
    body = (INPUTS / "102-rss-two-items-one-guid.xml").read_bytes()
    polled = asked(monkeypatch, body, {})
    assert [message_of(one).kind for one in polled.items] == ["new", "new"]
    turned = body.replace(b"V\xc3\xa5g A", b"x").replace("Nordvåg A".encode(), b"\x01").replace("Nordvåg B".encode(), "Nordvåg A".encode()).replace(b"\x01", "Nordvåg B".encode())  # fmt: skip
    for again in (body, turned):
        polled = asked(monkeypatch, again, polled.cursor)
        assert polled.items == []
    alone = body[: body.index(b"<item>", 100)] + b"</channel></rss>"
    assert asked(monkeypatch, alone, polled.cursor).items == []


def test_an_item_nobody_can_read_is_set_aside_and_the_others_come(monkeypatch):
    items = [
        {"id": 1, "title": "Nordvåg"},
        "Ola",
        None,
        {"id": 9},
        {"id": 2, "title": "Nordvåg to"},
    ]
    body = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}).encode()
    found = asked(monkeypatch, body, {}).items
    good = [one for one in found if not one.headers]
    assert [message_of(one).subject for one in good] == ["Nordvåg", "Nordvåg to"]
    bad = [one for one in found if one.headers]
    assert [json.loads(one.body) for one in bad] == ["Ola", {"id": 9}]
    for one in bad:
        with pytest.raises(Unparseable):
            adapter.parse(one, ACCOUNT, received_at=AT)


def test_a_sound_that_comes_with_a_piece_is_told(monkeypatch):
    item = "<title>Nordvåg i øret</title><guid>1</guid><enclosure url='https://avis.example/1.mp3' type='audio/mpeg'/>"
    body = f"<rss><channel><item>{item}</item></channel></rss>".encode()
    (one,) = asked(monkeypatch, body, {}).items
    assert message_of(one).body == "Nordvåg i øret\n\n[Lyd] https://avis.example/1.mp3"


# Bad XML is mended -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("5 < 6 & 7 > 3", "5 < 6 & 7 > 3"),
        ("<![CDATA[Rema & Kiwi <nå>]]>", "Rema & Kiwi <nå>"),
        ("Her er &lt;filmen&gt;", "Her er <filmen>"),
        ("Br&oslash;yting &nbsp;i&shy;dag &hellip;", "Brøyting i\xaddag …"),
        ("&euro;5 &ukjent; &#8211; &#x2013; &#150; &#0;.", "€5 &ukjent; – – – ."),
        ("<b>Fet</b> skrift", "Fet skrift"),
        ("a\x00\x08b", "ab"),
        ("AT&amp;T", "AT&T"),
        ("Skole <br> stengt", "Skole stengt"),
    ],
)
def test_signs_are_signs(written, title):
    assert rss_with(f"<title>{written}</title><guid>1</guid>").title == title


def test_html_that_was_not_escaped_keeps_every_item_apart():
    items = "".join(
        f"<item><title>T{each}</title><description><p>Ord {each}<br>mer <img src='x.jpg'> slutt</p></description></item>"
        for each in range(3)
    )
    found = read(f"<rss><channel>{items}</channel></rss>").entries
    assert [one.title for one in found] == ["T0", "T1", "T2"]
    assert [one.text.split("\n")[0] for one in found] == ["Ord 0", "Ord 1", "Ord 2"]


def test_a_feed_cut_in_the_middle_keeps_what_came():
    body = "<rss><channel>" + "".join(f"<item><guid>{n}</guid><title>T{n}</title></item>" for n in range(5))  # fmt: skip
    assert len(read(body[:-30]).entries) >= 4


@pytest.mark.parametrize(
    ("spaces", "item", "text"),
    [
        (' xmlns:media="http://search.yahoo.com/mrss/"', "<media:description>Foto</media:description><description>Ord</description>", "Ord"),
        ("", "<media:description>Foto</media:description><description>Ord</description>", "Ord"),
        (' xmlns:x="https://x.example/ns"', "<x:description>Nei</x:description><description>Ord</description>", "Ord"),
        (' xmlns:content="http://purl.org/rss/1.0/modules/content/"', "<description>Kort</description><content:encoded>Langt</content:encoded>", "Langt"),
        ("", "<description>Kort</description><content:encoded></content:encoded>", "Kort"),
        (' xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"', "<itunes:summary>Ord</itunes:summary>", "Ord"),
        (' xmlns="https://avis.example/ns"', "<description>Ord</description>", "Ord"),
        (' xmlns:atom="http://www.w3.org/2005/Atom"', "<atom:summary>Ord</atom:summary>", "Ord"),
    ],
)  # fmt: skip
def test_namespaces_count(spaces, item, text):
    assert rss_with(f"<title>T</title><guid>1</guid>{item}", spaces=spaces).text == text


@pytest.mark.parametrize(
    ("item", "url"),
    [
        ("<guid>https://avis.example/1</guid>", "https://avis.example/1"),
        ("<guid isPermaLink='false'>https://avis.example/1</guid>", ""),
        ("<guid isPermaLink='true'>https://avis.example/1</guid><link>https://avis.example/2</link>", "https://avis.example/2"),
        ("<guid>avis-1</guid>", ""),
        ("<link>/1</link>", "https://avis.example/1"),
        ("<link xml:base='https://b.example/x/'>1</link>", "https://b.example/x/1"),
        ("<link>\n  https://avis.example/1\n</link>", "https://avis.example/1"),
        ("<atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='self' href='https://avis.example/feed'/><link>https://avis.example/1</link>", "https://avis.example/1"),
        ("<link>javascript:x()</link><guid>https://avis.example/1</guid>", "https://avis.example/1"),
        ("<link></link><link>https://avis.example/1</link>", "https://avis.example/1"),
    ],
)  # fmt: skip
def test_addresses_are_where_they_lead(item, url):
    assert rss_with(f"<title>T</title>{item}").url == url


@pytest.mark.parametrize(
    ("entry", "more", "url"),
    [
        ("<title>T</title><link rel='self' href='https://b.example/feed'/><link href='https://b.example/1'/>", "", "https://b.example/1"),
        ("<title>T</title><link href='1'/>", " xml:base='https://b.example/a/'", "https://b.example/a/1"),
        ("<title>T</title><link xml:base='c/' href='1'/>", " xml:base='https://b.example/a/'", "https://b.example/a/c/1"),
        ("<title>T</title><link href='1'/>", "", "https://avis.example/nyheter/1"),
    ],
)  # fmt: skip
def test_addresses_in_atom_are_where_they_lead(entry, more, url):
    assert atom_with(entry, more).url == url


@pytest.mark.parametrize(
    ("entry", "title", "text"),
    [
        ("<title type='text'>A &lt;b&gt; c</title>", "A <b> c", ""),
        ("<title>A &lt;b&gt; c</title>", "A <b> c", ""),
        ("<title type='html'>A &lt;b&gt;c&lt;/b&gt;</title>", "A c", ""),
        ("<title>T</title><content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>En</p><p>To</p></div></content>", "T", "En\n\nTo"),
        ("<title>T</title><summary>Kort</summary><content type='html'>&lt;p&gt;Se &lt;a href='/s'&gt;her&lt;/a&gt;&lt;/p&gt;</content>", "T", "Se her (https://avis.example/s)"),
    ],
)  # fmt: skip
def test_atom_says_what_is_markup(entry, title, text):
    found = atom_with(entry)
    assert (found.title, found.text) == (title, text)


@pytest.mark.parametrize(
    ("alphabet", "declared"),
    [("utf-8", ""), ("latin-1", "utf-8"), ("latin-1", "iso-8859-1"), ("cp1252", "iso-8859-1"), ("utf-16", "utf-16"), ("utf-8", "iso-8859-1"), ("utf-8-sig", "utf-8")],
)  # fmt: skip
def test_whatever_alphabet_is_declared_the_words_are_read(alphabet, declared):
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    body = (
        f"{head}<rss><channel><item><title>Nordvåg får bru på Sørøya</title></item></channel></rss>"
    )
    assert read(body.encode(alphabet)).entries[0].title == "Nordvåg får bru på Sørøya"


@pytest.mark.parametrize(
    "head", ["\n\n", "<br />\n<b>Notice</b>: Undefined index in /var/www/x.php\n", "\ufeff \ufeff", "<!-- laget av x -->", "<!DOCTYPE rss>", "<?xml-stylesheet href='x'?>"]
)  # fmt: skip
def test_whatever_stands_before_the_feed_it_is_read(head):
    assert rss_with("<title>Nordvåg</title>", head=head).title == "Nordvåg"


@pytest.mark.parametrize(
    ("item", "published"),
    [
        ("<pubDate>Mon, 30 Nov 2026 10:00:00 +0100</pubDate>", datetime(2026, 11, 30, 9, tzinfo=UTC)),
        ("<pubdate>30. november 2026 kl. 10.00</pubdate>", datetime(2026, 11, 30, 9, tzinfo=UTC)),
        ("<dc:date>2026-11-30T10:00+01:00</dc:date>", datetime(2026, 11, 30, 9, tzinfo=UTC)),
        ("<pubDate>i dag</pubDate><dc:date>2026-11-30T09:00Z</dc:date>", datetime(2026, 11, 30, 9, tzinfo=UTC)),
        ("<pubDate></pubDate>", None),
        ("<pubDate>Mon, 30 Nov 2026 10:00:00 XST</pubDate>", None),
    ],
)  # fmt: skip
def test_a_time_is_right_or_none(item, published):
    assert rss_with(f"<title>T</title>{item}").published_at == published


@pytest.mark.parametrize(
    ("item", "author"),
    [
        ("<author>kari@avis.example (Kari Nordmo)</author>", "Kari Nordmo"),
        ("<dc:creator>Kari</dc:creator><dc:creator>Ola</dc:creator>", "Kari, Ola"),
        ("<author></author><itunes:author>Kari</itunes:author>", "Kari"),
    ],
)
def test_who_wrote_it_is_everybody_who_did(item, author):
    assert rss_with(f"<title>T</title>{item}").author == author


def test_an_item_that_is_only_an_address_is_kept():
    entry = rss_with("<link>https://avis.example/1</link>")
    assert (entry.title, entry.url) == ("https://avis.example/1", "https://avis.example/1")


def test_an_item_without_an_id_or_an_address_is_kept_and_is_the_same_each_time():
    first, again = (rss_with("<title>Nordvåg</title><guid></guid>") for _each in range(2))
    assert first.id == again.id != rss_with("<title>Nordvåg to</title>").id


# JSON Feed ---------------------------------------------------------------------------------------


def json_item(**item: Any) -> Entry:
    (entry,) = read(json.dumps({"items": [{"title": "T", **item}]})).entries
    return entry


@pytest.mark.parametrize(
    ("item", "name", "value"),
    [
        ({"id": 17}, "id", "17"),
        ({"id": None, "url": "https://avis.example/1"}, "id", "https://avis.example/1"),
        ({"author": None, "authors": [{"name": "Kari"}, "Ola", None, 5]}, "author", "Kari, Ola, 5"),
        ({"authors": {"name": "Kari"}}, "author", "Kari"),
        ({"content_text": "Se <her> & der"}, "text", "Se <her> & der"),
        ({"content_html": "<p>Se <b>her</b></p>", "content_text": "x"}, "text", "Se her"),
        ({"content_html": None, "summary": "Kort"}, "text", "Kort"),
        ({"url": None, "external_url": "https://a.example/1"}, "url", "https://a.example/1"),
        ({"date_published": 1796029200}, "published_at", datetime(2026, 11, 30, 9, tzinfo=UTC)),
        ({"title": "Om <filmen>"}, "title", "Om <filmen>"),
    ],
)
def test_a_json_feed_is_read_as_it_is_meant(item, name, value):
    assert getattr(json_item(**item), name) == value


@pytest.mark.parametrize(
    "body", [b"", b"<html/>", b"{}", b'{"items": 1}', b"[]", b"null", b"\xff\xfe"]
)
def test_what_is_no_feed_is_said_to_be_none(body):
    with pytest.raises(BadFeed):
        read(body)


# Fuzzed ------------------------------------------------------------------------------------------


@pytest.mark.growth
@pytest.mark.timeout(3600)
@tried
@given(mutations(FEEDS))
def test_no_change_of_a_feed_crashes_its_reader_or_takes_its_time(changed):
    _name, body = changed
    with in_time():
        try:
            found = read(body)
        except BadFeed:
            return
        for entry in found.entries:
            item = _item(entry, found, entry.id, "1", changed=False)
            assert message_of(item).external_id


@pytest.mark.parametrize(
    "piece",
    [
        "<![CDATA[",
        "<!--",
        "<",
        "&",
        "<item>",
        "<br",
        "<!DOCTYPE [",
        "&#",
        "]]>",
        "<x xml:base='a/'>",
    ],
)
def test_a_feed_made_of_one_sign_only_takes_no_time(piece):
    body = f"<rss><channel><item><title>T</title>{piece * (1_900_000 // len(piece))}"
    with in_time(), suppress(BadFeed):
        read(body)
