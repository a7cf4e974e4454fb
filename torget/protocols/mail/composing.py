"""Plain values to the bytes of a mail."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from torget.protocols.files import safe_name
from torget.protocols.hosts import BadHost, canonical
from torget.protocols.mail.machines import LOOP_HEADER
from torget.protocols.mail.values import Part
from torget.protocols.plaintext import clean, one_line

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(
    r"(?=.{1,253}\Z)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
_ID = re.compile(r"[^\s<>\x00-\x20\x7f-\uffff]{1,400}")
_MAX_REFERENCES = 20


class BadAddress(Exception):  # noqa: N818 - names the verdict
    """No mail can be sent to that address."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to write. `key` is ours and unique: the Message-ID is made from it, so a second try has the same."""

    key: str
    sender: str
    recipient: str
    subject: str
    body: str
    date: datetime
    sender_name: str = ""
    recipient_name: str = ""
    reply_to: str = ""
    in_reply_to: str = ""
    references: Sequence[str] = ()
    language: str = ""
    automatic: bool = False
    attachments: Sequence[Part] = ()


def message_id(key: str, sender: str) -> str:
    """The Message-ID of the mail with that key, without angle brackets. The key cannot be read out of it."""
    return f"t.{hashlib.sha256(key.encode()).hexdigest()[:32]}@{ascii_address(sender).rpartition('@')[2]}"


def ascii_address(address: str) -> str:
    """The address as it goes over the wire; a domain in other letters becomes its ASCII form (RFC 5890).

    Raises:
        BadAddress: line breaks, spaces, no domain, a local part outside ASCII: anything but one plain mailbox.
    """
    local, at, domain = address.strip(" ").rpartition("@")
    if at and not domain.isascii():
        try:
            domain = canonical(domain)
        except BadHost as fault:
            raise BadAddress(one_line(address, 200)) from fault
    if not at or len(local) > 64 or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        raise BadAddress(one_line(address, 200))
    return f"{local}@{domain}"


def compose(letter: Letter) -> bytes:
    """The mail as bytes with CRLF, seven-bit clean (RFC 5322, RFC 2046). The same letter gives the same bytes.

    Values cannot add headers: addresses are validated, everything else is put on one line and encoded.

    Raises:
        BadAddress: sender, recipient or reply address is no plain mailbox.
    """
    mail = EmailMessage(policy=SMTP)
    mail["From"] = _mailbox(letter.sender, letter.sender_name)
    mail["To"] = _mailbox(letter.recipient, letter.recipient_name)
    if letter.reply_to:
        mail["Reply-To"] = _mailbox(letter.reply_to, letter.sender_name)
    mail["Subject"] = one_line(letter.subject, 500)
    mail["Date"] = format_datetime(letter.date)
    mail["Message-ID"] = f"<{message_id(letter.key, letter.sender)}>"
    _add_thread(mail, letter)
    if letter.automatic:
        mail["Auto-Submitted"] = "auto-replied"
        mail["X-Auto-Response-Suppress"] = "All"
    mail[LOOP_HEADER] = ascii_address(letter.sender).lower()
    if re.fullmatch(r"[a-z]{2,3}", letter.language):
        mail["Content-Language"] = letter.language
    mail.set_content(clean(letter.body) + "\n", charset="utf-8", cte="quoted-printable")
    for part in letter.attachments:
        main, _, sub = part.media_type.partition("/")
        mail.add_attachment(
            part.content,
            maintype=main if main not in ("multipart", "message") else "application",
            subtype=sub if main not in ("multipart", "message") else "octet-stream",
            filename=safe_name(part.name, part.media_type),
        )
    if mail.is_multipart():
        # Python draws it at random; a second try must be the same bytes.
        mail.set_boundary(f"=={hashlib.sha256(letter.key.encode()).hexdigest()[:40]}")
    return mail.as_bytes()


def _mailbox(address: str, name: str) -> HeaderAddress:
    return HeaderAddress(one_line(name, 200), addr_spec=ascii_address(address))


def _add_thread(mail: EmailMessage, letter: Letter) -> None:
    known = [
        bare for reference in letter.references if _ID.fullmatch(bare := reference.strip("<> "))
    ]
    parent = letter.in_reply_to.strip("<> ")
    if _ID.fullmatch(parent):
        mail["In-Reply-To"] = f"<{parent}>"
        known = [*(reference for reference in known if reference != parent), parent]
    if known:
        mail["References"] = " ".join(
            f"<{reference}>" for reference in dict.fromkeys(known[-_MAX_REFERENCES:])
        )
