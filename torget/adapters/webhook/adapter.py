"""The generic webhook as a channel, by the Standard Webhooks specification."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext_lazy

from torget.channels import http
from torget.channels.base import Base, letter
from torget.channels.contract import (
    AccountAccess,
    AccountSnapshot,
    Author,
    BadSignature,
    Capabilities,
    Health,
    InboundMessage,
    NetworkEvent,
    Outgoing,
    RawItem,
    Receipt,
    SendError,
    Unparseable,
)
from torget.protocols import clocks, jsonvalues, languages, webhook
from torget.protocols.plaintext import clean, one_line

KINDS = {"message.new": "new", "message.edit": "edit", "message.delete": "delete"}
ACCOUNT_CODES = frozenset({401, 403})
LATER_CODES = frozenset({408, 425, 429, 500, 502, 503})
TAKEN_ALREADY = 409


def _secrets(account: AccountAccess) -> list[str]:
    """The secret in force and, while it is being replaced, the one before."""
    return [
        held for name in ("secret", "previous_secret") if (held := account.secrets.get(name, ""))
    ]


class WebhookAdapter(Base):
    """Reads signed deliveries, and delivers answers to the address the other system gave."""

    network = "webhook"
    label = gettext_lazy("Annet system")
    icon = "plug"
    capabilities = Capabilities(
        proof="network",
        deletes_for_others=True,
        ours=True,
        read_public=True,
        read_private=True,
        reply=True,
        private_reply=True,
        look_up=True,
    )

    def verify(self, account: AccountAccess, headers: Mapping[str, str], body: bytes) -> RawItem:
        try:
            message_id = webhook.verify(_secrets(account), headers, body, now=time.time())
        except webhook.Invalid as fault:
            raise BadSignature(str(fault)) from fault
        return RawItem(message_id, body, headers.get("content-type", "application/json")[:120])

    def parse(
        self, item: RawItem, account: AccountSnapshot, *, received_at: datetime
    ) -> Sequence[InboundMessage | NetworkEvent]:
        try:
            held = jsonvalues.load(item.body)
            return [_message(held, item, received_at)]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
            raise Unparseable(f"Not a message of ours: {type(fault).__name__}: {fault}") from fault

    def send(self, out: Outgoing, account: AccountAccess) -> Receipt:
        stamp = int(time.time())
        body = json.dumps(
            {
                "type": "message.answer",
                "to": out.recipient,
                "subject": out.subject,
                "body": letter(out),
                "case": out.case,
                "parent": out.parent,
                "language": out.language,
            },
            ensure_ascii=False,
        ).encode()
        signature = webhook.sign(_secrets(account)[0], out.idempotency_key, stamp, body)
        headers = {
            "content-type": "application/json",
            "idempotency-key": out.idempotency_key,
            "webhook-id": out.idempotency_key,
            "webhook-timestamp": str(stamp),
            "webhook-signature": signature,
        }
        answer = _call("POST", _deliver_url(account), headers=headers, content=body)
        if 200 <= answer.status < 300 or answer.status == TAKEN_ALREADY:
            return Receipt(_id_in(answer.body) or out.idempotency_key, f"HTTP {answer.status}")
        raise _refusal(answer)

    def find(self, out: Outgoing, account: AccountAccess) -> Receipt | None:
        answer = _call("GET", f"{_deliver_url(account)}?id={quote(out.idempotency_key)}")
        if answer.status == 200:
            return Receipt(_id_in(answer.body) or out.idempotency_key, "Looked up.")
        if answer.status == 404:
            return None
        raise SendError(f"The look-up answered HTTP {answer.status}.", ambiguous=True)

    def check(self, account: AccountAccess) -> Health:
        if not _secrets(account):
            return Health(False, "The account has no signing secret: enter one.")
        if not account.settings.get("deliver_url"):
            return Health(True, "Receives only: no address to deliver answers to.")
        try:
            answer = _call("GET", f"{_deliver_url(account)}?id=torget-check")
        except SendError as fault:
            return Health(False, f"The address for answers does not answer: {fault}")
        return Health(answer.status in {200, 404}, f"HTTP {answer.status}")


def _message(held: Any, item: RawItem, received_at: datetime) -> InboundMessage:
    held = jsonvalues.table(held)
    kind = KINDS[jsonvalues.text(held.get("type"))]
    author = jsonvalues.table(held.get("author"))
    public = jsonvalues.text(held.get("visibility")).strip().lower() == "public"
    # One or several: what it answers, nearest first.
    parents = [key for one in jsonvalues.many(held.get("parent")) if (key := jsonvalues.key(one))]
    return InboundMessage(
        external_id=jsonvalues.needed(held.get("id"), "the message"),
        author=Author(
            jsonvalues.needed(author.get("id"), "its author", 320),
            one_line(jsonvalues.text(author.get("name")), 120),
        ),
        body=clean(jsonvalues.text(held.get("body"))),
        occurred_at=clocks.when(held.get("occurred_at")) or received_at,
        kind=kind,  # type: ignore[arg-type]  # one of the three by the table
        subject=one_line(jsonvalues.text(held.get("subject")), 200),
        visibility="public" if public else "private",
        case=jsonvalues.key(held.get("case"), 200),
        parents=parents,
        language=languages.code(held.get("language")),
    )


def _deliver_url(account: AccountAccess) -> str:
    url = str(account.settings.get("deliver_url", ""))
    if not url or not _secrets(account):
        raise SendError("The account has no address or no secret for answers.", account=True)
    return url


def _call(method: str, url: str, **kwargs: Any) -> http.Response:
    try:
        return http.request(method, url, **kwargs)
    except http.HttpError as fault:
        raise SendError(str(fault), ambiguous=fault.maybe_sent) from fault


def _id_in(body: bytes) -> str:
    try:
        return jsonvalues.key(jsonvalues.within(jsonvalues.load(body), "id"))
    except ValueError:
        return ""


def _refusal(answer: http.Response) -> SendError:
    """Classified by status code (RFC 9110 §15)."""
    message = f"HTTP {answer.status}"
    if answer.status in ACCOUNT_CODES:
        return SendError(message, account=True)
    if answer.status in LATER_CODES:
        wait = answer.headers.get("retry-after", "")
        return SendError(message, retry_after_seconds=http.seconds_told(wait))
    if answer.status == 504:
        return SendError(
            message, ambiguous=True
        )  # a gateway gave up waiting: it may have been taken
    return SendError(message, permanent=True)
