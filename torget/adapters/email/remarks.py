"""What a clerk is told beside a mail: codes of `conversations.remarks`, with what they need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torget.protocols.mail import Mail, Signature

Remark = tuple[str, Mapping[str, str]]
_SEALED = {
    "smime": "encrypted_smime",
    "openpgp": "encrypted_openpgp",
    "rights": "encrypted_rights",
    "unreadable": "unreadable",
}


def of(mail: Mail) -> Iterator[Remark]:
    """What is to be said of how the mail came: sealed, signed, damaged, a sign only."""
    if mail.encrypted:
        yield _SEALED[mail.encrypted], {}
    elif _holds_only_winmail(mail):
        yield "only_winmail", {}
    if mail.signature and not mail.encrypted:
        yield _signed(mail.signature, mail.sender.address)
    if mail.truncated or any(part.damaged for part in mail.attachments):
        yield "damaged", {}
    if mail.reaction:
        yield "reaction", {"sign": mail.reaction}


def _holds_only_winmail(mail: Mail) -> bool:
    return not mail.text.strip() and any(
        part.media_type == "application/ms-tnef" for part in mail.attachments
    )


def _signed(signature: Signature, sender: str) -> Remark:
    if signature.holds is None:
        return "signature_unchecked", {}
    if not signature.holds:
        return "signature_wrong", {}
    values = {
        "name": signature.name or ", ".join(signature.addresses),
        "address": ", ".join(signature.addresses),
        "issuer": signature.issuer,
    }
    if sender not in signature.addresses:
        return "signed_by_other", values
    return ("signed_by_itself" if signature.self_made else "signed"), values
