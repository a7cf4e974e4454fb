"""The protocol an adapter fulfils; most extend `base.Base`, which answers for what a network cannot do."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from torget.channels.contract import (
    AccountAccess,
    AccountSnapshot,
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
)


class Adapter(Protocol):
    """One outside network. Packages named in TORGET_ADAPTERS hold one instance as `adapter`; most extend `base.Base`.

    A package with `models` becomes a Django app of its own, and its `urls` are served, without another line anywhere.
    """

    network: str
    label: Any  # what people call the network
    icon: str  # as `{% icon %}` takes it: one of ours, or "mark:" and a network's own
    capabilities: Capabilities
    hide_means: Any  # what "hide" does there, in a sentence for the desk
    fields: Sequence[Field]  # what connecting takes; for `oauth`, before the owner is asked
    oauth: bool  # the owner is sent to the network to say yes

    def verify(self, account: AccountAccess, headers: Mapping[str, str], body: bytes) -> RawItem:
        """Check an inbound webhook's signature on the raw body; the item to store.

        `headers` are in lower case; `:method` and `:path` (with its query) are among them.

        Raises:
            BadSignature, NothingToKeep
        """
        ...

    def verify_webhook(self, account: AccountAccess, query: Mapping[str, str]) -> str | None:
        """The answer to a network that asks (by GET) whether our webhook address is ours; None when it may not know."""
        ...

    def news(self, account: AccountAccess, stop: threading.Event) -> Iterator[None]:
        """Yield each time `poll` is worth calling, until told to stop; waits in between."""
        ...

    def poll(self, account: AccountAccess, cursor: Mapping[str, Any]) -> Polled:
        """Ask for what is new since the cursor ({} the first time). May wait up to 20 seconds for something to come.

        Raises:
            SendError: as in `send`; `account` when the token is bad.
        """
        ...

    def reread(self, rows: Sequence[Kept], account: AccountAccess) -> Iterable[RawItem]:
        """Look again at messages we have (`capabilities.rereads`): an item for each that was edited or is gone.

        Raises:
            SendError: as `poll`.
        """
        ...

    def parse(
        self, item: RawItem, account: AccountSnapshot, *, received_at: datetime
    ) -> Sequence[InboundMessage | NetworkEvent]:
        """Understand an envelope. Pure: the same bytes give the same values.

        Raises:
            Unparseable: with a sentence for the quarantine view.
        """
        ...

    def on_event(self, event: NetworkEvent, account: AccountSnapshot, *, at: datetime) -> None:
        """Do what news of the kind "network" asks for, in the caller's transaction; no network call."""
        ...

    def preview(self, out: Outgoing, account: AccountSnapshot) -> Preview:
        """How this would go out. Pure."""
        ...

    def send(self, out: Outgoing, account: AccountAccess) -> Receipt:
        """Do `out.act` once, now. Never retries by itself.

        Raises:
            SendError: classified by type and code.
        """
        ...

    def own_id(self, idempotency_key: str, account: AccountSnapshot) -> str:
        """The external id that what we send with that key bears there. Pure."""
        ...

    def find(self, out: Outgoing, account: AccountAccess) -> Receipt | None:
        """Read-only: did this go out, or was it done? None: it certainly was not.

        Raises:
            SendError: it cannot be told now.
        """
        ...

    def reach(self, idempotency_key: str) -> Reach | None:
        """How far what was sent with that key came, where the adapter carries it itself; None: nothing to tell."""
        ...

    def check(self, account: AccountAccess) -> Health:
        """Can we receive and send there now?"""
        ...

    def profile_url(self, account: AccountSnapshot) -> str:
        """Where people find our account; "" when it has no page."""
        ...

    def manage_path(self, account: AccountSnapshot) -> str:
        """A page of the adapter's own where staff steer what only this network has, under /desk/; "" for none."""
        ...

    def connect(self, account: AccountAccess) -> Connected:
        """The account that was filled in, as we keep it: its address found, its keys made. May ask the network.

        Raises:
            SendError: the network does not know it, or refuses us; with a sentence for whoever connects.
        """
        ...

    def authorise_url(self, account: AccountAccess, *, redirect_uri: str, state: str) -> str:
        """Where to send the owner to say yes (`oauth` only); `account` holds what the fields were filled with."""
        ...

    def redeem(self, account: AccountAccess, *, redirect_uri: str, code: str) -> Connected:
        """The account, for the code the network sent the owner back with.

        Raises:
            SendError: the network did not give it.
        """
        ...
