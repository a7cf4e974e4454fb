"""Terms: stems, matters of many names, parts of long words."""

from __future__ import annotations

import pytest

from torget.answers.words import stem, stop_words, terms_of, weighted


@pytest.mark.parametrize(
    ("one", "other"),
    [("brøytet", "brøyting"), ("dunken", "dunker"), ("søknader", "søknad"), ("skolene", "skole")],
)
def test_endings_do_not_matter(one, other):
    assert stem(one) == stem(other)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("bosspann", "avfallsdunk"),
        ("bhg", "barnehageplass"),
        ("garbage", "søppel"),
        ("vegen", "vei"),
        ("grannen", "naboer"),
        ("kindergarten", "barnehage"),
        ("legge snø", "snøkanten"),
    ],
)
def test_the_same_matter_is_found_by_its_other_names(asked, said):
    assert set(terms_of(asked)) & set(terms_of(said))


def test_words_without_a_subject_are_left_out_in_every_language():
    assert terms_of("Hei! Hvordan kan jeg få det, korleis får eg det, how do I get it") == []
    assert {"hvordan", "korleis", "how", "åssen"} <= stop_words()


def test_a_long_word_is_also_about_its_parts():
    assert {"=vannmal", "=kloakk"} <= set(terms_of("vannmåleren og avløpsgebyret"))


def test_a_part_in_the_middle_of_a_word_is_no_part():
    assert "=hund" not in terms_of("århundreskifte")


def test_what_stands_in_the_question_counts_more_than_in_the_body():
    weights = weighted("Når blir veien brøytet?", "Vi strør også.", ["plogen kommer aldri"])
    assert weights["=broy"] > weights["plog"] > weights["=stro"]
