"""X as a channel: posts, mentions and answers, with the price beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from torget.adapters.x import api, posts, spending, weighing
from torget.channels import piecewise
from torget.channels.base import Base, signed
from torget.channels.contract import (
    AccountSnapshot,
    Capabilities,
    Connected,
    Field,
    Health,
    InboundMessage,
    NetworkEvent,
    Outgoing,
    Polled,
    Preview,
    RawItem,
    Receipt,
    SendError,
    Unparseable,
)
from torget.protocols import jsonvalues

SCOPES = ("tweet.read", "tweet.write", "tweet.moderate.write", "users.read", "offline.access")
FIELDS = (
    "created_at,author_id,conversation_id,referenced_tweets,entities,edit_history_tweet_ids"
    ",note_tweet,attachments,lang"
)
AT_ONCE = 100


class XAdapter(Base):
    """One account. Settings: docs/channels/x.md."""

    network = "x"
    label = gettext_lazy("X")
    icon = "comment"
    capabilities = Capabilities(
        proof="network",
        read_public=True,
        reply=True,
        publish=True,
        withdraw=True,
        hide=True,
        look_up=True,
        polls=True,
        poll_seconds=900.0,
        max_body_chars=weighing.MOST,
    )
    hide_means = gettext_lazy(
        "Skjult på X: svaret ligger bak «skjulte svar», og hvem som helst kan åpne det. "
        "Det går bare under innlegg vi selv har skrevet."
    )
    fields = (
        Field(
            "client_id",
            gettext_lazy("Klient-ID"),
            gettext_lazy("Fra appen kommunen har på developer.x.com. X tar betalt for bruken."),
        ),
        Field("client_secret", gettext_lazy("Klienthemmelighet"), secret=True),
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
    oauth: ClassVar[bool] = True

    def text(self, out: Outgoing) -> str:
        """The text as X takes it."""
        if out.act == "publish":
            return weighing.cut(out.body, out.link)
        return signed(out)

    def preview(self, out: Outgoing, account: AccountSnapshot) -> Preview:
        said = self.text(out)
        remarks = []
        if out.body not in said:
            remarks.append(_("Teksten er forkortet, med lenke til resten."))
        cost = _("Dette koster omtrent %(price)s dollar på X.") % {
            "price": spending.price(account, said)
        }
        if weighing.has_link(said):
            cost += " " + _("Uten lenke koster det %(price)s.") % {
                "price": spending.price(account, "")
            }
        remarks.append(cost)
        if out.attachments:
            remarks.append(_("Bilder blir ikke med på X."))
        return Preview([said], weighing.weight(said), weighing.MOST, _("tegn"), remarks)

    def poll(self, account: AccountSnapshot, cursor: Mapping[str, Any]) -> Polled:
        params = {
            "max_results": str(AT_ONCE),
            "tweet.fields": FIELDS,
            "expansions": "author_id,attachments.media_keys,attachments.poll_ids",
            "user.fields": "username,name",
            "media.fields": "type,url,alt_text,preview_image_url",
            "poll.fields": "options,end_datetime",
        }
        if cursor.get("since_id"):
            params["since_id"] = str(cursor["since_id"])
        else:
            params["start_time"] = f"{timezone.now() - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
        if cursor.get("page"):
            params["pagination_token"] = str(cursor["page"])
        held = api.call(account, "GET", f"users/{account.address}/mentions", params)
        found, meta = jsonvalues.tables(held.get("data")), jsonvalues.table(held.get("meta"))
        spending.note_reads(account, len(found), timezone.now())
        items = [
            posts.item(one, held.get("includes"))
            for one in found
            if one.get("author_id") != account.address
        ]
        # Newest come first: only when the last page is read may we begin after the newest of the first.
        newest = str(cursor.get("newest") or meta.get("newest_id") or cursor.get("since_id") or "")
        if page := meta.get("next_token"):
            return Polled(items, {**cursor, "newest": newest, "page": page}, more=True)
        return Polled(items, {"since_id": newest} if newest else {})

    def parse(
        self, item: RawItem, account: AccountSnapshot, *, received_at: datetime
    ) -> Sequence[InboundMessage | NetworkEvent]:
        try:
            held = jsonvalues.load(item.body)
            return [posts.message(held, received_at)]
        except piecewise.ODD as fault:
            raise Unparseable(_("Dette er ikke et innlegg fra X vi forstår.")) from fault

    def send(self, out: Outgoing, account: AccountSnapshot) -> Receipt:
        match out.act:
            case "say" | "publish":
                return self._post(out, account)
            case "withdraw":
                try:
                    api.call(account, "DELETE", f"tweets/{out.target}")
                except api.ApiError as fault:
                    if fault.status != 404:
                        raise
                return Receipt(out.target)
            case "hide" | "show":
                said = {"hidden": out.act == "hide"}
                api.call(account, "PUT", f"tweets/{out.target}/hidden", None, said)
                return Receipt(out.target)
        raise SendError(_("X lar oss ikke gjøre dette."), permanent=True)

    def _post(self, out: Outgoing, account: AccountSnapshot) -> Receipt:
        text = self.text(out)
        if weighing.weight(text) > weighing.MOST:
            raise SendError(_("Teksten er for lang for X."), permanent=True)
        said: dict[str, Any] = {"text": text}
        if out.act == "say":
            said["reply"] = {"in_reply_to_tweet_id": out.parent}
        price = spending.price(account, text)
        spending.charge(account, out.idempotency_key, price, timezone.now())
        try:
            held = api.call(account, "POST", "tweets", None, said).get("data") or {}
        except SendError as fault:
            if not fault.ambiguous:
                spending.refund(account, out.idempotency_key)
            raise
        return _named(held, account, f"{price} USD")

    def look_up(self, out: Outgoing, account: AccountSnapshot) -> Receipt | None:
        try:
            if out.act in {"say", "publish"}:
                return self._find(out, account)
            return self._acted(out, account)
        except SendError as fault:
            raise SendError(str(fault), ambiguous=True) from fault

    def _find(self, out: Outgoing, account: AccountSnapshot) -> Receipt | None:
        start = timezone.now() - timedelta(days=1)
        params = {
            "max_results": "20",
            "tweet.fields": FIELDS,
            "start_time": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        }
        held = api.call(account, "GET", f"users/{account.address}/tweets", params)
        found = jsonvalues.tables(held.get("data"))
        spending.note_reads(account, len(found), timezone.now())
        for one in found:
            if posts.words(one) == self.text(out) and posts.above(one) == (out.parent or ""):
                return _named(one, account, "Looked up.")
        return None

    def _acted(self, out: Outgoing, account: AccountSnapshot) -> Receipt | None:
        if out.act != "withdraw":
            # Nothing tells whether a reply is hidden; hiding it again would change nothing, but is no reading.
            raise SendError("X cannot be asked whether a reply is hidden.", ambiguous=True)
        try:
            api.call(account, "GET", f"tweets/{out.target}")
        except api.ApiError as fault:
            if fault.status in {200, 404}:  # a missing post is an error inside an answer of 200
                return Receipt(out.target, "Looked up.")
            raise
        return None

    def check(self, account: AccountSnapshot) -> Health:
        try:
            held = api.call(account, "GET", "users/me").get("data") or {}
        except SendError as fault:
            return Health(False, _("X slipper oss ikke inn: %(why)s") % {"why": fault})
        if str(held.get("id")) != account.address:
            return Health(False, _("Nøkkelen gjelder en annen konto. Koble til på nytt."))
        spent, most = spending.used(account, timezone.now()), spending.limit(account)
        said = _("X svarer. Brukt denne måneden: %(used)s av %(limit)s dollar.")
        return Health(True, said % {"used": round(spent, 2), "limit": most})

    def profile_url(self, account: AccountSnapshot) -> str:
        return f"https://x.com/{account.settings.get('username') or account.name}"

    def authorise_url(self, account: AccountSnapshot, *, redirect_uri: str, state: str) -> str:
        query = {
            "response_type": "code",
            "client_id": account.settings.get("client_id", ""),
            "redirect_uri": redirect_uri,
            "scope": " ".join(SCOPES),
            "state": state,
            "code_challenge": api.challenge(account),
            "code_challenge_method": "S256",
        }
        return f"https://x.com/i/oauth2/authorize?{urlencode(query)}"

    def redeem(self, account: AccountSnapshot, *, redirect_uri: str, code: str) -> Connected:
        held = api.exchange(
            account,
            grant_type="authorization_code",
            code=code,
            redirect_uri=redirect_uri,
            code_verifier=api.verifier(account),
        )
        given = {name: str(held.get(f"{name}", "")) for name in ("access_token", "refresh_token")}
        secrets = {
            **account.secrets,
            "token": given["access_token"],
            "refresh_token": given["refresh_token"],
        }
        snapshot = AccountSnapshot(0, self.network, "", "", account.settings, secrets)
        me = api.call(snapshot, "GET", "users/me").get("data") or {}
        if not me.get("id"):
            raise SendError(_("X sa ikke hvilken konto det er."), permanent=True)
        handle = str(me.get("username", ""))
        return Connected(str(me["id"]), handle, {**account.settings, "username": handle}, secrets)


def _named(held: Mapping[str, Any], account: AccountSnapshot, detail: str) -> Receipt:
    if not held.get("id"):
        raise SendError("X took it and gave no id.", ambiguous=True)
    named = str(held["id"])
    return Receipt(named, detail, f"https://x.com/i/status/{named}")
