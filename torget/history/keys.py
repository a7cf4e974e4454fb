"""The key that signs seals: Ed25519 (RFC 8032), in a file of its own that no database knows."""

from __future__ import annotations

import base64
import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

FINGERPRINT_BYTES = 8
LOST = (
    "The sealing key is lost: there are seals signed with it, and no file seal.key. Put it back from a backup of"
    " TORGET_HOME. If there is none, `torget new-key seal` begins anew: from then on only what was noted outside the"
    " database shows that older history is as it was."
)


class LostKey(ImproperlyConfigured):
    """There are signed seals, and the key that signed them is not here."""

    def __init__(self) -> None:
        super().__init__(LOST)


@dataclass(frozen=True, slots=True)
class Key:
    """The installation's sealing key."""

    private: Ed25519PrivateKey

    @property
    def public(self) -> bytes:
        """The public key, 32 bytes."""
        return self.private.public_key().public_bytes_raw()

    @property
    def fingerprint(self) -> bytes:
        """What names the key in a signature."""
        return fingerprint(self.public)

    def sign(self, message: bytes) -> bytes:
        """The key's fingerprint and its signature (64 bytes)."""
        return self.fingerprint + self.private.sign(message)


def fingerprint(public: bytes) -> bytes:
    """The first bytes of SHA-256 of a public key."""
    return hashlib.sha256(public).digest()[:FINGERPRINT_BYTES]


def shown(public: bytes) -> str:
    """A public key as people compare it."""
    return "ed25519:" + base64.b64encode(public).decode()


def signed_by(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature is this key's on this message."""
    if signature[:FINGERPRINT_BYTES] != fingerprint(public):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature[FINGERPRINT_BYTES:], message)
    except InvalidSignature:
        return False
    return True


def load() -> Key | None:
    """The key, or nothing when there is no file."""
    try:
        text = Path(settings.SEAL_KEY_FILE).read_text().strip()
    except FileNotFoundError:
        return None
    return Key(Ed25519PrivateKey.from_private_bytes(base64.b64decode(text)))


def make() -> Key:
    """A new key in its file, which only its owner may read; when another process was faster, that one's."""
    path = Path(settings.SEAL_KEY_FILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw())
    with (
        suppress(FileExistsError),
        os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
    ):
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    key = load()
    assert key is not None
    return key
