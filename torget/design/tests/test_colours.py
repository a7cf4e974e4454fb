"""Any colour a municipality gives yields text that can be read."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from torget.design.colours import contrast, parse, tokens

SURFACES = (
    "background-default",
    "background-tinted",
    "surface-default",
    "surface-tinted",
    "surface-hover",
    "surface-active",
)


@given(st.integers(min_value=0, max_value=0xFFFFFF))
def test_text_stands_out_on_every_surface_in_both_schemes_whatever_the_colour(value):
    for scheme in tokens(f"#{value:06x}").values():
        ground = {name: parse(colour) for name, colour in scheme.items()}
        for surface in SURFACES:
            assert contrast(ground["text-subtle"], ground[surface]) >= 4.5, surface
            assert contrast(ground["text-default"], ground[surface]) >= 7.0, surface
            assert contrast(ground["border-default"], ground[surface]) >= 3.0, surface


@given(st.integers(min_value=0, max_value=0xFFFFFF))
def test_words_on_a_button_stand_out_also_under_the_pointer(value):
    for scheme in tokens(f"#{value:06x}").values():
        ground = {name: parse(colour) for name, colour in scheme.items()}
        for base in ("base-default", "base-hover", "base-active"):
            assert contrast(ground["base-contrast-default"], ground[base]) >= 4.5, base


@pytest.mark.parametrize("slip", ["", "blue", "#12", "red;}body{display:none", "#12345g"])
def test_a_slip_gives_the_standard_blue(slip):
    assert tokens(slip) == tokens("#0062ba")


def test_black_on_white_is_twenty_one():
    assert round(contrast((0, 0, 0), (255, 255, 255)), 2) == 21.0


def test_the_stylesheet_sets_the_tokens_for_light_dark_and_automatic():
    sheet = render_to_string("design/colours.css", {"c": tokens("#00663c")})
    rules = [
        rule.split("{")
        for rule in "".join(sheet.split()).split("}")
        if "--ds-color-accent-" in rule
    ]
    assert [rule[-2].split(",")[-1] for rule in rules] == [
        "[data-color-scheme=auto]",
        "[data-color-scheme=dark]",
        "[data-color-scheme=auto]",
    ]
    assert rules[2][0].startswith("@media(prefers-color-scheme:dark)")
    assert "--ds-color-accent-base-default:#00663c" in rules[0][-1]
    assert sheet.count("{") == sheet.count("}") == 4
