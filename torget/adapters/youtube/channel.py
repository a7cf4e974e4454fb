"""YouTube as a channel: comments read, answered, let through, held back and rejected."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from torget.adapters.youtube import polling
from torget.adapters.youtube.api import API, OAUTH
from torget.channels.base import Base, News, receipt
from torget.channels.contract import (
    AccountAccess,
    AccountSnapshot,
    Author,
    Capabilities,
    Connected,
    Field,
    Health,
    InboundMessage,
    Outgoing,
    Polled,
    RawItem,
    Receipt,
    SendError,
)
from torget.channels.oauth import client_fields
from torget.channels.rest import gone_is_done
from torget.protocols import clocks, jsonvalues
from torget.protocols.plaintext import clean, one_line

SNIPPET = {"part": "snippet"}
PLAIN = {**SNIPPET, "textFormat": "plainText"}
COMMENTS = "youtube/v3/comments"
STATUS = {"show": "published", "hide": "heldForReview", "remove": "rejected"}


class YouTubeAdapter(Base):
    """The comments of one channel. Settings: docs/channels/youtube.md."""

    network = "youtube"
    icon = "mark:youtube"
    label = gettext_lazy("YouTube")
    capabilities = Capabilities(
        proof="network",
        read_public=True,
        pre_moderate=True,
        poll_seconds=polling.SECONDS,
        max_body_chars=10_000,
    )
    hide_means = gettext_lazy(
        "Holdt tilbake på YouTube: ingen andre enn den som skrev, ser kommentaren, og den kan slippes fram igjen."
    )
    cannot = gettext_lazy("På YouTube kan vi bare svare på kommentarer.")
    unreadable = gettext_lazy("Dette er ikke en kommentar fra YouTube vi forstår.")
    fields = (
        *client_fields(
            gettext_lazy(
                "Fra OAuth-klienten kommunen har i Google Cloud, med YouTube Data API v3 slått på."
            )
        ),
        Field(
            "quota",
            gettext_lazy("Kvote per dag"),
            gettext_lazy("Vanligvis 10000. Vi spør sjeldnere når den er liten."),
            required=False,
        ),
    )
    grants = OAUTH

    def poll(self, account: AccountAccess, cursor: Mapping[str, Any]) -> Polled:
        return polling.poll(account, cursor)

    def read(self, item: RawItem, account: AccountSnapshot, received_at: datetime) -> list[News]:
        value = jsonvalues.load(item.body)
        return [_message(value["comment"], value["status"], received_at)]

    def say(self, out: Outgoing, account: AccountAccess) -> Receipt:
        snippet = {"parentId": _thread(out.parent), "textOriginal": self.text(out)}
        reply = API.call(account, "POST", COMMENTS, SNIPPET, json={"snippet": snippet})
        return receipt("YouTube", reply.table.get("id"))

    def edit(self, out: Outgoing, account: AccountAccess) -> Receipt:
        comment = {"id": out.target, "snippet": {"textOriginal": self.text(out)}}
        reply = API.call(account, "PUT", COMMENTS, SNIPPET, json=comment)
        return receipt("YouTube", reply.table.get("id"))

    def withdraw(self, out: Outgoing, account: AccountAccess) -> Receipt:
        with gone_is_done():
            API.call(account, "DELETE", COMMENTS, {"id": out.target})
        return Receipt(out.target)

    def hide(self, out: Outgoing, account: AccountAccess) -> Receipt:
        query = {"id": out.target, "moderationStatus": STATUS[out.act]}
        API.call(account, "POST", f"{COMMENTS}/setModerationStatus", query)
        return Receipt(out.target)

    show = remove = hide

    def find(self, out: Outgoing, account: AccountAccess) -> Receipt | None:
        thread = {"parentId": _thread(out.parent), "maxResults": "100"}
        which = thread if out.act == "say" else {"id": out.target}
        rows = API.call(account, "GET", COMMENTS, {**PLAIN, **which}).rows("items")
        if out.act in {"withdraw", "remove"} and not rows:
            return Receipt(out.target, "Looked up.")
        for comment in rows:
            snippet = jsonvalues.table(comment.get("snippet"))
            if out.act in STATUS:
                done = snippet.get("moderationStatus", "published") == STATUS[out.act]
            else:
                own = polling.is_own(comment, account)
                done = own and _words(snippet) == self.text(out) and out.act != "withdraw"
            if done:
                return Receipt(str(comment["id"]), "Looked up.")
        return None

    def examine(self, account: AccountAccess) -> Health:
        if not any(row.get("id") == polling.channel(account) for row in _mine(account)):
            return Health(False, _("Nøkkelen gjelder en annen kanal. Koble til på nytt."))
        return Health(True, _("YouTube svarer."))

    def profile_url(self, account: AccountSnapshot) -> str:
        return f"https://www.youtube.com/channel/{polling.channel(account)}"

    def connected(self, account: AccountAccess) -> Connected:
        if not account.secrets.get("refresh_token"):
            raise SendError(_("Google ga oss ingen varig nøkkel. Prøv på nytt."), permanent=True)
        if not (mine := _mine(account)):
            raise SendError(_("Denne Google-kontoen har ingen YouTube-kanal."), permanent=True)
        name, key = jsonvalues.within(mine[0], "snippet", "title"), str(mine[0]["id"])
        return Connected(key, str(name or ""), {**account.settings, "channel": key}, account.secrets)  # fmt: skip


def _mine(account: AccountAccess) -> list[dict[str, Any]]:
    query = {**SNIPPET, "mine": "true"}
    return API.call(account, "GET", "youtube/v3/channels", query).rows("items")


def _thread(named: str) -> str:
    """The thread a comment stands in: a reply's id begins with it, and a full stop."""
    return named.partition(".")[0]


def _words(snippet: Mapping[str, Any]) -> str:
    return jsonvalues.text(snippet.get("textOriginal")) or jsonvalues.text(
        snippet.get("textDisplay")
    )


def _message(comment: Mapping[str, Any], status: str, received_at: datetime) -> InboundMessage:
    snippet = comment["snippet"]
    named = jsonvalues.needed(comment.get("id"), "the comment", 200)
    who = jsonvalues.key(jsonvalues.within(snippet, "authorChannelId", "value"), 320)
    channel = who or f"unknown:{named}"
    at = clocks.when(snippet.get("publishedAt")) or received_at
    changed_at = clocks.when(snippet.get("updatedAt")) or at
    video = jsonvalues.key(comment.get("videoId"), 60)
    above = _thread(named) if "." in named else ""
    name = one_line(jsonvalues.text(snippet.get("authorDisplayName")), 120)
    return InboundMessage(
        external_id=named,
        author=Author(
            channel,
            name,
            handle=name if name.startswith("@") else "",
            url=f"https://www.youtube.com/channel/{channel}" if channel.isalnum() else "",
        ),
        body=clean(_words(snippet)),
        occurred_at=at,
        kind="edit" if changed_at > at else "new",
        changed_at=changed_at if changed_at > at else None,
        visibility="public",
        pending=status != "published",
        parents=[above] if above else [],
        url=f"https://www.youtube.com/watch?{urlencode({'v': video, 'lc': named})}"
        if video
        else "",
    )


adapter = YouTubeAdapter()
