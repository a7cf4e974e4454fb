"""Bluesky as a channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from torget.adapters.bluesky import parsing, reading, writing
from torget.adapters.bluesky.xrpc import call, did
from torget.channels.base import Base, News, graphemes
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
from torget.protocols import atproto, threads


class BlueskyAdapter(Base):
    """Reads what speaks to the account, answers under it, posts, hides replies in threads of our own."""

    network = "bluesky"
    icon = "mark:bluesky"
    label = "Bluesky"
    capabilities = Capabilities(
        proof="network",
        read_public=True,
        read_private=True,
        private_reply=True,
        by_sender=True,
        attachments=True,
        max_pictures=writing.MOST_PICTURES,
        alt_text=True,
        idempotent=True,
        poll_seconds=5.0,
        max_body_chars=atproto.MOST_GRAPHEMES,
    )
    hide_means = gettext_lazy(
        "Svaret legges bak «Vis skjulte svar» i tråden. Alle som velger å se dem, ser det fortsatt, "
        "og det står på profilen til den som skrev det. Det går bare i tråder kommunen selv har startet."
    )
    fields = (
        Field(
            "address",
            gettext_lazy("Brukernavn"),
            gettext_lazy("Uten krøllalfa, for eksempel kommunen.bsky.social."),
        ),
        Field(
            "app_password",
            gettext_lazy("App-passord"),
            gettext_lazy(
                "Lag det i Bluesky under Innstillinger → Personvern og sikkerhet → App-passord. "
                "Kryss av for direktemeldinger hvis kommunen skal svare på dem her."
            ),
            secret=True,
        ),
        Field(
            "service",
            gettext_lazy("Server"),
            gettext_lazy("Bare når kontoen ikke ligger hos Bluesky selv. Ellers står feltet tomt."),
            required=False,
        ),
    )

    def poll(self, account: AccountAccess, cursor: Mapping[str, Any]) -> Polled:
        return reading.poll(account, cursor)

    def read(self, item: RawItem, account: AccountSnapshot, received_at: datetime) -> list[News]:
        return parsing.parse(item, received_at)

    def preview(self, out: Outgoing, account: AccountSnapshot) -> Preview:
        text = self.text(out)
        if out.act != "say":
            return super().preview(out, account)
        if out.visibility == "private":
            most = writing.CHAT_GRAPHEMES
            return Preview([text], graphemes(text), most, _("tegn"))
        parts = atproto.parts(text)
        remarks = []
        if len(parts) > 1:
            remarks.append(
                _("Svaret går ut som en tråd med %(count)s innlegg.") % {"count": len(parts)}
            )
        used = graphemes(text)
        most = max(used, atproto.MOST_GRAPHEMES) if threads.whole(parts) else used - 1
        return Preview(parts, used, most, _("tegn"), remarks)

    def say(self, out: Outgoing, account: AccountAccess) -> Receipt:
        do = writing.message if out.visibility == "private" else writing.post
        return do(out, account, self.text(out))

    def publish(self, out: Outgoing, account: AccountAccess) -> Receipt:
        return writing.post(out, account, self.text(out))

    def withdraw(self, out: Outgoing, account: AccountAccess) -> Receipt:
        return writing.withdraw(out, account)

    def hide(self, out: Outgoing, account: AccountAccess) -> Receipt:
        return writing.hide(out, account, shown=out.act == "show")

    show = hide

    def find(self, out: Outgoing, account: AccountAccess) -> Receipt | None:
        if out.act == "withdraw":
            return writing.look_for_withdrawal(out, account)
        if out.act in {"hide", "show"}:
            return writing.look_for_hiding(out, account, shown=out.act == "show")
        private = out.act == "say" and out.visibility == "private"
        look = writing.look_for_message if private else writing.look_for_post
        return look(out, account, self.text(out))

    def reread(self, rows: Sequence[Kept], account: AccountAccess) -> list[RawItem]:
        return reading.reread(rows, account)

    def check(self, account: AccountAccess) -> Health:
        try:
            did(account)
            call(account, "GET", "com.atproto.server.getSession")
        except SendError as fault:
            return Health(False, _why(fault))
        try:
            reading.chat(account, "listConvos", limit=1)
        except SendError as fault:
            if fault.permanent or fault.account:
                return Health(True, missing=[_("Direktemeldinger")])
        return Health(True)

    def connect(self, account: AccountAccess) -> Connected:
        handle = str(account.settings.get("address", "")).strip().lstrip("@").lower()
        access = replace(account, address=handle)
        try:
            session = call(access, "GET", "com.atproto.server.getSession")
        except SendError as fault:
            raise SendError(
                _why(fault), code=fault.code, status=fault.status, permanent=True
            ) from fault
        # The handle may change; the DID we sign in with never does.
        kept = {
            "service": str(account.settings.get("service") or ""),
            "did": str(session.get("did")),
        }
        return Connected(str(session.get("handle") or handle), account.name, kept, account.secrets)

    def profile_url(self, account: AccountSnapshot) -> str:
        return parsing.WEB + account.address


def _why(fault: SendError) -> str:
    """A sentence for the administrator, by the network's own name of the fault."""
    if fault.code == "AuthFactorTokenRequired":
        return _("Kontoen har totrinnspålogging. Lag et app-passord, og bruk det her.")
    if fault.code in {"AccountTakedown", "AccountSuspended", "AccountDeactivated"}:
        return _("Bluesky har stengt kontoen. Logg inn på Bluesky og se hvorfor.")
    if fault.account:
        return _("Bluesky godtar ikke brukernavnet eller app-passordet. Lag et nytt app-passord.")
    if fault.limited:
        return _("Bluesky ber oss vente: for mange pålogginger. Prøv igjen om en stund.")
    return _("Vi får ikke svar fra Bluesky: %(why)s") % {"why": fault}
