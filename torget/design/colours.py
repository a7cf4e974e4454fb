"""From one municipal colour to the tokens of both colour schemes, with contrast that always holds."""

from __future__ import annotations

import re
from typing import Final

WHITE: Final = (255, 255, 255)
BLACK: Final = (0, 0, 0)
NIGHT: Final = (16, 18, 20)
FALLBACK: Final = "#0062ba"
TEXT_CONTRAST: Final = 4.5
BODY_CONTRAST: Final = 7.0
EDGE_CONTRAST: Final = 3.0

Rgb = tuple[int, int, int]


def parse(colour: str) -> Rgb:
    """Read `#rrggbb`; anything else becomes the fallback, so that a slip never takes the pages down."""
    text = colour.strip().lower()
    if not re.fullmatch(r"#[0-9a-f]{6}", text):
        text = FALLBACK
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def write(rgb: Rgb) -> str:
    """Write as `#rrggbb`."""
    return "#{:02x}{:02x}{:02x}".format(*rgb)


def mix(first: Rgb, other: Rgb, share: float) -> Rgb:
    """`share` of `one`, the rest of `other`."""
    red, green, blue = (
        round(a * share + b * (1 - share)) for a, b in zip(first, other, strict=True)
    )
    return red, green, blue


def luminance(rgb: Rgb) -> float:
    """Relative luminance, 0–1 (WCAG 2.2, definition of relative luminance)."""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in rgb)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: Rgb, other: Rgb) -> float:
    """Contrast ratio, 1–21 (WCAG 2.2, definition of contrast ratio)."""
    lighter, darker = sorted((luminance(first), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def until(rgb: Rgb, *, towards: Rgb, against: Rgb, at_least: float) -> Rgb:
    """The colour nearest to `rgb`, on the way `towards` another, that stands out enough `against` a ground."""
    for step in range(51):
        candidate = mix(towards, rgb, step / 50)
        if contrast(candidate, against) >= at_least:
            return candidate
    return towards


def tokens(colour: str) -> dict[str, dict[str, str]]:
    """Designsystemet's accent tokens for a municipality's colour.

    Returns `{"light": {name: value}, "dark": {…}}`; names lack the prefix `--ds-color-accent-`.
    All text keeps a contrast of 4.5 on every surface it can meet (WCAG 2.2 §1.4.3), also under the
    pointer, and edges that carry meaning 3.0 (§1.4.11), whatever colour is given.
    """
    rgb = parse(colour)
    light = _light(rgb)
    dark = _dark(rgb)
    return {
        "light": {name: write(value) for name, value in light.items()},
        "dark": {name: write(value) for name, value in dark.items()},
    }


def _light(rgb: Rgb) -> dict[str, Rgb]:
    base = until(rgb, towards=BLACK, against=WHITE, at_least=TEXT_CONTRAST)
    surfaces = {
        "background-default": WHITE,
        "background-tinted": mix(base, WHITE, 0.07),
        "surface-default": WHITE,
        "surface-tinted": mix(base, WHITE, 0.13),
        "surface-hover": mix(base, WHITE, 0.21),
        "surface-active": mix(base, WHITE, 0.30),
    }
    hardest = min(surfaces.values(), key=luminance)
    subtle = until(base, towards=BLACK, against=hardest, at_least=TEXT_CONTRAST)
    body = mix(base, BLACK, 0.5)
    return surfaces | {
        "border-subtle": mix(base, WHITE, 0.40),
        "border-default": until(base, towards=BLACK, against=hardest, at_least=EDGE_CONTRAST),
        "border-strong": subtle,
        "text-subtle": subtle,
        "text-default": until(body, towards=BLACK, against=hardest, at_least=BODY_CONTRAST),
        "base-default": base,
        "base-hover": mix(base, BLACK, 0.82),
        "base-active": mix(base, BLACK, 0.66),
        "base-contrast-subtle": until(
            mix(base, WHITE, 0.13), towards=WHITE, against=base, at_least=TEXT_CONTRAST
        ),
        "base-contrast-default": WHITE,
    }


def _dark(rgb: Rgb) -> dict[str, Rgb]:
    # A very light colour would glare as a dark ground: start from one that white text can rest on.
    deep = until(rgb, towards=BLACK, against=WHITE, at_least=BODY_CONTRAST)
    surfaces = {
        "background-default": mix(deep, NIGHT, 0.10),
        "background-tinted": mix(deep, NIGHT, 0.18),
        "surface-default": mix(deep, NIGHT, 0.26),
        "surface-tinted": mix(deep, NIGHT, 0.34),
        "surface-hover": mix(deep, NIGHT, 0.44),
        "surface-active": mix(deep, NIGHT, 0.58),
    }
    hardest = max(surfaces.values(), key=luminance)
    subtle = until(rgb, towards=WHITE, against=hardest, at_least=TEXT_CONTRAST)
    base = until(rgb, towards=WHITE, against=BLACK, at_least=6.0)
    body = mix(rgb, WHITE, 0.12)
    return surfaces | {
        "border-subtle": mix(deep, NIGHT, 0.75),
        "border-default": until(rgb, towards=WHITE, against=hardest, at_least=EDGE_CONTRAST),
        "border-strong": subtle,
        "text-subtle": subtle,
        "text-default": until(body, towards=WHITE, against=hardest, at_least=BODY_CONTRAST),
        "base-default": base,
        "base-hover": mix(base, WHITE, 0.78),
        "base-active": mix(base, WHITE, 0.58),
        "base-contrast-subtle": until(
            mix(base, BLACK, 0.2), towards=BLACK, against=base, at_least=TEXT_CONTRAST
        ),
        "base-contrast-default": BLACK,
    }
