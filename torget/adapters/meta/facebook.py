"""A Facebook page as a channel: posts, comments, mentions and private messages."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from torget.adapters.meta import entries, graph, messages, owner, reconcile
from torget.channels.base import Base, graphemes, receipt
from torget.channels.contract import (
    AccountAccess,
    AccountSnapshot,
    Capabilities,
    Connected,
    File,
    Health,
    InboundMessage,
    NetworkEvent,
    Outgoing,
    Polled,
    Preview,
    RawItem,
    Receipt,
    SendError,
)
from torget.channels.rest import gone_is_done

SCOPES = (
    "pages_show_list",
    "pages_read_engagement",
    "pages_read_user_content",
    "pages_manage_metadata",
    "pages_manage_posts",
    "pages_manage_engagement",
    "pages_messaging",
)
SUBSCRIBED = (
    "feed",
    "mention",
    "messages",
    "message_echoes",
    "message_edits",
    "message_deliveries",
    "messaging_postbacks",
)
MAX_PICTURES = 10
LOOKED_BACK_SECONDS = 24 * 3600.0


class MetaBase(Base, ABC):
    """What the networks on graph.facebook.com share: webhooks, connecting, health."""

    scopes: ClassVar[Sequence[str]] = ()
    subscribed: ClassVar[Sequence[str]] = ()
    objects: ClassVar[Sequence[str]] = ("page",)

    def verify(self, account: AccountAccess, headers: Mapping[str, str], body: bytes) -> RawItem:
        return graph.verify(account, headers, body)

    def verify_webhook(self, account: AccountAccess, query: Mapping[str, str]) -> str | None:
        return graph.verify_webhook(account, query)

    def parse(
        self, item: RawItem, account: AccountSnapshot, *, received_at: datetime
    ) -> Sequence[InboundMessage | NetworkEvent]:
        own = {account.address, str(account.settings.get("page_id") or account.address)}
        place = entries.Place(frozenset(own), received_at)
        if item.headers.get("via") == "reconcile":
            return reconcile.read(item.body, place)
        ours = entries.entries(item, place, self.objects)
        return entries.gathered(ours, lambda entry: self.read_entry(entry, place))

    @abstractmethod
    def read_entry(
        self, entry: Mapping[str, Any], place: entries.Place
    ) -> Iterator[InboundMessage | NetworkEvent]:
        """The news in one entry of a delivery."""

    def check(self, account: AccountAccess) -> Health:
        return owner.check(account, self.scopes)

    def authorise_url(self, account: AccountAccess, *, redirect_uri: str, state: str) -> str:
        return owner.authorise_url(account, self.scopes, redirect_uri=redirect_uri, state=state)

    def redeem(self, account: AccountAccess, *, redirect_uri: str, code: str) -> Connected:
        pages = owner.pages(account, redirect_uri=redirect_uri, code=code)
        return owner.connected(account, owner.chosen(account, pages), self.subscribed)


class FacebookAdapter(MetaBase):
    """Everything of one page. Settings: docs/channels/meta.md."""

    network = "facebook"
    icon = "mark:facebook"
    label = gettext_lazy("Facebook")
    capabilities = Capabilities(
        proof="network",
        deletes_for_others=True,
        read_public=True,
        read_private=True,
        private_reply=True,
        by_sender=True,
        max_pictures=MAX_PICTURES,
        alt_text=True,
        poll_seconds=reconcile.SECONDS,
        max_body_chars=63_206,
    )
    hide_means = gettext_lazy(
        "Skjult på Facebook: bare den som skrev, og vennene deres, ser kommentaren fortsatt."
    )
    fields = (*owner.FIELDS, owner.HUMAN_AGENT)
    scopes = SCOPES
    subscribed = SUBSCRIBED

    def read_entry(
        self, entry: Mapping[str, Any], place: entries.Place
    ) -> Iterator[InboundMessage | NetworkEvent]:
        """Changes of the feed, mentions and messages."""
        for change in entry.get("changes") or []:
            if change["field"] == "feed":
                yield from entries.feed(change["value"], entry, place)
            elif change["field"] == "mention":
                yield from entries.mention(change["value"], place)
        for event in entry.get("messaging") or []:
            yield from entries.message(event, place)

    def poll(self, account: AccountAccess, cursor: Mapping[str, Any]) -> Polled:
        return reconcile.page(account, cursor, now=time.time())

    def preview(self, out: Outgoing, account: AccountSnapshot) -> Preview:
        if out.act != "say" or out.visibility == "public":
            return super().preview(out, account)
        text = self.text(out)
        remarks = []
        if messages.is_comment(out.parent):
            remarks.append(_("Et privat svar på en kommentar kan sendes én gang, innen sju dager."))
        return Preview([text], graphemes(text), messages.MOST_CHARS, _("tegn"), remarks)

    def publish(self, out: Outgoing, account: AccountAccess) -> Receipt:
        post: dict[str, Any] = {"message": self.text(out)}
        images = [file for file in out.attachments if file.media_type.startswith("image/")]
        if images:
            post["attached_media"] = [
                {"media_fbid": _picture(file, account)} for file in images[:MAX_PICTURES]
            ]
        elif out.link:
            post["link"] = out.link
        return _named(graph.call(account, "POST", f"{account.address}/feed", post, acts=True))

    def say(self, out: Outgoing, account: AccountAccess) -> Receipt:
        if out.visibility == "private":
            return messages.send(account, account.address, out, self.text(out))
        comment = {"message": self.text(out)}
        return _named(graph.call(account, "POST", f"{out.parent}/comments", comment, acts=True))

    def edit(self, out: Outgoing, account: AccountAccess) -> Receipt:
        return self._change(out, account, {"message": self.text(out)})

    def hide(self, out: Outgoing, account: AccountAccess) -> Receipt:
        return self._change(out, account, {"is_hidden": out.act == "hide"})

    show = hide

    def withdraw(self, out: Outgoing, account: AccountAccess) -> Receipt:
        with gone_is_done():
            self._change(out, account, {}, "DELETE")
        return Receipt(out.target)

    remove = withdraw

    def _change(
        self, out: Outgoing, account: AccountAccess, how: Mapping[str, Any], method: str = "POST"
    ) -> Receipt:
        if not messages.is_comment(out.target):
            raise SendError(_("En sendt melding i Messenger kan ikke endres."), permanent=True)
        graph.call(account, method, out.target, how, acts=True)
        return Receipt(out.target)

    def find(self, out: Outgoing, account: AccountAccess) -> Receipt | None:
        text = self.text(out)
        if out.act == "say" and out.visibility == "private":
            return messages.find(account, account.address, "messenger", out, text)
        if out.act in {"say", "publish"}:
            path = f"{account.address}/feed" if out.act == "publish" else f"{out.parent}/comments"
            params = {"fields": "id,from,message,created_time", "limit": "50"}
            if out.act == "say":
                params |= {"filter": "stream", "order": "reverse_chronological"}
            rows = graph.call(account, "GET", path, params).get("data", [])
            return _among(rows, account, text)
        return self._changed(out, account, text)

    def _changed(self, out: Outgoing, account: AccountAccess, text: str) -> Receipt | None:
        fields = {"edit": "id,message", "hide": "id,is_hidden", "show": "id,is_hidden"}
        gone = out.act in {"withdraw", "remove"}
        try:
            row = graph.call(account, "GET", out.target, {"fields": fields.get(out.act, "id")})
        except SendError as fault:
            if gone and fault.is_gone:
                return Receipt(out.target, "Looked up.")
            raise
        wanted = {"edit": ("message", text), "hide": ("is_hidden", True)}
        name, value = wanted.get(out.act, ("is_hidden", False))
        return Receipt(out.target, "Looked up.") if not gone and row.get(name) == value else None

    def profile_url(self, account: AccountSnapshot) -> str:
        return f"https://www.facebook.com/{account.address}"


def _named(row: Mapping[str, Any]) -> Receipt:
    return receipt("Meta", row.get("id"), url=f"https://www.facebook.com/{row.get('id')}")


def _picture(file: File, account: AccountAccess) -> str:
    params = {"published": "false", "alt_text_custom": file.alt}
    return str(graph.upload(account, f"{account.address}/photos", file, params).get("id", ""))


def _among(rows: Sequence[dict[str, Any]], account: AccountAccess, text: str) -> Receipt | None:
    """Ours with the same words, of the last day: older ones with the same words are another matter."""
    after = time.time() - LOOKED_BACK_SECONDS
    for row in rows:
        if messages.is_own(row, account) and row.get("message") == text:
            made = row.get("created_time")
            if entries.is_since(made, after):
                named = str(row["id"])
                return Receipt(named, "Looked up.", f"https://www.facebook.com/{named}")
    return None
