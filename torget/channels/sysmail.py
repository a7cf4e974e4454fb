"""The installation's own mail (sign-in links, alarms): by TORGET_SMTP_URL, else by the first e-mail channel."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from torget.channels import rules, smtp
from torget.channels.contract import AccountFacts, SendError
from torget.protocols.mail import LOOP_HEADER, BadAddress, ascii_address

log = logging.getLogger(__name__)


class NotSent(OSError):  # noqa: N818 - names what happened
    """The installation has no way to send, or the server said no. An OSError, as from Django's own backends."""


class Backend(BaseEmailBackend):
    """Django's way of sending mail, over the channels we have. Never logs what a mail says or to whom it goes."""

    def __init__(self, fail_silently: bool = False, **kwargs: Any) -> None:
        super().__init__(fail_silently=fail_silently, **kwargs)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Send each to each of its recipients; how many mails went out.

        Raises:
            NotSent: there is no way to send, or the server refused (unless asked to fail silently).
        """
        sent = 0
        for message in email_messages:
            try:
                _send(message)
                sent += 1
            except SendError as fault:
                # Neither logged nor passed on: the server's words may quote the recipient's address.
                log.error("Mail of the installation was not sent")
                if not self.fail_silently:
                    raise NotSent("Mail of the installation was not sent.") from fault
        return sent


def way_out() -> tuple[smtp.Server, str]:
    """The server to use and the address to send from.

    Raises:
        SendError: no way to send is set up.
    """
    account = next((one for one in rules.active_facts("email") if one.settings.get("smtp")), None)
    if settings.SMTP_URL:
        try:
            server = smtp.server_from_url(settings.SMTP_URL)
        except ValueError as fault:
            raise SendError(str(fault), account=True) from fault
        return server, account.address if account else server.user
    if account is None:
        log.error("No way to send mail: set TORGET_SMTP_URL or open an e-mail channel.")
        raise SendError("No way to send mail is set up.", account=True)
    return _server(account), account.address


def _server(account: AccountFacts) -> smtp.Server:
    return smtp.server_of(account.settings["smtp"], account.secrets.get("smtp_password", ""))


def _send(message: EmailMessage) -> None:
    server, own = way_out()
    given = message.from_email or ""
    try:
        # Django's default from address means that nobody chose one.
        sender = ascii_address(given if "@" in given and not given.endswith("@localhost") else own)
        recipients = [ascii_address(one) for one in message.recipients()]
    except BadAddress as fault:
        raise SendError("An address of the mail is not valid.", permanent=True) from fault
    message.from_email = sender
    message.extra_headers = {
        "Auto-Submitted": "auto-generated",
        LOOP_HEADER: own,
        **message.extra_headers,
    }
    raw = re.sub(rb"\r?\n", b"\r\n", message.message().as_bytes())
    for recipient in recipients:
        smtp.submit(server, sender, recipient, raw)
