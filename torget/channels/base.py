"""What most adapters share: honest answers for everything a network cannot do."""

from __future__ import annotations

import binascii
import hashlib
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar, Protocol, get_args

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from torget.channels.contract import (
    AccountAccess,
    AccountSnapshot,
    Act,
    BadSignature,
    Capabilities,
    Connected,
    Field,
    Health,
    InboundMessage,
    Kept,
    NetworkEvent,
    Outgoing,
    Polled,
    Preview,
    RawItem,
    Reach,
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
    beginning = "".join(plaintext.graphemes(text)[: max(0, most - graphemes(tail))])
    return (
        beginning.rsplit(None, 1)[0].rstrip(" ,;:–-") + tail if beginning.strip() else tail.strip()
    )


def signed(out: Outgoing) -> str:
    """An answer as it stands in a talk: the words, and under them who says so."""
    return (
        f"{out.body}\n– {out.signature}"
        if out.signature and first_said_as(out) == "say"
        else out.body
    )


def first_said_as(out: Outgoing) -> str:
    """What it is a wording of: an answer ("say") or a post ("publish"), also when it corrects one."""
    return (out.was or "say") if out.act == "edit" else out.act


def letter(out: Outgoing) -> str:
    """An answer as a letter: the words, who says so, and for whom."""
    return f"{out.body}\n\n{out.signature}\n{out.organisation}" if out.organisation else out.body


def receipt(network: str, external_id: Any, detail: str = "", url: str = "") -> Receipt:
    """What a network made of an act, by the id it gave.

    Raises:
        SendError: it gave none: who knows what it did.
    """
    if not external_id:
        raise SendError(f"{network} took it and gave no id.", ambiguous=True)
    return Receipt(str(external_id), detail, url)


def asked_since(cursor: Mapping[str, Any], now: float, *, overlap: float, first: float) -> float:
    """From when on to ask, in Unix seconds: a little before we asked last (`asked_at`), or `first` seconds back."""
    asked = cursor.get("asked_at")
    return float(asked) - overlap if asked else now - first


News = InboundMessage | NetworkEvent
# What a reader stumbles on in a stranger's values.
ODD = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    RecursionError,
    OverflowError,
    OSError,
    binascii.Error,
)


def json_item(value: Any, external_id: str = "", headers: Mapping[str, str] | None = None) -> RawItem:  # fmt: skip
    """Something we asked for, as an envelope; without an id its content names it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    body = text.encode("utf-8", "replace")
    name = external_id or f"sha256:{hashlib.sha256(body).hexdigest()}"
    return RawItem(name, body, "application/json", headers or {})


class Given(Protocol):
    """Tokens a network gave, as they are kept among an account's secrets."""

    @property
    def secrets(self) -> Mapping[str, str]: ...


class Grants(Protocol):
    """How a network gives tokens (`oauth.OAuth`)."""

    def authorise_url(self, account: AccountAccess, *, redirect_uri: str, state: str) -> str: ...

    def redeem(self, account: AccountAccess, *, redirect_uri: str, code: str) -> Given: ...


class Base:
    """An adapter that cannot do anything yet. Extend it and write what the network can.

    What is sent is an act, done by the method of its name (`say`, `publish`, `edit`, `withdraw`, `hide`, `show`,
    `remove`): it does it once, now, and never retries. Which of them an adapter has is what it can: `capabilities`
    need not repeat them.
    """

    network: str = ""
    label: Any = ""
    icon: str = "globe"
    capabilities = Capabilities()
    hide_means: Any = ""
    fields: Sequence[Field] = ()
    grants: ClassVar[Grants | None] = None
    cannot: Any = gettext_lazy("Denne kanalen lar oss ikke gjøre dette.")
    unreadable: Any = gettext_lazy("Dette er ikke noe vi forstår.")
    shut: Any = gettext_lazy("%(network)s slipper oss ikke inn: %(why)s")

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        cls.capabilities = _with_what_is_written(cls)

    def verify(self, account: AccountAccess, headers: Mapping[str, str], body: bytes) -> RawItem:
        raise BadSignature("This channel takes no webhooks.")

    def verify_webhook(self, account: AccountAccess, query: Mapping[str, str]) -> str | None:
        return None

    def pace(self, account: AccountAccess) -> float:
        """Seconds between two questions: the network's, unless the account has its own."""
        return float(account.settings.get("poll_seconds") or self.capabilities.poll_seconds)

    def news(self, account: AccountAccess, stop: threading.Event) -> Iterator[None]:
        while not stop.is_set():
            yield
            stop.wait(self.pace(account))

    def poll(self, account: AccountAccess, cursor: Mapping[str, Any]) -> Polled:
        return Polled(cursor=cursor)

    def reread(self, rows: Sequence[Kept], account: AccountAccess) -> Iterable[RawItem]:
        return ()

    def parse(self, item: RawItem, account: AccountSnapshot, *, received_at: datetime) -> Sequence[News]:  # fmt: skip
        """What `read` finds; what it stumbles on sets the envelope aside."""
        try:
            return list(self.read(item, account, received_at))
        except ODD as fault:
            raise Unparseable(str(self.unreadable)) from fault

    def read(self, item: RawItem, account: AccountSnapshot, received_at: datetime) -> Iterable[News]:  # fmt: skip
        """Understand an envelope. Pure. Whatever in `ODD` it raises means that it cannot be understood."""
        raise Unparseable("This channel only sends.")

    def on_event(self, event: NetworkEvent, account: AccountSnapshot, *, at: datetime) -> None:
        return None

    def text(self, out: Outgoing) -> str:
        """What stands there: a post is shortened to what the network takes, with a link to the rest."""
        if first_said_as(out) == "publish":
            return shorten(out.body, self.capabilities.max_body_chars, out.link)
        return signed(out)

    def preview(self, out: Outgoing, account: AccountSnapshot) -> Preview:
        text = self.text(out)
        remarks = [_("Teksten er forkortet, med lenke til resten.")] if out.body not in text else []
        most = self.capabilities.max_body_chars
        if (over := len(out.attachments) - self.capabilities.max_pictures) > 0:
            remarks.append(
                _("%(count)s bilder blir ikke med: kanalen tar ikke flere.") % {"count": over}
            )
        return Preview([text], graphemes(text), most, _("tegn"), remarks)

    def send(self, out: Outgoing, account: AccountAccess) -> Receipt:
        do: Callable[[Outgoing, AccountAccess], Receipt] = getattr(self, out.act)
        return do(out, account)

    def _cannot(self, out: Outgoing, account: AccountAccess) -> Receipt:
        raise SendError(str(self.cannot), permanent=True)

    say = publish = edit = withdraw = hide = show = remove = _cannot

    def own_id(self, idempotency_key: str, account: AccountSnapshot) -> str:
        return idempotency_key

    def find(self, out: Outgoing, account: AccountAccess) -> Receipt | None:
        raise SendError("This channel cannot be asked what went out.", ambiguous=True)

    def reach(self, idempotency_key: str) -> Reach | None:
        return None

    def check(self, account: AccountAccess) -> Health:
        """What `examine` finds; that the network refuses us is an answer too."""
        try:
            return self.examine(account)
        except SendError as fault:
            return Health(False, str(self.shut) % {"network": self.label, "why": fault})

    def examine(self, account: AccountAccess) -> Health:
        """Ask the network how the account is.

        Raises:
            SendError: it does not let us in.
        """
        return Health(True)

    def profile_url(self, account: AccountSnapshot) -> str:
        return ""

    def manage_path(self, account: AccountSnapshot) -> str:
        return ""

    def connect(self, account: AccountAccess) -> Connected:
        address = str(account.settings.get("address", "")).strip()
        return Connected(address, account.name, account.settings, account.secrets)

    @property
    def oauth(self) -> bool:
        """The owner is sent to the network to say yes."""
        return self.grants is not None or type(self).redeem is not Base.redeem

    def authorise_url(self, account: AccountAccess, *, redirect_uri: str, state: str) -> str:
        return self._grants().authorise_url(account, redirect_uri=redirect_uri, state=state)

    def redeem(self, account: AccountAccess, *, redirect_uri: str, code: str) -> Connected:
        token = self._grants().redeem(account, redirect_uri=redirect_uri, code=code)
        secrets = {**account.secrets, **token.secrets}
        return self.connected(replace(account, secrets=secrets))

    def connected(self, account: AccountAccess) -> Connected:
        """The account its owner said yes to, with the tokens just given: which is it?

        Raises:
            SendError: the network does not say, or it is none we can use.
        """
        raise SendError("This channel is not connected that way.", permanent=True)

    def _grants(self) -> Grants:
        if self.grants is None:
            raise SendError("This channel is not connected that way.", permanent=True)
        return self.grants


def _with_what_is_written(adapter: type[Base]) -> Capabilities:
    """Its capabilities with those that show in which methods it has written itself."""

    def has(name: str) -> bool:
        return getattr(adapter, name) is not getattr(Base, name)

    declared = adapter.capabilities
    written: dict[str, Any] = {
        name: getattr(declared, name) or has(name) for name in get_args(Act) if name in _NAMED
    }
    return replace(
        declared,
        **written,
        reply=declared.reply or has("say"),
        look_up=declared.look_up or (has("find") and not declared.finds_only_what_went),
        polls=declared.polls or has("poll"),
        rereads=has("reread"),
    )


_NAMED = frozenset({"publish", "edit", "withdraw", "hide", "remove"})  # capabilities named as acts
