"""Feeds in their standards' shapes; invented papers."""

from __future__ import annotations

from torget.adapters.rss.adapter import _item
from torget.channels.contract import AccountAccess
from torget.channels.tests.specimens import Specimens
from torget.protocols import feedreading
from torget.protocols.tests.papers import RSS, WHERE

ACCOUNT = AccountAccess(
    1, "rss", WHERE, "Nordvåg Blad", {"url": WHERE, "words": "Nordvåg kommune, ordføreren"}
)


def item(body=RSS, *, changed=False):
    source = feedreading.read(body, url=WHERE)
    return _item(source.entries[0], source, "nøkkel", "2" if changed else "1", changed=changed)


SPECIMENS = Specimens("rss", ACCOUNT, [item(), item(changed=True)])
