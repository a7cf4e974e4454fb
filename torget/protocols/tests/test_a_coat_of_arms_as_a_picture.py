"""A coat of arms as PNG: whatever the drawing says of its size, and nothing from outside it."""

from __future__ import annotations

import io
import time

import pytest
from PIL import Image

from torget.protocols.files import BadFile
from torget.protocols.svg import AVATAR, HEADER, picture

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}">{inside}</svg>'
RED = SVG.format(size="40 48", inside='<rect width="40" height="48" fill="#f00"/>')


def opened(raw):
    return Image.open(io.BytesIO(raw))


@pytest.mark.parametrize("size", [AVATAR, HEADER])
def test_it_stands_in_the_middle_on_the_ground_and_none_of_it_is_near_the_edge(size):
    made = opened(picture(RED, "#0062ba", size))
    assert (made.format, made.size) == ("PNG", size)
    assert made.getpixel((size[0] // 2, size[1] // 2)) == (255, 0, 0)
    assert made.getpixel((5, size[1] // 2)) == made.getpixel((size[0] // 2, 5)) == (0, 98, 186)


def test_without_a_drawing_it_is_the_ground():
    assert opened(picture("", "#0062ba", HEADER)).getcolors() == [(1500 * 500, (0, 98, 186))]


@pytest.mark.parametrize(
    "drawing",
    [
        "<svg>",
        SVG.format(size="1 1", inside='<image href="/etc/hostname"/>'),
        SVG.format(size="1 1", inside='<image xlink:href="data:image/png;base64,AA"/>'),
        SVG.format(size="1 1", inside='<use href="file:///etc/hostname"/>'),
        '<!DOCTYPE svg [<!ENTITY a "b">]>' + RED,
        SVG.format(size="1 1", inside='<rect fill="url(http://x.example/a.svg)"/>'),
        SVG.format(size="1 1", inside=" " * 600_000),
    ],
)
def test_what_is_no_drawing_or_points_elsewhere_is_refused(drawing):
    with pytest.raises(BadFile):
        picture(drawing, "#ffffff", AVATAR)


@pytest.mark.parametrize("size", ["1 100000000", "100000000 1", "1e9 1e9", "0.0001 0.0001"])
def test_what_it_says_of_its_size_costs_nothing(size):
    begun = time.perf_counter()
    blur = '<filter id="a"><feGaussianBlur stdDeviation="100000000"/></filter>'
    inside = f'{blur}<rect filter="url(#a)" width="1e9" height="1e9"/>'
    made = opened(picture(SVG.format(size=size, inside=inside), "#ffffff", AVATAR))
    assert made.size == AVATAR
    assert time.perf_counter() - begun < 1
