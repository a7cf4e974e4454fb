"""Signed JSON: JWS compact serialisation with Ed25519 (RFC 7515, RFC 8037), and the public key as a JWK."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class Invalid(Exception):  # noqa: N818 - names the verdict
    """Not signed by this key, or not a signed thing at all."""


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def new_key() -> str:
    """A private key, as text to be kept secret."""
    return _text(Ed25519PrivateKey.generate().private_bytes_raw())


def _private(key: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_bytes(key))


def jwk(key: str) -> dict[str, str]:
    """The public half of a private key (RFC 8037 §2), named by its thumbprint (RFC 7638)."""
    x = _text(_private(key).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
    members = {"crv": "Ed25519", "kty": "OKP", "x": x}
    named = hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest()
    return {**members, "kid": _text(named), "use": "sig", "alg": "EdDSA"}


def sign(payload: Any, key: str) -> str:
    """The payload as a compact JWS."""
    header = {"alg": "EdDSA", "kid": jwk(key)["kid"], "typ": "JOSE"}
    parts = [
        _text(json.dumps(part, ensure_ascii=False, separators=(",", ":")).encode())
        for part in (header, payload)
    ]
    signed = ".".join(parts)
    return f"{signed}.{_text(_private(key).sign(signed.encode()))}"


def verify(signed: str, key: dict[str, str]) -> Any:
    """The payload of a compact JWS signed by the owner of this JWK.

    Raises:
        Invalid: another key, another algorithm, or changed on the way.
    """
    try:
        header, payload, signature = signed.split(".")
        if json.loads(_bytes(header)).get("alg") != "EdDSA":
            raise Invalid("Another algorithm.")
        public = Ed25519PublicKey.from_public_bytes(_bytes(key["x"]))
        public.verify(_bytes(signature), f"{header}.{payload}".encode())
        return json.loads(_bytes(payload))
    except (ValueError, KeyError, AttributeError, TypeError, InvalidSignature) as fault:
        raise Invalid("Not signed by this key.") from fault
