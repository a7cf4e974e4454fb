"""What a mail is once it is read: plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

MAX_BYTES = 60_000_000
MAX_HEADER_BYTES = 512_000
MAX_HEADERS = 1000
MAX_PARTS = 200
MAX_DEPTH = 20
MAX_TEXT_CHARS = 1_000_000


class BadMail(Exception):  # noqa: N818 - names the verdict
    """The bytes cannot be read as a mail.

    Attributes:
        code: `empty`, `too_large`, `headers`, `too_many_parts`, `too_deep`, `broken`; the caller has the sentences.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox: the address in lower case (domain and local part: no known host tells them apart) and the name."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """An attachment. `media_type` is what the content is, `declared` what the mail says it is."""

    name: str
    media_type: str
    content: bytes
    declared: str = ""
    inline: bool = False
    content_id: str = ""
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What a delivery status notification says (RFC 3464 §2.3). `status` is the enhanced code, such as 5.1.1."""

    action: str = ""
    status: str = ""
    recipient: str = ""
    diagnostic: str = ""
    original_id: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature on the mail. `kind` is `smime`, `openpgp` or `unknown`.

    `holds`: the words are what the holder of the certificate signed; None: it could not be told. Whose certificate it
    is, is what the certificate says; its issuer has been checked by nobody.
    """

    kind: str
    holds: bool | None = None
    name: str = ""
    addresses: Sequence[str] = ()
    issuer: str = ""
    self_made: bool = False


@dataclass(frozen=True, slots=True)
class Invitation:
    """Something of a calendar (RFC 5546). Times are aware, or dates when it lasts whole days, or naive when floating.

    `method` is `REQUEST`, `REPLY`, `CANCEL` … or nothing; `answer` what a reply says (`ACCEPTED` …); `repeats` how often
    (`DAILY` …).
    """

    method: str = ""
    summary: str = ""
    begins: datetime | date | None = None
    ends: datetime | date | None = None
    place: str = ""
    description: str = ""
    organiser: str = ""
    answered_by: str = ""
    answer: str = ""
    repeats: str = ""
    cancelled: bool = False
    more: int = 0  # others in the same file that are not told of


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail, understood as far as it goes; everything is clean text.

    `message_id` has no angle brackets; `synthetic_id` tells that the mail had none and it was made from the bytes.
    `date` is when it was sent, or the receipt when the sender's clock is far off or tells nothing; then `claimed` is what it
    said. `identity` also tells two different mails with one Message-ID apart, and is the same for one mail delivered twice.
    """

    identity: str
    message_id: str
    synthetic_id: bool
    sender: Address
    reply_to: Address
    to: Sequence[Address]
    cc: Sequence[Address]
    subject: str
    date: datetime
    date_given: bool
    claimed: datetime | None = field(kw_only=True, default=None)
    in_reply_to: Sequence[str]
    references: Sequence[str]
    text: str
    from_html: bool = False
    # What could not be opened: `smime`, `openpgp`, `rights` (Microsoft's), `unreadable`; nothing when all is read.
    encrypted: str = ""
    signature: Signature | None = None
    invitations: Sequence[Invitation] = ()
    exact_mark: bool = True  # the mark before a signature has its space, where there is one
    reaction: str = ""  # the sign they put on what we wrote
    truncated: bool = False
    attachments: Sequence[Part] = ()
    report: Report | None = None
    # Every top-level header, lower-case name, cleaned value, in order.
    headers: Sequence[tuple[str, str]] = field(default=(), repr=False)

    def header(self, name: str) -> str:
        """The first header of that name, or nothing."""
        return next((value for key, value in self.headers if key == name.lower()), "")

    def all(self, name: str) -> list[str]:
        """Every header of that name."""
        return [value for key, value in self.headers if key == name.lower()]
