"""The web form as a channel: a JSON envelope written by the square, read back here."""

from __future__ import annotations

import json
from datetime import datetime

from django.utils.translation import gettext_lazy

from torget.channels.base import Base, News
from torget.channels.contract import (
    AccountAccess,
    AccountSnapshot,
    Author,
    Capabilities,
    InboundMessage,
    Outgoing,
    RawItem,
    Receipt,
    SendError,
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

    def read(self, item: RawItem, account: AccountSnapshot, received_at: datetime) -> list[News]:
        form = json.loads(item.body)
        author = form["author"]
        return [
            InboundMessage(
                external_id=item.external_id,
                author=Author(author["id"], author.get("name", ""), author.get("verified", "")),
                body=form["body"],
                occurred_at=received_at,
                visibility=form["visibility"],
                case=form.get("case", ""),
                language=form.get("language", ""),
                identity_network=author["network"],
                unit=form.get("unit", ""),
                conversation_kind=form.get("kind", "question"),
                show_name=bool(form.get("show_name", False)),
                stored_files=form.get("files", []),
            )
        ]

    def say(self, out: Outgoing, account: AccountAccess) -> Receipt:
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
