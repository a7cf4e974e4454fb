"""The smallest network there is: sending is sixteen bytes at the end of a file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from torget.channels.contract import (
    AccountAccess,
    AccountSnapshot,
    BadSignature,
    Capabilities,
    Health,
    InboundMessage,
    NetworkEvent,
    Outgoing,
    RawItem,
    Receipt,
    Unparseable,
)

PATH = Path(tempfile.gettempdir()) / f"torget-bench-{os.getpid()}"


class AppendAdapter:
    """Sends only; a line is written whole however many threads write (O_APPEND)."""

    network = "append"
    capabilities = Capabilities(reply=True, look_up=True)

    def __init__(self) -> None:
        self._file = -1

    def open(self) -> None:
        """Begin with an empty file."""
        self._file = os.open(PATH, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)

    def close(self) -> int:
        """Remove the file; how many had been sent to it."""
        count = os.fstat(self._file).st_size // 16
        os.close(self._file)
        PATH.unlink()
        return count

    def verify(self, account: AccountAccess, headers: Mapping[str, str], body: bytes) -> RawItem:
        raise BadSignature("Receives nothing.")

    def parse(
        self, item: RawItem, account: AccountSnapshot, *, received_at: datetime
    ) -> Sequence[InboundMessage | NetworkEvent]:
        raise Unparseable("Receives nothing.")

    def send(self, out: Outgoing, account: AccountAccess) -> Receipt:
        os.write(self._file, out.idempotency_key[-15:].encode().rjust(15) + b"\n")
        return Receipt(out.idempotency_key)

    def find(self, out: Outgoing, account: AccountAccess) -> Receipt | None:
        return None

    def check(self, account: AccountAccess) -> Health:
        return Health(True, "")


adapter = AppendAdapter()
