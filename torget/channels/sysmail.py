"""The installation's own mail (new passwords, alarms): by TORGET_SMTP_URL, else by the first e-mail channel.

Nothing goes out while somebody waits: what is to be sent is put in the queue, sealed, and the worker sends it, again and
again for a day if it must. So an answer takes the same time, and says the same, whether or not there was anything to send.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Sequence

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from torget.channels import rules, smtp
from torget.channels.contract import AccountAccess, SendError
from torget.people.sealed import seal, unseal
from torget.protocols.mail import LOOP_HEADER, BadAddress, ascii_address

log = logging.getLogger(__name__)

ATTEMPTS = 8  # again after 4 s, 16 s … 18 h: about a day in all


class NotSent(OSError):  # noqa: N818 - names what happened
    """The installation has no way to send, or the server said no."""


class Backend(BaseEmailBackend):
    """Django's way of sending mail: a job for the worker. Never logs what a mail says or to whom it goes."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Queue each for each of its recipients, in the caller's transaction; how many mails that is. Never fails to send."""
        for message in email_messages:
            queue(message)
        return len(email_messages)


def queue(message: EmailMessage) -> None:
    """Put one mail in the queue, sealed: addresses and links in it are nobody's to read there."""
    content = {
        "subject": message.subject,
        "body": message.body,
        "from": message.from_email or "",
        "to": list(message.recipients()),
        "headers": dict(message.extra_headers),
    }
    send_mail_of_ours.defer(sealed=seal(json.dumps(content).encode()))


@app.task(
    name="channels.mail",
    retry=RetryStrategy(max_attempts=ATTEMPTS, exponential_wait=4, retry_exceptions={NotSent}),
)
def send_mail_of_ours(sealed: str) -> None:
    """Send one mail of the installation.

    Raises:
        NotSent: there is no way to send, or the server said no for now; tried again for about a day.
    """
    content = json.loads(unseal(sealed))
    message = EmailMessage(
        content["subject"],
        content["body"],
        content["from"],
        content["to"],
        headers=content["headers"],
    )
    try:
        _send(message)
    except SendError as fault:
        # Neither logged nor passed on: the server's words may quote the recipient's address.
        log.error("Mail of the installation was not sent")
        if not fault.permanent:
            raise NotSent("Mail of the installation was not sent.") from None


def way_out() -> tuple[smtp.Server, str]:
    """The server to use and the address to send from.

    Raises:
        SendError: no way to send is set up.
    """
    account = next(
        (
            account_row
            for account_row in rules.active_access("email")
            if account_row.settings.get("smtp")
        ),
        None,
    )
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


def _server(account: AccountAccess) -> smtp.Server:
    return smtp.server_of(account.settings["smtp"], account.secrets.get("smtp_password", ""))


def _send(message: EmailMessage) -> None:
    server, own = way_out()
    from_address = message.from_email or ""
    try:
        # Django's default from address means that nobody chose one.
        sender = ascii_address(
            from_address if "@" in from_address and not from_address.endswith("@localhost") else own
        )
        recipients = [ascii_address(address) for address in message.recipients()]
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
