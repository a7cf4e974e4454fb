"""Digests of a body: `Digest` (RFC 3230, with cavage) and `Content-Digest` (RFC 9530, with RFC 9421)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from torget.protocols.http_signatures.request import Invalid
from torget.protocols.http_signatures.structured import dictionary

_KNOWN = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}


def digest(body: bytes) -> str:
    """The value of `Digest`."""
    return "SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode()


def content_digest(body: bytes) -> str:
    """The value of `Content-Digest`."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def check_digest(value: str, body: bytes) -> None:
    """Hold a `Digest` against the body.

    Raises:
        Invalid: no digest we know, or it is of another body.
    """
    any_fits = False
    for part in value.split(","):
        name, _equals, encoded = part.strip().partition("=")
        if algorithm := _KNOWN.get(name.lower()):
            try:
                digest = base64.b64decode(encoded, validate=True)
            except (binascii.Error, ValueError) as fault:
                raise Invalid("The digest is not base64.") from fault
            _compare(digest, algorithm(body).digest())
            any_fits = True
    if not any_fits:
        raise Invalid("There is no digest of a kind we know.")


def check_content_digest(value: str, body: bytes) -> None:
    """Hold a `Content-Digest` against the body.

    Raises:
        Invalid: no digest we know, or it is of another body.
    """
    known = [
        (_KNOWN[name], member.value)
        for name, member in dictionary(value).items()
        if name in _KNOWN and isinstance(member.value, bytes)
    ]
    if not known:
        raise Invalid("There is no content digest of a kind we know.")
    for algorithm, digest in known:
        assert isinstance(digest, bytes)
        _compare(digest, algorithm(body).digest())


def _compare(digest: bytes, made: bytes) -> None:
    if not hmac.compare_digest(digest, made):
        raise Invalid("The digest is of another body.")
