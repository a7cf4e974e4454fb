"""Keys that sign: RSA and Ed25519, as PEM (SPKI, PKCS #8) and as Multikey."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)

RSA, ED25519 = "rsa", "ed25519"
LEAST_RSA_BITS, MOST_RSA_BITS = 2048, 8192  # more would let a stranger make us calculate
_PKCS1_SHA256 = padding.PKCS1v15()
_SHA256 = hashes.SHA256()
_PSS = padding.PSS(padding.MGF1(hashes.SHA512()), 64)
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
# Multicodec prefixes as varints (multiformats/multicodec table): ed25519-pub 0xed, rsa-pub 0x1205.
_ED25519_PREFIX, _RSA_PREFIX = b"\xed\x01", b"\x85\x24"
_RSA_ALGORITHM = bytes.fromhex("300d06092a864886f70d0101010500")  # RFC 8017 A.1, as in an SPKI
MOST_MULTIKEY_CHARS = 1_600


class BadKey(ValueError):  # noqa: N818 - names the verdict
    """Not a key we can use."""


@dataclass(frozen=True)
class PublicKey:
    """Somebody's key. `id` is its address."""

    id: str
    key: RSAPublicKey | Ed25519PublicKey

    @cached_property
    def kind(self) -> str:
        """`rsa` or `ed25519`."""
        return RSA if isinstance(self.key, RSAPublicKey) else ED25519

    @classmethod
    def from_pem(cls, key_id: str, pem: str) -> PublicKey:
        """From `publicKeyPem`.

        Raises:
            BadKey: not RSA of 2048 bits or more and not Ed25519.
        """
        try:
            return cls(key_id, _fit(load_pem_public_key(pem.strip().encode())))
        except (ValueError, UnsupportedAlgorithm) as fault:
            raise BadKey("Not a public key in PEM that we can use.") from fault

    @classmethod
    def from_multikey(cls, key_id: str, text: str) -> PublicKey:
        """From `publicKeyMultibase` (FEP-521a).

        Raises:
            BadKey: another base or another kind of key.
        """
        raw = from_base58(text)
        try:
            if raw.startswith(_ED25519_PREFIX):
                return cls(key_id, Ed25519PublicKey.from_public_bytes(raw[2:]))
            if raw.startswith(_RSA_PREFIX):
                return cls(key_id, _fit(load_der_public_key(_spki(raw[2:]))))
        except (ValueError, UnsupportedAlgorithm) as fault:
            raise BadKey("Not a multikey that we can use.") from fault
        raise BadKey("A multikey of a kind we do not know.")

    def pem(self) -> str:
        """As `publicKeyPem`."""
        return self.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def multikey(self) -> str:
        """As `publicKeyMultibase`."""
        if isinstance(self.key, Ed25519PublicKey):
            raw = self.key.public_bytes(Encoding.Raw, PublicFormat.Raw)
            return base58(_ED25519_PREFIX + raw)
        return base58(_RSA_PREFIX + self.key.public_bytes(Encoding.DER, PublicFormat.PKCS1))

    def verifies(self, signature: bytes, signed: bytes, *, pss: bool = False) -> bool:
        """Whether the signature is this key's over these bytes."""
        try:
            if isinstance(self.key, Ed25519PublicKey):
                self.key.verify(signature, signed)
            elif pss:
                self.key.verify(signature, signed, _PSS, hashes.SHA512())
            else:
                self.key.verify(signature, signed, _PKCS1_SHA256, _SHA256)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class PrivateKey:
    """One of our keys. `id` is where its public half stands."""

    id: str
    key: RSAPrivateKey | Ed25519PrivateKey

    @cached_property
    def kind(self) -> str:
        """`rsa` or `ed25519`."""
        return RSA if isinstance(self.key, RSAPrivateKey) else ED25519

    @classmethod
    def from_pem(cls, key_id: str, pem: str) -> PrivateKey:
        """From PKCS #8.

        Raises:
            BadKey: not such a key.
        """
        try:
            key = load_pem_private_key(pem.encode(), None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as fault:
            raise BadKey("Not a private key in PEM that we can use.") from fault
        if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
            raise BadKey("A private key of a kind we do not use.")
        return cls(key_id, key)

    def public(self) -> PublicKey:
        """Its public half."""
        return PublicKey(self.id, self.key.public_key())

    def sign(self, signed: bytes) -> bytes:
        """The signature: RSASSA-PKCS1-v1_5 with SHA-256, or Ed25519."""
        if isinstance(self.key, Ed25519PrivateKey):
            return self.key.sign(signed)
        return self.key.sign(signed, _PKCS1_SHA256, _SHA256)


def new_rsa(bits: int = 2048) -> str:
    """A fresh RSA key in PEM (PKCS #8)."""
    return _pem(generate_private_key(65_537, bits))


def new_ed25519() -> str:
    """A fresh Ed25519 key in PEM (PKCS #8)."""
    return _pem(Ed25519PrivateKey.generate())


def _pem(key: RSAPrivateKey | Ed25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _fit(key: object) -> RSAPublicKey | Ed25519PublicKey:
    if isinstance(key, Ed25519PublicKey):
        return key
    if isinstance(key, RSAPublicKey) and LEAST_RSA_BITS <= key.key_size <= MOST_RSA_BITS:
        return key
    raise BadKey("A key of a kind or length we do not accept.")


def _spki(pkcs1: bytes) -> bytes:
    """An RSA key in PKCS #1 wrapped as an SPKI (RFC 5280 §4.1), which is what can be loaded."""
    return _der(0x30, _RSA_ALGORITHM + _der(0x03, b"\x00" + pkcs1))


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + content


def base58(raw: bytes) -> str:
    """Multibase base58btc: `z` and the digits."""
    number, digits = int.from_bytes(raw), ""
    while number:
        number, digit = divmod(number, 58)
        digits = _BASE58[digit] + digits
    return "z" + "1" * (len(raw) - len(raw.lstrip(b"\x00"))) + digits


def from_base58(text: str) -> bytes:
    """The bytes of multibase base58btc.

    Raises:
        BadKey: another base, too long, or a character that does not belong.
    """
    if not text.startswith("z") or len(text) > MOST_MULTIKEY_CHARS:
        raise BadKey("Not base58btc.")
    number = 0
    for character in text[1:]:
        digit = _BASE58.find(character)
        if digit < 0:
            raise BadKey("Not base58btc.")
        number = number * 58 + digit
    zeros = len(text) - 1 - len(text[1:].lstrip("1"))
    return b"\x00" * zeros + number.to_bytes((number.bit_length() + 7) // 8)
