"""YouTube as a channel: comments read, answered, let through, held back and rejected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from torget.adapters.youtube import api, polling
from torget.channels import piecewise
from torget.channels.base import Base
from torget.channels.contract import (
    AccountSnapshot,
    Author,
    Capabilities,
    Connected,
    Field,
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
from torget.protocols import clocks, jsonvalues
from torget.protocols.plaintext import clean, one_line

SCOPE = "https://www.googleapis.com/auth/youtube.force-ssl"
CONSENT = "https://accounts.google.com/o/oauth2/v2/auth"
STATUS = {"show": "published", "hide": "heldForReview", "remove": "rejected"}


class YouTubeAdapter(Base):
    """The comments of one channel. Settings: docs/channels/youtube.md."""

    network = "youtube"
    icon = "comment"
    label = gettext_lazy("YouTube")
    capabilities = Capabilities(
        proof="network",
        read_public=True,
        reply=True,
        edit=True,
        withdraw=True,
        hide=True,
        remove=True,
        pre_moderate=True,
        look_up=True,
        polls=True,
        poll_seconds=polling.SECONDS,
        max_body_chars=10_000,
    )
    hide_means = gettext_lazy(
        "Holdt tilbake på YouTube: ingen andre enn den som skrev, ser kommentaren, og den kan slippes fram igjen."
    )
    fields = (
        Field(
            "client_id",
            gettext_lazy("Klient-ID"),
            gettext_lazy(
                "Fra OAuth-klienten kommunen har i Google Cloud, med YouTube Data API v3 slått på."
            ),
        ),
        Field("client_secret", gettext_lazy("Klienthemmelighet"), secret=True),
        Field(
            "quota",
            gettext_lazy("Kvote per dag"),
            gettext_lazy("Vanligvis 10000. Vi spør sjeldnere når den er liten."),
            required=False,
        ),
    )
    oauth: ClassVar[bool] = True

    def __init__(self) -> None:
        self.keys = api.Keys()

    def poll(self, account: AccountSnapshot, cursor: Mapping[str, Any]) -> Polled:
        return polling.poll(
            lambda resource, params: api.call(self.keys, account, "GET", resource, params),
            account,
            cursor,
        )

    def parse(
        self, item: RawItem, account: AccountSnapshot, *, received_at: datetime
    ) -> Sequence[InboundMessage | NetworkEvent]:
        try:
            held = jsonvalues.load(item.body)
            return [_message(held["comment"], held["status"], received_at)]
        except piecewise.ODD as fault:
            raise Unparseable(_("Dette er ikke en kommentar fra YouTube vi forstår.")) from fault

    def send(self, out: Outgoing, account: AccountSnapshot) -> Receipt:
        match out.act:
            case "say":
                snippet = {"parentId": _thread(out.parent), "textOriginal": self.text(out)}
                held = self._call(account, "POST", "comments", {"snippet": snippet})
                return _named(held)
            case "edit":
                said = {"id": out.target, "snippet": {"textOriginal": self.text(out)}}
                return _named(self._call(account, "PUT", "comments", said))
            case "withdraw":
                try:
                    api.call(self.keys, account, "DELETE", "comments", {"id": out.target})
                except api.ApiError as fault:
                    if not fault.is_gone:
                        raise
                return Receipt(out.target)
            case "show" | "hide" | "remove":
                params = {"id": out.target, "moderationStatus": STATUS[out.act]}
                api.call(self.keys, account, "POST", "comments/setModerationStatus", params)
                return Receipt(out.target)
        raise SendError(_("På YouTube kan vi bare svare på kommentarer."), permanent=True)

    def _call(
        self, account: AccountSnapshot, method: str, resource: str, body: Mapping[str, Any]
    ) -> dict[str, Any]:
        return api.call(self.keys, account, method, resource, {"part": "snippet"}, body)

    def look_up(self, out: Outgoing, account: AccountSnapshot) -> Receipt | None:
        try:
            return self._look(out, account)
        except SendError as fault:
            raise SendError(str(fault), ambiguous=True) from fault

    def _look(self, out: Outgoing, account: AccountSnapshot) -> Receipt | None:
        which = {"parentId": _thread(out.parent)} if out.act == "say" else {"id": out.target}
        params = {"part": "snippet", "textFormat": "plainText", "maxResults": "100", **which}
        if out.act != "say":
            del params["maxResults"]
        found = api.call(self.keys, account, "GET", "comments", params).get("items", [])
        if out.act in {"withdraw", "remove"} and not found:
            return Receipt(out.target, "Looked up.")
        for one in found:
            snippet = one.get("snippet") or {}
            own = polling.is_own(one, account)
            if out.act in STATUS:
                done = snippet.get("moderationStatus", "published") == STATUS[out.act]
            else:
                done = own and _words(snippet) == self.text(out) and out.act != "withdraw"
            if done:
                return Receipt(str(one["id"]), "Looked up.")
        return None

    def check(self, account: AccountSnapshot) -> Health:
        try:
            held = self._mine(account)
        except SendError as fault:
            return Health(False, _("YouTube slipper oss ikke inn: %(why)s") % {"why": fault})
        if not any(one.get("id") == polling.channel(account) for one in held):
            return Health(False, _("Nøkkelen gjelder en annen kanal. Koble til på nytt."))
        return Health(True, _("YouTube svarer."))

    def _mine(self, account: AccountSnapshot) -> list[dict[str, Any]]:
        params = {"part": "snippet", "mine": "true"}
        held = api.call(self.keys, account, "GET", "channels", params)
        found: list[dict[str, Any]] = held.get("items", [])
        return found

    def profile_url(self, account: AccountSnapshot) -> str:
        return f"https://www.youtube.com/channel/{polling.channel(account)}"

    def authorise_url(self, account: AccountSnapshot, *, redirect_uri: str, state: str) -> str:
        query = {
            "client_id": account.settings.get("client_id", ""),
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": SCOPE,
            "access_type": "offline",
            "prompt": "consent",  # without it Google gives the lasting key the first time only
            "state": state,
        }
        return f"{CONSENT}?{urlencode(query)}"

    def redeem(self, account: AccountSnapshot, *, redirect_uri: str, code: str) -> Connected:
        held = api.exchange(
            account, grant_type="authorization_code", code=code, redirect_uri=redirect_uri
        )
        lasting = str(held.get("refresh_token", ""))
        if not lasting:
            raise SendError(_("Google ga oss ingen varig nøkkel. Prøv på nytt."), permanent=True)
        secrets = {**account.secrets, "refresh_token": lasting}
        snapshot = AccountSnapshot(0, self.network, "", "", account.settings, secrets)
        found = self._mine(snapshot)
        if not found:
            raise SendError(_("Denne Google-kontoen har ingen YouTube-kanal."), permanent=True)
        name = (found[0].get("snippet") or {}).get("title", "")
        named = str(found[0]["id"])
        return Connected(named, str(name), {**account.settings, "channel": named}, secrets)


def _thread(named: str) -> str:
    """The thread a comment stands in: a reply's id begins with it, and a full stop."""
    return named.partition(".")[0]


def _named(held: Mapping[str, Any]) -> Receipt:
    if not held.get("id"):
        raise SendError("YouTube took it and gave no id.", ambiguous=True)
    return Receipt(str(held["id"]))


def _words(snippet: Mapping[str, Any]) -> str:
    return jsonvalues.text(snippet.get("textOriginal")) or jsonvalues.text(
        snippet.get("textDisplay")
    )


def _message(held: Mapping[str, Any], status: str, received_at: datetime) -> InboundMessage:
    snippet = held["snippet"]
    named = jsonvalues.needed(held.get("id"), "the comment", 200)
    who = jsonvalues.key(jsonvalues.within(snippet, "authorChannelId", "value"), 320)
    channel = who or f"unknown:{named}"
    at = clocks.when(snippet.get("publishedAt")) or received_at
    changed_at = clocks.when(snippet.get("updatedAt")) or at
    video = jsonvalues.key(held.get("videoId"), 60)
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
        held=status != "published",
        parents=[above] if above else [],
        url=f"https://www.youtube.com/watch?{urlencode({'v': video, 'lc': named})}"
        if video
        else "",
    )
