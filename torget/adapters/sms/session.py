"""One SMPP session over TCP: bind, ask and be answered, hear what the centre delivers."""

from __future__ import annotations

import select
import socket
import ssl
import time
from dataclasses import dataclass

from torget.protocols import smpp
from torget.protocols.smpp import Pdu

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 8.0
LINK_SECONDS = 30.0  # asked whether it is there after so long without a word from it
MOST_AT_ONCE = 100


class LostError(Exception):
    """The line is gone. `asked`: a request may have reached the other side without an answer."""

    def __init__(self, message: str, *, asked: bool) -> None:
        super().__init__(message)
        self.asked = asked


class DeniedError(Exception):
    """The centre answered with a command status other than 0 (§5.1.3)."""

    def __init__(self, status: int) -> None:
        super().__init__(f"SMPP status 0x{status:02X}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Centre:
    """Where the SMS centre is, and who we are there."""

    host: str
    port: int
    system_id: str
    password: str
    system_type: str = ""
    tls: bool = True


class Session:
    """A bound session. Not for several threads at once."""

    def __init__(self, centre: Centre, bind: int) -> None:
        """Connect and bind.

        Raises:
            LostError: nobody answers.
            DeniedError: the bind was refused.
        """
        self._sequence = 0
        self._held = bytearray()
        self._delivered: list[Pdu] = []
        self._linked: int | None = None
        self.closed = False
        try:
            line = socket.create_connection((centre.host, centre.port), CONNECT_SECONDS)
            if centre.tls:
                line = ssl.create_default_context().wrap_socket(line, server_hostname=centre.host)
        except OSError as fault:
            raise LostError(
                f"{type(fault).__name__} at {centre.host}:{centre.port}", asked=False
            ) from fault
        self._line = line
        self._heard_at = time.monotonic()
        body = smpp.bind_body(centre.system_id, centre.password, centre.system_type)
        try:
            self.ask(bind, body)
        except (LostError, DeniedError):
            self._drop()
            raise

    def _drop(self) -> None:
        self.closed = True
        self._line.close()

    def _write(self, pdu: Pdu) -> None:
        try:
            self._line.settimeout(ANSWER_SECONDS)
            self._line.sendall(smpp.pack(pdu))
        except OSError as fault:
            self._drop()
            raise LostError(f"{type(fault).__name__} while writing", asked=True) from fault

    def _read(self, until: float) -> Pdu | None:
        """The next PDU; None when the time is up."""
        while True:
            try:
                unpacked = smpp.unpack(bytes(self._held))
            except smpp.BadPdu as fault:
                self._drop()
                raise LostError(str(fault), asked=True) from fault
            if unpacked is not None:
                pdu, length = unpacked
                del self._held[:length]
                self._heard_at = time.monotonic()
                return pdu
            if not self._more(until):
                return None

    def _more(self, until: float) -> bool:
        left = until - time.monotonic()
        waits = isinstance(self._line, ssl.SSLSocket) and self._line.pending()
        if not waits and not select.select([self._line], [], [], max(0.0, left))[0]:
            return False
        try:
            chunk = self._line.recv(65_536)
        except OSError as fault:
            self._drop()
            raise LostError(f"{type(fault).__name__} while reading", asked=True) from fault
        if not chunk:
            self._drop()
            raise LostError("The centre closed the line", asked=True)
        self._held += chunk
        return True

    def _heed(self, pdu: Pdu) -> None:
        """What comes without our asking."""
        if pdu.command == smpp.DELIVER_SM:
            self._delivered.append(pdu)
        elif pdu.command == smpp.ENQUIRE_LINK:
            self._write(Pdu(smpp.ENQUIRE_LINK | smpp.RESPONSE, 0, pdu.sequence))
        elif pdu.command == smpp.UNBIND:
            self._write(Pdu(smpp.UNBIND | smpp.RESPONSE, 0, pdu.sequence))
            self._drop()
            raise LostError("The centre said goodbye", asked=True)
        elif pdu.command == smpp.ENQUIRE_LINK | smpp.RESPONSE:
            self._linked = None

    def ask(self, command: int, body: bytes = b"", *, seconds: float = ANSWER_SECONDS) -> Pdu:
        """Send a request and wait for its answer.

        Raises:
            LostError: no answer came.
            DeniedError: the answer is no.
        """
        self._sequence += 1
        sequence = self._sequence
        self._write(Pdu(command, 0, sequence, body))
        until = time.monotonic() + seconds
        while (pdu := self._read(until)) is not None:
            if pdu.sequence == sequence and pdu.command & smpp.RESPONSE:
                if pdu.status:
                    raise DeniedError(pdu.status)
                return pdu
            self._heed(pdu)
        self._drop()
        raise LostError("No answer in time", asked=True)

    def wait(self, seconds: float) -> list[Pdu]:
        """What the centre delivers, as soon as there is something; [] when the time is up. Each waits for `accept`.

        Raises:
            LostError: the line is gone.
        """
        until = time.monotonic() + seconds
        while len(self._delivered) < MOST_AT_ONCE:
            self._is_there()
            step = until if not self._delivered else 0.0
            pdu = self._read(min(step, time.monotonic() + 5.0))
            if pdu is not None:
                self._heed(pdu)
            elif self._delivered or time.monotonic() >= until:
                break
        taken, self._delivered = self._delivered, []
        return taken

    def _is_there(self) -> None:
        silent = time.monotonic() - self._heard_at
        if self._linked is not None and silent > LINK_SECONDS + ANSWER_SECONDS:
            self._drop()
            raise LostError("The centre does not answer any more", asked=True)
        if self._linked is None and silent > LINK_SECONDS:
            self._sequence += 1
            self._linked = self._sequence
            self._write(Pdu(smpp.ENQUIRE_LINK, 0, self._sequence))

    def accept(self, pdu: Pdu) -> None:
        """Tell the centre that it need not deliver this again.

        Raises:
            LostError: the line is gone; it will.
        """
        self._write(Pdu(smpp.DELIVER_SM | smpp.RESPONSE, 0, pdu.sequence, b"\x00"))

    def close(self) -> None:
        """Say goodbye, without waiting long for an answer."""
        if self.closed:
            return
        try:
            self.ask(smpp.UNBIND, seconds=1.0)
        except (LostError, DeniedError):
            pass
        finally:
            self._drop()
