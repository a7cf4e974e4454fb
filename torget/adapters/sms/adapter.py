"""SMS as a channel: numbers, texts counted before they are sent, and two ways to a provider."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import phonenumbers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from torget.adapters.sms import centre, gateway
from torget.channels import piecewise
from torget.channels.base import Base, News
from torget.channels.contract import (
    AccountAccess,
    AccountSnapshot,
    Author,
    Capabilities,
    Connected,
    Field,
    Health,
    InboundMessage,
    NetworkEvent,
    Outgoing,
    Polled,
    Preview,
    RawItem,
    Receipt,
    SendError,
)
from torget.protocols import clocks, gsm7, jsonvalues, smpp
from torget.protocols.plaintext import clean, one_line

HTTP, SMPP = "http", "smpp"
MOST_SMS = 10  # longer than this nobody reads on a phone, and each is paid for
SHOWN_WIDE = 5
FAILED_STATES = frozenset({"UNDELIV", "EXPIRED", "DELETED", "REJECTD"})


def number(text: str) -> str:
    """A number in one form ("+4790000000"); short numbers and names stay as they are."""
    try:
        parsed = phonenumbers.parse(text, "NO")
    except phonenumbers.NumberParseException:
        return one_line(text, 60)
    if not phonenumbers.is_possible_number(parsed):
        return one_line(text, 60)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def shown(text: str) -> str:
    """A number as people read it."""
    try:
        parsed = phonenumbers.parse(text, "NO")
    except phonenumbers.NumberParseException:
        return text
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


class SmsAdapter(Base):
    """Texts to and from a number the municipality has at a provider. Settings: docs/channels/sms.md."""

    network = "sms"
    icon = "phone"
    label = gettext_lazy("SMS")
    # Some providers can be asked by our reference, no SMPP centre can: a look-up does not settle every doubt.
    capabilities = Capabilities(
        read_private=True,
        by_sender=True,
        finds_only_what_went=True,
        poll_seconds=15.0,
        max_body_chars=MOST_SMS,
    )
    unreadable = gettext_lazy("Dette er ikke en SMS vi forstår.")
    fields = (
        Field(
            "way",
            gettext_lazy("Tilkobling"),
            gettext_lazy("Leverandøren forteller hvilken av dem dere har avtale om."),
            choices=((HTTP, gettext_lazy("HTTP (nettgrensesnitt)")), (SMPP, "SMPP 3.4")),
        ),
        Field(
            "sender",
            gettext_lazy("Avsender"),
            gettext_lazy(
                "Nummeret folk kan svare på, for eksempel 2097 eller +4759440000. "
                "Et navn kan ingen svare på."
            ),
        ),
        Field("url", gettext_lazy("Adresse for sending (HTTP)"), required=False),
        Field(
            "token",
            gettext_lazy("Nøkkel for sending (HTTP)"),
            gettext_lazy("En nøkkel, eller brukernavn og passord med kolon mellom."),
            secret=True,
            required=False,
        ),
        Field(
            "lookup_url",
            gettext_lazy("Adresse for oppslag (HTTP)"),
            gettext_lazy(
                "Hvis leverandøren kan svare på om en melding er sendt: adressen, med {ref} der vår referanse skal stå."
            ),
            required=False,
        ),
        Field(
            "hook_secret",
            gettext_lazy("Passord for innkommende (HTTP)"),
            gettext_lazy(
                "Leverandøren signerer med det, eller sender det som passord. Vi tar ikke imot uten."
            ),
            secret=True,
            required=False,
        ),
        Field(
            "signature_header",
            gettext_lazy("Hodefelt med signatur (HTTP)"),
            gettext_lazy("Vanligvis x-signature."),
            required=False,
        ),
        Field("host", gettext_lazy("Tjener (SMPP)"), required=False),
        Field("port", gettext_lazy("Port (SMPP)"), gettext_lazy("Vanligvis 3550."), required=False),
        Field(
            "tls",
            gettext_lazy("Kryptert linje (SMPP)"),
            gettext_lazy("Velg nei bare når linjen er beskyttet på annen måte."),
            required=False,
            choices=(("yes", gettext_lazy("Ja")), ("no", gettext_lazy("Nei"))),
        ),
        Field("system_id", gettext_lazy("System-ID (SMPP)"), required=False),
        Field("password", gettext_lazy("Passord (SMPP)"), secret=True, required=False),
        Field("system_type", gettext_lazy("Systemtype (SMPP)"), required=False),
        Field(
            "alphabet",
            gettext_lazy("Tegnsett (SMPP)"),
            gettext_lazy("Prøv Latin-1 hvis æ, ø og å blir feil."),
            required=False,
            choices=(("gsm", "GSM 03.38"), ("latin1", "Latin-1")),
        ),
    )

    def __init__(self) -> None:
        self.sender = centre.Sender()
        self.receiver = centre.Receiver()

    def connect(self, account: AccountAccess) -> Connected:
        sender = one_line(str(account.settings.get("sender", "")), 60)
        if not sender:
            raise SendError(_("Skriv nummeret folk kan svare på."), permanent=True)
        return Connected(number(sender), account.name, account.settings, account.secrets)

    def verify(self, account: AccountAccess, headers: Mapping[str, str], body: bytes) -> RawItem:
        gateway.is_from(account, headers, body)
        name = f"sha256:{hashlib.sha256(body).hexdigest()}"
        return RawItem(name, body, headers.get("content-type", "application/json")[:120])

    def news(self, account: AccountAccess, stop: threading.Event) -> Iterator[None]:
        try:
            yield from super().news(account, stop)
        finally:  # nobody listens any more: the centre must not hand us texts
            self.receiver.leave(account.id)

    def poll(self, account: AccountAccess, cursor: Mapping[str, Any]) -> Polled:
        if _way(account) != SMPP:
            return Polled(cursor=cursor)
        return self.receiver.poll(account, cursor, seconds=centre.WAIT_SECONDS)

    def read(self, item: RawItem, account: AccountSnapshot, received_at: datetime) -> list[News]:
        if item.media_type == centre.MEDIA_TYPE:
            return [_from_centre(item, account, received_at)]
        pieces = gateway.messages(item.body, item.media_type)

        def one(piece: Any) -> list[News]:
            return [_from_gateway(piece, item, received_at, alone=len(pieces) == 1)]

        return piecewise.each(pieces, one, why=str(self.unreadable))

    def text(self, out: Outgoing) -> str:
        """The words, and who says so under them: without the dash that would make the whole text UCS-2."""
        whole = f"{out.body}\n{out.signature}" if out.signature else out.body
        return clean(whole)

    def preview(self, out: Outgoing, account: AccountSnapshot) -> Preview:
        cut = gsm7.cut(self.text(out))
        remarks = []
        if cut.wide:
            characters = " ".join(f"«{char}»" for char in cut.wide[:SHOWN_WIDE])
            remarks.append(
                _(
                    "Med tegnet %(characters)s blir det plass til 70 tegn i hver SMS i stedet for 160. "
                    "Uten det blir meldingen billigere."
                )
                % {"characters": characters}
            )
        return Preview(cut.parts, len(cut.parts), MOST_SMS, _("SMS-er"), remarks)

    def say(self, out: Outgoing, account: AccountAccess) -> Receipt:
        text = self.text(out)
        if len(gsm7.cut(text).parts) > MOST_SMS:
            raise SendError(_("Meldingen er for lang for SMS."), permanent=True)
        to = number(out.recipient)
        if not to.lstrip("+").isdigit():
            raise SendError(
                _("Avsenderen er et navn, ikke et nummer vi kan svare."), permanent=True
            )
        if _way(account) != SMPP:
            return gateway.send(account, recipient=to, text=text, key=out.idempotency_key)
        sender = str(account.settings.get("sender") or account.address)
        alphabet = str(account.settings.get("alphabet") or "gsm")
        parts = centre.bodies(text, sender, to, out.idempotency_key, alphabet)
        return self.sender.submit(account, parts)

    def find(self, out: Outgoing, account: AccountAccess) -> Receipt | None:
        if _way(account) == SMPP:
            # query_sm asks by the id the centre gave, and that is just what a cut line did not bring.
            raise SendError("An SMS centre cannot be asked by our key.", ambiguous=True)
        return gateway.look_up(account, out.idempotency_key)

    def check(self, account: AccountAccess) -> Health:
        if _way(account) == SMPP:
            try:
                centre.check(account)
            except SendError as fault:
                return Health(
                    False, _("Vi får ikke koblet til SMS-sentralen: %(why)s") % {"why": fault}
                )
            return Health(True, _("SMS-sentralen svarer."))
        if not account.settings.get("url") or not account.secrets.get("token"):
            return Health(False, _("Adressen eller nøkkelen for sending mangler."))
        if not account.secrets.get("hook_secret"):
            return Health(
                False, _("Passordet for innkommende mangler: svar fra folk kommer ikke inn.")
            )
        return Health(True, _("Alt er fylt ut. Om nøkkelen virker, vet vi når en SMS er sendt."))


def _way(account: AccountAccess) -> str:
    return str(account.settings.get("way") or HTTP)


def _message(external_id: str, sender: str, body: str, at: datetime) -> InboundMessage:
    if not sender:
        raise ValueError("no sender")
    known = number(sender)
    return InboundMessage(
        external_id=external_id,
        author=Author(known, shown(known), handle=shown(known)),
        body=clean(body),
        occurred_at=at,
        visibility="private",
    )


def _from_gateway(
    piece: Mapping[str, Any], item: RawItem, received_at: datetime, *, alone: bool
) -> InboundMessage | NetworkEvent:
    named = gateway.first(piece, gateway.ID)
    text = gateway.first(piece, gateway.TEXT)
    status = gateway.first(piece, gateway.STATUS).lower()
    sender = gateway.first(piece, gateway.SENDER)
    if status and not text:
        return _report(piece, named, status)
    if "status" not in piece and not sender:
        raise ValueError("neither a message nor a report")
    at = clocks.when(gateway.first(piece, gateway.TIME)) or received_at
    total = jsonvalues.whole(gateway.first(piece, gateway.PARTS))
    if total > 1:  # a provider that does not join them
        number = jsonvalues.whole(gateway.first(piece, gateway.PART))
        text += "\n" + _("[Del %(number)s av %(total)s]") % {"number": number, "total": total}
    # Each of several needs an id of its own.
    own = json.dumps(piece, sort_keys=True, default=str).encode("utf-8", "replace")
    without = item.external_id if alone else f"sha256:{hashlib.sha256(own).hexdigest()}"
    return _message(one_line(named, 200) or without, sender, text, at)


def _report(piece: Mapping[str, Any], named: str, status: str) -> NetworkEvent:
    of = (named.partition("$")[0] or gateway.first(piece, gateway.REFERENCE))[:200]
    if not of:
        raise ValueError("a report of nothing")
    failed = status in gateway.UNDELIVERED
    detail = _("Meldingen kom ikke fram (%(why)s).") % {"why": one_line(status, 40)}
    return NetworkEvent(
        "bounce" if failed else "receipt", of, detail if failed else one_line(status, 40)
    )


def _from_centre(
    item: RawItem, account: AccountSnapshot, received_at: datetime
) -> InboundMessage | NetworkEvent:
    messages, rest = [], item.body
    while rest:
        pdu = smpp.unpack(rest)
        if pdu is None:
            raise ValueError("the PDU is not whole")
        messages.append(smpp.read_message(pdu[0].body))
        rest = rest[pdu[1] :]
    if not messages:
        raise ValueError("nothing was delivered")
    if messages[0].is_receipt:
        report = smpp.report(messages[0])
        detail = f"{report.state} {report.error}".strip()
        failed = report.state in FAILED_STATES
        why = _("Meldingen kom ikke fram (%(why)s).") % {"why": one_line(detail, 40)}
        return NetworkEvent("bounce" if failed else "receipt", report.of, why if failed else detail)
    text = _joined(messages, str(account.settings.get("alphabet") or "gsm"))
    return _message(item.external_id, messages[0].source, text, received_at)


def _joined(messages: Sequence[smpp.Message], default: str) -> str:
    """The text of all its parts; where one is missing it is said."""
    placed = {place[2]: (place, message) for message in messages if (place := smpp.place(message))}
    if len(placed) < len(messages):  # not parts of one text: as they came
        return _read(messages, default)
    total = next(iter(placed.values()))[0][1]
    texts: list[str] = []
    for missing, numbers in groupby(range(1, total + 1), key=lambda number: number not in placed):
        if missing:
            texts.append(f"\n{_('[En del av meldingen kom ikke fram.]')}\n")
        else:
            texts.append(_read([placed[number][1] for number in numbers], default))
    return "".join(texts).strip("\n")


def _read(messages: Sequence[smpp.Message], default: str) -> str:
    text = smpp.text_of(messages, default=default)
    return (
        _("[Ikke tekst, men data for et program. Vi kan ikke vise dem.]") if text is None else text
    )
