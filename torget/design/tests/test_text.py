"""What people write is shown safely."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torget.design.text import highlighted, markdown, plain, slug


def test_residents_words_are_escaped_and_keep_their_lines():
    assert plain("Hei <b>\nJa & nei\n\nSlutt") == "<p>Hei &lt;b&gt;<br>Ja &amp; nei</p><p>Slutt</p>"


def test_a_web_address_becomes_a_link_that_gives_no_credit_and_leaves_the_full_stop_outside():
    html = plain("Se (https://www.example.no/a(b)?c=1&d=2).")
    assert 'href="https://www.example.no/a(b)?c=1&amp;d=2" rel="nofollow noopener ugc"' in html
    assert html.endswith("</a>).</p>")


@pytest.mark.parametrize("text", ["javascript:alert(1)", "data:text/html,x", "//evil.test/x"])
def test_only_web_addresses_become_links(text):
    assert "<a" not in plain(text)


def test_direction_overrides_and_control_characters_are_not_shown():
    assert plain("a\u202eb\x07c") == "<p>abc</p>"


@given(st.text(max_size=300))
def test_no_text_can_make_an_element_of_its_own(text):
    html = plain(text)
    for piece in ("<p>", "</p>", "<br>", "</a>"):
        html = html.replace(piece, "")
    assert html.count("<") == html.count('<a class="ds-link" href="http')


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "<img src=x onerror=alert(1)>",
        "![x](https://a.test/x.png)",
    ],
)
def test_markdown_lets_no_script_picture_or_raw_html_through(source):
    html = markdown(source)
    assert "<script" not in html
    assert 'href="javascript' not in html
    assert "<img" not in html


def test_markdown_headings_begin_below_the_pages_own():
    assert markdown("# Frist\n\n## Gebyr") == "<h2>Frist</h2>\n<h3>Gebyr</h3>\n"


def test_markdown_links_of_residents_give_no_credit():
    assert 'rel="nofollow noopener ugc"' in markdown("[x](https://a.test)", by_resident=True)
    assert 'rel="noopener"' in markdown("[x](https://a.test)")


def test_a_search_marks_what_was_asked_for_and_shows_the_words_around_it():
    html = highlighted(
        "Når <i>tømmes</i> søppel? " + "Fyll " * 60 + "søppel tømmes torsdag " + "mer " * 60,
        "søppel",
        60,
    )
    assert "<mark>søppel</mark>" in html
    assert "&lt;i&gt;" in highlighted("<i>søppel</i>", "søppel")
    assert len(html) < 140


@given(st.text(max_size=200), st.text(max_size=40))
def test_marking_never_lets_markup_through(words, query):
    assert highlighted(words, query).replace("<mark>", "").replace("</mark>", "").count("<") == 0


def test_a_slug_is_spelt_as_norwegian_is_without_its_own_letters():
    assert slug("Sør-Odal på ÆØÅ", 40) == "soer-odal-paa-aeoeaa"
    assert slug("Čáhcesuolu – Vadsø!", 40) == "cahcesuolu-vadsoe"
    assert slug("Når blir veien brøytet?", 9) == "naar-blir"
    assert slug("?!", 40) == ""
