"""Signing HTTP messages, draft-cavage-http-signatures-12, as Mastodon and its kin use it."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

from torget.protocols.http_signatures import digests
from torget.protocols.http_signatures.keys import ED25519, PrivateKey, PublicKey
from torget.protocols.http_signatures.request import Invalid, Request

SKEW_SECONDS = 3600
_PARAM = re.compile(r'(?<![a-zA-Z])([a-zA-Z]+)=(?:"([^"]*)"|([0-9]+))')
_FITS = {
    "": {"rsa", ED25519},
    "hs2019": {"rsa", ED25519},
    "rsa-sha256": {"rsa"},
    "ed25519": {ED25519},
}


@dataclass(frozen=True, slots=True)
class Signature:
    """A `Signature` header, read."""

    key_id: str
    algorithm: str
    covered: tuple[str, ...]
    signature: bytes
    created: int | None
    expires: int | None


def read(header: str) -> Signature:
    """Read a `Signature` header (§2.1).

    Raises:
        Invalid: a parameter is missing, twice there or not of its kind.
    """
    parameters: dict[str, str] = {}
    for match in _PARAM.finditer(header[:8_000]):
        if match[1] in parameters:
            raise Invalid("A parameter of the signature is there twice.")
        parameters[match[1]] = match[2] if match[2] is not None else match[3]
    if not parameters.get("keyId") or not parameters.get("signature"):
        raise Invalid("The signature names no key or is empty.")
    try:
        signature = base64.b64decode(parameters["signature"], validate=True)
        created, expires = (
            int(parameters[name]) if name in parameters else None for name in ("created", "expires")
        )
    except (binascii.Error, ValueError) as fault:
        raise Invalid("The signature is not written as it should be.") from fault
    covered = tuple(parameters.get("headers", "(created)").lower().split())
    return Signature(
        parameters["keyId"],
        parameters.get("algorithm", "").lower(),
        covered,
        signature,
        created,
        expires,
    )


def signing_string(
    request: Request,
    covered: Sequence[str],
    *,
    created: int | None = None,
    expires: int | None = None,
) -> bytes:
    """What is signed (§2.3).

    Raises:
        Invalid: a header it covers is not there.
    """
    pseudo: dict[str, object] = {
        "(request-target)": f"{request.method.lower()} {request.target}",
        "(created)": created,
        "(expires)": expires,
    }
    lines = []
    for name in covered:
        value = pseudo.get(name) if name in pseudo else request.headers.get(name)
        if value is None:
            raise Invalid("A header the signature covers is not there.")
        lines.append(f"{name}: {str(value).strip()}")
    return "\n".join(lines).encode()


def sign(
    request: Request, body: bytes | None, key: PrivateKey, *, now: float, digest: str = ""
) -> dict[str, str]:
    """The headers to send with the request: Host, Date, Digest (with a body) and Signature.

    `digest` is that of the body when it is known already.
    """
    date = _date(int(now))
    headers = {"host": request.authority, "date": date}
    base = f"(request-target): {request.method.lower()} {request.target}\nhost: {request.authority}\ndate: {date}"
    covered = "(request-target) host date"
    if body is not None:
        headers["digest"] = digest or digests.digest(body)
        base += f"\ndigest: {headers['digest']}"
        covered += " digest"
    signature = base64.b64encode(key.sign(base.encode())).decode()
    algorithm = "hs2019" if key.kind == ED25519 else "rsa-sha256"
    headers["signature"] = (
        f'keyId="{key.id}",algorithm="{algorithm}",headers="{covered}",signature="{signature}"'
    )
    return headers


@lru_cache(maxsize=4)
def _date(second: int) -> str:
    """The Date header of a second; thousands of requests are signed in one."""
    return format_datetime(datetime.fromtimestamp(second, UTC), usegmt=True)


def verify(
    signature: Signature, request: Request, body: bytes | None, key: PublicKey, *, now: float
) -> None:
    """Check a signature that was read. `body` is None for a request that has none.

    Raises:
        Invalid: it covers too little, is too old or from the future, of another body, or not of this key.
    """
    required = {"(request-target)", "host" if body is None else "digest"}
    if not required <= set(signature.covered) or not {"date", "(created)"} & set(signature.covered):
        raise Invalid("The signature covers too little.")
    if key.kind not in _FITS.get(signature.algorithm, set()):
        raise Invalid("The signature's algorithm does not fit the key.")
    if "(created)" in signature.covered and signature.algorithm == "rsa-sha256":
        raise Invalid("The signature's algorithm has no (created).")  # §2.3
    _check_time(signature, request.headers, now)
    if body is not None:
        digests.check_digest(request.headers.get("digest", ""), body)
    base = signing_string(
        request, signature.covered, created=signature.created, expires=signature.expires
    )
    if not key.verifies(signature.signature, base):
        raise Invalid("The signature is not of this key.")


def _check_time(signature: Signature, headers: Mapping[str, str], now: float) -> None:
    if "(created)" in signature.covered:
        created_at: float | None = signature.created
    else:
        try:
            created_at = parsedate_to_datetime(headers.get("date", "")).timestamp()
        except (ValueError, TypeError, OverflowError) as fault:
            raise Invalid("The date cannot be read.") from fault
    if created_at is None or abs(now - created_at) > SKEW_SECONDS:
        raise Invalid("The signature is more than an hour off.")
    if signature.expires is not None and signature.expires < now:
        raise Invalid("The signature has expired.")
