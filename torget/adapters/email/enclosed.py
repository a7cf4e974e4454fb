"""Mails that lie in a mail which says nothing itself: what they say is what its sender wants us to see."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext as _

from torget.protocols import mail as mails
from torget.protocols.mail import BadMail, Mail

_MOST = 3
_MEDIA_TYPE = "message/rfc822"


def in_words(mail: Mail, *, received_at: datetime) -> Iterator[str]:
    """Who wrote each of the first three, what about, and what; the files stay beside."""
    notices = [part for part in mail.attachments if part.media_type == _MEDIA_TYPE]
    for part in notices[:_MOST]:
        try:
            inside = mails.read(part.content, received_at=received_at)
        except BadMail:
            continue
        who = inside.sender
        named = f"{who.name} ({who.address})" if who.name else who.address
        head = _("Vedlagt e-post fra %(who)s: %(subject)s") % {
            "who": named or _("ukjent"),
            "subject": inside.subject,
        }
        yield f"{head.rstrip(': ')}\n\n{inside.text}".strip()
