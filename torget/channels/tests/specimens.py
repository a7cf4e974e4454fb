"""What a channel lays before the shared contract test: `SPECIMENS` (or several) in `<adapter>/tests/specimens.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from torget.channels.contract import AccountAccess, Outgoing, RawItem

Signed = tuple[
    Mapping[str, str], bytes
]  # headers (lower case, with :method and :path) and the raw body
Answer = tuple[int, Mapping[str, str], bytes]  # status, headers, body


class Peer(Protocol):
    """The other side of an HTTP interface in its documented shapes, as far as sending goes.

    It keeps what it has published (or done), so that the test can tell whether a line cut at any step
    published twice, or not at all.
    """

    published: list[str]

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """One request as the network would answer it."""
        ...


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer of the network's own that says no, and what must be made of it."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    permanent: bool = False
    account: bool = False
    limited: bool = False


@dataclass(frozen=True, slots=True)
class Specimens:
    """One network's.

    `items` are envelopes in the order they happened: a new message first, then its edit and its deletion where the
    network has them, all of the same author. `signed` makes webhook deliveries that verify now.
    `at(url)` is the account with its interface at another address, for `peer`.
    """

    network: str
    account: AccountAccess
    items: Sequence[RawItem]
    signed: Callable[[], Sequence[Signed]] | None = None
    at: Callable[[str], AccountAccess] | None = None
    out: Outgoing | None = None
    peer: Callable[[], Peer] | None = None
    refusals: Sequence[Refusal] = ()
