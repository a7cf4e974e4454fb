"""An SMS centre on loopback. Its PDUs are made and read by smpplib, so that it does not share our misreadings."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

from smpplib import consts, smpp
from smpplib.client import SimpleSequenceGenerator

RECEIVES = {"bind_receiver", "bind_transceiver"}


class _Numbers:
    """What smpplib asks of a client: numbers for its PDUs."""

    def __init__(self):
        self.generator = SimpleSequenceGenerator()

    @property
    def sequence(self):
        return self.generator.sequence

    def next_sequence(self):
        return self.generator.next_sequence()


class Smsc:
    """Takes texts, delivers texts, and keeps what it was not told that it may forget.

    `refuse` is a list of command statuses, one for each submit_sm (0 takes it); `cut` closes the line "before" or
    "after" a submit_sm was taken down; `password` is what a bind must carry.
    """

    def __init__(self, password="hemmelig"):
        self.password = password
        self.taken, self.refuse, self.cut = [], [], ""
        self.unanswered, self.answered, self.binds = {}, [], []
        self._numbers = _Numbers()
        self._receivers, self._lines, self._threads = [], [], []
        self._lock = threading.Lock()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._start(self._accept)

    def _start(self, what, *args):
        thread = threading.Thread(target=what, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                line, _from = self._server.accept()
                self._lines.append(line)
                self._start(self._serve, line)

    def _serve(self, line):
        with contextlib.suppress(OSError), line:
            while True:
                head = self._exactly(line, 4)
                raw = head + self._exactly(line, int.from_bytes(head, "big") - 4)
                if not self._answer(line, smpp.parse_pdu(raw, client=self._numbers)):
                    break
        with self._lock:
            if line in self._receivers:
                self._receivers.remove(line)

    def _exactly(self, line, count):
        held = b""
        while len(held) < count:
            chunk = line.recv(count - len(held))
            if not chunk:
                raise OSError("closed")
            held += chunk
        return held

    def _say(self, line, command, sequence, status=0, **fields):
        pdu = smpp.make_pdu(command, client=self._numbers, status=status, **fields)
        pdu.sequence = sequence
        line.sendall(pdu.generate())

    def _answer(self, line, pdu):
        if pdu.command.startswith("bind_"):
            wrong = pdu.password.decode() != self.password
            status = consts.SMPP_ESME_RINVPASWD if wrong else 0
            self._say(line, f"{pdu.command}_resp", pdu.sequence, status, system_id="smsc")
            if wrong:
                return False
            self.binds.append(pdu.command)
            if pdu.command in RECEIVES:
                with self._lock:
                    self._receivers.append(line)
                    again = list(self.unanswered.values())
                    self.unanswered.clear()
                for fields in again:
                    self._deliver(fields)
        elif pdu.command == "submit_sm":
            return self._submitted(line, pdu)
        elif pdu.command == "deliver_sm_resp":
            self.answered.append(pdu.sequence)
            self.unanswered.pop(pdu.sequence, None)
        elif pdu.command in {"enquire_link", "unbind"}:
            self._say(line, f"{pdu.command}_resp", pdu.sequence)
        return True

    def _submitted(self, line, pdu):
        if self.cut == "before":
            self.cut = ""
            return False
        status = self.refuse.pop(0) if self.refuse else 0
        if not status:
            self.taken.append(pdu)
        if self.cut == "after":
            self.cut = ""
            return False
        named = f"id{len(self.taken)}" if not status else ""
        self._say(line, "submit_sm_resp", pdu.sequence, status, message_id=named)
        return True

    def _deliver(self, fields):
        with self._lock:
            sequence = self._numbers.next_sequence()
            self.unanswered[sequence] = fields
            receivers = list(self._receivers)
        if receivers:
            self._say(receivers[0], "deliver_sm", sequence, **fields)

    def deliver(self, text, *, source="4790000001", destination="2097", **fields):
        """A text from a phone, as octets; kept until answered for, and delivered again in the next session."""
        self._deliver(
            {
                "source_addr_ton": consts.SMPP_TON_INTL,
                "source_addr_npi": consts.SMPP_NPI_ISDN,
                "source_addr": source,
                "destination_addr": destination,
                "short_message": text,
                "esm_class": 0,
                "data_coding": 0,
            }
            | fields
        )

    def all_answered(self):
        """Whether everything delivered is answered for, given a second."""
        until = time.monotonic() + 1
        while self.unanswered and time.monotonic() < until:
            time.sleep(0.005)
        return not self.unanswered

    def hang_up(self):
        """Cut every line."""
        for line in self._lines:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
                line.close()
        self._lines.clear()
        with self._lock:
            self._receivers.clear()

    def close(self):
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.hang_up()
        for thread in self._threads:
            thread.join(2)
