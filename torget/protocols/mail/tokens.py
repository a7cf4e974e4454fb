"""Finding the conversation a mail belongs to, and whether its sender is who it says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from torget.protocols.mail.machines import takes_no_answer
from torget.protocols.mail.values import Address, Mail

COPY = "kopi"
_OUR_ID = re.compile(r"t\.[0-9a-f]{32}@\S{1,253}")
_REF = re.compile(r"\[\s*([A-ZÆØÅ]{1,6}-\d{2,4}-\d{1,9})\s*\]")
_QUOTED = re.compile(
    r'"(?:[^"\\]|\\.){0,500}"|\([^()]{0,500}\)'
)  # words and comments (RFC 8601 §2.2)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,60}")
_DELIVERED = (
    "delivered-to",
    "x-original-to",
    "envelope-to",
    "x-envelope-to",
    "to",
    "cc",
    "x-forwarded-to",
)


@dataclass(frozen=True, slots=True)
class Case:
    """What points to a conversation, strongest first.

    `token` stands in the address only the participants were given. `parents` are message ids it answers, nearest
    first. `ref_hint` is the number in the subject: people read it aloud, so it proves nothing.
    """

    token: str = ""
    parents: tuple[str, ...] = ()
    ref_hint: str = ""


def case_of(mail: Mail, own_address: str, *, separator: str = "+") -> Case:
    """What the mail itself says about where it belongs."""
    parents = tuple(dict.fromkeys((*mail.in_reply_to, *reversed(mail.references))))
    match = _REF.search(mail.subject.upper())
    return Case(_token(mail, own_address.lower(), separator), parents, match[1] if match else "")


def answers_us(mail: Mail, own_addresses: Iterable[str]) -> bool:
    """Whether what it answers is a mail of ours, by the ids it names."""
    domains = {address.rpartition("@")[2].lower() for address in own_addresses if address}
    nearest = [*mail.in_reply_to, *mail.references[-1:]]
    return any(
        _OUR_ID.fullmatch(message_id) and message_id.rpartition("@")[2].lower() in domains
        for message_id in nearest
    )


def _token(mail: Mail, own_address: str, separator: str) -> str:
    local, _, domain = own_address.partition("@")
    # The headers' own spelling: a token may be case-sensitive.
    pattern = re.compile(
        rf"(?<![^\s<,;:\"']){re.escape(local + separator)}({_TOKEN.pattern})@{re.escape(domain)}(?![\w.-])",
        re.IGNORECASE,
    )
    for name in _DELIVERED:
        for value in mail.all(name):
            for token in pattern.findall(value):
                if token.lower() != COPY:
                    return str(token)
    return ""


def tagged(address: str, tag: str, *, separator: str = "+") -> str:
    """The address with a tag in it (RFC 5233 §1)."""
    local, _, domain = address.rpartition("@")
    return f"{local}{separator}{tag}@{domain}"


def proven(mail: Mail, authserv_id: str) -> str:
    """How the sender was verified by our own mail server: `dmarc`, `dkim` or nothing (RFC 8601 §2.2, §5).

    Only a result with our server's own name is believed: anybody can write the header. Where several bear it, each that
    tells of the method must say the same: one that came along from outside does not outweigh our own. What another
    domain than the sender's has signed proves nothing of the sender.
    """
    domain = mail.sender.address.rpartition("@")[2]
    if not authserv_id or not domain:
        return ""
    ours = [
        _QUOTED.sub("", results)
        for server, _semicolon, results in (
            value.partition(";") for value in mail.all("authentication-results")
        )
        if server.strip().split(" ")[0].lower() == authserv_id.lower()
    ]
    for method, properties in (("dmarc", "from"), ("dkim", "[di]")):
        passed = re.compile(
            rf"(?:\A|[\s;]){method}=pass\b[^;]*\sheader\.{properties}=@?{re.escape(domain)}(?![\w.-])",
            re.IGNORECASE,
        )
        result = re.compile(rf"(?:\A|[\s;]){method}=", re.IGNORECASE)
        telling = [results for results in ours if result.search(results)]
        if telling and all(passed.search(results) for results in telling):
            return method
    return ""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who a mail is from, as it is to be answered.

    `address` is where answers go: the person a form or an address that takes no answers stands for (`Reply-To`), else
    who it is from. `wants` is another address they ask to be answered at, which a person must agree to.
    """

    address: Address
    wants: str = ""
    by_form: bool = False


def sender_of(mail: Mail, own_addresses: Iterable[str], forms: Iterable[str] = ()) -> Sender:
    """Who is answered, by rule (RFC 5322 §3.6.2, RFC 2369): never we ourselves, never a list.

    `forms` are senders that always stand for somebody else: a form of ours that sends from an address of its own.
    """
    ours = {address.lower() for address in own_addresses if address}
    reply_to = mail.reply_to if not _is_ours(mail.reply_to.address, ours) else Address("")
    asks = reply_to.address and reply_to.address != mail.sender.address
    if not asks or takes_no_answer(reply_to.address):
        return Sender(mail.sender)
    stands_for = {address.lower() for address in forms}
    from_form = (
        mail.sender.address in stands_for
        or takes_no_answer(mail.sender.address)
        or _is_ours(mail.sender.address, ours)
    )
    if from_form:
        return Sender(reply_to, by_form=True)
    return Sender(mail.sender, "" if mail.header("list-id") else reply_to.address)


def others_on(mail: Mail, own_addresses: Iterable[str]) -> list[str]:
    """To whom else it was sent (To and Cc), in order; our own addresses and its sender left out."""
    ours = {address.lower() for address in own_addresses if address}
    left_out = {mail.sender.address, mail.reply_to.address}
    addresses = [mailbox.address for mailbox in (*mail.to, *mail.cc)]
    return list(
        dict.fromkeys(
            address
            for address in addresses
            if address and address not in left_out and not _is_ours(address, ours)
        )
    )


def _is_ours(address: str, ours: set[str]) -> bool:
    """Ours, also with a tag in it."""
    local, _at, domain = address.lower().rpartition("@")
    return any(
        address.lower() == our_address
        or (
            domain == our_address.rpartition("@")[2]
            and bool(
                re.match(rf"{re.escape(our_address.rpartition('@')[0])}[^a-z0-9._]", f"{local}")
            )
        )
        for our_address in ours
    )
