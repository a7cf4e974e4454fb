"""Real mail servers for tests: OpenSMTPD → LMTP → Dovecot, on loopback, in a folder that is thrown away."""

from __future__ import annotations

import imaplib
import os
import shutil
import signal
import smtplib
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.square import free_port

INSTALL = "apt-get install opensmtpd dovecot-imapd dovecot-lmtpd"
GONE = "borte.test"  # its server refuses everybody: what is sent there comes back as a bounce
DOMAINS = ("nordvaag.test", "innbygger.test", "sorvaag.test")
MAILBOXES = (
    *("postmottak@nordvaag.test", "post@sorvaag.test"),
    *("kari@innbygger.test", "ola@innbygger.test", "nina@innbygger.test"),
)
OWNER = "nobody"
START_SECONDS = 20.0

DOVECOT = """
base_dir = {home}/run
state_dir = {home}/run
log_path = {home}/dovecot.log
listen = 127.0.0.1
protocols = imap lmtp
ssl = no
disable_plaintext_auth = no
mail_location = maildir:~/Maildir
first_valid_uid = 1
recipient_delimiter = +
mail_max_userip_connections = 50
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {home}/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {home}/users
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
service auth {{
  unix_listener auth-userdb {{
    mode = 0666
  }}
}}
"""
SMTPD = """
queue ttl 1h
smtp max-message-size 80M
listen on 127.0.0.1 port {smtp} hostname mx.nordvaag.test
action "gone" relay host "smtp://127.0.0.1:{refusing}"
action "deliver" lmtp "127.0.0.1:{lmtp}" rcpt-to user "{owner}" virtual {{ {catch_all} }}
{matches}
match from any for domain "borte.test" action "gone"
"""
# OpenSMTPD's folders are compiled in: a mount namespace gives every test run its own.
APART = """
mount --make-rprivate / && mkdir -p {home}/spool {home}/var-run && chmod 711 {home}/spool &&
mkdir -p /var/spool/smtpd && mount --bind {home}/spool /var/spool/smtpd &&
mount --bind {home}/var-run /run && exec smtpd -d -f {home}/smtpd.conf
"""


class RefusingServer(socketserver.ThreadingTCPServer):
    """Somebody else's mail server, where nobody lives any more."""

    daemon_threads = True
    allow_reuse_address = True

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 mx.borte.test ESMTP\r\n")
            for line in self.rfile:
                verb = line[:4].upper()
                refused = b"550 5.1.1 No such person\r\n" if verb == b"RCPT" else b"250 ok\r\n"
                self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else refused)
                if verb == b"QUIT":
                    return

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), self.Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])


@dataclass
class MailServers:
    """The running servers. Every mailbox takes plus-addresses."""

    home: Path
    smtp_port: int
    imap_port: int
    lmtp_port: int
    refusing: RefusingServer
    host: str = "127.0.0.1"
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def mailboxes(self) -> tuple[str, ...]:
        return MAILBOXES

    def password(self, address: str) -> str:
        return f"passord-{address.partition('@')[0]}"

    def settings(self, address: str) -> dict[str, Any]:
        """Settings of an e-mail account at these servers."""
        return {
            "imap": {
                "host": self.host,
                "port": self.imap_port,
                "security": "none",
                "user": address,
            },
            "smtp": {"host": self.host, "port": self.smtp_port, "security": "none"},
        }

    def secrets(self, address: str) -> dict[str, str]:
        return {"imap_password": self.password(address)}

    def deliver(self, raw: bytes, to: str, *, sender: str = "kari@innbygger.test") -> None:
        """Send a mail as anybody would, and wait until it lies in the mailbox."""
        before = self.count(to)
        with smtplib.SMTP(self.host, self.smtp_port, timeout=20) as smtp:
            smtp.sendmail(sender, [to], raw)
        self.wait_for(lambda: self.count(to) > before, f"mail in {to}")

    def wait_for(self, arrived: Any, what: str, seconds: float = 30.0) -> None:
        until = time.monotonic() + seconds
        while not arrived():
            if time.monotonic() > until:
                pytest.fail(f"{what} did not come\n{self.logs()}")
            time.sleep(0.1)

    def folder(self, address: str) -> Path:
        return self.home / "mail" / _mailbox(address) / "Maildir"

    def count(self, address: str) -> int:
        return len(self.inbox(address))

    def inbox(self, address: str) -> list[bytes]:
        """Everything that lies in a mailbox, oldest first."""
        found = [path for sub in ("cur", "new") for path in (self.folder(address) / sub).glob("*")]
        return [
            path.read_bytes() for path in sorted(found, key=lambda path: path.stat().st_mtime_ns)
        ]

    def empty(self) -> None:
        """Remove every mail, as a fresh installation."""
        for address in MAILBOXES:
            with imaplib.IMAP4(self.host, self.imap_port, timeout=20) as imap:
                imap.login(address, self.password(address))
                imap.select()
                imap.store("1:*", "+FLAGS", r"(\Deleted)") if imap.search(None, "ALL")[1][
                    0
                ] else None
                imap.expunge()

    def renumber(self, address: str) -> None:
        """Give a mailbox a new UIDVALIDITY, as after a restored backup."""
        for path in self.folder(address).glob("dovecot*"):
            path.unlink()
        # Dovecot derives it from the clock: it must not be the same second as before.
        time.sleep(1.1)

    def start_imap(self) -> None:
        self.processes["dovecot"] = subprocess.Popen(
            ["dovecot", "-F", "-c", str(self.home / "dovecot.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.wait_for_port(self.imap_port)
        self.wait_for_port(self.lmtp_port)

    def stop_imap(self) -> None:
        _stop(self.processes.pop("dovecot"))

    def start_smtp(self) -> None:
        with (self.home / "smtpd.log").open("ab") as out:
            self.processes["smtpd"] = subprocess.Popen(
                ["unshare", "-m", "sh", "-c", APART.format(home=self.home)], stdout=out, stderr=out
            )
        self.wait_for_port(self.smtp_port)

    def stop_smtp(self) -> None:
        _stop(self.processes.pop("smtpd"))

    def wait_for_port(self, port: int) -> None:
        until = time.monotonic() + START_SECONDS
        while True:
            with suppress(OSError), socket.create_connection((self.host, port), timeout=1):
                return
            if time.monotonic() > until:
                pytest.fail(f"Nothing answers on port {port}. Installed? {INSTALL}\n{self.logs()}")
            time.sleep(0.05)

    def logs(self) -> str:
        paths = (self.home / "smtpd.log", self.home / "dovecot.log")
        return "\n".join(
            path.read_text(errors="replace")[-2000:] for path in paths if path.exists()
        )


def _mailbox(address: str) -> str:
    local, _, domain = address.partition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)


def _write(servers: MailServers) -> None:
    home = servers.home
    home.chmod(0o755)
    (home / "run").mkdir()
    (home / "mail").mkdir()
    shutil.chown(home / "mail", OWNER)
    lines = [
        f"{address}:{{PLAIN}}{servers.password(address)}:{OWNER}:nogroup::{home}/mail/{address}::"
        for address in MAILBOXES
    ]
    (home / "users").write_text("\n".join(lines) + "\n")
    (home / "dovecot.conf").write_text(
        DOVECOT.format(home=home, imap=servers.imap_port, lmtp=servers.lmtp_port)
    )
    (home / "smtpd.conf").write_text(
        SMTPD.format(
            smtp=servers.smtp_port,
            lmtp=servers.lmtp_port,
            refusing=servers.refusing.port,
            owner=OWNER,
            catch_all=", ".join(f'"@{domain}" = "{OWNER}"' for domain in DOMAINS),
            matches="\n".join(
                f'match from any for domain "{domain}" action "deliver"' for domain in DOMAINS
            ),
        )
    )


@pytest.fixture(scope="session")
def mail_servers() -> Iterator[MailServers]:
    """OpenSMTPD and Dovecot, running; mailboxes of two municipalities and three residents."""
    if os.geteuid() != 0 or not all(shutil.which(name) for name in ("smtpd", "dovecot", "unshare")):
        pytest.fail(f"The mail servers are not installed, or this is not root. As root: {INSTALL}")
    home = Path(tempfile.mkdtemp(prefix="torget-mail-"))
    servers = MailServers(home, free_port(), free_port(), free_port(), RefusingServer())
    try:
        _write(servers)
        servers.start_imap()
        servers.start_smtp()
        yield servers
    finally:
        for process in list(servers.processes.values()):
            _stop(process)
        servers.refusing.shutdown()
        servers.refusing.server_close()
        shutil.rmtree(servers.home, ignore_errors=True)


@pytest.fixture
def post_office(mail_servers: MailServers) -> MailServers:
    """The mail servers with every mailbox empty."""
    mail_servers.empty()
    return mail_servers
