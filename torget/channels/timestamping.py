"""Time stamps of others over our seals (RFC 3161): somebody who is not us says that this history was there then."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

from cryptography.x509 import load_pem_x509_certificates
from django.conf import settings
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from torget.channels import http
from torget.history import anchors
from torget.history.models import Seal
from torget.history.seal import ready_key

MOST_BYTES = 100_000
GRANTED = 0  # RFC 3161 §2.4.2


class NotStamped(Exception):  # noqa: N818 - names what happened
    """The authority gave no stamp, or one that is not of our seal."""


def stamp(*, at: datetime) -> Path | None:
    """Have the newest seal stamped and keep the answer beside the notes of the seals; None when there is nothing new.

    Raises:
        NotStamped: no answer, or none that holds.
    """
    newest = Seal.objects.order_by("-last_entry_id").first()
    if not settings.TSA_URL or newest is None:
        return None
    path = anchors.folder() / f"stamp-{newest.pk}.tsr"
    if path.exists():
        return None
    seal_hash = bytes(newest.hash)
    raw = ask(seal_hash)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    anchors.add(ready_key(at=at), "stamp", at=at, seal=newest.pk, file=path.name)
    return path


def ask(seal_hash: bytes) -> bytes:
    """The authority's answer over a seal's hash, checked.

    Raises:
        NotStamped: see there.
    """
    request = (
        TimestampRequestBuilder()
        .data(seal_hash)
        .hash_algorithm(HashAlgorithm.SHA256)
        .nonce(nonce=True)
        .cert_request(cert_request=True)
        .build()
    )
    try:
        answer = http.request(
            "POST",
            settings.TSA_URL,
            headers={"Content-Type": "application/timestamp-query"},
            content=request.as_bytes(),
            most_bytes=MOST_BYTES,
        )
    except http.HttpError as fault:
        raise NotStamped("The time stamp authority does not answer.") from fault
    try:
        response = decode_timestamp_response(answer.body)
    except ValueError as fault:
        raise NotStamped("The time stamp authority answered something else.") from fault
    if response.tst_info.nonce != request.nonce:
        raise NotStamped("The time stamp is no answer to our question.")
    check(response, seal_hash)
    return answer.body


def check(response: TimeStampResponse, seal_hash: bytes) -> datetime:
    """When the authority says the seal was there. With TORGET_TSA_CA_FILE its signature is checked too.

    Raises:
        NotStamped: refused, of something else, or not signed by whom we trust.
    """
    if response.status != GRANTED:
        raise NotStamped("The time stamp authority refused.")
    if response.tst_info.message_imprint.message != hashlib.sha256(seal_hash).digest():
        raise NotStamped("The time stamp is of something else.")
    if settings.TSA_CA_FILE:
        building = VerifierBuilder()
        for certificate in load_pem_x509_certificates(Path(settings.TSA_CA_FILE).read_bytes()):
            building = building.add_root_certificate(certificate)
        try:
            building.build().verify_message(response, seal_hash)
        except (VerificationError, ValueError) as fault:
            raise NotStamped("The time stamp is not signed by the authority we trust.") from fault
    moment: datetime = response.tst_info.gen_time
    return moment


def faults() -> list[str]:
    """A sentence for each stamp kept that is not of the seal it stands for."""
    problems = []
    for path in sorted(anchors.folder().glob("stamp-*.tsr")):
        seal = Seal.objects.filter(pk=path.stem.removeprefix("stamp-")).first()
        try:
            if seal is None:
                raise NotStamped("the seal is no more")
            check(decode_timestamp_response(path.read_bytes()), bytes(seal.hash))
        except (NotStamped, ValueError) as fault:
            problems.append(f"The time stamp {path.name} does not hold: {fault}")
    return problems
