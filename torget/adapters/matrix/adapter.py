"""Matrix as a channel."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from torget.adapters.matrix import parsing, reading, rest, writing
from torget.channels.base import Base, News
from torget.channels.contract import (
    AccountAccess,
    AccountSnapshot,
    Capabilities,
    Connected,
    Field,
    Health,
    Outgoing,
    Polled,
    RawItem,
    Receipt,
    SendError,
)


class MatrixAdapter(Base):
    """Listens in the rooms the account is in, answers there, posts in the municipality's own."""

    network = "matrix"
    icon = "mark:matrix"
    label = "Matrix"
    capabilities = Capabilities(
        proof="network",
        deletes_for_others=True,
        read_public=True,
        read_private=True,
        private_reply=True,
        by_sender=True,
        attachments=True,
        max_pictures=writing.MOST_PICTURES,
        alt_text=True,
        idempotent=True,
        poll_seconds=1.0,  # the question itself waits at the homeserver until something comes
        max_body_chars=12_000,  # an event is at most 65,536 bytes (specification, "Size limits")
    )
    fields = (
        Field(
            "homeserver",
            gettext_lazy("Hjemmeserver"),
            gettext_lazy("Adressen klienter bruker, for eksempel https://matrix.kommunen.no."),
        ),
        Field(
            "address",
            gettext_lazy("Bruker-ID"),
            gettext_lazy("For eksempel @kommunen:kommunen.no."),
        ),
        Field(
            "access_token",
            gettext_lazy("Tilgangsnøkkel"),
            gettext_lazy(
                "I Element: Innstillinger → Hjelp og om → Tilgangsnøkkel. Lag den i en egen pålogging som ingen "
                "logger ut av."
            ),
            secret=True,
            required=False,
        ),
        Field(
            "password",
            gettext_lazy("Passord"),
            gettext_lazy("Bare hvis dere ikke har en tilgangsnøkkel."),
            secret=True,
            required=False,
        ),
        Field(
            "room",
            gettext_lazy("Rom for innlegg"),
            gettext_lazy(
                "Rommet der kommunen legger ut egne innlegg, for eksempel #nytt:kommunen.no. "
                "Uten dette kan kanalen bare svare."
            ),
            required=False,
        ),
    )

    def poll(self, account: AccountAccess, cursor: Mapping[str, Any]) -> Polled:
        return reading.poll(account, cursor)

    def read(self, item: RawItem, account: AccountSnapshot, received_at: datetime) -> list[News]:
        return parsing.parse(item, account.address, received_at)

    def say(self, out: Outgoing, account: AccountAccess) -> Receipt:
        return writing.say(out, account, self.text(out))

    publish = say

    def edit(self, out: Outgoing, account: AccountAccess) -> Receipt:
        return writing.edit(out, account, self.text(out))

    def withdraw(self, out: Outgoing, account: AccountAccess) -> Receipt:
        return writing.redact(out, account)

    remove = withdraw

    def find(self, out: Outgoing, account: AccountAccess) -> Receipt | None:
        if out.act in {"withdraw", "remove"}:
            return writing.look_for_redaction(out, account)
        if out.act == "edit":
            return writing.look_for_edit(out, account)
        return writing.look_for_saying(out, account)

    def check(self, account: AccountAccess) -> Health:
        try:
            answer = rest.call(account, "GET", f"{rest.CLIENT}/account/whoami")
        except SendError as fault:
            return Health(False, _why(fault))
        own = str(answer.get("user_id", ""))
        if own.lower() != account.address.lower():
            why = _("Nøkkelen tilhører %(other)s, ikke %(own)s. Rett bruker-ID-en eller nøkkelen.")
            return Health(False, why % {"other": own, "own": account.address})
        return Health(True)

    def connect(self, account: AccountAccess) -> Connected:
        try:
            answer = rest.call(account, "GET", f"{rest.CLIENT}/account/whoami")
        except SendError as fault:
            raise SendError(_why(fault), permanent=True) from fault
        return Connected(
            str(answer.get("user_id", "")), account.name, account.settings, account.secrets
        )

    def profile_url(self, account: AccountSnapshot) -> str:
        return parsing.WEB + account.address


def _why(fault: SendError) -> str:
    """A sentence for the administrator."""
    if fault.account:
        return _("Hjemmeserveren godtar ikke tilgangsnøkkelen eller passordet. Lag en ny nøkkel.")
    return _("Vi får ikke svar fra hjemmeserveren: %(why)s") % {"why": fault}
