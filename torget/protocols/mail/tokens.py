"""Finding the conversation a mail belongs to, and whether its sender is who it says."""

from __future__ import annotations

import re
from dataclasses import dataclass

from torget.protocols.mail.values import Mail

COPY = "kopi"
_REF = re.compile(r"\[\s*([A-ZÆØÅ]{1,6}-\d{2,4}-\d{1,9})\s*\]")
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
    found = _REF.search(mail.subject.upper())
    return Case(_token(mail, own_address.lower(), separator), parents, found[1] if found else "")


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

    Only a result with our server's own name is believed: anybody can write the header.
    """
    if not authserv_id:
        return ""
    domain = mail.sender.address.rpartition("@")[2]
    for value in mail.all("authentication-results"):
        server, _, results = value.partition(";")
        if server.strip().split(" ")[0].lower() != authserv_id.lower():
            continue
        if re.search(
            rf"\bdmarc=pass\b[^;]*\bheader\.from={re.escape(domain)}(?![\w.-])",
            results,
            re.IGNORECASE,
        ):
            return "dmarc"
        if re.search(
            rf"\bdkim=pass\b[^;]*\bheader\.[di]=@?{re.escape(domain)}(?![\w.-])",
            results,
            re.IGNORECASE,
        ):
            return "dkim"
    return ""
