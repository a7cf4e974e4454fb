from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torget.protocols import gsm7

ALPHABET = list(gsm7._CODES)


def test_norwegian_and_the_signs_people_use_are_in_the_alphabet():
    assert gsm7.wide("Æ Ø Å æ ø å é @ £ ? ! % & \n") == ()
    assert len(gsm7.encode("æøå")) == 3


@pytest.mark.parametrize("sign", "^{}\\[]~|€\f")
def test_signs_of_the_extension_table_take_two(sign):
    assert gsm7.cut(sign).units == 2
    assert gsm7.encode(sign)[0] == gsm7.ESCAPE


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("ж" * 134, 2),
        ("ж" * 135, 3),
        ("🙂" * 35, 1),
        ("🙂" * 36, 2),
    ],
)
def test_how_many_texts_a_text_is(text, parts):
    assert len(gsm7.cut(text).parts) == parts


def test_a_pair_is_never_parted():
    assert gsm7.cut("a" * 152 + "€" + "a" * 20).parts[0] == "a" * 152
    assert gsm7.cut("ж" * 66 + "🙂" + "ж" * 10).parts[0] == "ж" * 66


def test_what_makes_a_text_dear_is_named_once_each():
    assert gsm7.cut("«Hei» – 🙂 «der»").wide == ("«", "»", "–", "🙂")


@given(st.text(alphabet=ALPHABET, max_size=700))
def test_what_is_encoded_is_read_back_and_no_part_is_too_long(text):
    assert gsm7.decode(gsm7.encode(text)) == text
    cut = gsm7.cut(text)
    assert "".join(cut.parts) == text
    most = gsm7.GSM_ALONE if len(cut.parts) == 1 else gsm7.GSM_PART
    assert all(len(gsm7.encode(part)) <= most for part in cut.parts)


@given(st.text(max_size=300), st.sampled_from("ж🙂–"))
def test_wide_texts_are_cut_so_that_every_part_stands_alone(text, wide):
    cut = gsm7.cut(text + wide)
    assert "".join(cut.parts) == text + wide
    most = gsm7.UCS_ALONE if len(cut.parts) == 1 else gsm7.UCS_PART
    assert all(len(gsm7.ucs2(part)) <= 2 * most for part in cut.parts)


@given(st.binary(max_size=200))
def test_any_octets_are_read(octets):
    assert len(gsm7.decode(octets)) <= len(octets)
