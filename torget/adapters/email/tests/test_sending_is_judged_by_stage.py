"""However a send ends, we know whether the mail certainly did not go out, certainly did, or may have."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from torget.adapters.email import adapter
from torget.channels.contract import AccountAccess, File, Outgoing, SendError
from torget.protocols.mail import message_id, read
from torget.protocols.mail.tests.samples import NOW

HANG_UP = "hang up"
OUT = Outgoing(
    "delivery:1", "kari@innbygger.test", "Hei!", subject="Svar [NV-2026-1]", case="k7f3q2x9"
)


@dataclass
class ScriptedServer:
    """A mail server that says what it is told to at each stage: `HELO`, `AUTH`, `MAIL`, `RCPT`, `DATA`, `BODY`, `DOT`."""

    replies: dict[str, str] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    mail: bytes = b""

    def __post_init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        try:
            peer, _ = self._socket.accept()
        except OSError:
            return
        with peer, peer.makefile("rwb") as stream:
            if not self._say(stream, self.replies.get("HELLO", "220 ready")):
                return
            for line in stream:
                verb = line[:4].decode("ascii", "replace").upper().strip()
                self.heard.append(line.decode("utf-8", "replace").strip())
                stage = self._stage(verb)
                if not self._answer(stream, verb, stage):
                    return

    def _stage(self, verb: str) -> str:
        copies = sum(one.upper().startswith("RCPT") for one in self.heard) > 1
        return "COPY" if verb == "RCPT" and copies else verb

    def _answer(self, stream, verb: str, stage: str) -> bool:
        usual = {
            "EHLO": "250-scripted\r\n250 AUTH PLAIN",
            "DATA": "354 go on",
            "AUTH": "235 ok",
            "QUIT": "221 bye",
        }
        reply = self.replies.get(stage, usual.get(verb, "250 ok"))
        if not self._say(stream, reply):
            return False
        if verb != "DATA" or not reply.startswith("354"):
            return verb != "QUIT"
        if self.replies.get("BODY") == HANG_UP:
            stream.readline()
            return False
        while (line := stream.readline()) not in (b".\r\n", b""):
            self.mail += line[1:] if line.startswith(b".") else line
        return self._say(stream, self.replies.get("DOT", "250 2.0.0 taken as 42"))

    def _say(self, stream, reply: str) -> bool:
        if reply == HANG_UP:
            return False
        stream.write(reply.encode() + b"\r\n")
        stream.flush()
        return True


@pytest.fixture
def server_that() -> Iterator[Callable[..., ScriptedServer]]:
    made: list[ScriptedServer] = []

    def make(**replies: str) -> ScriptedServer:
        made.append(ScriptedServer(replies))
        return made[-1]

    yield make
    for one in made:
        one.close()


def account(port: int, **smtp: str) -> AccountAccess:
    settings = {"smtp": {"host": "127.0.0.1", "port": port, "security": "none", **smtp}}
    return AccountAccess(
        1, "email", "postmottak@nordvaag.test", "Servicetorget", settings, {"smtp_password": "feil"}
    )


def failure(server: ScriptedServer, **smtp: str) -> SendError:
    with pytest.raises(SendError) as failed:
        adapter.send(OUT, account(server.port, **smtp))
    return failed.value


def kind_of(fault: SendError) -> str:
    marks = [name for name in ("permanent", "ambiguous", "account") if getattr(fault, name)]
    return "+".join(marks) or "later"


def test_a_mail_the_server_took_has_our_message_id_and_its_words(server_that):
    server = server_that()
    receipt = adapter.send(OUT, account(server.port))
    assert receipt.external_id == message_id("delivery:1", "postmottak@nordvaag.test")
    assert "taken as 42" in receipt.detail
    mail = read(server.mail, received_at=NOW)
    assert mail.message_id == receipt.external_id
    assert mail.reply_to.address == "postmottak+k7f3q2x9@nordvaag.test"
    assert "rcpt TO:<postmottak+kopi@nordvaag.test>" in server.heard


@pytest.mark.parametrize(
    ("stage", "reply", "kind"),
    [
        ("HELLO", HANG_UP, "later"),
        ("HELLO", "421 busy", "later"),
        ("HELLO", "554 no service here", "later"),
        ("MAIL", "451 4.3.0 try later", "later"),
        ("MAIL", "550 5.7.60 not your address", "account"),
        ("MAIL", "552 5.3.4 too large", "permanent"),
        ("MAIL", HANG_UP, "later"),
        ("RCPT", "550 5.1.1 no such user", "permanent"),
        ("RCPT", "450 4.2.1 greylisted", "later"),
        ("RCPT", "554 5.7.1 Relay access denied", "account"),
        ("RCPT", "530 5.7.0 sign in first", "account"),
        ("RCPT", HANG_UP, "later"),
        ("DATA", "451 not now", "later"),
        ("DATA", "554 no valid recipients", "permanent"),
        ("DATA", HANG_UP, "later"),
        ("BODY", HANG_UP, "later"),
        ("DOT", "554 5.6.0 content refused", "permanent"),
        ("DOT", "452 4.3.1 disk full", "later"),
        ("DOT", "421 4.3.2 shutting down", "later"),
        ("DOT", HANG_UP, "ambiguous"),
        ("DOT", "gibberish", "ambiguous"),
    ],
)
def test_every_way_to_fail_has_its_own_judgement(server_that, stage, reply, kind):
    out_of_order = server_that(**{stage: reply})
    if stage == "BODY":
        assert kind_of(failure_of_a_long_mail(out_of_order)) == kind
        return
    assert kind_of(failure(out_of_order)) == kind


def failure_of_a_long_mail(server: ScriptedServer) -> SendError:
    # Larger than any socket buffer: the server hangs up while we are still writing.
    large = File("kart.png", "image/png", b"\x89PNG" * 3_000_000)
    long = Outgoing("delivery:2", "kari@innbygger.test", "Se kartet.", attachments=[large])
    with pytest.raises(SendError) as failed:
        adapter.send(long, account(server.port))
    return failed.value


def test_a_wrong_password_is_the_accounts_fault(server_that):
    assert kind_of(failure(server_that(AUTH="535 5.7.8 wrong"), user="postmottak")) == "account"


def test_a_sign_in_service_that_is_down_is_nobodys_fault(server_that):
    assert kind_of(failure(server_that(AUTH="454 4.7.0 try later"), user="postmottak")) == "later"


def test_a_server_that_is_not_there_is_tried_again():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = taken.getsockname()[1]
    with pytest.raises(SendError) as failed:
        adapter.send(OUT, account(nobody))
    assert kind_of(failed.value) == "later"


def test_an_account_without_a_server_is_told_to_a_person():
    with pytest.raises(SendError) as failed:
        adapter.send(OUT, AccountAccess(1, "email", "postmottak@nordvaag.test", "x"))
    assert failed.value.account


def test_a_refused_copy_does_not_stop_the_answer(server_that):
    server = server_that(COPY="550 no plus addresses here")
    assert adapter.send(OUT, account(server.port)).external_id


@pytest.mark.parametrize(
    "recipient", ["kari", "kari@innbygger.test\r\nRCPT TO:<x@y.test>", "kåre@innbygger.test"]
)
def test_an_address_that_is_none_never_reaches_the_server(server_that, recipient):
    server = server_that()
    with pytest.raises(SendError) as failed:
        adapter.send(Outgoing("k", recipient, "Hei"), account(server.port))
    assert failed.value.permanent
    assert not server.heard


def test_a_line_that_is_only_a_dot_does_not_end_the_mail(server_that):
    server = server_that()
    adapter.send(
        Outgoing("k", "kari@innbygger.test", "Før\n.\n.skjult\nEtter"), account(server.port)
    )
    assert read(server.mail, received_at=NOW).text == "Før\n.\n.skjult\nEtter"
