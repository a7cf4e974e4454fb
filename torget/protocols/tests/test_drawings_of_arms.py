"""A coat of arms becomes a picture, and a drawing the library would fall over is refused before it gets there."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from torget.protocols import svg
from torget.protocols.files import BadFile

ARMS = '<rect width="10" height="10" fill="#ff0000"/>'


def drawing(inside):
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10">{inside}</svg>'


def doubled(times):
    steps = "".join(
        f'<g id="a{n + 1}"><use href="#a{n}"/><use href="#a{n}"/></g>' for n in range(times)
    )
    return drawing(
        f'<defs><rect id="a0" width="1" height="1"/>{steps}</defs><use href="#a{times}"/>'
    )


def test_it_stands_in_the_middle_of_the_municipalitys_colour():
    made = Image.open(io.BytesIO(svg.picture(drawing(ARMS), "#0062ba", svg.AVATAR)))
    assert made.size == svg.AVATAR
    assert made.getpixel((0, 0)) == (0, 0x62, 0xBA)
    assert made.getpixel((200, 200)) == (255, 0, 0)


def test_without_a_drawing_the_colour_stands_alone():
    made = Image.open(io.BytesIO(svg.picture("", "#0062ba", svg.HEADER)))
    assert made.getcolors() == [(svg.HEADER[0] * svg.HEADER[1], (0, 0x62, 0xBA))]


@pytest.mark.parametrize(
    "wrong",
    [
        drawing("<g>" * 10_000 + ARMS + "</g>" * 10_000),
        drawing("<g>" * 200 + ARMS + "</g>" * 200),
        "<g>" * 100_000,
        doubled(4),
        doubled(40),
        drawing('<image href="file:///etc/hostname"/>'),
        '<!DOCTYPE svg [<!ENTITY a "b">]>' + drawing(ARMS),
        drawing(ARMS)[:-3],
        "no drawing",
        drawing("x" * svg.MOST_CHARS),
    ],
    ids=lambda text: text[:60],
)
def test_what_is_no_drawing_or_costs_too_much_is_refused(wrong):
    with pytest.raises(BadFile):
        svg.picture(wrong, "#0062ba", svg.AVATAR)
