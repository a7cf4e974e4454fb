"""JSON's null is nothing, ids may be numbers, and one thing may stand where a list is meant."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torget.protocols import jsonvalues


def test_null_is_nothing_and_never_the_word_none():
    assert (jsonvalues.text(None), jsonvalues.key(None), jsonvalues.many(None)) == ("", "", [])
    assert (jsonvalues.table(None), jsonvalues.tables([None, {"a": 1}])) == ({}, [{"a": 1}])
    assert jsonvalues.within({"author": None}, "author", "name") is None


@pytest.mark.parametrize(
    ("said", "key"),
    [
        *((17, "17"), (17.0, "17"), ("17", "17"), (" a\nb ", "a b"), ("0", "0"), (0, ""), ("", "")),
        *((True, ""), ({}, ""), ([], ""), (9007199254740993, "9007199254740993")),
    ],
)
def test_ids_are_texts_or_numbers(said, key):
    assert jsonvalues.key(said) == key


def test_an_id_that_must_be_there_is_asked_for():
    assert jsonvalues.needed(5, "the author") == "5"
    with pytest.raises(ValueError, match="no id of the author"):
        jsonvalues.needed(None, "the author")


def test_one_or_several_are_a_list():
    assert jsonvalues.many("a") == ["a"]
    assert jsonvalues.many(["a", None, "b"]) == ["a", "b"]
    assert jsonvalues.many({}) == [{}]
    assert len(jsonvalues.many([1] * 10_000)) == jsonvalues.MOST_MEMBERS


def test_one_bad_byte_spoils_one_letter():
    assert jsonvalues.load('{"a": "Nordvåg'.encode() + b'\xe5"}') == {"a": "Nordvåg\ufffd"}
    assert jsonvalues.load(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}
    assert jsonvalues.load('{"a": 1}'.encode("utf-16")) == {"a": 1}
    assert jsonvalues.load(b'{"a": NaN}') == {"a": None}
    assert jsonvalues.load('{"a": "Nordvåg på Sørøya"}'.encode("latin-1")) == {
        "a": "Nordvåg på Sørøya"
    }
    assert jsonvalues.load(b'{"a": "to\nlinjer\t"}') == {"a": "to\nlinjer\t"}


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"1" * 10_000, b"\xff\xfe\x00"])
def test_what_is_no_json_is_refused_as_a_value(body):
    with pytest.raises(ValueError):  # noqa: PT011 - whatever its words are
        jsonvalues.load(body)


def test_addresses_people_may_be_led_to():
    assert jsonvalues.address("https://a.example/x") == "https://a.example/x"
    assert jsonvalues.address("http://a.example", secure=True) == ""
    for odd in (None, 5, "javascript:alert(1)", "https://a b", 'https://a"b', "https://a\nb"):
        assert jsonvalues.address(odd) == ""


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_every_value_json_has_is_read(value):
    value = jsonvalues.load(json.dumps(value))
    assert isinstance(jsonvalues.text(value), str)
    assert isinstance(jsonvalues.key(value), str)
    assert isinstance(jsonvalues.whole(value), int)
    assert all(isinstance(one, dict) for one in jsonvalues.tables(value))
