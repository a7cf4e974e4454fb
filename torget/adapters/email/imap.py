"""A mailbox, read and never changed: RFC 9051 and RFC 3501, IDLE by RFC 2177."""

from __future__ import annotations

import contextlib
import imaplib
import re
import select
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import TracebackType
from typing import Any

from torget.channels.contract import SendError
from torget.protocols.plaintext import one_line

PORTS = {"tls": 993, "starttls": 143, "none": 143}
TIMEOUT_SECONDS = 60.0
BATCH_MAILS = 50
BATCH_BYTES = 20_000_000
POLL_SECONDS = 0.5
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_FAULTS = (imaplib.IMAP4.error, OSError, ValueError, EOFError)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A mail as it lies there. `raw` is only the header when the mail is larger than was asked for."""

    uid: int
    raw: bytes
    size: int
    whole: bool = True


class Mailbox:
    """One folder of an account, opened with EXAMINE: nothing we do marks, moves or deletes a mail.

    Raises:
        SendError: from every method, when the server is away or refuses.
    """

    def __init__(self, settings: Mapping[str, Any], password: str) -> None:
        self.host = str(settings.get("host", "")).strip()
        self.security = str(settings.get("security", "tls"))
        self.user, self.password = str(settings.get("user", "")), password
        self.folder = str(settings.get("folder") or "INBOX")
        if not self.host or self.security not in PORTS:
            raise SendError(
                "IMAP is not set up: give host, port and security (tls, starttls or none).",
                account=True,
            )
        self.port = int(settings.get("port") or PORTS[self.security])
        self.validity = 0
        self.count = 0

    def __enter__(self) -> Mailbox:
        where = f"{self.host}:{self.port}"
        try:
            self._imap = self._connect()
        except ssl.SSLCertVerificationError as fault:
            raise SendError(
                f"The certificate of {where} is not valid: {fault.verify_message}.", account=True
            ) from fault
        except _FAULTS as fault:
            raise SendError(f"Could not connect to {where}: {one_line(str(fault), 200)}") from fault
        try:
            self._sign_in(where)
            self.examine()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _connect(self) -> imaplib.IMAP4:
        context = ssl.create_default_context()
        if self.security == "tls":
            return imaplib.IMAP4_SSL(
                self.host, self.port, ssl_context=context, timeout=TIMEOUT_SECONDS
            )
        imap = imaplib.IMAP4(self.host, self.port, timeout=TIMEOUT_SECONDS)
        if self.security == "starttls":
            imap.starttls(context)
        return imap

    def _sign_in(self, where: str) -> None:
        try:
            self._imap.login(self.user, self.password)
        except imaplib.IMAP4.abort as fault:
            raise SendError(f"{where} hung up while signing in.") from fault
        except imaplib.IMAP4.error as fault:
            # RFC 5530: a server too busy to check says UNAVAILABLE, which is no verdict on the password.
            busy = "UNAVAILABLE" in str(fault).upper()
            raise SendError(
                f"{where} refused user name or password: {one_line(str(fault), 200)}",
                account=not busy,
            ) from fault
        except OSError as fault:
            raise SendError(f"{where} hung up while signing in.") from fault

    def close(self) -> None:
        """Sign out and hang up; never fails."""
        with contextlib.suppress(*_FAULTS):
            self._imap.logout()

    def _ask(self, command: str, *arguments: str) -> list[Any]:
        try:
            kind, data = getattr(self._imap, command)(*arguments)
        except _FAULTS as fault:
            raise SendError(
                f"{self.host} does not answer: {one_line(str(fault), 200) or type(fault).__name__}"
            ) from fault
        if kind != "OK":
            raise SendError(f"{self.host} refused {command}: {one_line(str(data), 200)}")
        return list(data)

    def examine(self) -> None:
        """Open the folder read-only and learn its UIDVALIDITY."""
        try:
            kind, data = self._imap.select(f'"{self.folder}"', readonly=True)
        except _FAULTS as fault:
            raise SendError(f"{self.host} does not answer: {one_line(str(fault), 200)}") from fault
        if kind != "OK":
            raise SendError(
                f"{self.host} has no folder {self.folder}: {one_line(str(data), 200)}", account=True
            )
        self.count = int(data[0] or 0)
        answer = self._imap.response("UIDVALIDITY")[1]
        self.validity = int(answer[0]) if answer and answer[0] else 0

    def sizes(self, first: int) -> list[tuple[int, int]]:
        """(UID, size) of every mail from that UID on, in order of UID."""
        if not self.count:
            return []
        # Asking for `n:*` also gives the last mail when it is older than n (RFC 9051 §9 on seq-range).
        return [pair for pair in self._sizes(f"{first}:*") if pair[0] >= first]

    def sizes_since(self, day: date) -> list[tuple[int, int]]:
        """(UID, size) of every mail that came on that day or later."""
        lines = self._ask(
            "uid", "SEARCH", "SINCE", f"{day.day:02d}-{_MONTHS[day.month - 1]}-{day.year}"
        )
        uids = [int(uid) for uid in (lines[0] or b"").split()]
        return [
            pair
            for start in range(0, len(uids), 500)
            for pair in self._sizes(_set(uids[start : start + 500]))
        ]

    def _sizes(self, uids: str) -> list[tuple[int, int]]:
        pairs = []
        for line in self._ask("uid", "FETCH", uids, "(UID RFC822.SIZE)"):
            text = line if isinstance(line, bytes) else b""
            uid, size = _UID.search(text), _SIZE.search(text)
            if uid and size:
                pairs.append((int(uid[1]), int(size[1])))
        return sorted(pairs)

    def fetch(self, sizes: Sequence[tuple[int, int]], *, max_bytes: int) -> Iterator[list[Fetched]]:
        """The mails, a batch at a time in order; of those over max_bytes only the header."""
        for batch in _batches(sizes, max_bytes):
            sizes_in_batch = dict(batch)
            whole = all(size <= max_bytes for size in sizes_in_batch.values())
            part = "BODY.PEEK[]" if whole else "BODY.PEEK[HEADER]"
            bodies = self._bodies(_set(list(sizes_in_batch)), part)
            yield [
                Fetched(uid, bodies[uid], sizes_in_batch[uid], whole)
                for uid in sorted(sizes_in_batch)
                if uid in bodies
            ]

    def _bodies(self, uids: str, part: str) -> dict[int, bytes]:
        data = self._ask("uid", "FETCH", uids, f"(UID {part})")
        by_uid: dict[int, bytes] = {}
        for at, piece in enumerate(data):
            if not isinstance(piece, tuple):
                continue
            tail = data[at + 1] if at + 1 < len(data) and isinstance(data[at + 1], bytes) else b""
            if uid := _UID.search(piece[0]) or _UID.search(tail):
                by_uid[int(uid[1])] = bytes(piece[1])
        return by_uid

    def find(self, message_id: str) -> bool:
        """Whether a mail with that Message-ID lies in the folder."""
        lines = self._ask("uid", "SEARCH", "HEADER", "Message-ID", f'"{_quoted(message_id)}"')
        return bool((lines[0] or b"").split())

    @property
    def can_idle(self) -> bool:
        """The server tells by itself when something arrives."""
        return "IDLE" in self._imap.capabilities

    def wait(self, seconds: float, stop: threading.Event) -> None:
        """Until something happens in the folder, the time is up or we are to stop. At most 29 minutes (RFC 2177 §3)."""
        if not self.can_idle:
            stop.wait(min(seconds, 30.0))
            self._ask("noop")
            return
        try:
            self._idle(min(seconds, 28 * 60.0), stop)
        except _FAULTS as fault:
            raise SendError(
                f"{self.host} hung up: {one_line(str(fault), 200) or type(fault).__name__}"
            ) from fault

    def _idle(self, seconds: float, stop: threading.Event) -> None:
        imap = self._imap
        tag: bytes = imap._new_tag()  # imaplib learnt IDLE in Python 3.14
        imap.send(tag + b" IDLE\r\n")
        while not (line := self._line()).startswith(b"+"):
            if line.startswith(tag):
                raise SendError(f"{self.host} refused IDLE.")
        until = time.monotonic() + seconds
        while not stop.is_set() and time.monotonic() < until:
            if self._readable(POLL_SECONDS):
                self._line()
                break
        imap.send(b"DONE\r\n")
        while not self._line().startswith(tag):
            pass

    def _line(self) -> bytes:
        line = self._imap.readline()
        if not line:
            raise EOFError("connection closed")
        return line

    def _readable(self, seconds: float) -> bool:
        sock = self._imap.socket()
        if isinstance(sock, ssl.SSLSocket) and sock.pending():
            return True
        poller = select.poll()
        poller.register(sock, select.POLLIN)
        return bool(poller.poll(seconds * 1000))


def _set(uids: Sequence[int]) -> str:
    return ",".join(str(uid) for uid in uids)


def _quoted(text: str) -> str:
    return re.sub(r'[\\"\x00-\x1f\x7f-\uffff]', "", text)


def _batches(sizes: Sequence[tuple[int, int]], max_bytes: int) -> Iterator[list[tuple[int, int]]]:
    batch: list[tuple[int, int]] = []
    total = 0
    for uid, size in sizes:
        large = size > max_bytes
        if batch and (large or len(batch) >= BATCH_MAILS or total + size > BATCH_BYTES):
            yield batch
            batch, total = [], 0
        batch.append((uid, size))
        total += size
        if large:
            yield batch
            batch, total = [], 0
    if batch:
        yield batch
