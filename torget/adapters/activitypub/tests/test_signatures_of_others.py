"""Signatures both ways between us and two libraries others have written: apsig (draft-cavage), http-message-signatures."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass, field

import http_message_signatures as hms
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from torget.protocols.http_signatures import (
    Invalid,
    PrivateKey,
    Request,
    cavage,
    new_ed25519,
    new_rsa,
    rfc9421,
    verify,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from apsig.draft import Signer, Verifier

INBOX = "https://torget.example/hooks/abc"
KEY_ID = "https://mastodon.example/u/kari#main-key"
BODY = '{"type":"Create","content":"Når brøytes Fjellveien?"}'.encode()
PEMS = {"rsa": new_rsa(), "ed25519": new_ed25519()}
KEYS = {kind: PrivateKey.from_pem(KEY_ID, pem) for kind, pem in PEMS.items()}
ALGORITHMS = {
    "rsa": hms.algorithms.RSA_V1_5_SHA256,
    "ed25519": hms.algorithms.ED25519,
}


def request(headers) -> Request:
    return Request.of("POST", INBOX, {name.lower(): value for name, value in headers.items()})


def test_apsig_signs_and_we_verify():
    headers = {"content-type": "application/activity+json"}
    made = Signer(
        headers, load_pem_private_key(PEMS["rsa"].encode(), None), "POST", INBOX, KEY_ID, BODY
    ).sign()
    assert verify(request(made), BODY, KEYS["rsa"].public(), now=time.time()).way == "cavage"
    with pytest.raises(Invalid):
        verify(request(made), BODY + b" ", KEYS["rsa"].public(), now=time.time())


def test_we_sign_and_apsig_verifies():
    made = cavage.sign(Request.of("POST", INBOX), BODY, KEYS["rsa"], now=time.time())
    pem = KEYS["rsa"].public().pem()
    assert Verifier(pem, "POST", INBOX, made, BODY).verify() == KEY_ID
    assert Verifier(pem, "POST", INBOX, made, BODY + b" ").verify() is None
    assert Verifier(pem, "POST", f"{INBOX}/other", made, BODY).verify() is None


class Resolver(hms.HTTPSignatureKeyResolver):
    def __init__(self, kind):
        self.kind = kind

    def resolve_public_key(self, key_id):
        return KEYS[self.kind].public().key

    def resolve_private_key(self, key_id):
        return KEYS[self.kind].key


@dataclass
class Message:
    method: str = "POST"
    url: str = INBOX
    headers: dict = field(default_factory=dict)


@pytest.mark.parametrize("kind", KEYS)
def test_http_message_signatures_signs_and_we_verify(kind):
    message = Message()
    signer = hms.HTTPMessageSigner(
        signature_algorithm=ALGORITHMS[kind], key_resolver=Resolver(kind)
    )
    signer.sign(
        message,
        key_id=KEY_ID,
        covered_component_ids=("@method", "@target-uri", "content-digest"),
        body=BODY,
    )
    checked = verify(request(message.headers), BODY, KEYS[kind].public(), now=time.time())
    assert (checked.way, checked.key.kind) == ("rfc9421", kind)
    with pytest.raises(Invalid):
        verify(request(message.headers), BODY + b" ", KEYS[kind].public(), now=time.time())


@pytest.mark.parametrize("kind", KEYS)
def test_we_sign_and_http_message_signatures_verifies(kind):
    made = rfc9421.sign(Request.of("POST", INBOX), BODY, KEYS[kind], now=time.time())
    verifier = hms.HTTPMessageVerifier(
        signature_algorithm=ALGORITHMS[kind], key_resolver=Resolver(kind)
    )
    result = verifier.verify(Message(headers=dict(made)), body=BODY)
    assert [one.parameters["keyid"] for one in result] == [KEY_ID]
    with pytest.raises(hms.InvalidSignature):
        verifier.verify(Message(url=f"{INBOX}/other", headers=dict(made)), body=BODY)
