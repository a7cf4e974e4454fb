"""The web form as a channel: a JSON envelope written by the square, read back here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy

from torget.channels.base import Base
from torget.channels.contract import (
    AccountAccess,
    AccountSnapshot,
    Author,
    Capabilities,
    InboundMessage,
    NetworkEvent,
    Outgoing,
    RawItem,
    Receipt,
    SendError,
    Unparseable,
)

MEDIA_TYPE = "application/vnd.torget.form+json"


class FormAdapter(Base):
    """Reads what the square's forms stored; there is nothing to send to."""

    network = "form"
    label = gettext_lazy("Skjema")
    icon = "chat"
    capabilities = Capabilities(
        ours=True,
        usual=True,
        by_page=True,
        read_public=True,
        read_private=True,
        reply=True,
        attachments=True,
        look_up=True,
    )

    def parse(
        self, item: RawItem, account: AccountSnapshot, *, received_at: datetime
    ) -> Sequence[InboundMessage | NetworkEvent]:
        try:
            held = json.loads(item.body)
            author = Author(
                held["author"]["id"],
                held["author"].get("name", ""),
                held["author"].get("verified", ""),
            )
            return [
                InboundMessage(
                    external_id=item.external_id,
                    author=author,
                    body=held["body"],
                    occurred_at=received_at,
                    visibility=held["visibility"],
                    case=held.get("case", ""),
                    language=held.get("language", ""),
                    extra={
                        "identity_network": held["author"]["network"],
                        "unit": held.get("unit", ""),
                        "kind": held.get("kind", "question"),
                        "show_name": held.get("show_name", False),
                        "files": held.get("files", []),
                    },
                )
            ]
        except (ValueError, KeyError, TypeError) as fault:
            raise Unparseable(f"Not a form envelope: {fault}") from fault

    def send(self, out: Outgoing, account: AccountAccess) -> Receipt:
        raise SendError("The page itself shows the answer; nothing is sent.", permanent=True)

    def find(self, out: Outgoing, account: AccountAccess) -> Receipt | None:
        return None


class ChatAdapter(FormAdapter):
    """The chat on our own pages: said there, answered there."""

    network = "chat"
    label = gettext_lazy("Prat")
    icon = "comment"
    capabilities = Capabilities(
        ours=True,
        by_page=True,
        by_sender=True,
        read_private=True,
        reply=True,
        attachments=True,
        look_up=True,
    )
