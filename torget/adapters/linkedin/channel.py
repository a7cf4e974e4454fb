"""LinkedIn as a channel: posts of the page, and the comments under them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from torget.adapters.linkedin import api, comments
from torget.adapters.linkedin.api import API, OAUTH, urn
from torget.channels import tokens
from torget.channels.base import Base, News, asked_since, graphemes, receipt
from torget.channels.contract import (
    AccountAccess,
    AccountSnapshot,
    Capabilities,
    Connected,
    Field,
    File,
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
from torget.protocols import jsonvalues
from torget.protocols.littletext import escape, unescape
from torget.protocols.plaintext import one_line

MOST_CHARS = 3000
COMMENT_CHARS = 1250
MAX_PICTURES = 20
OVERLAP_SECONDS = 3600.0
FIRST_SECONDS = 7 * 24 * 3600.0
ALL = {"count": "100"}


class LinkedInAdapter(Base):
    """One organisation's page. Settings: docs/channels/linkedin.md."""

    network = "linkedin"
    label = gettext_lazy("LinkedIn")
    icon = "comment"
    capabilities = Capabilities(
        proof="network",
        read_public=True,
        max_pictures=MAX_PICTURES,
        alt_text=True,
        poll_seconds=900.0,
        max_body_chars=MOST_CHARS,
    )
    cannot = gettext_lazy("På LinkedIn kan vi ikke skjule, bare slette.")
    unreadable = gettext_lazy("Dette er ikke en kommentar fra LinkedIn vi forstår.")
    fields = (
        *client_fields(
            gettext_lazy(
                "Fra appen kommunen har på developer.linkedin.com, med Community Management API."
            )
        ),
        Field(
            "organisation",
            gettext_lazy("Sidens nummer"),
            gettext_lazy("Tallet i adressen når dere er inne på siden som administrator."),
        ),
        Field(
            "version",
            gettext_lazy("Versjon av grensesnittet"),
            gettext_lazy(
                "År og måned, for eksempel 202611. LinkedIn tar bort hver versjon etter et år."
            ),
            required=False,
        ),
    )
    grants = OAUTH

    def poll(self, account: AccountAccess, cursor: Mapping[str, Any]) -> Polled:
        now = time.time()
        after = asked_since(cursor, now, overlap=OVERLAP_SECONDS, first=FIRST_SECONDS)
        items = [
            comments.item_of(comment, post["id"])
            for post in _posts(account)
            for comment in _comments(account, post["id"])
            if comment.get("actor") != _own(account) and comments.changed_at_of(comment) >= after
        ]
        return Polled(items, {"asked_at": now})

    def read(self, item: RawItem, account: AccountSnapshot, received_at: datetime) -> list[News]:
        value = jsonvalues.load(item.body)
        return [comments.message(value["comment"], jsonvalues.text(value["post"]), received_at)]

    def preview(self, out: Outgoing, account: AccountSnapshot) -> Preview:
        if out.act == "publish":
            seen = super().preview(out, account)
            escapes = len(escape(seen.parts[0])) - len(seen.parts[0])
            return replace(seen, used=seen.used + escapes)
        text = self.text(out)
        return Preview([text], graphemes(text), COMMENT_CHARS, _("tegn"))

    def publish(self, out: Outgoing, account: AccountAccess) -> Receipt:
        images = [file for file in out.attachments if file.media_type.startswith("image/")]
        post: dict[str, Any] = {
            "author": _own(account),
            "commentary": escape(self.text(out)),
            "visibility": "PUBLIC",
            "distribution": {
                "feedDistribution": "MAIN_FEED",
                "targetEntities": [],
                "thirdPartyDistributionChannels": [],
            },
            "lifecycleState": "PUBLISHED",
            "isReshareDisabledByAuthor": False,
        }
        pictures = [_picture(account, file) for file in images[:MAX_PICTURES]]
        if len(pictures) == 1:
            post["content"] = {"media": pictures[0]}
        elif pictures:
            post["content"] = {"multiImage": {"images": pictures}}
        elif out.link:
            title = out.subject or self.text(out).split("\n")[0][:200]
            post["content"] = {"article": {"source": out.link, "title": title}}
        reply = API.call(account, "POST", "rest/posts", json=post)
        return _receipt(reply.headers.get("x-restli-id", "") or str(reply.table.get("id", "")))

    def say(self, out: Outgoing, account: AccountAccess) -> Receipt:
        place, above = _parted(out.parent) if _is_comment(out.parent) else (out.parent, "")
        comment: dict[str, Any] = {
            "actor": _own(account),
            "object": place,
            "message": {"text": self.text(out)},
        }
        if above:
            comment["parentComment"] = out.parent
        path = f"rest/socialActions/{urn(out.parent if above else place)}/comments"
        reply = API.call(account, "POST", path, json=comment)
        number = reply.headers.get("x-restli-id", "") or str(reply.table.get("id", ""))
        name = str(reply.table.get("commentUrn") or "") or f"urn:li:comment:({place},{number})"
        return _receipt(name if number else "")

    def edit(self, out: Outgoing, account: AccountAccess) -> Receipt:
        if _is_comment(out.target):
            change: dict[str, Any] = {"message": {"$set": {"text": self.text(out)}}}
            query = {"actor": _own(account)}
        else:
            change, query = {"$set": {"commentary": escape(self.text(out))}}, {}
        path, patch = _path(out.target), {"patch": change}
        API.call(account, "POST", path, query, json=patch, headers=api.PATCH)
        return Receipt(out.target)

    def withdraw(self, out: Outgoing, account: AccountAccess) -> Receipt:
        with gone_is_done():
            query = {"actor": _own(account)} if _is_comment(out.target) else {}
            API.call(account, "DELETE", _path(out.target), query)
        return Receipt(out.target)

    remove = withdraw

    def find(self, out: Outgoing, account: AccountAccess) -> Receipt | None:
        text = self.text(out)
        if out.act == "publish":
            after = (time.time() - 24 * 3600) * 1000
            for post in _posts(account):
                same = unescape(post.get("commentary", "")) == text
                if same and post.get("createdAt", 0) >= after:
                    return _receipt(post["id"], "Looked up.")
            return None
        if out.act == "say":
            for comment in _comments(account, out.parent):
                if comment.get("actor") == _own(account) and comments.words(comment) == text:
                    return Receipt(comments.name_of(comment), "Looked up.")
            return None
        return self._changed(out, account, text)

    def _changed(self, out: Outgoing, account: AccountAccess, text: str) -> Receipt | None:
        try:
            row = API.call(account, "GET", _path(out.target)).table
        except SendError as fault:
            if fault.status == 404 and out.act in {"withdraw", "remove"}:
                return Receipt(out.target, "Looked up.")
            raise
        comment = _is_comment(out.target)
        stands = comments.words(row) if comment else unescape(str(row.get("commentary", "")))
        return Receipt(out.target, "Looked up.") if out.act == "edit" and stands == text else None

    def check(self, account: AccountAccess) -> Health:
        ends = account.settings.get("expires_at")
        expires_at = datetime.fromtimestamp(ends, UTC) if isinstance(ends, int) else None
        try:
            old = api.months_old(api.version(account), timezone.now().date())
        except ValueError:
            return Health(False, _("Versjonen skal være år og måned, for eksempel 202611."))
        try:
            API.call(account, "GET", f"rest/organizations/{account.address}")
        except SendError as fault:
            why = str(self.shut) % {"network": self.label, "why": fault}
            return Health(False, why, expires_at)
        if old >= api.OLD_MONTHS:
            # It works still, so we go on sending; that it ends is told as for a key that ends.
            why = _("LinkedIn tar snart bort versjon %(version)s. Skriv en nyere i innstillingene.")
            ends_at = api.taken_away_at(api.version(account))
            soonest = min(expires_at, ends_at) if expires_at else ends_at
            return Health(True, why % {"version": api.version(account)}, soonest)
        return Health(True, _("LinkedIn svarer."), expires_at)

    def profile_url(self, account: AccountSnapshot) -> str:
        return f"https://www.linkedin.com/company/{account.address}/"

    def connected(self, account: AccountAccess) -> Connected:
        page = one_line(str(account.settings.get("organisation", "")), 40)
        if not page.isdigit():
            raise SendError(_("Sidens nummer skal være et tall."), permanent=True)
        ends = int(account.secrets[tokens.ENDS])
        settings = {**account.settings, "expires_at": ends}
        expires_at = datetime.fromtimestamp(ends, UTC)
        return Connected(page, account.name, settings, account.secrets, expires_at)


def _own(account: AccountSnapshot) -> str:
    return f"urn:li:organization:{account.address}"


def _posts(account: AccountAccess) -> list[dict[str, Any]]:
    query = {"author": _own(account), "q": "author", "count": "20", "sortBy": "LAST_MODIFIED"}
    return API.call(account, "GET", "rest/posts", query).rows("elements")


def _comments(account: AccountAccess, under: str) -> list[dict[str, Any]]:
    path = f"rest/socialActions/{urn(under)}/comments"
    return API.call(account, "GET", path, ALL).rows("elements")


def _picture(account: AccountAccess, file: File) -> dict[str, str]:
    """Upload a picture; its name for a post, with its alternative text (4086 characters at most).

    Nothing is seen of it before a post names it, so nothing is in doubt.
    """
    begin = {"initializeUploadRequest": {"owner": _own(account)}}
    query = {"action": "initializeUpload"}
    place = API.call(account, "POST", "rest/images", query, json=begin, writes=False).table["value"]
    root, _slash, path = str(place["uploadUrl"]).rpartition("/")
    API.call(account, "PUT", path, raw=(file.media_type, file.content), root=root, writes=False)
    return {"id": str(place["image"]), "altText": file.alt[:4086]}


def _is_comment(name: str) -> bool:
    return name.startswith("urn:li:comment:(")


def _parted(name: str) -> tuple[str, str]:
    """What a comment stands under, and its number: "urn:li:comment:(urn:li:activity:1,2)"."""
    inside = name.removeprefix("urn:li:comment:(").removesuffix(")")
    place, _comma, number = inside.rpartition(",")
    return place, number


def _path(name: str) -> str:
    """Where a comment or a post of ours is."""
    if not _is_comment(name):
        return f"rest/posts/{urn(name)}"
    place, number = _parted(name)
    return f"rest/socialActions/{urn(place)}/comments/{urn(number)}"


def _receipt(name: str, detail: str = "") -> Receipt:
    url = "" if _is_comment(name) else f"https://www.linkedin.com/feed/update/{name}/"
    return receipt("LinkedIn", name, detail, url)


adapter = LinkedInAdapter()
