"""E-mail: a mailbox read by IMAP, answers sent by SMTP."""

from __future__ import annotations

from torget.adapters.email.adapter import EmailAdapter

adapter = EmailAdapter()
