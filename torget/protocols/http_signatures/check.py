"""One question for both kinds of signature: did this key sign this request, just now?"""

from __future__ import annotations

from dataclasses import dataclass

from torget.protocols.http_signatures import cavage, rfc9421
from torget.protocols.http_signatures.keys import PublicKey
from torget.protocols.http_signatures.request import Invalid, Request

CAVAGE, RFC9421 = "cavage", "rfc9421"


@dataclass(frozen=True, slots=True)
class Checked:
    """A signature that holds: by which key, and which way it was made."""

    key: PublicKey
    way: str


def _read(request: Request) -> tuple[str, cavage.Signature | rfc9421.Signature]:
    made = request.headers.get("signature", "")
    if not made:
        raise Invalid("There is no signature.")
    if header := request.headers.get("signature-input", ""):
        usable = [signature for signature in rfc9421.read(header, made) if signature.key_id]
        if not usable:
            raise Invalid("The signature names no key.")
        return RFC9421, usable[0]
    return CAVAGE, cavage.read(made)


def key_id_of(request: Request) -> str:
    """The address of the key the request says it is signed with.

    Raises:
        Invalid: no signature, or one that cannot be read.
    """
    return _read(request)[1].key_id


def verify(request: Request, body: bytes | None, key: PublicKey, *, now: float) -> Checked:
    """Check the request's signature against the key.

    Raises:
        Invalid: it does not hold; the text says why.
    """
    way, signature = _read(request)
    if signature.key_id != key.id:
        raise Invalid("The signature names another key.")
    if isinstance(signature, cavage.Signature):
        cavage.verify(signature, request, body, key, now=now)
    else:
        rfc9421.verify(signature, request, body, key, now=now)
    return Checked(key, way)
