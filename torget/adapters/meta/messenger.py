"""Messenger by itself: for a page whose comments are answered elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from torget.adapters.meta import entries, messages, owner, reconcile
from torget.adapters.meta.facebook import MetaBase
from torget.channels.base import graphemes
from torget.channels.contract import (
    AccountAccess,
    AccountSnapshot,
    Capabilities,
    InboundMessage,
    NetworkEvent,
    Outgoing,
    Polled,
    Preview,
    Receipt,
)


class MessengerAdapter(MetaBase):
    """Only the private messages of a page. A page connected as Facebook has them already."""

    network = "messenger"
    icon = "mark:messenger"
    label = gettext_lazy("Messenger")
    capabilities = Capabilities(
        proof="network",
        deletes_for_others=True,
        read_private=True,
        by_sender=True,
        poll_seconds=reconcile.SECONDS,
        max_body_chars=messages.MOST_CHARS,
    )
    cannot = gettext_lazy("En sendt melding i Messenger kan ikke endres.")
    fields = (*owner.FIELDS, owner.HUMAN_AGENT)
    scopes = ("pages_show_list", "pages_manage_metadata", "pages_messaging")
    subscribed = (
        "messages",
        "message_echoes",
        "message_edits",
        "message_deliveries",
        "messaging_postbacks",
    )

    def read_entry(
        self, entry: Mapping[str, Any], place: entries.Place
    ) -> Iterator[InboundMessage | NetworkEvent]:
        """The messages."""
        for event in entry.get("messaging") or []:
            yield from entries.message(event, place)

    def poll(self, account: AccountAccess, cursor: Mapping[str, Any]) -> Polled:
        now = time.time()
        after = reconcile.since(cursor, now)
        return reconcile.gathered(
            account,
            cursor,
            now,
            [lambda: reconcile.talks(account, account.address, "messenger", after)],
        )

    def preview(self, out: Outgoing, account: AccountSnapshot) -> Preview:
        text = self.text(out)
        return Preview([text], graphemes(text), messages.MOST_CHARS, _("tegn"))

    def say(self, out: Outgoing, account: AccountAccess) -> Receipt:
        return messages.send(account, account.address, out, self.text(out))

    def find(self, out: Outgoing, account: AccountAccess) -> Receipt | None:
        return messages.find(account, account.address, "messenger", out, self.text(out))

    def profile_url(self, account: AccountSnapshot) -> str:
        return f"https://m.me/{account.address}"
