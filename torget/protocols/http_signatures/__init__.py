"""HTTP signatures as ActivityPub servers use them: draft-cavage-12 and RFC 9421, signed and verified. Time is passed in."""

from __future__ import annotations

from torget.protocols.http_signatures.check import Checked, key_id_of, verify
from torget.protocols.http_signatures.keys import (
    BadKey,
    PrivateKey,
    PublicKey,
    new_ed25519,
    new_rsa,
)
from torget.protocols.http_signatures.request import Invalid, Request

__all__ = [
    "BadKey",
    "Checked",
    "Invalid",
    "PrivateKey",
    "PublicKey",
    "Request",
    "key_id_of",
    "new_ed25519",
    "new_rsa",
    "verify",
]
