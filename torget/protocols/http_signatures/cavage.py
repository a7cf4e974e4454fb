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
    held: dict[str, str] = {}
    for found in _PARAM.finditer(header[:8_000]):
        if found[1] in held:
            raise Invalid("A parameter of the signature is there twice.")
        held[found[1]] = found[2] if found[2] is not None else found[3]
    if not held.get("keyId") or not held.get("signature"):
        raise Invalid("The signature names no key or is empty.")
    try:
        signature = base64.b64decode(held["signature"], validate=True)
        created, expires = (
            int(held[name]) if name in held else None for name in ("created", "expires")
        )
    except (binascii.Error, ValueError) as fault:
        raise Invalid("The signature is not written as it should be.") from fault
    covered = tuple(held.get("headers", "(created)").lower().split())
    return Signature(
        held["keyId"], held.get("algorithm", "").lower(), covered, signature, created, expires
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
    held: Signature, request: Request, body: bytes | None, key: PublicKey, *, now: float
) -> None:
    """Check a signature that was read. `body` is None for a request that has none.

    Raises:
        Invalid: it covers too little, is too old or from the future, of another body, or not of this key.
    """
    required = {"(request-target)", "host" if body is None else "digest"}
    if not required <= set(held.covered) or not {"date", "(created)"} & set(held.covered):
        raise Invalid("The signature covers too little.")
    if key.kind not in _FITS.get(held.algorithm, set()):
        raise Invalid("The signature's algorithm does not fit the key.")
    if "(created)" in held.covered and held.algorithm == "rsa-sha256":
        raise Invalid("The signature's algorithm has no (created).")  # §2.3
    _check_time(held, request.headers, now)
    if body is not None:
        digests.check_digest(request.headers.get("digest", ""), body)
    base = signing_string(request, held.covered, created=held.created, expires=held.expires)
    if not key.verifies(held.signature, base):
        raise Invalid("The signature is not of this key.")


def _check_time(held: Signature, headers: Mapping[str, str], now: float) -> None:
    if "(created)" in held.covered:
        said: float | None = held.created
    else:
        try:
            said = parsedate_to_datetime(headers.get("date", "")).timestamp()
        except (ValueError, TypeError, OverflowError) as fault:
            raise Invalid("The date cannot be read.") from fault
    if said is None or abs(now - said) > SKEW_SECONDS:
        raise Invalid("The signature is more than an hour off.")
    if held.expires is not None and held.expires < now:
        raise Invalid("The signature has expired.")
