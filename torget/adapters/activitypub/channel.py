"""The fediverse as a channel: our square is a server of its own there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from torget.adapters.activitypub import (
    documents,
    inbound,
    inbox_deliveries,
    mentions,
    network_events,
    parsing,
    publishing,
    reach,
    rules,
)
from torget.adapters.activitypub import ours as our
from torget.channels.base import Base, News
from torget.channels.contract import (
    AccountAccess,
    AccountSnapshot,
    Capabilities,
    Connected,
    Field,
    Health,
    NetworkEvent,
    Outgoing,
    Preview,
    RawItem,
    Reach,
    Receipt,
    SendError,
)
from torget.channels.pages import Document, PublicPage
from torget.errors import Refused
from torget.protocols.activitypub import MEDIA_TYPE
from torget.protocols.http_signatures import BadKey

MOST_CHARS = 5_000  # our own choice: servers show long posts, people on phones do not read them
MOST_PICTURES = 4  # what Mastodon keeps of a post (Status::MEDIA_ATTACHMENTS_LIMIT)


class ActivityPubAdapter(Base):
    """An actor for the municipality and each unit that wants one; anybody on Mastodon and its kin can talk to it."""

    network = our.NETWORK
    icon = "mark:activitypub"
    label = gettext_lazy("Fødiverset (ActivityPub)")
    hide_means = gettext_lazy(
        "Svaret tas ut av listen over svar under innlegget vårt, og vises ikke på torget. "
        "Det blir stående på tjeneren det ble skrevet på."
    )
    capabilities = Capabilities(
        read_public=True,
        read_private=True,
        private_reply=True,
        pre_moderate=True,  # of servers that are silenced
        attachments=True,
        max_pictures=MOST_PICTURES,
        alt_text=True,
        warnings=True,
        idempotent=True,
        verify_asks=True,
        ids_are_shared=True,
        max_body_chars=MOST_CHARS,
    )
    page_types = (MEDIA_TYPE, "application/ld+json")
    fields = (
        Field(
            "username",
            gettext_lazy("Navn i fødiverset"),
            gettext_lazy(
                "Det som står foran @ og adressen til torget, for eksempel navnet på kommunen."
            ),
        ),
        Field(
            "authorised_fetch",
            gettext_lazy("Krev signatur for å lese"),
            gettext_lazy(
                "Stengte tjenere kan da ikke hente innleggene. Noen eldre tjenere kan det heller ikke."
            ),
            required=False,
            choices=(("", gettext_lazy("Nei")), ("1", gettext_lazy("Ja"))),
        ),
    )

    def verify(self, account: AccountAccess, headers: Mapping[str, str], body: bytes) -> RawItem:
        return inbound.take(account, headers, body)

    def read(self, item: RawItem, account: AccountSnapshot, received_at: datetime) -> list[News]:
        return list(parsing.parse(item, account, received_at=received_at))

    def on_event(self, event: NetworkEvent, account: AccountSnapshot, *, at: datetime) -> None:
        network_events.on_event(event, account, at=at)

    def send(self, out: Outgoing, account: AccountAccess) -> Receipt:
        """Do it on our own server, once; what others must know of it goes out as inbox deliveries (see fanout)."""
        receipt = publishing.done(out.idempotency_key)
        if receipt is None:
            return super().send(out, account)
        inbox_deliveries.try_again(out.idempotency_key, at=timezone.now())  # a person said so
        return receipt

    def say(self, out: Outgoing, account: AccountAccess) -> Receipt:
        return publishing.create(out, self._fitting(out), our.of(account), at=timezone.now())

    publish = say

    def edit(self, out: Outgoing, account: AccountAccess) -> Receipt:
        return publishing.edit(out, self._fitting(out), our.of(account), at=timezone.now())

    def withdraw(self, out: Outgoing, account: AccountAccess) -> Receipt:
        return publishing.withdraw(out, our.of(account), at=timezone.now())

    def hide(self, out: Outgoing, account: AccountAccess) -> Receipt:
        hidden = out.act == "hide"
        return publishing.shade(out, our.of(account), hidden=hidden, at=timezone.now())

    show = hide

    def _fitting(self, out: Outgoing) -> str:
        text = self.text(out)
        if len(text) > MOST_CHARS:
            raise SendError("The text is too long for this channel.", permanent=True)
        return text

    def preview(self, out: Outgoing, account: AccountSnapshot) -> Preview:
        shown = super().preview(out, account)
        names = mentions.strangers(out.body) if out.visibility == "public" else []
        if not names:
            return shown
        remark = _(
            "Vi slår opp %(names)s når det sendes. Finnes de ikke, står navnet som vanlig tekst."
        )
        return replace(shown, remarks=[*shown.remarks, remark % {"names": ", ".join(names)}])

    def find(self, out: Outgoing, account: AccountAccess) -> Receipt | None:
        return publishing.done(out.idempotency_key)

    def reach(self, idempotency_key: str) -> Reach | None:
        return reach.of(idempotency_key)

    def check(self, account: AccountAccess) -> Health:
        mine = our.of(account)
        try:
            mine.key("rsa")
            mine.key("ed25519")
        except (KeyError, BadKey):
            return Health(False, "The account has no keys to sign with: open it again.")
        return Health(True)

    def connect(self, account: AccountAccess) -> Connected:
        """Nobody is asked: we are the server. Its address follows from ours, and its keys are made here."""
        try:
            username = rules.username_of(str(account.settings.get("username", "")))
        except Refused as fault:
            raise SendError(fault.message, permanent=True) from fault
        host = str(account.settings.get("origin", "")).partition("://")[2]
        names, secrets = rules.fresh_keys()
        settings = {k: v for k, v in account.settings.items() if k != "username"}
        return Connected(
            f"{username}@{host}", account.name or username, {**settings, "keys": names}, secrets
        )

    def document(self, page: PublicPage) -> Document | None:
        return documents.of_page(page, at=timezone.now())

    def profile_url(self, account: AccountSnapshot) -> str:
        return our.of(account).actor

    def manage_path(self, account: AccountSnapshot) -> str:
        return reverse("activitypub:manage", args=[account.id])


ADAPTER = ActivityPubAdapter()
