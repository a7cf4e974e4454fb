"""A Threads account as a channel (graph.threads.net)."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from torget.adapters.meta import containers, entries, graph, owner, pictures, reconcile, shown
from torget.channels import beside, piecewise
from torget.channels.base import ODD, Base, receipt
from torget.channels.contract import (
    AccountAccess,
    AccountSnapshot,
    Author,
    Capabilities,
    Connected,
    Health,
    InboundMessage,
    NetworkEvent,
    Outgoing,
    Polled,
    RawItem,
    Receipt,
    SendError,
    Unparseable,
)
from torget.channels.rest import gone_is_done
from torget.channels.rules import keep_secrets
from torget.protocols import jsonvalues
from torget.protocols.plaintext import clean, one_line

HOST, VERSION = "https://graph.threads.net", "v1.0"
SCOPES = (
    "threads_basic",
    "threads_content_publish",
    "threads_manage_replies",
    "threads_read_replies",
    "threads_manage_mentions",
    "threads_delete",
)
REPLY = (
    "id,text,username,permalink,timestamp,replied_to,root_post,is_reply_owned_by_me"
    ",media_type,media_url,alt_text,gif_url,link_attachment_url,poll_attachment"
)
NEWEST = 10
UNTIL = "token_ends"  # beside the token it is about, so that both are renewed together
RENEW_BEFORE_SECONDS = (
    20 * 86_400.0
)  # of the 60 days a token lasts; at 14 left a person would be told


class ThreadsAdapter(Base):
    """Replies and mentions, answers, posts, hiding. Settings: docs/channels/meta.md."""

    network = "threads"
    icon = "mark:threads"
    label = gettext_lazy("Threads")
    capabilities = Capabilities(
        proof="network",
        deletes_for_others=True,
        read_public=True,
        max_pictures=1,
        alt_text=True,
        poll_seconds=reconcile.SECONDS,
        max_body_chars=500,
    )
    hide_means = gettext_lazy(
        "Skjult på Threads: svaret ligger bak «skjulte svar», og hvem som helst kan åpne det."
    )
    cannot = gettext_lazy("Threads lar oss ikke endre det som er ute.")
    fields = owner.FIELDS[:3]

    def verify(self, account: AccountAccess, headers: Mapping[str, str], body: bytes) -> RawItem:
        return graph.verify(account, headers, body)

    def verify_webhook(self, account: AccountAccess, query: Mapping[str, str]) -> str | None:
        return graph.verify_webhook(account, query)

    def parse(
        self, item: RawItem, account: AccountSnapshot, *, received_at: datetime
    ) -> Sequence[InboundMessage | NetworkEvent]:
        try:
            value = jsonvalues.load(item.body)
            if item.headers.get("via") == "reconcile":
                return [_message(value["held"], received_at)]
            each = jsonvalues.many(value["values"])
        except ODD as fault:
            raise Unparseable(_("Dette er ikke en leveranse fra Meta vi forstår.")) from fault
        own = {account.address, _handle(account)}
        why = _("Dette er ikke en leveranse fra Meta vi forstår.")
        return piecewise.each(each, lambda piece: _news(piece, own, received_at), why=why)

    def poll(self, account: AccountAccess, cursor: Mapping[str, Any]) -> Polled:
        now = time.time()
        after = reconcile.since(cursor, now)
        return reconcile.gathered(
            account,
            cursor,
            now,
            [
                lambda: _found(account, _mentions(account), after),
                lambda: _found(account, _replies(account), after),
            ],
        )

    def withdraw(self, out: Outgoing, account: AccountAccess) -> Receipt:
        with gone_is_done():
            _call(account, "DELETE", out.target, acts=True)
        return Receipt(out.target)

    def hide(self, out: Outgoing, account: AccountAccess) -> Receipt:
        how = {"hide": out.act == "hide"}
        _call(account, "POST", f"{out.target}/manage_reply", how, acts=True)
        return Receipt(out.target)

    show = hide

    def publish(self, out: Outgoing, account: AccountAccess) -> Receipt:
        container_fields: dict[str, Any] = {"text": self.text(out), "media_type": "TEXT"}
        images = pictures.of(out, account) if out.act == "publish" else []
        if images:
            container_fields |= {
                "media_type": "IMAGE",
                "image_url": images[0][0],
                "alt_text": images[0][1],
            }
        elif out.act == "publish" and out.link:
            container_fields["link_attachment"] = out.link
        if out.act == "say":
            container_fields["reply_to_id"] = out.parent
        fields = {"fields": "quota_usage,config"}
        containers.room(_call(account, "GET", "me/threads_publishing_limit", fields))
        container = str(_call(account, "POST", "me/threads", container_fields).get("id", ""))
        if images:
            containers.until_ready(
                lambda path, params: _call(account, "GET", path, params), container, "status"
            )
        shown = {"creation_id": container}
        answer = _call(account, "POST", "me/threads_publish", shown, acts=True)
        return receipt("Threads", answer.get("id"))

    say = publish

    def find(self, out: Outgoing, account: AccountAccess) -> Receipt | None:
        if out.act not in {"say", "publish"}:
            return self._acted(out, account)
        path = "me/threads" if out.act == "publish" else "me/replies"
        fields = {"fields": "id,text,permalink,timestamp,replied_to", "limit": "25"}
        for row in _call(account, "GET", path, fields).get("data", []):
            above = (row.get("replied_to") or {}).get("id", "")
            fresh = entries.is_since(row.get("timestamp"), time.time() - 24 * 3600)
            if fresh and row.get("text") == self.text(out) and above == out.parent:
                return Receipt(str(row["id"]), "Looked up.", entries.https(row.get("permalink")))
        return None

    def _acted(self, out: Outgoing, account: AccountAccess) -> Receipt | None:
        try:
            answer = _call(account, "GET", out.target, {"fields": "id,hide_status"})
        except SendError as fault:
            if out.act == "withdraw" and fault.is_gone:
                return Receipt(out.target, "Looked up.")
            raise
        if out.act == "withdraw":
            return None
        hidden = answer.get("hide_status") == "HIDDEN"
        return Receipt(out.target, "Looked up.") if hidden is (out.act == "hide") else None

    def check(self, account: AccountAccess) -> Health:
        try:
            answer = _call(account, "GET", "me", {"fields": "id,username"})
        except SendError as fault:
            return Health(False, _("Threads svarer ikke på nøkkelen: %(why)s") % {"why": fault})
        ends = _renewed(account, time.time())
        expires_at = datetime.fromtimestamp(ends, UTC) if ends else None
        return Health(str(answer.get("id")) == account.address, "", expires_at)

    def profile_url(self, account: AccountSnapshot) -> str:
        return f"https://www.threads.net/@{_handle(account)}"

    def authorise_url(self, account: AccountAccess, *, redirect_uri: str, state: str) -> str:
        query = {
            "client_id": account.settings.get("app_id", ""),
            "redirect_uri": redirect_uri,
            "scope": ",".join(SCOPES),
            "response_type": "code",
            "state": state,
        }
        return f"https://threads.net/oauth/authorize?{urlencode(query)}"

    def redeem(self, account: AccountAccess, *, redirect_uri: str, code: str) -> Connected:
        keys = {
            "client_id": str(account.settings.get("app_id", "")),
            "client_secret": account.secrets.get("app_secret", ""),
        }
        root = graph.base(account, HOST, "").rstrip("/")
        parameters = {**keys, "grant_type": "authorization_code", "redirect_uri": redirect_uri}
        first = graph.call(
            account,
            "POST",
            "oauth/access_token",
            {**parameters, "code": code},
            access_token=owner.app_token(account),
            root=root,
            proven=False,
        )
        short = str(first.get("access_token", ""))
        swap = {"grant_type": "th_exchange_token", "client_secret": keys["client_secret"]}
        lasting = graph.call(
            account, "GET", "access_token", swap, access_token=short, root=root, proven=False
        )
        token = str(lasting.get("access_token", ""))
        own = _call(account, "GET", "me", {"fields": "id,username"}, access_token=token)
        ends = int(time.time()) + graph.number(lasting.get("expires_in"))
        return Connected(
            str(own["id"]),
            str(own.get("username", "")),
            {**account.settings, "expires_at": ends, "username": str(own.get("username", ""))},
            {**account.secrets, "token": token, UNTIL: str(ends)},
            datetime.fromtimestamp(ends, UTC),
        )


def _renewed(account: AccountAccess, now: float) -> int:
    """When the token ends (Unix seconds; 0: nobody knows), after asking for sixty days more when it is time.

    Source: developers.facebook.com/docs/threads/get-started/long-lived-tokens. A refusal changes nothing: the old token
    is good until its end, and a person is warned of that.
    """
    ends = graph.number(account.secrets.get(UNTIL) or account.settings.get("expires_at"))
    if not account.id or not now < ends < now + RENEW_BEFORE_SECONDS:
        return ends
    root = graph.base(account, HOST, "").rstrip("/")
    parameters = {"grant_type": "th_refresh_token"}
    try:
        answer = graph.call(
            account, "GET", "refresh_access_token", parameters, root=root, proven=False
        )
    except SendError:
        return ends
    token, seconds = answer.get("access_token"), graph.number(answer.get("expires_in"))
    if not isinstance(token, str) or not token or seconds <= 0:
        return ends
    keep_secrets(account.id, {"token": token, UNTIL: str(int(now) + seconds)})
    return int(now) + seconds


def _handle(account: AccountSnapshot) -> str:
    """Our handle there; the account's name is what the municipality calls it."""
    return str(account.settings.get("username") or account.name)


def _call(
    account: AccountAccess,
    method: str,
    path: str,
    params: Mapping[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    root = graph.base(account, HOST, VERSION)
    return graph.call(account, method, path, params, root=root, proven=False, **more)


def _mentions(account: AccountAccess) -> list[dict[str, Any]]:
    answer = _call(account, "GET", "me/mentions", {"fields": REPLY, "limit": "50"})
    return [dict(row) for row in jsonvalues.tables(answer.get("data"))]


def _replies(account: AccountAccess) -> list[dict[str, Any]]:
    """All that stands under our newest posts."""
    posts = _call(account, "GET", "me/threads", {"fields": "id", "limit": str(NEWEST)})
    replies: list[dict[str, Any]] = []
    for post in jsonvalues.tables(posts.get("data")):
        answer = _call(account, "GET", f"{post['id']}/conversation", {"fields": REPLY})
        replies += [dict(row) for row in jsonvalues.tables(answer.get("data"))]
    return replies


def _found(
    account: AccountAccess, rows: Sequence[Mapping[str, Any]], after: float
) -> list[RawItem]:
    return [
        reconcile.item("reply", row)
        for row in rows
        if row.get("is_reply_owned_by_me") is not True
        and row.get("username") != _handle(account)
        and entries.is_since(row.get("timestamp"), after)
    ]


def _news(
    change: Mapping[str, Any], own: set[str], received_at: datetime
) -> list[InboundMessage | NetworkEvent]:
    if change["field"] not in {"replies", "mentions"}:
        return []
    value = change["value"]
    if value.get("username") in own:
        return [NetworkEvent("own", of=entries.key_of(value["id"]))]
    return [_message(value, received_at)]


def _message(reply: Mapping[str, Any], received_at: datetime) -> InboundMessage:
    """A reply or a mention. Threads names people by their handle only."""
    name = one_line(entries.key_of(reply["username"]), 100)
    above = [
        jsonvalues.within(reply, name_above, "id") for name_above in ("replied_to", "root_post")
    ]
    files, enclosures = shown.of_media(reply)
    return InboundMessage(
        external_id=entries.key_of(reply["id"]),
        author=Author(name, name, handle=f"@{name}", url=f"https://www.threads.net/@{name}"),
        body=beside.join(clean(entries.text_of(reply.get("text"))), enclosures),
        occurred_at=entries.moment(reply.get("timestamp"), received_at),
        visibility="public",
        parents=[uri for uri in dict.fromkeys(map(jsonvalues.key, above)) if uri],
        url=entries.https(reply.get("permalink")),
        attachments=files,
    )
