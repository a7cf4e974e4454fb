"""Signed messages (CMS, RFC 5652), read leniently and in bounded time: what is signed, by whom, and whether it holds.

Encodings of undefined length and in pieces are read too: mail programs write them, and stricter readers do not.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import NameOID

from torget.protocols.plaintext import one_line

MOST_BYTES = 60_000_000
_MOST_NODES = 200_000
_MOST_DEPTH = 30
_SEQUENCE, _SET, _OCTETS, _OID = 0x30, 0x31, 0x04, 0x06
_SIGNED = "1.2.840.113549.1.7.2"
_ENVELOPED = {"1.2.840.113549.1.7.3", "1.2.840.113549.1.9.16.1.23", "1.2.840.113549.1.7.6"}
_COMPRESSED = "1.2.840.113549.1.9.16.1.9"
_MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
_PSS = "1.2.840.113549.1.1.10"
_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "1.3.14.3.2.26": hashes.SHA1,
    "2.16.840.1.101.3.4.2.1": hashes.SHA256,
    "2.16.840.1.101.3.4.2.2": hashes.SHA384,
    "2.16.840.1.101.3.4.2.3": hashes.SHA512,
    "2.16.840.1.101.3.4.2.4": hashes.SHA224,
    "1.2.840.113549.2.5": hashes.MD5,
}
Kind = Literal["signed", "encrypted", "compressed", "other"]
# A certificate of a stranger may be anything; the library warns of some, and a warning is an answer too.
_STUMBLES = (ValueError, TypeError, UnsupportedAlgorithm, KeyError, IndexError, Warning)


class BadMessage(Exception):  # noqa: N818 - names the verdict
    """The bytes are no CMS message."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose certificate came along, as it says itself. `issuer` has not been checked by anybody."""

    name: str = ""
    addresses: tuple[str, ...] = ()
    issuer: str = ""
    self_made: bool = False  # nobody but its holder has issued it


@dataclass(frozen=True, slots=True)
class Message:
    """What a CMS message holds. `content` is None when it stands elsewhere (a detached signature).

    `holds`: the content is what the holder of the certificate signed; None when that cannot be told.
    """

    kind: Kind
    content: bytes | None = None
    holds: bool | None = None
    signer: Signer = Signer()


@dataclass(slots=True)
class _Node:
    tag: int
    start: int
    body: int
    end: int
    children: list[_Node]


def read(raw: bytes, detached: bytes | None = None) -> Message:
    """Understand a CMS message (RFC 5652 §3, §5; RFC 3274); `detached` is what a signature beside it is of.

    Raises:
        BadMessage: the bytes are something else.
    """
    if len(raw) > MOST_BYTES:
        raise BadMessage
    try:
        outer = _tree(raw)
        kind = _oid(raw, outer.children[0])
        inner = outer.children[1].children[0]
        if kind == _SIGNED:
            return _signed(raw, inner, detached)
        if kind == _COMPRESSED:
            return Message("compressed", _inflated(_octets(raw, inner.children[2].children[1])))
    except (IndexError, ValueError, zlib.error) as fault:
        raise BadMessage from fault
    return Message("encrypted" if kind in _ENVELOPED else "other")


def _tree(raw: bytes) -> _Node:
    """Everything as nodes, in time linear in it (X.690 §8.1)."""
    root = _Node(0, 0, 0, len(raw), [])
    open_nodes: list[tuple[_Node, int | None]] = [(root, len(raw))]
    at = nodes = 0
    while len(open_nodes) > 1 or not root.children:
        parent, end = open_nodes[-1]
        if end is not None and at >= end:
            open_nodes.pop()
            continue
        if end is None and raw[at : at + 2] == b"\0\0":
            parent.end = at
            at += 2
            open_nodes.pop()
            continue
        nodes += 1
        if nodes > _MOST_NODES or len(open_nodes) > _MOST_DEPTH:
            raise ValueError("too much in it")
        node, length = _header(raw, at)
        parent.children.append(node)
        if node.tag & 0x20:
            open_nodes.append((node, None if length is None else node.end))
            at = node.body
        else:
            at = node.end
    return root.children[0]


def _header(raw: bytes, at: int) -> tuple[_Node, int | None]:
    tag, start = raw[at], at
    at += 1
    if tag & 0x1F == 0x1F:
        raise ValueError("no such tag in these messages")
    first = raw[at]
    at += 1
    if first == 0x80:
        return _Node(tag, start, at, len(raw), []), None
    length = first
    if first > 0x80:
        count = first & 0x7F
        if count > 4:
            raise ValueError("longer than anything")
        length = int.from_bytes(raw[at : at + count], "big")
        at += count
    return _Node(tag, start, at, min(at + length, len(raw)), []), length


def _octets(raw: bytes, node: _Node) -> bytes:
    """The bytes of an octet string, also when it comes in pieces, below an explicit tag or not."""
    pieces: list[bytes] = []
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if node.tag & 0x20:
            waiting.extend(reversed(node.children))
        else:
            pieces.append(raw[node.body : node.end])
    return b"".join(pieces)


def _oid(raw: bytes, node: _Node) -> str:
    if node.tag != _OID or not 0 < node.end - node.body <= 40:
        raise ValueError("no object identifier")
    numbers: list[int] = []
    value = 0
    for byte in raw[node.body : node.end]:
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            numbers.append(value)
            value = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def _inflated(raw: bytes) -> bytes:
    opened = zlib.decompressobj()
    content = opened.decompress(raw, MOST_BYTES)
    if opened.unconsumed_tail:
        raise ValueError("larger than anything honest")
    return content


def _signed(raw: bytes, signed: _Node, detached: bytes | None) -> Message:
    encapsulated = signed.children[2]
    wrapped = encapsulated.children[1:2]
    content = _octets(raw, wrapped[0]) if wrapped else None
    try:
        holds, signer = _checked(raw, signed, content if content is not None else detached)
    except _STUMBLES:
        holds, signer = None, Signer()
    return Message("signed", content, holds, signer)


def _checked(raw: bytes, signed: _Node, content: bytes | None) -> tuple[bool | None, Signer]:
    signers = signed.children[-1].children if signed.children[-1].tag == _SET else []
    certificates = list(_certificates(raw, signed))
    if not signers:
        return None, Signer()
    info = signers[0]
    certificate = _certificate_of(raw, info.children[1], certificates)
    if certificate is None:
        return None, Signer()
    signer = _signer(certificate)
    if content is None:
        return None, signer
    return _holds(raw, info, certificate, content), signer


def _certificates(raw: bytes, signed: _Node) -> Iterator[x509.Certificate]:
    for field in signed.children[3:]:
        if field.tag != 0xA0:
            continue
        for node in field.children[:50]:
            try:
                yield x509.load_der_x509_certificate(raw[node.start : node.end])
            except _STUMBLES:
                continue


def _certificate_of(
    raw: bytes, wanted: _Node, certificates: list[x509.Certificate]
) -> x509.Certificate | None:
    """The one the signer names: by issuer and number, or by the hash of its key (RFC 5652 §5.3)."""
    if wanted.tag == _SEQUENCE:
        number = wanted.children[1]
        serial = int.from_bytes(raw[number.body : number.end], "big", signed=True)
        named = [cert for cert in certificates if cert.serial_number == serial]
    else:
        key_id = _octets(raw, wanted)
        named = [cert for cert in certificates if _key_id(cert) == key_id]
    return named[0] if named else None


def _key_id(certificate: x509.Certificate) -> bytes:
    try:
        key_id = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except (x509.ExtensionNotFound, *_STUMBLES):
        return b""
    return key_id.value.digest


def _signer(certificate: x509.Certificate) -> Signer:
    addresses = [*_texts(certificate.subject, NameOID.EMAIL_ADDRESS)]
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        addresses += names.value.get_values_for_type(x509.RFC822Name)
    except (x509.ExtensionNotFound, *_STUMBLES):
        pass
    common = _texts(certificate.subject, NameOID.COMMON_NAME)
    issuers = _texts(certificate.issuer, NameOID.ORGANIZATION_NAME) or _texts(
        certificate.issuer, NameOID.COMMON_NAME
    )
    return Signer(
        one_line(next(iter(common), ""), 120),
        tuple(dict.fromkeys(one_line(address, 320).lower() for address in addresses[:20])),
        one_line(next(iter(issuers), ""), 120),
        certificate.issuer == certificate.subject,
    )


def _texts(name: x509.Name, oid: x509.ObjectIdentifier) -> list[str]:
    return [str(attribute.value) for attribute in name.get_attributes_for_oid(oid)]


def _holds(raw: bytes, info: _Node, certificate: x509.Certificate, content: bytes) -> bool | None:
    """Whether the content and the attributes are what was signed (RFC 5652 §5.4, §5.6)."""
    rest = info.children[2:]
    algorithm = _HASHES[_oid(raw, rest[0].children[0])]()
    attributes = rest[1] if rest[1].tag == 0xA0 else None
    method, value = rest[2 if attributes else 1], rest[3 if attributes else 2]
    signed = content
    if attributes is not None:
        digest = hashes.Hash(algorithm)
        digest.update(content)
        if _attribute(raw, attributes, _MESSAGE_DIGEST) != digest.finalize():
            return False
        signed = b"\x31" + raw[attributes.start + 1 : attributes.end]
    signature = _octets(raw, value)
    try:
        _verify(
            certificate, signature, signed, algorithm, pss=_oid(raw, method.children[0]) == _PSS
        )
    except InvalidSignature:
        return False
    return True


def _attribute(raw: bytes, attributes: _Node, wanted: str) -> bytes | None:
    for attribute in attributes.children:
        if _oid(raw, attribute.children[0]) == wanted:
            return _octets(raw, attribute.children[1])
    return None


def _verify(
    certificate: x509.Certificate,
    signature: bytes,
    signed: bytes,
    algorithm: hashes.HashAlgorithm,
    *,
    pss: bool,
) -> None:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        pad = padding.PSS(padding.MGF1(algorithm), padding.PSS.AUTO) if pss else padding.PKCS1v15()
        key.verify(signature, signed, pad, algorithm)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, signed, ec.ECDSA(algorithm))
    elif isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(signature, signed)
    else:
        raise UnsupportedAlgorithm("a key of another kind")
