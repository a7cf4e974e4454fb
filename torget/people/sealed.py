"""What must rest in a row for a while without being read there: encrypted with a key derived from the installation's own."""

from __future__ import annotations

import base64
from functools import lru_cache

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


@lru_cache(maxsize=4)
def _fernet(secret_key: str) -> Fernet:
    derived = HKDF(SHA256(), length=32, salt=None, info=b"torget waiting letters 1").derive(
        secret_key.encode()
    )
    return Fernet(base64.urlsafe_b64encode(derived))


def seal(content: bytes) -> str:
    """The content as a text that means nothing without the installation's key."""
    return _fernet(settings.SECRET_KEY).encrypt(content).decode()


def unseal(sealed: str) -> bytes:
    """The content again.

    Raises:
        cryptography.fernet.InvalidToken: sealed with another key, or changed.
    """
    return _fernet(settings.SECRET_KEY).decrypt(sealed.encode())
