"""Secrets of channels, encrypted with a key derived from the installation's own."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from torget.errors import Refused


@lru_cache(maxsize=4)
def _fernet(secret_key: str) -> Fernet:
    derived = HKDF(SHA256(), length=32, salt=None, info=b"torget channel secrets 1").derive(
        secret_key.encode()
    )
    return Fernet(base64.urlsafe_b64encode(derived))


def seal(secrets: Mapping[str, str]) -> bytes:
    """Secrets as bytes that mean nothing without the installation's key."""
    return _fernet(settings.SECRET_KEY).encrypt(json.dumps(dict(secrets)).encode())


def unseal(sealed: bytes) -> dict[str, str]:
    """The secrets again.

    Raises:
        Refused: sealed with another key (restored without secret.key, or the key was changed).
    """
    if not sealed:
        return {}
    try:
        opened: dict[str, str] = json.loads(_fernet(settings.SECRET_KEY).decrypt(bytes(sealed)))
    except InvalidToken as fault:
        raise Refused(
            "Channel secrets were sealed with another key. Restore secret.key or enter them again.",
            "key",
        ) from fault
    return opened
