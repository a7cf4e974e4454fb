"""Signed and encrypted mail: what can be opened is opened, of the rest it is told what it is (S/MIME, RFC 8551; OpenPGP, RFC 3156)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message

from torget.protocols import cms
from torget.protocols.mail import parts
from torget.protocols.mail.transfer import decoded
from torget.protocols.mail.values import Part, Signature

MOST_INSIDE_EACH_OTHER = 6
_MIME = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_SIGNATURES = ("application/pkcs7-signature", "application/x-pkcs7-signature")
_SIGNED_TEXT = re.compile(
    r"^-----BEGIN PGP SIGNED MESSAGE-----[ \t]*\r?\n(?:[A-Za-z-]{1,40}: [^\r\n]{0,200}\r?\n){0,10}\r?\n",
    re.MULTILINE,
)
_SIGNATURE_BEGINS, _SIGNATURE_ENDS = "-----BEGIN PGP SIGNATURE-----", "-----END PGP SIGNATURE-----"
_SEALED_BEGINS, _SEALED_ENDS = "-----BEGIN PGP MESSAGE-----", "-----END PGP MESSAGE-----"
_DASHED = re.compile(r"^- ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Opened:
    """What an S/MIME part turned out to be. `entity` is the mail inside, when it could be read."""

    entity: bytes | None = None
    encrypted: str = ""
    signature: Signature | None = None


def is_sealed(part: Message, kind: str) -> bool:
    """Whether the part is an S/MIME message of its own (RFC 8551 §3.2), also when it is called something else."""
    return kind in _MIME or parts.file_name(part).lower().endswith((".p7m", ".p7z"))


def opened(raw: bytes) -> Opened:
    """Open what is only signed or packed; tell what is encrypted."""
    try:
        message = cms.read(raw)
    except cms.BadMessage:
        return Opened(encrypted="unreadable")
    if message.kind == "encrypted":
        return Opened(encrypted="smime")
    if message.kind == "other":
        return Opened(encrypted="unreadable")
    signature = _signature(message) if message.kind == "signed" else None
    return Opened(message.content or None, signature=signature)


def beside(part: Message, raw: bytes) -> Signature:
    """The signature of a multipart/signed (RFC 1847 §2.1), checked against the bytes as they came."""
    inside = parts.children(part)
    if len(inside) < 2 or parts.kind(inside[1]) not in _SIGNATURES:
        return Signature(
            "openpgp" if "pgp" in parts.parameter(part, "protocol").lower() else "unknown"
        )
    signed = _first_part(raw, parts.parameter(part, "boundary"))
    try:
        return _signature(cms.read(decoded(inside[1])[0], detached=signed))
    except cms.BadMessage:
        return Signature("smime")


def _first_part(raw: bytes, boundary: str) -> bytes | None:
    """What stands between the first two boundaries, with the line ends it was signed with."""
    mark = b"--" + boundary.encode("utf-8", "surrogateescape")
    begin = raw.find(b"\n" + mark)
    begin = raw.find(b"\n", begin + 1) + 1 if begin >= 0 else 0
    end = raw.find(b"\n" + mark, begin)
    if not boundary or not begin or end < 0:
        return None
    first = raw[begin:end].removesuffix(b"\r")
    return first.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _signature(message: cms.Message) -> Signature:
    signer = message.signer
    return Signature(
        "smime", message.holds, signer.name, signer.addresses, signer.issuer, signer.self_made
    )


def is_signature(part: Part) -> bool:
    """Whether an attachment is only the signature of what stands beside it, which is told in words."""
    return part.declared in _SIGNATURES


def sealed_kind(part: Part) -> str:
    """What an attachment is that only its reader can open; nothing when it is an ordinary file."""
    if (
        part.declared == "application/pgp-encrypted"
        or _SEALED_BEGINS.encode() in part.content[:200]
    ):
        return "openpgp"
    return "rights" if part.name.lower().endswith(".rpmsg") else ""


def without_armour(text: str) -> tuple[str, list[str], bool]:
    """A plain text without OpenPGP's lines (RFC 9580 §6, §7), what was taken out, and whether it was encrypted.

    What is only signed is read without its frame; what is encrypted is taken out whole.
    """
    begin, end = text.find(_SEALED_BEGINS), text.rfind(_SEALED_ENDS)
    if 0 <= begin < end:
        end += len(_SEALED_ENDS)
        return text[:begin] + text[end:], [text[begin:end]], True
    head = _SIGNED_TEXT.search(text)
    begin = text.find(_SIGNATURE_BEGINS, head.end()) if head else -1
    if head is None or begin < 0:
        return text, [], False
    end = text.find(_SIGNATURE_ENDS, begin)
    end = len(text) if end < 0 else end + len(_SIGNATURE_ENDS)
    signed_text = _DASHED.sub("", text[head.end() : begin])
    return text[: head.start()] + signed_text + text[end:], [text[begin:end]], False
