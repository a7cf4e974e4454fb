"""Submitting a mail to a server, once, and telling exactly how far it came (RFC 5321, RFC 6409)."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from torget.channels.contract import SendError
from torget.protocols.plaintext import one_line

PORTS = {"starttls": 587, "tls": 465, "none": 25}
TIMEOUT_SECONDS = 60.0
_DOT = b"\r\n.\r\n"


@dataclass(frozen=True, slots=True)
class Server:
    """A submission server. `security` is "starttls", "tls" or "none"."""

    host: str
    port: int
    security: str = "starttls"
    user: str = ""
    password: str = ""


def server_of(settings: Mapping[str, Any], password: str = "") -> Server:
    """A server from an account's settings: `{"host", "port", "security", "user"}`.

    Raises:
        SendError: of the account: no host, or a security that does not exist.
    """
    security = str(settings.get("security", "starttls"))
    host = str(settings.get("host", "")).strip()
    if not host or security not in PORTS:
        raise SendError(
            "SMTP server is not set up: give host, port and security (starttls, tls or none).",
            account=True,
        )
    return Server(
        host,
        int(settings.get("port") or PORTS[security]),
        security,
        str(settings.get("user", "")),
        password,
    )


def server_from_url(url: str) -> Server:
    """A server from `smtp://` (plain), `smtp+starttls://` or `smtps://`, with user and password if any.

    Raises:
        ValueError: not such an address.
    """
    parts = urlsplit(url)
    securities = {"smtp": "none", "smtp+starttls": "starttls", "smtps": "tls"}
    if parts.scheme not in securities or not parts.hostname:
        raise ValueError("TORGET_SMTP_URL must look like smtps://user:password@host:465.")
    security = securities[parts.scheme]
    return Server(
        parts.hostname,
        parts.port or PORTS[security],
        security,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )


def connect(server: Server, *, helo: str = "torget.invalid") -> smtplib.SMTP:
    """A connection ready to send: greeted, encrypted, signed in. The caller closes it.

    Raises:
        SendError: nothing was sent; `account` when the server's name, certificate or password is wrong.
    """
    smtp: smtplib.SMTP | None = None
    try:
        context = ssl.create_default_context()
        if server.security == "tls":
            smtp = smtplib.SMTP_SSL(
                server.host,
                server.port,
                local_hostname=helo,
                timeout=TIMEOUT_SECONDS,
                context=context,
            )
        else:
            smtp = smtplib.SMTP(
                server.host, server.port, local_hostname=helo, timeout=TIMEOUT_SECONDS
            )
        smtp.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            smtp.starttls(context=context)
            smtp.ehlo()
        if server.user:
            smtp.login(server.user, server.password)
        return smtp
    except (smtplib.SMTPException, OSError, ValueError) as fault:
        if smtp is not None:
            smtp.close()
        raise _not_connected(server, fault) from fault


def _not_connected(server: Server, fault: Exception) -> SendError:
    where = f"{server.host}:{server.port}"
    if isinstance(fault, ssl.SSLCertVerificationError):
        return SendError(
            f"The certificate of {where} is not valid: {fault.verify_message}.", account=True
        )
    if isinstance(fault, smtplib.SMTPAuthenticationError) and fault.smtp_code // 100 == 5:
        return SendError(f"{where} refused user name or password ({_said(fault)}).", account=True)
    if isinstance(fault, smtplib.SMTPNotSupportedError):
        return SendError(
            f"{where} cannot do what is asked: {one_line(str(fault), 200)}", account=True
        )
    return SendError(
        f"Could not connect to {where}: {one_line(str(fault), 200) or type(fault).__name__}"
    )


def _said(fault: smtplib.SMTPResponseException) -> str:
    return _reply(fault.smtp_code, fault.smtp_error)


def _reply(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return one_line(f"{code} {words}", 300)


def submit(
    server: Server,
    sender: str,
    recipient: str,
    raw: bytes,
    *,
    copies: Sequence[str] = (),
    helo: str = "",
) -> str:
    """Send one mail to one recipient, in the same transaction also to `copies`; the server's words on success.

    A copy the server does not want is left out; the recipient decides. Addresses are checked by the caller.

    Raises:
        SendError: classified by stage. Until the final dot nothing was sent; when the connection is lost after it,
            the mail may have gone out: `ambiguous`.
    """
    smtp = connect(server, helo=helo or sender.rpartition("@")[2] or "torget.invalid")
    try:
        _envelope(smtp, sender, recipient, copies, len(raw))
        return _data(smtp, raw)
    finally:
        _hang_up(smtp)


def _hang_up(smtp: smtplib.SMTP) -> None:
    try:
        smtp.quit()
    except (smtplib.SMTPException, OSError):
        smtp.close()


def _envelope(
    smtp: smtplib.SMTP, sender: str, recipient: str, copies: Sequence[str], size: int
) -> None:
    options = [f"size={size}"] if smtp.has_extn("size") else []
    try:
        code, text = smtp.mail(sender, options)
        if code // 100 != 2:
            # Too large is about this mail; everything else the server says here is about us.
            raise SendError(
                _reply(code, text),
                permanent=code in (523, 552),
                account=code // 100 == 5 and code not in (523, 552),
            )
        code, text = smtp.rcpt(recipient)
        if code // 100 != 2:
            relay = code == 530 or b"relay" in text.lower()
            raise SendError(
                _reply(code, text),
                permanent=code // 100 == 5 and not relay,
                account=code // 100 == 5 and relay,
            )
        for copy in copies:
            smtp.rcpt(copy)
    except (smtplib.SMTPException, OSError) as fault:
        raise SendError(
            f"The connection was lost before the mail was sent: {one_line(str(fault), 200)}"
        ) from fault


def _data(smtp: smtplib.SMTP, raw: bytes) -> str:
    try:
        code, text = smtp.docmd("data")
        if code != 354:
            raise SendError(_reply(code, text), permanent=code // 100 == 5)
        # RFC 5321 §4.5.2: a dot at the start of a line is doubled.
        stuffed = b"\r\n".join(
            b"." + line if line.startswith(b".") else line
            for line in raw.rstrip(b"\r\n").split(b"\r\n")
        )
        smtp.send(stuffed)
    except (smtplib.SMTPException, OSError) as fault:
        # RFC 5321 §4.1.1.4: a server must not deliver what was not ended with the dot.
        raise SendError(
            f"The connection was lost while sending: {one_line(str(fault), 200)}"
        ) from fault
    try:
        smtp.send(_DOT)
        code, text = smtp.getreply()
    except (smtplib.SMTPException, OSError) as fault:
        raise SendError(
            "The connection was lost after the whole mail was sent, before the server said yes or no.",
            ambiguous=True,
        ) from fault
    if code == 250:
        return _reply(code, text)
    if code == -1:
        raise SendError("The server's answer to the mail could not be read.", ambiguous=True)
    raise SendError(_reply(code, text), permanent=code // 100 == 5)
