"""E-mail as a channel: mails understood, answers sent once, and what can be told of them afterwards."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from torget.adapters.email import enclosed, invited, remarks
from torget.adapters.email.imap import Mailbox
from torget.channels import smtp
from torget.channels.base import Base, News, letter
from torget.channels.contract import (
    AccountAccess,
    AccountSnapshot,
    Author,
    Capabilities,
    File,
    Health,
    InboundMessage,
    NetworkEvent,
    Outgoing,
    RawItem,
    Receipt,
    SendError,
    Unparseable,
)
from torget.protocols import mail as mails
from torget.protocols.mail import BadAddress, BadMail, Letter, Machine, Mail, Part

MEDIA_TYPE = "message/rfc822"
HEADER_ONLY = "message/rfc822-headers"
MAX_SAID_CHARS = 100_000


def _why(code: str) -> str:
    return {
        "empty": _("E-posten er tom."),
        "too_large": _("E-posten er større enn vi kan lese. Åpne den i postkassen."),
        "headers": _("E-posten har unormalt mange eller lange hodefelt."),
        "too_many_parts": _("E-posten har flere deler enn vi kan lese. Last ned originalen."),
        "too_deep": _("E-posten har e-poster inni e-poster i for mange ledd. Last ned originalen."),
    }.get(code, _("E-posten er ødelagt og kan ikke leses. Last ned originalen."))


class EmailAdapter(Base):
    """A mailbox the municipality has. Settings: `imap`, `smtp`, and what docs/channels/email.md names."""

    network = "email"
    label = gettext_lazy("E-post")
    icon = "mail"
    capabilities = Capabilities(
        letters=True, read_private=True, attachments=True, finds_only_what_went=True
    )

    def read(self, item: RawItem, account: AccountSnapshot, received_at: datetime) -> list[News]:
        if item.media_type == HEADER_ONLY:
            raise Unparseable(_why("too_large"))
        try:
            mail = mails.read(item.body, received_at=received_at)
        except BadMail as fault:
            raise Unparseable(_why(fault.code)) from fault
        machine = mails.machine(mail, account.address)
        if machine is not None and machine.is_news_only:
            return [_notice(machine)]
        if not mail.sender.address:
            raise Unparseable(
                _(
                    "E-posten har ingen avsender vi kan svare til. Les den her, og avgjør hva den gjelder."
                )
            )
        return [_message(item, mail, machine, account, received_at)]

    def say(self, out: Outgoing, account: AccountAccess) -> Receipt:
        try:
            server = smtp.server_of(
                account.settings.get("smtp", {}), account.secrets.get("smtp_password", "")
            )
            raw = mails.compose(_letter(out, account))
            recipient = mails.ascii_address(out.recipient)
            sender = mails.ascii_address(account.address)
        except BadAddress as fault:
            raise SendError(
                _("Adressen er ikke en gyldig e-postadresse."), permanent=True
            ) from fault
        copy = _copy_address(account)
        reply = smtp.submit(server, sender, recipient, raw, copies=[copy] if copy else [])
        return Receipt(mails.message_id(out.idempotency_key, account.address), reply)

    def own_id(self, idempotency_key: str, account: AccountSnapshot) -> str:
        try:
            return mails.message_id(idempotency_key, account.address)
        except BadAddress:
            return ""

    def find(self, out: Outgoing, account: AccountAccess) -> Receipt | None:
        """Only ever proves that it went out, never that it did not.

        A copy of every mail goes to our own mailbox, in the same transaction with the server. That the copy is
        missing proves nothing: it may be late, or sorted away.
        """
        known = mails.message_id(out.idempotency_key, account.address)
        with _mailbox(account) as box:
            if box.find(known):
                return Receipt(known, "The copy lies in our mailbox.")
        raise SendError(
            "The copy of the mail is not in our mailbox; it cannot be told whether it went out.",
            ambiguous=True,
        )

    def check(self, account: AccountAccess) -> Health:
        try:
            with _mailbox(account):
                pass
        except SendError as fault:
            return Health(False, _("Vi får ikke lest postkassen: %(why)s") % {"why": fault})
        try:
            server = smtp.server_of(
                account.settings.get("smtp", {}), account.secrets.get("smtp_password", "")
            )
            with smtp.connect(server) as connection:
                connection.noop()
        except (SendError, OSError) as fault:
            return Health(False, _("Vi får ikke sendt e-post: %(why)s") % {"why": fault})
        return Health(True, _("Postkassen kan leses, og e-post kan sendes."))


def _mailbox(account: AccountAccess) -> Mailbox:
    return Mailbox(account.settings.get("imap", {}), account.secrets.get("imap_password", ""))


def _separator(account: AccountSnapshot) -> str:
    return str(account.settings.get("separator") or "+")


def _copy_address(account: AccountAccess) -> str:
    """Where the copy that proves sending goes; the setting `copy` may name another address, or "" for none."""
    own = mails.tagged(account.address, mails.COPY, separator=_separator(account))
    return str(account.settings.get("copy", own))


def _notice(machine: Machine) -> NetworkEvent:
    match machine.kind:
        case "bounce" if machine.permanent:
            return NetworkEvent("bounce", machine.of, machine.detail)
        case "own":
            return NetworkEvent("own", machine.of)
        case "loop":
            return NetworkEvent("loop", machine.of)
        case "auto_reply":
            return NetworkEvent("auto_reply", machine.of, machine.detail)
        case _:
            # Delays and deliveries: news of a mail that is still on its way, or has come through.
            return NetworkEvent("receipt", machine.of, machine.detail)


def _message(
    item: RawItem,
    mail: Mail,
    machine: Machine | None,
    account: AccountSnapshot,
    received_at: datetime,
) -> InboundMessage:
    case = mails.case_of(mail, account.address, separator=_separator(account))
    own = _own_addresses(account)
    text, folded = _said(mail, [*own, account.name], mails.answers_us(mail, own), received_at)
    sender = mails.sender_of(mail, own, _listed(account.settings.get("form_senders")))
    # A form's server signs for the form, and knows as little as we of who filled it in.
    proof = (
        "" if sender.by_form else mails.proven(mail, str(account.settings.get("authserv_id", "")))
    )
    return InboundMessage(
        external_id=item.external_id or mail.identity,
        author=Author(
            sender.address.address[:320],
            sender.address.name[:120],
            proof,
            vouched_by=mail.sender.address.rpartition("@")[2] if proof else "",
        ),
        reply_to=sender.wants,
        copied_to=[
            address for address in mails.others_on(mail, own) if address != sender.address.address
        ],
        body=text,
        folded=folded,
        subject=mail.subject,
        occurred_at=mail.date,
        claimed_at=mail.claimed,
        visibility="private",
        case=case.token,
        parents=case.parents,
        attachments=[File(part.name, part.media_type, part.content) for part in mail.attachments],
        remarks=list(remarks.of(mail)),
        ref_hint=case.ref_hint,
        machine=machine.kind if machine else "",
        may_answer=mails.may_answer(mail, account.address) and not mail.reaction,
        encrypted=bool(mail.encrypted),
        reaction=mail.reaction,
    )


def _said(mail: Mail, own: Sequence[str], answers: bool, received_at: datetime) -> tuple[str, str]:
    """What they say now, with what they sent of their calendar in words below; and what is folded away."""
    text, folded = mails.fold(
        mail.text, subject=mail.subject, own=own, answers=answers, exact_mark=mail.exact_mark
    )
    if len(text) > MAX_SAID_CHARS:
        text, folded = text[:MAX_SAID_CHARS], f"{text[MAX_SAID_CHARS:]}\n\n{folded}".strip()
    below = [invited.in_words(invitation) for invitation in mail.invitations]
    if not text and not below and not mail.reaction:
        below = list(enclosed.in_words(mail, received_at=received_at))
    return "\n\n".join(part for part in (text or mail.reaction, *below) if part), folded


def _own_addresses(account: AccountSnapshot) -> list[str]:
    """The mailbox's own address, and others the same mail comes in by (the setting `aliases`)."""
    return [account.address, *_listed(account.settings.get("aliases"))]


def _listed(value: object) -> list[str]:
    """A setting that is a list of addresses, or one of them, or several with commas between."""
    rows = value if isinstance(value, list | tuple) else str(value or "").split(",")
    return [str(row).strip().lower() for row in rows if str(row).strip()]


def _letter(out: Outgoing, account: AccountAccess) -> Letter:
    reply_to = (
        mails.tagged(account.address, out.case, separator=_separator(account)) if out.case else ""
    )
    return Letter(
        key=out.idempotency_key,
        sender=account.address,
        sender_name=account.name,
        recipient=out.recipient,
        recipient_name=out.recipient_name,
        reply_to=reply_to,
        subject=out.subject if not out.parent or out.automatic else _answering(out.subject),
        body=_body(out),
        date=timezone.now(),
        in_reply_to=_bare(out.parent),
        references=[_bare(reference) for reference in out.references],
        language=out.language,
        automatic=out.automatic,
        attachments=[Part(file.name, file.media_type, file.content) for file in out.attachments],
    )


def _bare(external_id: str) -> str:
    # Of two mails with one Message-ID the second is known by id#digest.
    return re.sub(r"#[0-9a-f]{16}\Z", "", external_id)


def _answering(subject: str) -> str:
    return subject if subject.lower().startswith(("re:", "sv:")) else f"Re: {subject}"


def _body(out: Outgoing) -> str:
    """What was written, with the way back to the case in the recipient's language."""
    text = letter(out)
    if not out.case_url or out.case_url in text:
        return text
    with translation.override(out.language or "nb"):
        way = _("Svar på denne e-posten, eller følg saken her: %(url)s") % {"url": out.case_url}
    return f"{text}\n\n{way}"
