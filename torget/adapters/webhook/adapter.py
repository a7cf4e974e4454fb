"""The generic webhook as a channel, by the Standard Webhooks specification."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy

from torget.channels.base import Base, News, letter
from torget.channels.contract import (
    AccountAccess,
    AccountSnapshot,
    Author,
    BadSignature,
    Capabilities,
    Health,
    InboundMessage,
    Outgoing,
    RawItem,
    Receipt,
    SendError,
)
from torget.channels.rest import Api, Reply, Verdict
from torget.protocols import clocks, jsonvalues, languages, webhook
from torget.protocols.plaintext import clean, one_line

KINDS = {"message.new": "new", "message.edit": "edit", "message.delete": "delete"}
TAKEN_ALREADY = 409


def _secrets(account: AccountAccess) -> list[str]:
    """The secret in force and, while it is being replaced, the one before."""
    return [
        secret
        for name in ("secret", "previous_secret")
        if (secret := account.secrets.get(name, ""))
    ]


class WebhookApi(Api):
    """The other system takes the same key only once, so most refusals are tried again."""

    name = "HTTP"
    account_statuses = frozenset({401, 403})

    def is_done(self, reply: Reply) -> bool:
        return 200 <= reply.status < 300 or reply.status == TAKEN_ALREADY

    def verdict(self, reply: Reply, code: str) -> Verdict | None:
        return "later" if reply.status in {408, 425, 429, 500, 502, 503} else None


API = WebhookApi()


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
        private_reply=True,
    )

    def verify(self, account: AccountAccess, headers: Mapping[str, str], body: bytes) -> RawItem:
        try:
            message_id = webhook.verify(_secrets(account), headers, body, now=time.time())
        except webhook.Invalid as fault:
            raise BadSignature(str(fault)) from fault
        return RawItem(message_id, body, headers.get("content-type", "application/json")[:120])

    def read(self, item: RawItem, account: AccountSnapshot, received_at: datetime) -> list[News]:
        return [_message(jsonvalues.load(item.body), item, received_at)]

    def say(self, out: Outgoing, account: AccountAccess) -> Receipt:
        url, stamp = _deliver_url(account), int(time.time())
        answer = {
            "type": "message.answer",
            "to": out.recipient,
            "subject": out.subject,
            "body": letter(out),
            "case": out.case,
            "parent": out.parent,
            "language": out.language,
        }
        body = json.dumps(answer, ensure_ascii=False).encode()
        signature = webhook.sign(_secrets(account)[0], out.idempotency_key, stamp, body)
        headers = {
            "idempotency-key": out.idempotency_key,
            "webhook-id": out.idempotency_key,
            "webhook-timestamp": str(stamp),
            "webhook-signature": signature,
        }
        raw = ("application/json", body)
        reply = API.call(account, "POST", "", raw=raw, headers=headers, root=url)
        return Receipt(_id_in(reply) or out.idempotency_key, f"HTTP {reply.status}")

    def find(self, out: Outgoing, account: AccountAccess) -> Receipt | None:
        reply = _ask(account, out.idempotency_key)
        return Receipt(_id_in(reply) or out.idempotency_key, "Looked up.") if reply else None

    def check(self, account: AccountAccess) -> Health:
        if not _secrets(account):
            return Health(False, "The account has no signing secret: enter one.")
        if not account.settings.get("deliver_url"):
            return Health(True, "Receives only: no address to deliver answers to.")
        try:
            reply = _ask(account, "torget-check")
        except SendError as fault:
            return Health(False, f"The address for answers does not answer: {fault}")
        return Health(True, f"HTTP {reply.status if reply else 404}")


def _message(value: Any, item: RawItem, received_at: datetime) -> InboundMessage:
    value = jsonvalues.table(value)
    kind = KINDS[jsonvalues.text(value.get("type"))]
    author = jsonvalues.table(value.get("author"))
    public = jsonvalues.text(value.get("visibility")).strip().lower() == "public"
    # One or several: what it answers, nearest first.
    parents = [
        key for parent in jsonvalues.many(value.get("parent")) if (key := jsonvalues.key(parent))
    ]
    return InboundMessage(
        external_id=jsonvalues.needed(value.get("id"), "the message"),
        author=Author(
            jsonvalues.needed(author.get("id"), "its author", 320),
            one_line(jsonvalues.text(author.get("name")), 120),
        ),
        body=clean(jsonvalues.text(value.get("body"))),
        occurred_at=clocks.when(value.get("occurred_at")) or received_at,
        kind=kind,  # type: ignore[arg-type]  # one of the three by the table
        subject=one_line(jsonvalues.text(value.get("subject")), 200),
        visibility="public" if public else "private",
        case=jsonvalues.key(value.get("case"), 200),
        parents=parents,
        language=languages.code(value.get("language")),
    )


def _deliver_url(account: AccountAccess) -> str:
    url = str(account.settings.get("deliver_url", ""))
    if not url or not _secrets(account):
        raise SendError("The account has no address or no secret for answers.", account=True)
    return url


def _ask(account: AccountAccess, key: str) -> Reply | None:
    try:
        return API.call(account, "GET", "", {"id": key}, root=_deliver_url(account))
    except SendError as fault:
        if fault.status == 404:
            return None
        raise


def _id_in(reply: Reply) -> str:
    return jsonvalues.key(reply.table.get("id"))
