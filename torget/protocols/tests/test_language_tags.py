"""A language tag is BCP 47: three letters stay three, and what names no language is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torget.protocols.languages import MOST_CHARS, code


@pytest.mark.parametrize(
    ("tag", "kept"),
    [
        *(("nb", "nb"), ("nb-NO", "nb"), ("NB_no.UTF-8", "nb"), ("nob", "nb"), ("no", "nb")),
        *(("nn-NO", "nn"), ("nno", "nn"), ("no-NYN", "nn"), ("eng", "en"), ("en-GB-oed", "en")),
        *(("sma", "sma"), ("smj-NO", "smj"), ("sme", "se"), ("se", "se"), ("fkv", "fkv")),
        *(("zh-Hant-TW", "zh"), ("zh-yue", "yue"), ("iw", "he"), ("de;q=0.8", "de")),
        *(("und", ""), ("mul", ""), ("zxx", ""), ("mis", ""), ("qaa", ""), ("x-pirat", "")),
        *(("", ""), (None, ""), ("norsk", ""), ("n", ""), (17, ""), ("12", ""), ("nb NO", "nb")),
        *((["und", "nn"], "nn"), ([], ""), (["nb", "en"], "nb"), ({"nb": 1}, "")),
    ],
)
def test_tags_become_what_the_house_keeps(tag, kept):
    assert code(tag) == kept


@given(st.text(max_size=300) | st.lists(st.text()) | st.none() | st.integers())
def test_nothing_longer_than_we_keep_comes_out(tag):
    found = code(tag)
    assert len(found) <= MOST_CHARS
    assert found == "" or code(found) == found
