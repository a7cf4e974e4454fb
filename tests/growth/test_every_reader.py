"""Every reader of strangers' texts takes time in proportion to what it is given, and under a second at its limit.

Readers are found, not listed: every public function of `protocols` that takes a text or bytes first, every function
elsewhere that takes a `text`, and every channel through the contract. One that cannot be fed must be excused here.

Each meets some of the shapes, and each shape some of the readers; `make bench` lets all meet all (GROWTH=whole).
"""

from __future__ import annotations

import inspect
import json
import os
import pkgutil
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import Any

import pytest

import torget
from tests.cast import NOW
from tests.growth import specimens
from tests.growth.clock import fault
from tests.growth.shapes import SHAPES
from torget.channels.registry import adapters
from torget.channels.tests.test_contract import EACH
from torget.conversations.search import understand

pytestmark = pytest.mark.growth
FILL: dict[str, Any] = {
    "received_at": NOW,
    "at": NOW,
    "url": "https://e.example/",
    "did_of": lambda _handle: None,
    "held": [],
    "facet_rows": [],
    "length": len,
    "netloc": "a.example",
    "signature": "sig1=:YQ==:",
    "sender": "a@b.example",
    "tag": "x",
    "body": b"x",
    "link": "https://e.example/",
    "query": "ord",
    "findings": (),
    "marked": (),
    "values": {},
    "found": (),
    "number": 1,
    "name": "fil",
    "declared": "text/plain",
}
FILL_BY_READER: dict[str, dict[str, Any]] = {
    "torget.protocols.threads.parts": {"most": 500},
    "torget.design.text.slug": {"most_chars": 80},
    "torget.channels.base.shorten": {"most": 300},
    "torget.protocols.smpp.text_field": {"most": 20},
    "torget.protocols.smscoding.decode": {"coding": 8},
    "torget.protocols.svg.picture": {"ground": "#0062ba", "size": (400, 400)},
}
# What a reader lets through; the others are fed MOST_CHARS.
MOST_CHARS = 200_000
LIMITS = {
    "torget.protocols.mail": 1_000_000,
    "torget.protocols.encodings.decode": 1_000_000,
    "torget.protocols.plaintext.clean": 1_000_000,
    "torget.protocols.plaintext.one_line": 1_000_000,
    "torget.protocols.activitypub": 1_000_000,
    "torget.protocols.posthtml": 1_000_000,
    "torget.protocols.feedreading": 2_000_000,
    # What we write ourselves, or what a form of ours let through.
    "torget.protocols.activitypub.markup.to_html": 20_000,
    "torget.protocols.atproto": 20_000,
    "torget.protocols.threads": 20_000,
    "torget.protocols.gsm7": 20_000,
    "torget.protocols.xweight": 20_000,
    "torget.protocols.littletext": 20_000,
    "torget.protocols.plaintext.graphemes": 100_000,
    "torget.adapters": 20_000,
    "torget.answers": 20_000,
    "torget.channels.base": 20_000,
    "torget.conversations.guard": 20_000,
    "torget.design.text": 20_000,
    "torget.desk": 20_000,
}
EXCUSED = {
    "torget.protocols.activitypub.writing": "writes what we say",
    "torget.protocols.http_signatures.keys.base58": "our own key",
    "torget.protocols.jws.sign": "our own words",
    "torget.protocols.jws.verify": "our own signature",
    "torget.protocols.nodeinfo": "writes what we say",
    "torget.protocols.webfinger.answer": "writes what we say",
    "torget.protocols.webhook.sign": "our own secret",
    "torget.protocols.webhook.key_of": "our own secret",
    "torget.protocols.smpp.bind_body": "our own password",
    "torget.protocols.html.read": "through the pages that use it: mail, posts, notes",
    "torget.people.limits.tickets": "sealed by us",
    "torget.answers.meaning": "a model, which reads the first words only",
    "torget.adapters.activitypub.mentions": "our own words, and it asks other servers",
    "torget.adapters.mastodon.writing": "our own words",
    "torget.adapters.sms.centre.bodies": "our own words",
    "torget.adapters.activitypub.mentions.find": "our own words; each look-up has its own limit",
}


# Read by everybody, before anything else: these meet every shape each time.
FIRST_OF_ALL = (
    "torget.protocols.plaintext",
    "torget.protocols.posthtml.to_text",
    "torget.protocols.mail.flowed",
    "torget.protocols.mail.html",
)
PART = 1 if os.environ.get("GROWTH") == "whole" else 4

# Before the walk: some packages name their adapter as they name the module it is in.
adapters()


def _shapes(name: str) -> list[tuple[str, Any]]:
    """The shapes a reader of this name meets."""
    begin = 0 if name.startswith(FIRST_OF_ALL) else zlib.crc32(name.encode()) % PART
    step = 1 if name.startswith(FIRST_OF_ALL) else PART
    return list(SHAPES.items())[begin::step]


def _functions() -> Iterator[tuple[str, Any]]:
    for found in pkgutil.walk_packages(torget.__path__, "torget."):
        if any(
            part in found.name for part in (".tests", ".migrations", ".bench", ".demo", ".config")
        ):
            continue
        module = import_module(found.name)
        for name, function in sorted(vars(module).items()):
            if (
                inspect.isfunction(function)
                and function.__module__ == found.name
                and name[0] != "_"
            ):
                yield f"{found.name}.{name}", function


def _under(name: str, table: dict[str, Any]) -> Any:
    """What the table says of it, or of the nearest package it is in."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        if (key := ".".join(parts[:length])) in table:
            return table[key]
    return None


def _readers() -> Iterator[tuple[str, Any, str, dict[str, Any]]]:
    for name, function in _functions():
        first, *rest = inspect.signature(function).parameters.values() or [None]
        if first is None or first.annotation not in {"str", "bytes"} or _under(name, EXCUSED):
            continue
        if not name.startswith("torget.protocols.") and first.name != "text":
            continue
        fill = FILL | FILL_BY_READER.get(name, {})
        needs = [
            one.name
            for one in rest
            if one.default is one.empty and one.kind is not one.VAR_POSITIONAL
        ]
        yield name, function, first.annotation, {key: fill.get(key, KeyError) for key in needs}


READERS = list(_readers())


def test_readers_are_found_and_each_can_be_fed():
    names = [name for name, *_rest in READERS]
    assert len(names) > 60
    unfed = [name for name, _reader, _kind, given in READERS if KeyError in given.values()]
    assert (
        unfed == []
    )  # say in FILL what it needs, or in EXCUSED why no stranger's text comes there


def _fed(shape, kind):
    return shape if kind == "str" else lambda n: shape(n).encode("utf-8", "replace")


@pytest.mark.parametrize(
    ("name", "reader", "kind", "given"), READERS, ids=[one[0] for one in READERS]
)
def test_a_reader_of_texts_has_a_bound(name, reader, kind, given):
    most = _under(name, LIMITS) or MOST_CHARS
    faults = {
        shape: why
        for shape, make in _shapes(name)
        if (why := fault(lambda text: reader(text, **given), _fed(make, kind), most))
    }
    assert faults == {}


def test_a_search_has_a_bound(nordvaag):
    faults = {
        shape: why
        for shape, make in _shapes("search")
        if (why := fault(lambda query: understand(nordvaag.pk, query), make, 20_000))
    }
    assert faults == {}


# Channels ----------------------------------------------------------------------------------------

TEXTS = (
    *(
        "letters",
        "spaces",
        "marks",
        "open tags",
        "crossed tags",
        "links in links",
        "quote towers",
        "attributions",
    ),
    *(
        "mentions",
        "web addresses",
        "ats",
        "flags",
        "brackets",
        "digits",
        "entities",
        "lines with colons",
    ),
)


@pytest.mark.parametrize("one", EACH)
def test_an_envelope_of_any_channel_has_a_bound(one):
    adapter = adapters()[one.network]

    def parse(item):
        list(adapter.parse(item, one.account, received_at=NOW))

    faults = {}
    for item in one.items:
        for place, make in specimens.in_texts(item):
            # Each place meets some of the shapes, all places together meet every one.
            begin = zlib.crc32(place.encode()) % 4
            for shape in TEXTS[begin::4]:
                if why := fault(parse, lambda n, s=shape, m=make: m(SHAPES[s](n)), 50_000):
                    faults[place, shape] = why
        for place, grown in specimens.in_lists(item):
            if why := fault(parse, grown, 1_000_000):
                faults[place] = why
        only = specimens.whole(item)
        for shape, make in _shapes(one.network):
            if why := fault(parse, lambda n, m=make, o=only: o(m(n)), 200_000):
                faults[shape] = why
    assert faults == {}


def _activity(make, size):
    words = make(size).replace("\\", "").replace('"', "")
    document = {"type": "Create", "actor": "https://nobody.example/u", "content": words}
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")


@pytest.mark.parametrize("one", EACH)
def test_a_delivery_nobody_signed_has_a_bound(one, db):
    adapter = adapters()[one.network]
    if one.signed is None:
        return
    faults = {}
    for headers, body in one.signed():
        for shape, make in _shapes(one.network):
            hostile = _fed(make, "bytes")
            if why := fault(
                lambda raw, h=headers: adapter.verify(one.account, h, raw), hostile, 900_000
            ):
                faults["body", shape] = why
            activity = partial(_activity, make)
            if why := fault(
                lambda raw, h=headers: adapter.verify(one.account, h, raw), activity, 900_000
            ):
                faults["content", shape] = why
        for name in headers:
            for shape in TEXTS:

                def verify(text, h=headers, name=name, body=body):
                    adapter.verify(one.account, {**h, name: text}, body)

                if why := fault(verify, SHAPES[shape], 32_000):
                    faults[name, shape] = why
    assert faults == {}


@pytest.mark.parametrize(
    ("place", "make"), list(specimens.mails()), ids=[name for name, _make in specimens.mails()]
)
def test_a_mail_has_a_bound(place, make):
    adapter = adapters()["email"]
    account = next(one.values[0].account for one in EACH if one.id == "email")
    item = next(one.values[0].items[0] for one in EACH if one.id == "email")
    faults = {}
    headers = place.startswith("header ")
    for shape, text in _shapes(place):

        def read(raw):
            with suppress(Exception):
                adapter.parse(replace(item, body=raw), account, received_at=NOW)

        if why := fault(read, lambda n, t=text: make(t(n)), 200_000 if headers else 500_000):
            faults[shape] = why
    assert faults == {}
