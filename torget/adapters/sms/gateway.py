"""The HTTP way: the JSON that providers of SMS in Norway speak, in its common shape (docs/channels/sms.md)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from torget.channels.contract import AccountAccess, BadSignature, Receipt, SendError
from torget.channels.rest import Api, Reply, Verdict
from torget.protocols import encodings, jsonvalues

# The names providers give the same things; the first is what we send.
ID = ("id", "messageId", "message_id")
TEXT = ("text", "userData", "body", "message", "content")
SENDER = ("from", "source", "sender", "originator", "msisdn")
RECIPIENT = ("to", "destination", "recipient", "receiver")
REFERENCE = ("clientRef", "refId", "reference", "ref")
STATUS = ("status", "deliveryStatus", "resultCode")
PARTS = ("concat-total", "concatTotal", "totalParts", "partsTotal", "total_parts")
PART = ("concat-part", "concatPart", "partNumber", "part_number")
# What some providers put the messages of one delivery in.
_BOXES = ("messages", "results", "inboundMessages", "smsMessages", "data", "items")
FORM = "application/x-www-form-urlencoded"
TIME = ("receivedAt", "timestamp", "deliveredAt", "time")

DELIVERED = frozenset({"delivered", "delivrd", "1001"})
UNDELIVERED = frozenset(
    {"failed", "undelivered", "undeliv", "expired", "rejected", "rejectd", "deleted", "blocked"}
)


def first(table: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """The first of these fields that has something in it."""
    return next((text for name in names if (text := jsonvalues.text(table.get(name)))), "")


def messages(body: bytes, media_type: str) -> list[Any]:
    """What a delivery holds: one message or report, a list of them, or a list in a box; JSON, or a form.

    Raises:
        ValueError: neither.
    """
    if media_type.partition(";")[0].strip().lower() == FORM:
        fields = parse_qs(encodings.decode(body), keep_blank_values=True, max_num_fields=200)
        return [{name: values[0] for name, values in fields.items()}]
    value = jsonvalues.load(body)
    if isinstance(value, Mapping) and not any(
        first(value, names) for names in (TEXT, STATUS, SENDER)
    ):
        boxes = [value[name] for name in _BOXES if isinstance(value.get(name), list)]
        value = boxes[0] if boxes else value
    return value if isinstance(value, list) else [value]


def is_from(account: AccountAccess, headers: Mapping[str, str], body: bytes) -> None:
    """See that a delivery is the provider's: HMAC-SHA256 of the raw body, or a password in the Authorization header.

    Raises:
        BadSignature: neither fits.
    """
    secret = account.secrets.get("hook_secret", "")
    if not secret:
        raise BadSignature("The account has no secret for deliveries: enter one.")
    header = str(account.settings.get("signature_header") or "x-signature").lower()
    if signature := headers.get(header, ""):
        digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
        right = (digest.hex(), base64.b64encode(digest).decode())
        digest_given = signature.removeprefix("sha256=")
        if any(hmac.compare_digest(digest_given.encode(), form.encode()) for form in right):
            return
        raise BadSignature("The signature does not fit the body.")
    if not _knows(secret, headers):
        raise BadSignature("The delivery carries neither our signature nor our password.")


def _knows(secret: str, headers: Mapping[str, str]) -> bool:
    scheme, _space, password = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            password = base64.b64decode(password, validate=True).decode().partition(":")[2]
        except ValueError:
            return False
    if not password:
        query = parse_qs(urlsplit(headers.get(":path", "")).query)
        password = query.get("token", [""])[0]
    return hmac.compare_digest(password.encode(), secret.encode())


class GatewayApi(Api):
    """A refusal by its status code; after 5xx, but for 503, the text may be on its way."""

    name = "SMS"
    root_setting = "url"
    account_statuses = frozenset({401, 402, 403})
    limit_seconds = 60.0

    def headers(self, account: AccountAccess) -> Mapping[str, str]:
        token = account.secrets.get("token", "")
        if ":" in token:
            return {"authorization": f"Basic {base64.b64encode(token.encode()).decode()}"}
        return {}

    def is_done(self, reply: Reply) -> bool:
        return 200 <= reply.status < 300 or reply.status == 409  # taken already

    def verdict(self, reply: Reply, code: str) -> Verdict | None:
        return "later" if reply.status in {408, 425, 503} else None


API = GatewayApi()


def send(account: AccountAccess, *, recipient: str, text: str, key: str) -> Receipt:
    """Hand one text over; the provider gets our key as its reference.

    Raises:
        SendError: by status code.
    """
    if not account.settings.get("url") or not account.secrets.get("token"):
        raise SendError("The account has no address or no key at the provider.", account=True)
    text_for = {TEXT[0]: text, RECIPIENT[0]: recipient, REFERENCE[0]: key, "report": True}
    text_for[SENDER[0]] = str(account.settings.get("sender") or account.address)
    reply = API.call(account, "POST", "", json=text_for, headers={"idempotency-key": key})
    return Receipt(_id_in(reply) or key, f"HTTP {reply.status}")


def look_up(account: AccountAccess, key: str) -> Receipt | None:
    """Ask the provider by our reference, where it can be asked (setting `lookup_url`, with {ref} in it).

    Raises:
        SendError: `ambiguous`, when it cannot be told.
    """
    template = str(account.settings.get("lookup_url", ""))
    if "{ref}" not in template:
        raise SendError("This provider cannot be asked what went out.", ambiguous=True)
    try:
        reply = API.call(account, "GET", "", root=template.replace("{ref}", quote(key, safe="")))
    except SendError as fault:
        if fault.status == 404:
            return None
        raise
    if not (name := _id_in(reply)):
        raise SendError("The provider answered without an id.", ambiguous=True)
    return Receipt(name, "Looked up.")


def _id_in(reply: Reply) -> str:
    value = reply.value[0] if isinstance(reply.value, list) and reply.value else reply.value
    return first(value, ID)[:200] if isinstance(value, dict) else ""
