"""HTTP Message Signatures, RFC 9421, for requests (and responses' @status), in the profile ActivityPub servers use."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote

from torget.protocols.http_signatures import digests
from torget.protocols.http_signatures.keys import ED25519, PrivateKey, PublicKey
from torget.protocols.http_signatures.request import Invalid, Request
from torget.protocols.http_signatures.structured import Member, dictionary, write

SKEW_SECONDS = 3600
LABEL = "sig1"
COVERED = '"@method" "@target-uri"'
_FITS = {
    "": {"rsa", ED25519},
    "rsa-v1_5-sha256": {"rsa"},
    "rsa-pss-sha512": {"rsa"},
    "ed25519": {ED25519},
}


@dataclass(frozen=True, slots=True)
class Signature:
    """One labelled signature, read."""

    label: str
    member: Member  # the inner list of Signature-Input with its parameters
    signature: bytes

    @property
    def key_id(self) -> str:
        """Who says they signed."""
        return str(self.member.param("keyid") or "")

    @property
    def covered(self) -> list[str]:
        """Names of what is covered."""
        return [str(item.value) for item in self.member.items or ()]


def read(signature_input: str, signature: str) -> list[Signature]:
    """Every labelled signature of a message (§4).

    Raises:
        Invalid: not structured fields, or a label without its other half.
    """
    inputs, signatures = dictionary(signature_input), dictionary(signature)
    usable = []
    for label, member in inputs.items():
        made = signatures.get(label)
        if member.items is None or made is None or not isinstance(made.value, bytes):
            raise Invalid("Signature-Input and Signature do not belong together.")
        usable.append(Signature(label, member, made.value))
    if not usable:
        raise Invalid("There is no signature.")
    return usable


def _query_param(request: Request, component: Member) -> str:
    wanted = component.param("name")
    values = [
        value
        for name, value in parse_qsl(request.target.partition("?")[2], keep_blank_values=True)
        if quote(name, safe="") == wanted
    ]
    if len(values) != 1:
        raise Invalid("A query parameter the signature covers is not there just once.")
    return quote(values[0], safe="")


_DERIVED: dict[str, Callable[[Request], str]] = {
    "@method": lambda request: request.method.upper(),
    "@target-uri": lambda request: f"{request.scheme}://{request.authority}{request.target}",
    "@authority": lambda request: request.authority,
    "@scheme": lambda request: request.scheme.lower(),
    "@request-target": lambda request: request.target,
    "@path": lambda request: request.target.partition("?")[0] or "/",
    "@query": lambda request: "?" + request.target.partition("?")[2],
}


def _value(request: Request, component: Member, status: int | None) -> str:
    """A component's value (§2.1, §2.2)."""
    name = component.value
    if not isinstance(name, str):
        raise Invalid("A component of the signature is not a string.")
    if name == "@query-param" and [key for key, _value in component.params] == ["name"]:
        return _query_param(request, component)
    if component.params:
        raise Invalid("A component has a parameter we do not know.")
    if name == "@status" and status is not None:
        return str(status)
    if derived := _DERIVED.get(name):
        return derived(request)
    value = request.headers.get(name)
    if value is None or name.startswith("@"):
        raise Invalid("Something the signature covers is not there.")
    return " ".join(line.strip() for line in value.splitlines()).strip()


def signature_base(request: Request, member: Member, *, status: int | None = None) -> bytes:
    """What is signed (§2.5).

    Raises:
        Invalid: something it covers is missing, twice there or unknown.
    """
    lines: dict[str, str] = {}
    for component in member.items or ():
        name = write(component)
        if name in lines:
            raise Invalid("The signature covers something twice.")
        lines[name] = _value(request, component, status)
    base_lines = [f"{name}: {value}" for name, value in lines.items()]
    try:
        return "\n".join([*base_lines, f'"@signature-params": {write(member)}']).encode("latin-1")
    except UnicodeEncodeError as fault:
        raise Invalid("A header has characters that do not belong in one.") from fault


def sign(
    request: Request,
    body: bytes | None,
    key: PrivateKey,
    *,
    now: float,
    digest: str = "",
    expires_in: int | None = None,
) -> dict[str, str]:
    """The headers to send with the request: Content-Digest (with a body), Signature-Input and Signature.

    `digest` is the body's Content-Digest when it is known already.
    """
    method, uri = _DERIVED["@method"](request), _DERIVED["@target-uri"](request)
    base, covered, headers = f'"@method": {method}\n"@target-uri": {uri}\n', COVERED, {}
    if body is not None:
        headers["content-digest"] = digest or digests.content_digest(body)
        base += f'"content-digest": {headers["content-digest"]}\n'
        covered += ' "content-digest"'
    expires = f";expires={int(now) + expires_in}" if expires_in is not None else ""
    algorithm = "ed25519" if key.kind == ED25519 else "rsa-v1_5-sha256"
    params = f'({covered});created={int(now)}{expires};keyid="{key.id}";alg="{algorithm}"'
    made = key.sign(f'{base}"@signature-params": {params}'.encode())
    headers["signature-input"] = f"{LABEL}={params}"
    headers["signature"] = f"{LABEL}=:{b64encode(made).decode()}:"
    return headers


def verify(
    signature: Signature, request: Request, body: bytes | None, key: PublicKey, *, now: float
) -> None:
    """Check a signature that was read. `body` is None for a request that has none.

    Raises:
        Invalid: it covers too little, is too old, expired, of another body, or not of this key.
    """
    _check_covered(signature.covered, has_body=body is not None)
    algorithm = str(signature.member.param("alg") or "")
    if key.kind not in _FITS.get(algorithm, set()):
        raise Invalid("The signature's algorithm does not fit the key.")
    created, expires = signature.member.param("created"), signature.member.param("expires")
    if not isinstance(created, int) or abs(now - created) > SKEW_SECONDS:
        raise Invalid("The signature is more than an hour off.")
    if expires is not None and (not isinstance(expires, int) or expires < now):
        raise Invalid("The signature has expired.")
    if body is not None:
        digests.check_content_digest(request.headers.get("content-digest", ""), body)
    base = signature_base(request, signature.member)
    if not key.verifies(signature.signature, base, pss=algorithm == "rsa-pss-sha512"):
        raise Invalid("The signature is not of this key.")


def _check_covered(covered: Sequence[str], *, has_body: bool) -> None:
    names = set(covered)
    where = "@target-uri" in names or (
        "@authority" in names and bool({"@path", "@request-target"} & names)
    )
    if "@method" not in names or not where or (has_body and "content-digest" not in names):
        raise Invalid("The signature covers too little.")
