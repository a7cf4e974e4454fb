"""Of other people's files only those that pages use are served; each of them is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from torget.channels.registry import adapters
from torget.design.templatetags.torget import icon
from torget.design.vendor import SERVED, VendorFinder

STYLES = Path(__file__).parents[1] / "static" / "torget"
MOST_BYTES = 110_000


@pytest.mark.parametrize(
    "name", [f"{folder}/{file}" for folder, files in SERVED.items() for file in files]
)
def test_what_is_served_lies_where_npm_put_it(name):
    assert finders.find(name)


def test_nothing_else_of_those_packages_is_served():
    collected = {
        f"{storage.prefix}/{name}"
        for name, storage in VendorFinder().list([])
        if getattr(storage, "prefix", "") in SERVED
    }
    assert collected == {f"{folder}/{file}" for folder, files in SERVED.items() for file in files}


def test_the_letters_every_page_loads_are_light():
    sheet = (STYLES / "torget.css").read_text()
    assert sheet.count("@font-face") == sheet.count("font-display: swap") == 2
    assert (
        Path(finders.find("vendor/inter/inter-latin-wght-normal.woff2")).stat().st_size < MOST_BYTES
    )


def test_every_mark_an_adapter_names_has_its_picture():
    named = {
        adapter.icon.removeprefix("mark:")
        for adapter in adapters().values()
        if adapter.icon.startswith("mark:")
    }
    styled = set(re.findall(r'data-mark="(\w+)"', (STYLES / "marks.css").read_text()))
    assert len(named) > 5
    assert named <= styled == {file.removesuffix(".svg") for file in SERVED["vendor/marks"]}


def test_a_mark_is_silent_beside_words_and_speaks_alone():
    assert 'aria-hidden="true"' in icon("mark:bluesky")
    assert 'aria-label="Bluesky"' in icon("mark:bluesky", "Bluesky")
