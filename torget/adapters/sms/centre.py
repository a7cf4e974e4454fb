"""The SMPP way: texts kept before the centre may forget them, and submitted once."""

from __future__ import annotations

import base64
import hashlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torget.adapters.sms.session import Centre, DeniedError, LostError, Session
from torget.channels.contract import AccountAccess, Polled, RawItem, Receipt, SendError
from torget.protocols import gsm7, smpp
from torget.protocols.smpp import Pdu

MEDIA_TYPE = "application/x-smpp"
WAIT_SECONDS = 8.0  # a worker that is told to stop waits ten
IDLE_SECONDS = (
    5.0  # centres allow few sessions: ours to send with is given back when nobody needs it
)
DOUBT_SECONDS = 120.0
PART_SECONDS = 2 * 3600.0  # references are used again: what comes later is of another text
MOST_SEEN = 500

# SMPP v3.4 §5.1.3: what each command status means for us; the others are refusals of this one message.
_LIMITED = frozenset({0x14, 0x58})  # queue full, throttled
_ACCOUNT = frozenset({0x04, 0x0A, 0x0D, 0x0E, 0x0F})  # bind state, our sender, bind, password, id
_LATER = frozenset(
    {0x05, 0x08, 0x45, 0x64}
)  # already bound, system error, submit failed, try later
LIMIT_SECONDS = 30.0


def at(account: AccountAccess) -> Centre:
    """The centre of an account's settings.

    Raises:
        SendError: host, port or system id is missing.
    """
    settings = account.settings
    try:
        port = int(settings.get("port") or 3550)
    except ValueError:
        port = 0
    if not settings.get("host") or not settings.get("system_id") or not 0 < port < 65_536:
        raise SendError("The account has no SMPP host, port or system id.", account=True)
    return Centre(
        str(settings["host"]),
        port,
        str(settings["system_id"]),
        account.secrets.get("password", ""),
        str(settings.get("system_type", "")),
        str(settings.get("tls", "yes")) != "no",
    )


def denied(fault: DeniedError) -> SendError:
    """A refusal of the centre's own, by its command status."""
    if fault.status in _LIMITED:
        return SendError(str(fault), limited=True, retry_after_seconds=LIMIT_SECONDS)
    if fault.status in _ACCOUNT:
        return SendError(str(fault), account=True)
    return SendError(str(fault), permanent=fault.status not in _LATER)


def _opened(account: AccountAccess, bind: int) -> Session:
    try:
        return Session(at(account), bind)
    except LostError as fault:  # nothing but the bind can have reached it
        raise SendError(str(fault)) from fault
    except DeniedError as fault:
        raise denied(fault) from fault


def check(account: AccountAccess) -> None:
    """Bind and say goodbye.

    Raises:
        SendError: as it went.
    """
    _opened(account, smpp.BIND_TRANSMITTER).close()


@dataclass(slots=True)
class _Lent:
    """A session to send with, and the clock that gives it back."""

    session: Session
    clock: threading.Timer


class Sender:
    """Sends over one session per account and process, kept while it is busy."""

    def __init__(self) -> None:
        self._locks: dict[int, threading.Lock] = {}
        self._lent: dict[int, _Lent] = {}
        self._guard = threading.Lock()

    def _lock(self, account_id: int) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(account_id, threading.Lock())

    def _give_back(self, account_id: int) -> None:
        with self._lock(account_id):
            if lent := self._lent.pop(account_id, None):
                lent.session.close()

    def _session(self, account: AccountAccess) -> Session:
        lent = self._lent.pop(account.id, None)
        if lent is not None:
            lent.clock.cancel()
            if not lent.session.closed:
                return lent.session
        return _opened(account, smpp.BIND_TRANSMITTER)

    def submit(self, account: AccountAccess, bodies: Sequence[bytes]) -> Receipt:
        """Submit the parts of one text in order; the receipt names the last, which we asked a report for.

        Raises:
            SendError: ambiguous as soon as one part is out and the rest is not certain.
        """
        with self._lock(account.id):
            session = self._session(account)
            try:
                named = [
                    self._one(session, body, out=bool(place)) for place, body in enumerate(bodies)
                ]
            finally:
                clock = threading.Timer(IDLE_SECONDS, self._give_back, [account.id])
                clock.daemon = True
                self._lent[account.id] = _Lent(session, clock)
                clock.start()
        return Receipt(named[-1], f"{len(named)} SMS")

    def _one(self, session: Session, body: bytes, *, out: bool) -> str:
        try:
            return smpp.text_at(session.ask(smpp.SUBMIT_SM, body).body)
        except DeniedError as fault:
            if out:
                raise SendError(f"Only a part went out: {fault}", ambiguous=True) from fault
            raise denied(fault) from fault
        except LostError as fault:
            raise SendError(str(fault), ambiguous=out or fault.asked) from fault
        except smpp.BadPdu as fault:
            raise SendError("It was taken, without an id.", ambiguous=True) from fault

    def close(self) -> None:
        """Give every session back now."""
        for account_id in list(self._lent):
            self._give_back(account_id)


def bodies(text: str, sender: str, recipient: str, key: str, alphabet: str) -> list[bytes]:
    """The submit_sm of a text: one each part, a report asked for the last."""
    cut = gsm7.cut(text)
    coding, encode = _coding(cut, alphabet)
    pieces = smpp.parted(
        tuple(encode(part) for part in cut.parts), hashlib.sha256(key.encode()).digest()[0]
    )
    esm_class = smpp.UDH_INDICATOR if len(pieces) > 1 else 0
    return [
        smpp.message_body(
            smpp.Message(sender, recipient, piece, esm_class, coding, int(piece is pieces[-1]))
        )
        for piece in pieces
    ]


def _coding(cut: gsm7.Cut, alphabet: str) -> tuple[int, Callable[[str], bytes]]:
    text = "".join(cut.parts)
    if cut.is_gsm and alphabet != "latin1":
        return smpp.CODING_DEFAULT, gsm7.encode
    if cut.is_gsm and all(char < "\u0100" for char in text):
        return smpp.CODING_DEFAULT, lambda part: part.encode("latin-1")
    return smpp.CODING_UCS2, gsm7.ucs2


class Receiver:
    """Listens over one session per account. What comes is answered for when it is committed, never before."""

    def __init__(self) -> None:
        self._sessions: dict[int, tuple[Centre, Session]] = {}
        self._doubts: dict[int, tuple[float, set[str]]] = {}

    def poll(self, account: AccountAccess, cursor: Mapping[str, Any], *, seconds: float) -> Polled:
        """Wait for texts and reports.

        Raises:
            SendError: the centre is away, or will not have us.
        """
        where, session = self._sessions.get(account.id, (None, None))
        if session is not None and where != at(account):  # the administrator has changed it
            session.close()
        if session is None or session.closed:
            session = _opened(account, smpp.BIND_RECEIVER)
            self._sessions[account.id] = (at(account), session)
            # The last batch is committed, but whether the centre heard that nobody knows: it may come once more.
            doubtful = set(cursor.get("unanswered", ()))
            self._doubts[account.id] = (time.monotonic() + DOUBT_SECONDS, doubtful)
        try:
            pdus = session.wait(seconds)
        except LostError as fault:
            del self._sessions[account.id]
            raise SendError(str(fault)) from fault
        until, doubtful = self._doubts.get(account.id, (0.0, set()))
        if time.monotonic() > until:
            doubtful = set()
        fresh = [pdu for pdu in pdus if not _was(pdu, doubtful)]
        items, after = keep(fresh, cursor, now=time.time())
        after["unanswered"] = [_digest(pdu.body) for pdu in pdus]
        live = session

        def settle() -> None:
            for pdu in pdus:
                try:
                    live.accept(pdu)
                except LostError:  # it comes again in the next session, and is known then
                    return

        return Polled(items, after, more=True, settle=settle)

    def leave(self, account_id: int) -> None:
        """Say goodbye for one account, if it has a session."""
        if session := self._sessions.pop(account_id, None):
            session[1].close()

    def close(self) -> None:
        """Say goodbye everywhere."""
        for account_id in list(self._sessions):
            self.leave(account_id)


def _digest(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()[:24]


def _was(pdu: Pdu, doubtful: set[str]) -> bool:
    digest = _digest(pdu.body)
    if digest not in doubtful:
        return False
    doubtful.discard(digest)
    return True


def keep(
    pdus: Sequence[Pdu], cursor: Mapping[str, Any], *, now: float
) -> tuple[list[RawItem], dict[str, Any]]:
    """The items in what was delivered, and the cursor after it. Pure but for the time given.

    A text has no id of its own in SMPP: ours is made of its octets and how many times we have seen the same, so that
    two equal texts are two, and the same delivery again, before the cursor was saved, is one. Parts wait in the
    cursor for the others; after two hours what there is goes on without them.
    """
    seen: dict[str, int] = dict(cursor.get("seen", {}))
    parts: dict[str, dict[str, Any]] = {
        key: dict(parts_kept) for key, parts_kept in cursor.get("parts", {}).items()
    }
    items = []
    for pdu in pdus:
        try:
            message = smpp.read_message(pdu.body)
        except smpp.BadPdu:  # kept as it came: the quarantine shows it
            items.append(_item([pdu.body], seen))
            continue
        place = None if message.is_receipt else smpp.place(message)
        if place is None:
            items.append(_item([pdu.body], seen))
            continue
        reference, total, number = place
        key = f"{message.source}|{message.destination}|{reference}|{total}"
        octets = base64.b64encode(pdu.body).decode()
        before = parts.get(key)
        if before and (_is_late(before, now) or before["held"].get(str(number), octets) != octets):
            # The reference is used again: that is another text, and the rest of the first is not coming.
            items.append(_item(_bodies(parts.pop(key)), seen))
        waiting = parts.setdefault(key, {"at": now, "total": total, "held": {}})
        waiting["held"] = {**waiting["held"], str(number): octets}
        if len(waiting["held"]) == total:
            items.append(_item(_bodies(parts.pop(key)), seen))
    late = [key for key, part in parts.items() if _is_late(part, now)]
    items += [_item(_bodies(parts.pop(key)), seen) for key in late]
    recent = dict(list(seen.items())[-MOST_SEEN:])
    return items, {"seen": recent, "parts": parts}


def _is_late(waiting: Mapping[str, Any], now: float) -> bool:
    return bool(now - waiting["at"] > PART_SECONDS)


def _bodies(waiting: Mapping[str, Any]) -> list[bytes]:
    bodies = waiting["held"]
    return [base64.b64decode(bodies[number]) for number in sorted(bodies, key=int)]


def _item(octets: Sequence[bytes], seen: dict[str, int]) -> RawItem:
    whole = b"".join(smpp.pack(Pdu(smpp.DELIVER_SM, 0, 0, body)) for body in octets)
    digest = _digest(whole)
    times = seen.pop(digest, 0) + 1
    seen[digest] = times
    return RawItem(f"smpp:{digest}:{times}", whole, MEDIA_TYPE)
