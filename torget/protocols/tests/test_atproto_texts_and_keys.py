from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torget.protocols import atproto, threads

WORDS = st.sampled_from(
    [
        "å",
        "Ærlig",
        "🚜",
        "👩‍👩‍👧",
        "🇳🇴",
        "https://nordvåg.no/sak/1?a=b",
        "http://x.no.",
        "(https://x.no/a_(b))",
        "@kari.bsky.social",
        "@ingen",
        "#Høring2026",
        "#1",
        "##",
        "@kari.test@elsewhere.test",
        "epost@nordvaag.test",
        "\n",
        "…",
        "x" * 80,
    ]
)
TEXTS = st.lists(WORDS | st.text(max_size=8), max_size=25).map(" ".join)


def covered(text):
    """Kind → the words each facet stands over, cut out of the bytes."""
    raw = text.encode()
    return [
        (
            one["features"][0]["$type"].split("#")[1],
            raw[one["index"]["byteStart"] : one["index"]["byteEnd"]].decode(),
        )
        for one in atproto.facets(text, {"kari.bsky.social": "did:plc:kari"}.get)
    ]


def test_offsets_are_bytes_so_norwegian_letters_and_emoji_do_not_move_them():
    text = "Æøå 🚜 se https://nordvaag.test/sak/1. Hilsen @kari.bsky.social #Høring"
    assert covered(text) == [
        ("link", "https://nordvaag.test/sak/1"),
        ("mention", "@kari.bsky.social"),
        ("tag", "#Høring"),
    ]


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("(se https://x.no/a)", "https://x.no/a"),
        (
            "https://no.wikipedia.org/wiki/Ås_(Akershus)",
            "https://no.wikipedia.org/wiki/Ås_(Akershus)",
        ),
        ("«https://x.no»", "https://x.no"),
        ("https://x.no/a?b=c#d!", "https://x.no/a?b=c#d"),
    ],
)
def test_a_link_ends_where_people_think_it_ends(text, link):
    assert covered(text) == [("link", link)]


@pytest.mark.parametrize(
    "text", ["epost@nordvaag.test", "#1", "# tom", "@ukjent.test", "x#y", "https://"]
)
def test_what_only_looks_like_something_is_plain_text(text):
    assert covered(text) == []


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_facets_cut_whole_words_out_in_order_without_overlapping(text):
    last = 0
    raw = text.encode("utf-8")
    for one in atproto.facets(text, lambda handle: f"did:plc:{handle}"):
        start, end = one["index"]["byteStart"], one["index"]["byteEnd"]
        assert last <= start < end <= len(raw)
        word = raw[start:end].decode()  # fails when a letter is cut in two
        assert word.startswith(("http", "@", "#", "HTTP"))
        feature = one["features"][0]
        assert word in {feature.get("uri"), f"#{feature.get('tag')}"} or feature["did"]
        last = end


@settings(max_examples=400, deadline=None)
@given(TEXTS, st.lists(st.integers(-3, 200), min_size=2, max_size=6))
def test_strangers_facets_never_break_a_text(text, numbers):
    link = [{"uri": "https://nordvaag.test/hele/adressen"}]
    held = [
        {"index": {"byteStart": start, "byteEnd": end}, "features": link}
        for start, end in pairwise(numbers)
    ]
    atproto.unfolded(text, [*held, None, {}, {"index": 1}, {"index": {}, "features": "x"}])


def test_a_shortened_link_is_written_out():
    text = "Se nordvaag.test/sak… og hei"
    start, end = text.encode().index(b"nord"), len("Se nordvaag.test/sak…".encode())
    facet = {
        "index": {"byteStart": start, "byteEnd": end},
        "features": [{"uri": "https://nordvaag.test/sak/1"}],
    }
    assert atproto.unfolded(text, [facet]) == "Se https://nordvaag.test/sak/1 og hei"
    behind = {**facet, "index": {"byteStart": 0, "byteEnd": 2}}
    told = "Se (https://nordvaag.test/sak/1) nordvaag.test/sak… og hei"
    assert atproto.unfolded(text, [behind]) == told


def test_the_same_key_gives_the_same_record_key_in_tid_syntax():
    assert atproto.tid("m1") == atproto.tid("m1")
    keys = {atproto.tid(f"m{number}") for number in range(5_000)}
    assert len(keys) == 5_000
    # atproto.com/specs/tid: 13 characters, the first of which keeps the top bit zero.
    assert all(
        re.fullmatch(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}", key)
        for key in keys
    )
    assert atproto.part_key("3jyhfneyfnrdr", 0) == "3jyhfneyfnrdr"
    assert atproto.part_key("3jyhfneyfnrdr", 1) != atproto.part_key("3jyhfneyfnrdr", 2)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "at://kari.test/app.bsky.feed.post/1",
        "at://did:plc:x/app.bsky.feed.post",
        "at://did:plc:x/app.bsky.feed.post/a/b",
        "https://bsky.app/",
        "at://did:plc:x/app.bsky.feed.post/a\n",
    ],
)
def test_only_addresses_of_records_are_addresses(text):
    assert atproto.at_uri(text) is None


def test_an_address_falls_into_its_parts_and_together_again():
    text = "at://did:plc:wwgussy2okpu4zkvpztme7mz/app.bsky.feed.post/3n32vcq5qmc2s"
    at = atproto.at_uri(text)
    assert (at.repo, at.collection, at.rkey) == (*text[5:].split("/"),)
    assert str(at) == text


@settings(max_examples=200, deadline=None)
@given(st.lists(WORDS | st.text(max_size=30), max_size=120).map(" ".join))
def test_every_part_fits_and_together_they_hold_every_word(text):
    parts = atproto.parts(text)
    assert all(len(atproto.graphemes(part)) <= 300 and len(part.encode()) <= 3000 for part in parts)
    if threads.whole(parts):
        unmarked = (
            [re.sub(r" \(\d+/\d+\)$", "", part) for part in parts] if len(parts) > 1 else parts
        )
        assert "".join("".join(unmarked).split()) == "".join(text.split())


def test_a_text_is_cut_where_people_pause():
    first = "Vi brøyter alle veier før klokka sju. " * 6
    parts = atproto.parts(first + "\n\n" + "Fortauene tar vi etterpå. " * 6)
    assert len(parts) == 2
    assert parts[0] == first.strip() + " (1/2)"
    assert threads.whole(parts)
    assert not threads.whole(atproto.parts("ord " * 2000))
