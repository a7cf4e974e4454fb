"""What delivery reports tell (RFC 3464)."""

from __future__ import annotations

import re
from email.message import Message

from torget.protocols import encodings
from torget.protocols.mail import headers
from torget.protocols.mail.parts import children, kind
from torget.protocols.mail.transfer import decoded
from torget.protocols.mail.values import Report
from torget.protocols.plaintext import one_line


def status(part: Message) -> Report:
    """RFC 3464 §2.1: blocks of fields; the first about the message, the others about a recipient each."""
    fields: dict[str, str] = {}
    for block in children(part):
        for name, value in headers.raw_headers(block):
            fields.setdefault(name, one_line(value, 500))
    return _from_fields(fields)


def in_text(part: Message) -> Report:
    """Fields that stand in a part as text, such as the headers of what came back."""
    text = encodings.decode(decoded(part)[0])
    fields = {
        name.lower(): one_line(value, 500)
        for name, value in re.findall(
            r"^([A-Za-z-]{2,40}):[ \t]*(.{0,1000}(?:\n[ \t].{0,1000})?)", text, re.MULTILINE
        )
    }
    return _from_fields(fields)


def with_original(report: Report, part: Message) -> Report:
    """The report with the id of the message it is about, out of the returned message or its headers."""
    original = report.original_id
    for child in children(part):
        of = kind(child)
        if of == "message/rfc822" and children(child):
            value = str(children(child)[0].get("message-id", ""))
            original = original or next(iter(headers.message_ids(value)), "")
        elif of in ("text/rfc822-headers", "message/rfc822-headers"):
            original = original or in_text(child).original_id
    return Report(report.action, report.status, report.recipient, report.diagnostic, original)


def _from_fields(fields: dict[str, str]) -> Report:
    code = re.search(
        r"[245]\.\d{1,3}\.\d{1,3}", fields.get("status", "") or fields.get("diagnostic-code", "")
    )
    original = (
        fields.get("original-message-id")
        or fields.get("x-original-message-id")
        or fields.get("message-id", "")
    )
    recipient = fields.get("final-recipient") or fields.get("original-recipient", "")
    return Report(
        action=fields.get("action", "").lower().partition(" ")[0],
        status=code[0] if code else "",
        recipient=recipient.rpartition(";")[2].strip().lower(),
        diagnostic=fields.get("diagnostic-code", ""),
        original_id=next(iter(headers.message_ids(original)), ""),
    )
