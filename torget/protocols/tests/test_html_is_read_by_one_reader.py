"""HTML of strangers, by the one reader: broken, deep and cut."""

from __future__ import annotations

import pytest

from torget.protocols import html, posthtml
from torget.protocols.mail import html as mailhtml


class Heard:
    def __init__(self):
        self.open = []
        self.deepest = 0
        self.words = ""

    def start(self, tag, attributes):
        self.open.append(tag)
        self.deepest = max(self.deepest, len(self.open))

    def end(self, tag):
        assert self.open.pop() == tag

    def say(self, text):
        self.words += text


def heard(text, *, most_chars=1_000_000):
    page = Heard()
    cut = html.read(text, page, most_chars=most_chars, dropped=frozenset({"script", "style"}))
    assert page.open == []
    return page, cut


@pytest.mark.parametrize(
    "text",
    [
        "<b>a<i>b</b>c</i>",
        "<div>" * 20_000 + "abc",
        "<i>" * 5_000 + "abc" + "</b>" * 5_000,
        "<script>x</script><p>abc",
        "<style>x<p></style>abc",
        "<!-- x -->abc<!-- y",
        "ab<a href='c' title=\"d>\">c</a>",
        "&#97;&#x62;c",
        "a\ud800bc"[:1] + "bc",
        "</p></p>abc",
        "<html><head><title></title></head><body>abc</body></html>",
    ],
)
def test_what_people_would_see_is_told_and_every_element_ends(text):
    page, cut = heard(text)
    assert page.words == "abc"
    assert not cut
    assert page.deepest < 2 * html.MOST_DEPTH


def test_what_is_dropped_is_dropped_to_its_end():
    page, _cut = heard("a<script>if (1 < 2) { '<p>x</p>' }</script>b<style>x")
    assert page.words == "ab"


def test_it_says_that_it_cut():
    assert heard("abc" * 10, most_chars=29)[1]
    assert not heard("abc" * 10, most_chars=30)[1]


@pytest.mark.parametrize(
    ("read", "most"),
    [
        (posthtml.to_text, 100_000),
        (lambda text: mailhtml.to_text(text)[0], 1_000_000),
    ],
)
def test_no_reader_goes_on_for_ever(read, most):
    assert len(read("ord " * most)) <= most


def test_links_that_lead_nowhere_people_should_go_are_words_only():
    text, _cut = mailhtml.to_text(
        '<a href="javascript:x()">trykk</a> <a href="https://e.example/">her</a>'
    )
    assert text == "trykk her (https://e.example/)"
