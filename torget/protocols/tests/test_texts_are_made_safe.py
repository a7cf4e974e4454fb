"""Texts of strangers: what is invisible goes, what people write stays, and nobody can make it slow."""

from __future__ import annotations

import ast
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import torget
from torget.protocols.plaintext import MOST_MARKS, clean, graphemes, one_line

ROOT = Path(torget.__file__).parent


def marks_in_a_row(text: str) -> int:
    longest = run = 0
    for letter in unicodedata.normalize("NFD", text):
        run = run + 1 if unicodedata.combining(letter) else 0
        longest = max(longest, run)
    return longest


@given(
    st.text(alphabet=st.sampled_from("a\u0315\u0300\u0344\u0f71\u0f73\u0958\u200b\u00e9 \n\ud800"))
)
def test_cleaning_again_changes_nothing(text):
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    "mark", ["\u0300", "\u0315\u0300", "\u0344", "\u0f73", "\u0300\u200b", "\u0300\u202e"]
)
def test_a_run_of_marks_ends_where_no_language_goes_on(mark):
    text = clean("a" + mark * 5_000 + "b")
    assert text.endswith("b")
    assert marks_in_a_row(text) <= 2 * MOST_MARKS


@pytest.mark.parametrize(
    "text",
    [
        "Blåbærsyltetøy",
        "z\u0336\u0350\u0351ly",
        "Tiê\u0301ng Viê\u0323t",
        "कि क्षि",
        "שָׁלוֹם",
        "ཧཱུྃ",
        "👨‍👩‍👧 🇳🇴",
    ],
)
def test_what_people_write_stays(text):
    assert clean(text) == unicodedata.normalize("NFC", text)


def test_what_is_too_long_is_cut_before_it_is_read():
    assert clean("ord " * 1_000, 10) == "ord ord or"
    assert len(clean("\u0958" * 100, 50)) == 50
    assert one_line("  " * 1_000 + "Kari   Nordmann", 10) == "Kari Nordm"


def test_a_flag_is_one_letter_and_a_thousand_are_a_thousand():
    assert graphemes("a🇳🇴🇸🇪e\u0301👨‍👩‍👧\r\n") == ["a", "🇳🇴", "🇸🇪", "e\u0301", "👨‍👩‍👧", "\r\n"]
    assert len(graphemes("🇳🇴" * 1_000)) == 1_000


def test_the_standard_librarys_reader_of_html_is_used_nowhere():
    # It takes time quadratic in what it is given on many a machine (CVE-2025-6069); `protocols.html` does not.
    tries_it = ROOT / "config/runtime.py"  # to tell whether this machine's is one of them
    for path in set(ROOT.rglob("*.py")) - {tries_it}:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
            module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            assert "html.parser" not in [module, *names], path
            assert not (module == "html" and "parser" in [name.name for name in node.names]), path
