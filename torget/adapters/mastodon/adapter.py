"""Mastodon as a channel."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from torget.adapters.mastodon import connecting, parsing, reading, rest, streaming, writing
from torget.channels.base import Base, News, shorten, signed
from torget.channels.contract import (
    AccountAccess,
    AccountSnapshot,
    Capabilities,
    Connected,
    Field,
    Health,
    Kept,
    Outgoing,
    Polled,
    Preview,
    RawItem,
    Receipt,
    SendError,
)
from torget.protocols import threads


class MastodonAdapter(Base):
    """Reads what mentions the account, answers, posts, corrects and takes back."""

    network = "mastodon"
    icon = "mark:mastodon"
    label = "Mastodon"
    capabilities = Capabilities(
        proof="network",
        read_public=True,
        read_private=True,
        private_reply=True,
        attachments=True,
        max_pictures=4,
        alt_text=True,
        warnings=True,
        idempotent=True,
        poll_seconds=5.0,
        max_body_chars=500,
    )
    fields = (
        Field(
            "server",
            gettext_lazy("Server"),
            gettext_lazy("Adressen til serveren kontoen ligger på, for eksempel mastodon.no."),
        ),
    )

    def news(self, account: AccountAccess, stop: threading.Event) -> Iterator[None]:
        return streaming.news(account, stop, self.pace(account))

    def poll(self, account: AccountAccess, cursor: Mapping[str, Any]) -> Polled:
        return reading.poll(account, cursor)

    def read(self, item: RawItem, account: AccountSnapshot, received_at: datetime) -> list[News]:
        return parsing.parse(item, account, received_at)

    def wording(self, out: Outgoing, limits: rest.Limits) -> str:
        """What stands there: an answer is signed, a post of our own shortened with a link to the rest.

        A correction looks like what it corrects.
        """
        if out.act == "edit":
            out = replace(out, act=out.was or "say")
        if out.act == "say":
            return signed(out)
        most = limits.characters - max(0, len(out.link) - limits.url_characters)
        return (
            shorten(out.body, most, out.link)
            if writing.length(out.body, limits) > most
            else out.body
        )

    def preview(self, out: Outgoing, account: AccountSnapshot) -> Preview:
        limits = rest.known_limits(account)
        text = self.wording(out, limits)
        before = (
            f"@{writing.named(out.recipient, account)} "
            if out.act == "say" and out.recipient
            else ""
        )
        parts = writing.parts(text, before, limits)
        used = sum(writing.length(part, limits) for part in parts)
        most = max(used, limits.characters) if threads.whole(parts) else used - 1
        remarks = []
        if out.body not in text:
            remarks.append(_("Teksten er forkortet, med lenke til resten."))
        if len(parts) > 1:
            remarks.append(
                _("Svaret går ut som en tråd med %(count)s innlegg.") % {"count": len(parts)}
            )
        if (over := len(out.attachments) - limits.pictures) > 0:
            remarks.append(
                _("%(count)s bilder blir ikke med: kanalen tar ikke flere.") % {"count": over}
            )
        if out.act == "say" and out.visibility == "private":
            remarks.append(
                _(
                    "En direktemelding på Mastodon er ikke hemmelig: de som driver serverne, kan lese den, "
                    "og alle som nevnes med krøllalfa, får den. Skriv ingenting som er taushetsbelagt."
                )
            )
        return Preview(parts, used, most, _("tegn"), remarks)

    def say(self, out: Outgoing, account: AccountAccess) -> Receipt:
        return writing.post(out, account, self.wording(out, rest.limits(account)))

    publish = say

    def edit(self, out: Outgoing, account: AccountAccess) -> Receipt:
        return writing.edit(out, account, self.wording(out, rest.limits(account)))

    def withdraw(self, out: Outgoing, account: AccountAccess) -> Receipt:
        return writing.withdraw(out, account)

    def find(self, out: Outgoing, account: AccountAccess) -> Receipt | None:
        if out.act == "withdraw":
            return writing.look_for_withdrawal(out, account)
        look = writing.look_for_edit if out.act == "edit" else writing.look_for_post
        return look(out, account, self.wording(out, rest.limits(account)))

    def reread(self, rows: Sequence[Kept], account: AccountAccess) -> list[RawItem]:
        return reading.reread(rows, account)

    def check(self, account: AccountAccess) -> Health:
        try:
            writing.own_id(account)
            rest.limits(account)
            query = [("limit", "1"), ("types[]", "mention")]
            rest.call(account, "GET", "/api/v1/notifications", query=query)
        except SendError as fault:
            if fault.account:
                return Health(
                    False, _("Serveren godtar ikke nøkkelen lenger. Koble kontoen til på nytt.")
                )
            return Health(False, _("Vi får ikke svar fra serveren: %(why)s") % {"why": fault})
        return Health(True)

    def profile_url(self, account: AccountSnapshot) -> str:
        if profile := str(account.settings.get("profile", "")):
            return profile
        name, _at, server = account.address.strip("@").partition("@")
        try:
            return f"{rest.server(account)}/@{name}"
        except SendError:  # not connected yet: the address says as much
            return f"https://{server}/@{name}" if server else ""

    def authorise_url(self, account: AccountAccess, *, redirect_uri: str, state: str) -> str:
        return connecting.authorise_url(account, redirect_uri, state)

    def redeem(self, account: AccountAccess, *, redirect_uri: str, code: str) -> Connected:
        return connecting.redeem(account, redirect_uri, code)
