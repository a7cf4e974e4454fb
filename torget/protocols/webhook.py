"""Signed webhooks by the Standard Webhooks specification 1.0 (standardwebhooks.com)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

TOLERANCE_SECONDS = 300
PREFIX = "whsec_"


class Invalid(ValueError):  # noqa: N818 - names the verdict
    """A delivery that is not what it claims to be; the text says why."""


def key_of(secret: str) -> bytes:
    """The key bytes of a secret written `whsec_<base64>` (spec §"Signature scheme").

    Raises:
        Invalid: not of that form.
    """
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as fault:
        raise Invalid("The webhook secret is not whsec_ followed by base64.") from fault


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` value of a delivery: HMAC-SHA256 over `id.timestamp.body`."""
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    return "v1," + base64.b64encode(hmac.digest(key_of(secret), signed, hashlib.sha256)).decode()


def verify(secrets: list[str], headers: Mapping[str, str], body: bytes, *, now: float) -> str:
    """The id of a delivery signed with one of the secrets (several while one is being replaced).

    Raises:
        Invalid: a header is missing, the time is more than five minutes off, or no signature fits.
    """
    message_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not message_id or len(message_id) > 200 or "." in message_id:
        raise Invalid("webhook-id is missing or not valid.")
    # Longer numbers than any time's are not made numbers of: Python refuses, or takes long.
    honest = stamp.isascii() and stamp.isdigit() and len(stamp) <= 12
    if not honest or abs(now - int(stamp)) > TOLERANCE_SECONDS:
        raise Invalid("webhook-timestamp is missing or more than five minutes off.")
    signatures = headers.get("webhook-signature", "").split()
    for secret in secrets:
        expected = sign(secret, message_id, int(stamp), body)
        if any(
            hmac.compare_digest(expected.encode(), signature.encode()) for signature in signatures
        ):
            return message_id
    raise Invalid("No signature fits.")
