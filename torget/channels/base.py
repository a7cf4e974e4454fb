"""What most adapters share: honest answers for everything a network cannot do."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from torget.channels.contract import (
    AccountSnapshot,
    BadSignature,
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
from torget.protocols import plaintext


def graphemes(text: str) -> int:
    """How many characters as people count them: an emoji with its skin tone is one (UAX #29)."""
    return len(plaintext.graphemes(text))


def shorten(text: str, most: int, link: str) -> str:
    """The text, or its beginning cut at a word with "… <link>" after it, in at most `most` characters."""
    if graphemes(text) <= most:
        return text
    tail = f" … {link}" if link else " …"
    held = "".join(plaintext.graphemes(text)[: max(0, most - graphemes(tail))])
    return held.rsplit(None, 1)[0].rstrip(" ,;:–-") + tail if held.strip() else tail.strip()


def signed(out: Outgoing) -> str:
    """An answer as it stands in a talk: the words, and under them who says so."""
    return (
        f"{out.body}\n– {out.signature}"
        if out.signature and first_said_as(out) == "say"
        else out.body
    )


def first_said_as(out: Outgoing) -> str:
    """What it is a wording of: an answer ("say") or a post ("publish"), also when it corrects one."""
    return str(out.extra.get("was", "say")) if out.act == "edit" else out.act


def letter(out: Outgoing) -> str:
    """An answer as a letter: the words, who says so, and for whom."""
    return f"{out.body}\n\n{out.signature}\n{out.organisation}" if out.organisation else out.body


class Base:
    """An adapter that cannot do anything yet. Extend it and say what the network can."""

    network: str = ""
    label: Any = ""
    icon: str = "globe"
    capabilities = Capabilities()
    hide_means: Any = ""
    fields: Sequence[Field] = ()
    oauth: ClassVar[bool] = False

    def verify(self, account: AccountSnapshot, headers: Mapping[str, str], body: bytes) -> RawItem:
        raise BadSignature("This channel takes no webhooks.")

    def verify_webhook(self, account: AccountSnapshot, query: Mapping[str, str]) -> str | None:
        return None

    def pace(self, account: AccountSnapshot) -> float:
        """Seconds between two questions: the network's, unless the account has its own."""
        return float(account.settings.get("poll_seconds") or self.capabilities.poll_seconds)

    def news(self, account: AccountSnapshot, stop: threading.Event) -> Iterator[None]:
        while not stop.is_set():
            yield
            stop.wait(self.pace(account))

    def poll(self, account: AccountSnapshot, cursor: Mapping[str, Any]) -> Polled:
        return Polled(cursor=cursor)

    def parse(
        self, item: RawItem, account: AccountSnapshot, *, received_at: datetime
    ) -> Sequence[InboundMessage | NetworkEvent]:
        raise Unparseable("This channel only sends.")

    def on_event(self, event: NetworkEvent, account: AccountSnapshot, *, at: datetime) -> None:
        return None

    def text(self, out: Outgoing) -> str:
        """What stands there: a post is shortened to what the network takes, with a link to the rest."""
        if first_said_as(out) == "publish":
            return shorten(out.body, self.capabilities.max_body_chars, out.link)
        return signed(out)

    def preview(self, out: Outgoing, account: AccountSnapshot) -> Preview:
        said = self.text(out)
        remarks = [_("Teksten er forkortet, med lenke til resten.")] if out.body not in said else []
        most = self.capabilities.max_body_chars
        if (over := len(out.attachments) - self.capabilities.max_pictures) > 0:
            remarks.append(
                _("%(count)s bilder blir ikke med: kanalen tar ikke flere.") % {"count": over}
            )
        return Preview([said], graphemes(said), most, _("tegn"), remarks)

    def send(self, out: Outgoing, account: AccountSnapshot) -> Receipt:
        raise SendError("Nothing can be sent here.", permanent=True)

    def own_id(self, idempotency_key: str, account: AccountSnapshot) -> str:
        return idempotency_key

    def look_up(self, out: Outgoing, account: AccountSnapshot) -> Receipt | None:
        raise SendError("This channel cannot be asked what went out.", ambiguous=True)

    def check(self, account: AccountSnapshot) -> Health:
        return Health(True)

    def profile_url(self, account: AccountSnapshot) -> str:
        return ""

    def manage_path(self, account: AccountSnapshot) -> str:
        return ""

    def connect(self, account: AccountSnapshot) -> Connected:
        address = str(account.settings.get("address", "")).strip()
        return Connected(address, account.name, account.settings, account.secrets)

    def authorise_url(self, account: AccountSnapshot, *, redirect_uri: str, state: str) -> str:
        raise SendError("This channel is not connected that way.", permanent=True)

    def redeem(self, account: AccountSnapshot, *, redirect_uri: str, code: str) -> Connected:
        raise SendError("This channel is not connected that way.", permanent=True)
