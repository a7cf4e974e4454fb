"""LinkedIn as a channel: posts of the page, and the comments under them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from torget.adapters.linkedin import api, comments
from torget.adapters.linkedin.littletext import escape, unescape
from torget.channels import piecewise
from torget.channels.base import Base, graphemes
from torget.channels.contract import (
    AccountSnapshot,
    Capabilities,
    Connected,
    Field,
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
    Unparseable,
)
from torget.protocols import jsonvalues
from torget.protocols.plaintext import one_line

SCOPES = (
    "r_organization_social",
    "w_organization_social",
    "r_organization_social_feed",
    "w_organization_social_feed",
    "rw_organization_admin",
)
MOST_CHARS = 3000
COMMENT_CHARS = 1250
MAX_PICTURES = 20
NEWEST = 20
OVERLAP_SECONDS = 3600.0
FIRST_SECONDS = 7 * 24 * 3600.0
ODD = (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError, OSError)


class LinkedInAdapter(Base):
    """One organisation's page. Settings: docs/channels/linkedin.md."""

    network = "linkedin"
    label = gettext_lazy("LinkedIn")
    icon = "comment"
    capabilities = Capabilities(
        proof="network",
        read_public=True,
        reply=True,
        publish=True,
        edit=True,
        withdraw=True,
        remove=True,
        max_pictures=MAX_PICTURES,
        alt_text=True,
        look_up=True,
        polls=True,
        poll_seconds=900.0,
        max_body_chars=MOST_CHARS,
    )
    fields = (
        Field(
            "client_id",
            gettext_lazy("Klient-ID"),
            gettext_lazy(
                "Fra appen kommunen har på developer.linkedin.com, med Community Management API."
            ),
        ),
        Field("client_secret", gettext_lazy("Klienthemmelighet"), secret=True),
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
    oauth: ClassVar[bool] = True

    def poll(self, account: AccountSnapshot, cursor: Mapping[str, Any]) -> Polled:
        now = time.time()
        asked = cursor.get("asked_at")
        after = float(asked) - OVERLAP_SECONDS if asked else now - FIRST_SECONDS
        items = []
        for post in _posts(account):
            path = f"socialActions/{api.urn(post['id'])}/comments"
            held = api.call(account, "GET", path, {"count": "100"}).held
            items += [
                comments.item_of(one, post["id"])
                for one in jsonvalues.tables(held.get("elements"))
                if one.get("actor") != _own(account) and comments.changed_at_of(one) >= after
            ]
        return Polled(items, {"asked_at": now})

    def parse(
        self, item: RawItem, account: AccountSnapshot, *, received_at: datetime
    ) -> Sequence[InboundMessage | NetworkEvent]:
        try:
            held = jsonvalues.load(item.body)
            return [comments.message(held["comment"], jsonvalues.text(held["post"]), received_at)]
        except piecewise.ODD as fault:
            raise Unparseable(_("Dette er ikke en kommentar fra LinkedIn vi forstår.")) from fault

    def preview(self, out: Outgoing, account: AccountSnapshot) -> Preview:
        if out.act == "publish":
            seen = super().preview(out, account)
            extra = len(escape(seen.parts[0])) - len(seen.parts[0])
            return Preview(seen.parts, seen.used + extra, MOST_CHARS, seen.unit, seen.remarks)
        said = self.text(out)
        return Preview([said], graphemes(said), COMMENT_CHARS, _("tegn"))

    def send(self, out: Outgoing, account: AccountSnapshot) -> Receipt:
        match out.act:
            case "publish":
                return self._publish(out, account)
            case "say":
                return self._comment(out, account)
            case "edit" if _is_comment(out.target):
                said = {"patch": {"message": {"$set": {"text": self.text(out)}}}}
                actor = {"actor": _own(account)}
                api.call(account, "POST", _comment_path(out.target), actor, said, patch=True)
            case "edit":
                change = {"patch": {"$set": {"commentary": escape(self.text(out))}}}
                api.call(account, "POST", f"posts/{api.urn(out.target)}", None, change, patch=True)
            case "withdraw" | "remove":
                _delete(account, out.target)
            case _:
                raise SendError(_("På LinkedIn kan vi ikke skjule, bare slette."), permanent=True)
        return Receipt(out.target)

    def _publish(self, out: Outgoing, account: AccountSnapshot) -> Receipt:
        pictures = [one for one in out.attachments if one.media_type.startswith("image/")]
        said: dict[str, Any] = {
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
        held = [_picture(account, one) for one in pictures[:MAX_PICTURES]]
        if len(held) == 1:
            said["content"] = {"media": held[0]}
        elif held:
            said["content"] = {"multiImage": {"images": held}}
        elif out.link:
            title = out.subject or self.text(out).split("\n")[0][:200]
            said["content"] = {"article": {"source": out.link, "title": title}}
        return _made(api.call(account, "POST", "posts", None, said).made)

    def _comment(self, out: Outgoing, account: AccountSnapshot) -> Receipt:
        place, above = _parted(out.parent) if _is_comment(out.parent) else (out.parent, "")
        said: dict[str, Any] = {
            "actor": _own(account),
            "object": place,
            "message": {"text": self.text(out)},
        }
        if above:
            said["parentComment"] = out.parent
        where = out.parent if above else place
        path = f"socialActions/{api.urn(where)}/comments"
        done = api.call(account, "POST", path, None, said)
        named = str(done.held.get("commentUrn") or "") or f"urn:li:comment:({place},{done.made})"
        return _made(named if done.made else "")

    def look_up(self, out: Outgoing, account: AccountSnapshot) -> Receipt | None:
        try:
            return self._look(out, account)
        except SendError as fault:
            raise SendError(str(fault), ambiguous=True) from fault

    def _look(self, out: Outgoing, account: AccountSnapshot) -> Receipt | None:
        text = self.text(out)
        if out.act == "publish":
            after = (time.time() - 24 * 3600) * 1000
            for one in _posts(account):
                if unescape(one.get("commentary", "")) == text and one.get("createdAt", 0) >= after:
                    return _made(one["id"], "Looked up.")
            return None
        if out.act == "say":
            path = f"socialActions/{api.urn(out.parent)}/comments"
            found = api.call(account, "GET", path, {"count": "100"}).held.get("elements", [])
            for one in found:
                if one.get("actor") == _own(account) and one["message"].get("text") == text:
                    return Receipt(comments.name_of(one), "Looked up.")
            return None
        return self._changed(out, account, text)

    def _changed(self, out: Outgoing, account: AccountSnapshot, text: str) -> Receipt | None:
        comment = _is_comment(out.target)
        path = _comment_path(out.target) if comment else f"posts/{api.urn(out.target)}"
        try:
            held = api.call(account, "GET", path).held
        except api.ApiError as fault:
            if fault.status == 404 and out.act in {"withdraw", "remove"}:
                return Receipt(out.target, "Looked up.")
            raise
        said = (held.get("message") or {}).get("text") if comment else held.get("commentary", "")
        stands = said == text if comment else unescape(str(said)) == text
        return Receipt(out.target, "Looked up.") if out.act == "edit" and stands else None

    def check(self, account: AccountSnapshot) -> Health:
        ends = account.settings.get("expires_at")
        expires_at = datetime.fromtimestamp(ends, UTC) if isinstance(ends, int) else None
        try:
            old = api.months_old(api.version(account), timezone.now().date())
        except ValueError:
            return Health(False, _("Versjonen skal være år og måned, for eksempel 202611."))
        try:
            api.call(account, "GET", f"organizations/{account.address}")
        except SendError as fault:
            return Health(
                False, _("LinkedIn slipper oss ikke inn: %(why)s") % {"why": fault}, expires_at
            )
        if old >= api.OLD_MONTHS:
            # It works still, so we go on sending; that it ends is told as for a key that ends.
            why = _("LinkedIn tar snart bort versjon %(version)s. Skriv en nyere i innstillingene.")
            ends_at = api.taken_away_at(api.version(account))
            soonest = min(expires_at, ends_at) if expires_at else ends_at
            return Health(True, why % {"version": api.version(account)}, soonest)
        return Health(True, _("LinkedIn svarer."), expires_at)

    def profile_url(self, account: AccountSnapshot) -> str:
        return f"https://www.linkedin.com/company/{account.address}/"

    def authorise_url(self, account: AccountSnapshot, *, redirect_uri: str, state: str) -> str:
        query = {
            "response_type": "code",
            "client_id": account.settings.get("client_id", ""),
            "redirect_uri": redirect_uri,
            "state": state,
            "scope": " ".join(SCOPES),
        }
        return f"{api.LOGIN}/authorization?{urlencode(query)}"

    def redeem(self, account: AccountSnapshot, *, redirect_uri: str, code: str) -> Connected:
        held = api.exchange(
            account, grant_type="authorization_code", code=code, redirect_uri=redirect_uri
        )
        seconds = held.get("expires_in")
        ends = timezone.now() + timedelta(seconds=seconds if isinstance(seconds, int) else 0)
        page = one_line(str(account.settings.get("organisation", "")), 40)
        if not page.isdigit():
            raise SendError(_("Sidens nummer skal være et tall."), permanent=True)
        secrets = {**account.secrets, "token": str(held.get("access_token", ""))}
        kept = {**account.settings, "expires_at": int(ends.timestamp())}
        return Connected(page, account.name, kept, secrets, ends)


def _own(account: AccountSnapshot) -> str:
    return f"urn:li:organization:{account.address}"


def _posts(account: AccountSnapshot) -> list[dict[str, Any]]:
    params = {
        "author": _own(account),
        "q": "author",
        "count": str(NEWEST),
        "sortBy": "LAST_MODIFIED",
    }
    found: list[dict[str, Any]] = api.call(account, "GET", "posts", params).held.get("elements", [])
    return found


def _picture(account: AccountSnapshot, one: File) -> dict[str, str]:
    """Upload a picture; its name for a post, with its alternative text (4086 characters at most)."""
    said = {"initializeUploadRequest": {"owner": _own(account)}}
    held = api.call(
        account, "POST", "images", {"action": "initializeUpload"}, said, acts=False
    ).held["value"]
    api.put(str(held["uploadUrl"]), one.content, one.media_type, account)
    return {"id": str(held["image"]), "altText": one.alt[:4086]}


def _is_comment(named: str) -> bool:
    return named.startswith("urn:li:comment:(")


def _parted(named: str) -> tuple[str, str]:
    """What a comment stands under, and its number: "urn:li:comment:(urn:li:activity:1,2)"."""
    inside = named.removeprefix("urn:li:comment:(").removesuffix(")")
    place, _comma, number = inside.rpartition(",")
    return place, number


def _comment_path(named: str) -> str:
    place, number = _parted(named)
    return f"socialActions/{api.urn(place)}/comments/{api.urn(number)}"


def _delete(account: AccountSnapshot, target: str) -> None:
    comment = _is_comment(target)
    path = _comment_path(target) if comment else f"posts/{api.urn(target)}"
    try:
        api.call(account, "DELETE", path, {"actor": _own(account)} if comment else None)
    except api.ApiError as fault:
        if fault.status != 404:  # gone already is as good
            raise


def _made(named: str, detail: str = "") -> Receipt:
    if not named:
        raise SendError("LinkedIn took it and gave no id.", ambiguous=True)
    url = "" if _is_comment(named) else f"https://www.linkedin.com/feed/update/{named}/"
    return Receipt(named, detail, url)
