"""An Instagram professional account as a channel, by Facebook Login and its page's token."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from torget.adapters.meta import containers, entries, graph, messages, owner, pictures, reconcile
from torget.adapters.meta.facebook import MetaBase
from torget.channels.base import graphemes, receipt
from torget.channels.contract import (
    AccountAccess,
    AccountSnapshot,
    Capabilities,
    Connected,
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
from torget.protocols import jsonvalues
from torget.protocols.plaintext import clean

MAX_PICTURES = 10
MEDIA = (
    "id,caption,timestamp,permalink,comments.limit(50){id,from,username,text,timestamp,parent_id}"
)


class InstagramAdapter(MetaBase):
    """Comments, mentions and messages of one account, and posts with pictures. Settings: docs/channels/meta.md."""

    network = "instagram"
    icon = "mark:instagram"
    label = gettext_lazy("Instagram")
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
        max_body_chars=2200,
    )
    hide_means = gettext_lazy("Skjult på Instagram: bare den som skrev, ser kommentaren fortsatt.")
    fields = (*owner.FIELDS, owner.HUMAN_AGENT)
    scopes = (
        "instagram_basic",
        "instagram_manage_comments",
        "instagram_manage_messages",
        "instagram_content_publish",
        "pages_show_list",
        "pages_read_engagement",
        "pages_manage_metadata",
    )
    subscribed = ("feed", "messages")
    objects = ("instagram",)

    def read_entry(
        self, entry: Mapping[str, Any], place: entries.Place
    ) -> Iterator[InboundMessage | NetworkEvent]:
        """Comments, mentions and messages. With Instagram's own login a change is the entry itself."""
        changes = entry.get("changes") or ([entry] if "field" in entry else [])
        for change in changes:
            if change["field"] in {"comments", "live_comments"}:
                yield from _comment(change["value"], entry, place)
            elif change["field"] == "mentions":
                yield _mention(change["value"], entry, place)
        for event in entry.get("messaging") or []:
            yield from entries.message(event, place)

    def redeem(self, account: AccountAccess, *, redirect_uri: str, code: str) -> Connected:
        pages = owner.pages(account, redirect_uri=redirect_uri, code=code)
        page = owner.chosen(
            account, [page_row for page_row in pages if page_row.get("instagram_business_account")]
        )
        own = page["instagram_business_account"]
        connected = owner.connected(account, page, self.subscribed, page_id=str(page["id"]))
        handle = str(own.get("username", ""))
        kept = {**connected.settings, "username": handle}
        return replace(
            connected, address=str(own["id"]), name=handle or connected.name, settings=kept
        )

    def poll(self, account: AccountAccess, cursor: Mapping[str, Any]) -> Polled:
        now = time.time()
        after = reconcile.since(cursor, now)
        return reconcile.gathered(
            account,
            cursor,
            now,
            [
                lambda: _comments(account, after),
                lambda: reconcile.talks(account, _page(account), "instagram", after),
            ],
        )

    def preview(self, out: Outgoing, account: AccountSnapshot) -> Preview:
        if out.act == "publish":
            seen = super().preview(out, account)
            if out.picture_urls or out.attachments:
                return seen
            remark = _("Instagram tar bare innlegg med bilde. Legg ved et bilde først.")
            return Preview(seen.parts, 1, 0, _("innlegg uten bilde"), [remark])
        text = self.text(out)
        most = messages.MOST_CHARS // 2 if out.visibility == "private" else 2200
        return Preview([text], graphemes(text), most, _("tegn"))

    cannot = gettext_lazy("Instagram lar oss ikke endre et innlegg som er ute.")

    def say(self, out: Outgoing, account: AccountAccess) -> Receipt:
        if out.visibility == "private":
            return messages.send(account, _page(account), out, self.text(out))
        answer = {"message": self.text(out)}
        return _named(graph.call(account, "POST", f"{out.parent}/replies", answer, acts=True))

    def hide(self, out: Outgoing, account: AccountAccess) -> Receipt:
        graph.call(account, "POST", out.target, {"hide": out.act == "hide"}, acts=True)
        return Receipt(out.target)

    show = hide

    def remove(self, out: Outgoing, account: AccountAccess) -> Receipt:
        with gone_is_done():
            graph.call(account, "DELETE", out.target, acts=True)
        return Receipt(out.target)

    def publish(self, out: Outgoing, account: AccountAccess) -> Receipt:
        images = pictures.of(out, account)[:MAX_PICTURES]
        if not images:
            raise SendError(_("Instagram tar bare innlegg med bilde."), permanent=True)

        def get(path: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
            return graph.call(account, "GET", path, params)

        own = account.address
        containers.room(get(f"{own}/content_publishing_limit", {"fields": "quota_usage,config"}))
        made = [
            graph.call(
                account, "POST", f"{own}/media", _image(url, alt, out, self.text(out), images)
            )
            for url, alt in images
        ]
        ids = [str(container.get("id", "")) for container in made]
        for container_id in ids:
            containers.until_ready(get, container_id, "status_code")
        whole = ids[0]
        if len(ids) > 1:
            carousel = {"media_type": "CAROUSEL", "children": ids, "caption": self.text(out)}
            whole = str(graph.call(account, "POST", f"{own}/media", carousel).get("id", ""))
            containers.until_ready(get, whole, "status_code")
        shown = graph.call(
            account, "POST", f"{own}/media_publish", {"creation_id": whole}, acts=True
        )
        return _named(shown)

    def find(self, out: Outgoing, account: AccountAccess) -> Receipt | None:
        text = self.text(out)
        match out.act:
            case "publish":
                params = {"fields": "id,caption,timestamp,permalink", "limit": "25"}
                answer = graph.call(account, "GET", f"{account.address}/media", params)
                return _with(answer.get("data", []), "caption", text)
            case "say" if out.visibility == "private":
                return messages.find(account, _page(account), "instagram", out, text)
            case "say":
                params = {"fields": "id,from,text,timestamp", "limit": "50"}
                answer = graph.call(account, "GET", f"{out.parent}/replies", params)
                ours = [row for row in answer.get("data", []) if messages.is_own(row, account)]
                return _with(ours, "text", text)
        return _acted(out, account)

    def profile_url(self, account: AccountSnapshot) -> str:
        return f"https://www.instagram.com/{account.settings.get('username') or account.name}/"


def _comments(account: AccountAccess, after: float) -> list[RawItem]:
    """New comments on the newest posts."""
    params = {"fields": MEDIA, "limit": "25"}
    answer = graph.call(account, "GET", f"{account.address}/media", params)
    return [
        reconcile.item("comment", _as_comment(comment), post=media.get("id"))
        for media in jsonvalues.tables(answer.get("data"))
        for comment in map(dict, jsonvalues.tables(jsonvalues.within(media, "comments", "data")))
        if not messages.is_own(comment, account)
        and entries.is_since(comment.get("timestamp"), after)
    ]


def _acted(out: Outgoing, account: AccountAccess) -> Receipt | None:
    try:
        row = graph.call(account, "GET", out.target, {"fields": "id,hidden"})
    except SendError as fault:
        if out.act == "remove" and fault.is_gone:
            return Receipt(out.target, "Looked up.")
        raise
    done = out.act in {"hide", "show"} and row.get("hidden") is (out.act == "hide")
    return Receipt(out.target, "Looked up.") if done else None


def _page(account: AccountAccess) -> str:
    return str(account.settings.get("page_id") or "me")


def _image(
    url: str, alt: str, out: Outgoing, caption: str, images: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    container: dict[str, Any] = {"image_url": url}
    if alt:
        container["alt_text"] = alt
    return container | ({"caption": caption} if len(images) == 1 else {"is_carousel_item": True})


def _named(row: Mapping[str, Any]) -> Receipt:
    return receipt("Meta", row.get("id"), url=entries.https(row.get("permalink")))


def _with(rows: Sequence[Mapping[str, Any]], field: str, text: str) -> Receipt | None:
    for row in rows:
        made = row.get("timestamp")
        fresh = entries.is_since(made, time.time() - 24 * 3600)
        if fresh and row.get(field) == text:
            return Receipt(str(row["id"]), "Looked up.", entries.https(row.get("permalink")))
    return None


def _as_comment(row: Mapping[str, Any]) -> dict[str, Any]:
    """Instagram's names for a comment's fields, as reconciling knows them."""
    comment = {**row, "created_time": row.get("timestamp")}
    comment.setdefault("from", {"username": row.get("username")})
    return {**comment, "parent": {"id": row.get("parent_id")}}


def _comment(
    value: Mapping[str, Any], entry: Mapping[str, Any], place: entries.Place
) -> Iterator[InboundMessage | NetworkEvent]:
    named = entries.key_of(value["id"])
    who = entries.author(value.get("from"), named)
    if who.external_id in place.own:
        yield NetworkEvent("own", of=named)
        return
    above = [value.get("parent_id"), jsonvalues.within(value, "media", "id")]
    yield InboundMessage(
        external_id=named,
        author=who,
        body=clean(entries.text_of(value.get("text"))),
        occurred_at=entries.moment(entry.get("time"), place.received_at),
        visibility="public",
        parents=[uri for uri in map(jsonvalues.key, above) if uri],
    )


def _mention(
    value: Mapping[str, Any], entry: Mapping[str, Any], place: entries.Place
) -> InboundMessage:
    """Meta says where we were mentioned, not by whom or with what words."""
    named = entries.key_of(value.get("comment_id") or value.get("media_id"))
    return InboundMessage(
        external_id=named,
        author=entries.author(None, named),
        body=_("Kontoen er nevnt på Instagram. Åpne Instagram for å se hvor."),
        occurred_at=entries.moment(entry.get("time"), place.received_at),
        visibility="public",
    )
