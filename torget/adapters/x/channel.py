"""X as a channel: posts, mentions and answers, with the price beside them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from torget.adapters.x import posts, spending
from torget.adapters.x.api import API, OAUTH
from torget.channels.base import Base, News, receipt, signed
from torget.channels.contract import (
    AccountAccess,
    AccountSnapshot,
    Capabilities,
    Connected,
    Field,
    Health,
    Outgoing,
    Polled,
    Preview,
    RawItem,
    Receipt,
    SendError,
)
from torget.channels.oauth import client_fields
from torget.channels.rest import gone_is_done
from torget.protocols import jsonvalues, xweight

FIELDS = (
    "created_at,author_id,conversation_id,referenced_tweets,entities,edit_history_tweet_ids"
    ",note_tweet,attachments,lang"
)
MENTIONS = {
    "max_results": "100",
    "tweet.fields": FIELDS,
    "expansions": "author_id,attachments.media_keys,attachments.poll_ids",
    "user.fields": "username,name",
    "media.fields": "type,url,alt_text,preview_image_url",
    "poll.fields": "options,end_datetime",
}


class XAdapter(Base):
    """One account. Settings: docs/channels/x.md."""

    network = "x"
    label = gettext_lazy("X")
    icon = "mark:x"
    capabilities = Capabilities(
        proof="network", read_public=True, poll_seconds=900.0, max_body_chars=xweight.MOST
    )
    hide_means = gettext_lazy(
        "Skjult på X: svaret ligger bak «skjulte svar», og hvem som helst kan åpne det. "
        "Det går bare under innlegg vi selv har skrevet."
    )
    cannot = gettext_lazy("X lar oss ikke gjøre dette.")
    unreadable = gettext_lazy("Dette er ikke et innlegg fra X vi forstår.")
    fields = (
        *client_fields(
            gettext_lazy("Fra appen kommunen har på developer.x.com. X tar betalt for bruken.")
        ),
        Field(
            "monthly_limit",
            gettext_lazy("Grense per måned i dollar"),
            gettext_lazy("Når den er nådd, sender vi ikke mer den måneden. Vanligvis 25."),
            required=False,
        ),
        Field(
            "price_post",
            gettext_lazy("Pris for et innlegg i dollar"),
            gettext_lazy("Vanligvis 0.015."),
            required=False,
        ),
        Field(
            "price_link",
            gettext_lazy("Pris for et innlegg med lenke i dollar"),
            gettext_lazy("Vanligvis 0.20."),
            required=False,
        ),
    )
    grants = OAUTH

    def text(self, out: Outgoing) -> str:
        """The text as X takes it."""
        return xweight.cut(out.body, out.link) if out.act == "publish" else signed(out)

    def preview(self, out: Outgoing, account: AccountSnapshot) -> Preview:
        text = self.text(out)
        remarks = [_("Teksten er forkortet, med lenke til resten.")] if out.body not in text else []
        price = spending.price(account, text)
        cost = _("Dette koster omtrent %(price)s dollar på X.") % {"price": price}
        if xweight.has_link(text):
            bare = spending.price(account, "")
            cost += " " + _("Uten lenke koster det %(price)s.") % {"price": bare}
        remarks.append(cost)
        if out.attachments:
            remarks.append(_("Bilder blir ikke med på X."))
        return Preview([text], xweight.weight(text), xweight.MOST, _("tegn"), remarks)

    def poll(self, account: AccountAccess, cursor: Mapping[str, Any]) -> Polled:
        since = {"since_id": str(cursor["since_id"])} if cursor.get("since_id") else _a_day_back()
        page = {"pagination_token": str(cursor["page"])} if cursor.get("page") else {}
        query = {**MENTIONS, **since, **page}
        reply = API.call(account, "GET", f"2/users/{account.address}/mentions", query)
        mentions, meta = reply.rows("data"), jsonvalues.table(reply.table.get("meta"))
        spending.note_reads(account, len(mentions), timezone.now())
        items = [
            posts.item(post, reply.table.get("includes"))
            for post in mentions
            if post.get("author_id") != account.address
        ]
        # Newest come first: only when the last page is read may we begin after the newest of the first.
        newest = str(cursor.get("newest") or meta.get("newest_id") or cursor.get("since_id") or "")
        if token := meta.get("next_token"):
            return Polled(items, {**cursor, "newest": newest, "page": token}, more=True)
        return Polled(items, {"since_id": newest} if newest else {})

    def read(self, item: RawItem, account: AccountSnapshot, received_at: datetime) -> list[News]:
        return [posts.message(jsonvalues.load(item.body), received_at)]

    def say(self, out: Outgoing, account: AccountAccess) -> Receipt:
        return self._post(out, account, {"reply": {"in_reply_to_tweet_id": out.parent}})

    def publish(self, out: Outgoing, account: AccountAccess) -> Receipt:
        return self._post(out, account, {})

    def _post(self, out: Outgoing, account: AccountAccess, more: Mapping[str, Any]) -> Receipt:
        text = self.text(out)
        if xweight.weight(text) > xweight.MOST:
            raise SendError(_("Teksten er for lang for X."), permanent=True)
        price = spending.price(account, text)
        spending.charge(account, out.idempotency_key, price, timezone.now())
        try:
            reply = API.call(account, "POST", "2/tweets", json={"text": text, **more})
        except SendError as fault:
            if not fault.ambiguous:
                spending.refund(account, out.idempotency_key)
            raise
        return _receipt(jsonvalues.table(reply.table.get("data")), f"{price} USD")

    def withdraw(self, out: Outgoing, account: AccountAccess) -> Receipt:
        with gone_is_done():
            API.call(account, "DELETE", f"2/tweets/{out.target}")
        return Receipt(out.target)

    def hide(self, out: Outgoing, account: AccountAccess) -> Receipt:
        hidden = {"hidden": out.act == "hide"}
        API.call(account, "PUT", f"2/tweets/{out.target}/hidden", json=hidden)
        return Receipt(out.target)

    show = hide

    def find(self, out: Outgoing, account: AccountAccess) -> Receipt | None:
        if out.act == "withdraw":
            return self._gone(out, account)
        if out.act in {"hide", "show"}:
            # Nothing tells whether a reply is hidden; hiding it again would change nothing, but is no reading.
            raise SendError("X cannot be asked whether a reply is hidden.", ambiguous=True)
        query = {"max_results": "20", "tweet.fields": FIELDS, **_a_day_back()}
        rows = API.call(account, "GET", f"2/users/{account.address}/tweets", query).rows("data")
        spending.note_reads(account, len(rows), timezone.now())
        for post in rows:
            if posts.words(post) == self.text(out) and posts.above(post) == (out.parent or ""):
                return _receipt(post, "Looked up.")
        return None

    def _gone(self, out: Outgoing, account: AccountAccess) -> Receipt | None:
        try:
            API.call(account, "GET", f"2/tweets/{out.target}")
        except SendError as fault:
            if fault.status in {200, 404}:  # a missing post is an error inside an answer of 200
                return Receipt(out.target, "Looked up.")
            raise
        return None

    def examine(self, account: AccountAccess) -> Health:
        if str(_me(account).get("id")) != account.address:
            return Health(False, _("Nøkkelen gjelder en annen konto. Koble til på nytt."))
        used, most = spending.used(account, timezone.now()), spending.limit(account)
        words = _("X svarer. Brukt denne måneden: %(used)s av %(limit)s dollar.")
        return Health(True, words % {"used": round(used, 2), "limit": most})

    def profile_url(self, account: AccountSnapshot) -> str:
        return f"https://x.com/{account.settings.get('username') or account.name}"

    def connected(self, account: AccountAccess) -> Connected:
        me = _me(account)
        if not me.get("id"):
            raise SendError(_("X sa ikke hvilken konto det er."), permanent=True)
        handle = str(me.get("username", ""))
        settings = {**account.settings, "username": handle}
        return Connected(str(me["id"]), handle, settings, account.secrets)


def _a_day_back() -> dict[str, str]:
    return {"start_time": f"{timezone.now() - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"}


def _me(account: AccountAccess) -> Mapping[str, Any]:
    return jsonvalues.table(API.call(account, "GET", "2/users/me").table.get("data"))


def _receipt(post: Mapping[str, Any], detail: str) -> Receipt:
    return receipt("X", post.get("id"), detail, f"https://x.com/i/status/{post.get('id')}")


adapter = XAdapter()
