"""E-mail: bytes ↔ plain values (RFC 5322, MIME, RFC 3676, RFC 3834, RFC 3464)."""

from __future__ import annotations

from torget.protocols.mail.composing import BadAddress, Letter, ascii_address, compose, message_id
from torget.protocols.mail.folding import fold
from torget.protocols.mail.machines import (
    LOOP_HEADER,
    Machine,
    machine,
    may_answer,
    takes_no_answer,
)
from torget.protocols.mail.reading import identity, read
from torget.protocols.mail.tokens import (
    COPY,
    Case,
    Sender,
    answers_us,
    case_of,
    others_on,
    proven,
    sender_of,
    tagged,
)
from torget.protocols.mail.values import (
    MAX_BYTES,
    Address,
    BadMail,
    Invitation,
    Mail,
    Part,
    Report,
    Signature,
)

__all__ = [
    "COPY",
    "LOOP_HEADER",
    "MAX_BYTES",
    "Address",
    "BadAddress",
    "BadMail",
    "Case",
    "Invitation",
    "Letter",
    "Machine",
    "Mail",
    "Part",
    "Report",
    "Sender",
    "Signature",
    "answers_us",
    "ascii_address",
    "case_of",
    "compose",
    "fold",
    "identity",
    "machine",
    "may_answer",
    "message_id",
    "others_on",
    "proven",
    "read",
    "sender_of",
    "tagged",
    "takes_no_answer",
]
