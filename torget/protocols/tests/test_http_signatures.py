"""HTTP signatures: the RFC's own examples, the draft's, everything that must be refused, and whatever hypothesis thinks of."""

from __future__ import annotations

import base64
import hashlib
import hmac
from email.utils import formatdate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torget.protocols.http_signatures import (
    BadKey,
    Invalid,
    PrivateKey,
    PublicKey,
    Request,
    cavage,
    digests,
    key_id_of,
    new_ed25519,
    new_rsa,
    rfc9421,
    verify,
)
from torget.protocols.http_signatures.keys import base58, from_base58
from torget.protocols.http_signatures.structured import dictionary, write

NOW = 1_618_884_473
INBOX = "https://torget.example/hooks/abc"
BODY = '{"hello": "verden på torget"}'.encode()
RSA = PrivateKey.from_pem("https://mastodon.example/u/kari#main-key", new_rsa())
ED25519 = PrivateKey.from_pem("https://mastodon.example/u/kari#ed25519-key", new_ed25519())

# RFC 9421, appendix B.1.4, B.1.5 and B.2.
TEST_ED25519 = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n-----END PUBLIC KEY-----\n"
TEST_ED25519_PRIVATE = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n-----END PRIVATE KEY-----\n"
TEST_SHARED = (
    "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ=="
)
TEST_DIGEST = "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"
TEST_REQUEST = Request(
    "POST",
    "https",
    "example.com",
    "/foo?param=Value&Pet=dog",
    {
        "host": "example.com",
        "date": "Tue, 20 Apr 2021 02:07:55 GMT",
        "content-type": "application/json",
        "content-digest": TEST_DIGEST,
        "content-length": "18",
    },
)


def base_of(signature_input: str) -> str:
    member = next(iter(dictionary(signature_input).values()))
    return rfc9421.signature_base(TEST_REQUEST, member).decode()


def test_rfc_9421_b_2_1_the_base_of_nothing_but_parameters():
    params = '();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"'
    assert base_of(f"sig-b21={params}") == f'"@signature-params": {params}'


def test_rfc_9421_b_2_2_the_base_of_a_few_components():
    params = '("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss";tag="header-example"'
    assert base_of(f"sig-b22={params}") == (
        f'"@authority": example.com\n"content-digest": {TEST_DIGEST}\n"@query-param";name="Pet": dog\n"@signature-params": {params}'
    )


def test_rfc_9421_b_2_3_the_base_of_everything():
    params = '("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss"'
    assert base_of(f"sig-b23={params}") == (
        '"date": Tue, 20 Apr 2021 02:07:55 GMT\n"@method": POST\n"@path": /foo\n"@query": ?param=Value&Pet=dog\n'
        f'"@authority": example.com\n"content-type": application/json\n"content-digest": {TEST_DIGEST}\n'
        f'"content-length": 18\n"@signature-params": {params}'
    )


def test_rfc_9421_b_2_5_its_hmac_is_of_our_base():
    params = (
        'sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"'
    )
    made = hmac.digest(base64.b64decode(TEST_SHARED), base_of(params).encode(), hashlib.sha256)
    assert base64.b64encode(made).decode() == "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8="


def test_rfc_9421_b_2_6_its_ed25519_signature_is_of_our_base_and_is_what_we_make():
    params = 'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"'
    made = (
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
    )
    base = base_of(params).encode()
    assert PublicKey.from_pem("x", TEST_ED25519).verifies(base64.b64decode(made), base)
    private = PrivateKey.from_pem("x", TEST_ED25519_PRIVATE)
    assert base64.b64encode(private.sign(base)).decode() == made


def test_rfc_9421_b_2_content_digest_is_of_its_body():
    digests.check_content_digest(TEST_DIGEST, b'{"hello": "world"}')
    with pytest.raises(Invalid, match="another body"):
        digests.check_content_digest(TEST_DIGEST, b'{"hello": "World"}')


def test_draft_cavage_appendix_c_the_default_and_the_full_signing_string():
    date = "Sun, 05 Jan 2014 21:31:40 GMT"
    digest = "SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE="
    request = Request(
        "POST",
        "http",
        "example.com",
        "/foo?param=value&pet=dog",
        {
            "host": "example.com",
            "date": date,
            "content-type": "application/json",
            "digest": digest,
            "content-length": "18",
        },
    )
    covered = ["(request-target)", "host", "date", "content-type", "digest", "content-length"]
    assert cavage.signing_string(request, covered).decode() == (
        f"(request-target): post /foo?param=value&pet=dog\nhost: example.com\ndate: {date}\n"
        f"content-type: application/json\ndigest: {digest}\ncontent-length: 18"
    )
    digests.check_digest(digest, b'{"hello": "world"}')


WAYS = {
    "cavage-rsa": (cavage, RSA),
    "cavage-ed25519": (cavage, ED25519),
    "rfc9421-rsa": (rfc9421, RSA),
    "rfc9421-ed25519": (rfc9421, ED25519),
}


def signed(
    way: str, *, method: str = "POST", body: bytes | None = BODY, at: float = NOW, **more
) -> Request:
    kind, key = WAYS[way]
    bare = Request.of(method, INBOX)
    headers = kind.sign(bare, body, key, now=at, **more)
    return Request.of(method, INBOX, {"host": bare.authority, **headers})


def changed(request: Request, **headers: str) -> Request:
    held = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(
        request.method,
        request.scheme,
        request.authority,
        request.target,
        {**request.headers, **held},
    )


@pytest.mark.parametrize("way", WAYS)
def test_what_we_sign_we_verify(way):
    key = WAYS[way][1].public()
    checked = verify(signed(way), BODY, key, now=NOW)
    assert f"{checked.way}-{checked.key.kind}" == way
    verify(signed(way, method="GET", body=None), None, key, now=NOW)


@pytest.mark.parametrize("way", WAYS)
def test_another_body_is_refused_also_with_a_digest_of_its_own(way):
    key, request = WAYS[way][1].public(), signed(way)
    other = BODY.replace(b"verden", b"Verden")
    with pytest.raises(Invalid, match="another body"):
        verify(request, other, key, now=NOW)
    forged = changed(
        request, digest=digests.digest(other), content_digest=digests.content_digest(other)
    )
    with pytest.raises(Invalid, match="not of this key"):
        verify(forged, other, key, now=NOW)


@pytest.mark.parametrize("way", WAYS)
def test_another_address_method_or_key_is_refused(way):
    _kind, key = WAYS[way]
    request, public = signed(way), key.public()
    elsewhere = Request(
        request.method, request.scheme, request.authority, "/hooks/other", request.headers
    )
    with pytest.raises(Invalid, match="not of this key"):
        verify(elsewhere, BODY, public, now=NOW)
    put = Request("PUT", request.scheme, request.authority, request.target, request.headers)
    with pytest.raises(Invalid, match="not of this key"):
        verify(put, BODY, public, now=NOW)
    fresh = new_rsa() if key.kind == "rsa" else new_ed25519()
    with pytest.raises(Invalid, match="not of this key"):
        verify(request, BODY, PrivateKey.from_pem(key.id, fresh).public(), now=NOW)
    with pytest.raises(Invalid, match="another key"):
        verify(request, BODY, PublicKey(f"{key.id}-2", public.key), now=NOW)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("off", [-3_601, 3_601, 86_400])
def test_more_than_an_hour_off_is_refused_and_less_is_not(way, off):
    key, request = WAYS[way][1].public(), signed(way)
    with pytest.raises(Invalid, match="an hour off"):
        verify(request, BODY, key, now=NOW + off)
    verify(request, BODY, key, now=NOW + (3_599 if off > 0 else -3_599))


def test_what_has_expired_is_refused():
    request = signed("rfc9421-ed25519", expires_in=60)
    verify(request, BODY, ED25519.public(), now=NOW + 60)
    with pytest.raises(Invalid, match="expired"):
        verify(request, BODY, ED25519.public(), now=NOW + 61)


def cavage_over(
    covered: str, key: PrivateKey = RSA, algorithm: str = "rsa-sha256", extra: str = ""
) -> Request:
    headers = {
        "host": "torget.example",
        "date": formatdate(NOW, usegmt=True),
        "digest": digests.digest(BODY),
    }
    request = Request.of("POST", INBOX, headers)
    base = cavage.signing_string(request, covered.split(), created=NOW)
    made = base64.b64encode(key.sign(base)).decode()
    value = (
        f'keyId="{key.id}",algorithm="{algorithm}",headers="{covered}"{extra},signature="{made}"'
    )
    return changed(request, signature=value)


@pytest.mark.parametrize(
    "covered",
    [
        "date",
        "(request-target) date",
        "digest date",
        "(request-target) digest",
        "(request-target) host date",
    ],
)
def test_a_signature_that_covers_too_little_is_refused(covered):
    with pytest.raises(Invalid, match="covers too little"):
        verify(cavage_over(covered), BODY, RSA.public(), now=NOW)


def test_hs2019_is_what_the_key_is_and_created_goes_with_it_only():
    covered = "(request-target) (created) host digest"
    verify(cavage_over(covered, RSA, "hs2019", f",created={NOW}"), BODY, RSA.public(), now=NOW)
    verify(
        cavage_over(covered, ED25519, "hs2019", f",created={NOW}"), BODY, ED25519.public(), now=NOW
    )
    with pytest.raises(Invalid, match="no \\(created\\)"):
        verify(
            cavage_over(covered, RSA, "rsa-sha256", f",created={NOW}"), BODY, RSA.public(), now=NOW
        )
    with pytest.raises(Invalid, match="does not fit"):
        verify(
            cavage_over("(request-target) date digest", ED25519, "rsa-sha256"),
            BODY,
            ED25519.public(),
            now=NOW,
        )


def test_the_algorithm_named_must_be_the_keys():
    request = signed("rfc9421-rsa")
    with pytest.raises(Invalid, match="does not fit"):
        verify(request, BODY, PublicKey(RSA.id, ED25519.public().key), now=NOW)


def test_keys_come_back_from_every_way_of_writing_them():
    for private in (RSA, ED25519):
        public = private.public()
        same = (
            PublicKey.from_pem("x", public.pem()),
            PublicKey.from_multikey("x", public.multikey()),
        )
        assert [one.pem() for one in same] == [public.pem()] * 2


@pytest.mark.parametrize("pem", ["", "x", TEST_ED25519.replace("MCow", "MCox"), new_rsa(1024)])
def test_what_is_no_key_or_too_weak_is_refused(pem):
    if "PRIVATE" in pem:
        pem = PrivateKey.from_pem("x", pem).public().pem()
    with pytest.raises(BadKey):
        PublicKey.from_pem("x", pem)


@given(st.binary(max_size=60))
def test_base58_there_and_back(held):
    assert from_base58(base58(held)) == held


@given(st.text(max_size=40))
def test_only_keys_are_read_from_multikeys(text):
    try:
        PublicKey.from_multikey("x", text)
    except BadKey:
        return


SFV = 'sig1=("@method" "@target-uri" "content-digest";sf "x-y";key="a");created=1;keyid="k\\"";alg=ed25519;n=?0, sig2=:aGVp:'


def test_a_dictionary_is_written_as_it_was_read():
    held = dictionary(SFV)
    assert ", ".join(f"{name}={write(member)}" for name, member in held.items()) == SFV


@settings(max_examples=2_500, deadline=None)
@given(st.data())
def test_headers_spoilt_in_any_way_are_refused_and_nothing_else(data):
    way = data.draw(st.sampled_from(sorted(WAYS)))
    request = signed(way)
    names = sorted(
        {"signature", "signature-input", "digest", "content-digest", "date"} & set(request.headers)
    )
    name = data.draw(st.sampled_from(names))
    held = request.headers[name]
    at = data.draw(st.integers(0, len(held)))
    upto = data.draw(st.integers(at, min(len(held), at + 12)))
    spoilt = held[:at] + data.draw(st.text(max_size=8)) + held[upto:]
    spoilt_request = Request(
        request.method,
        request.scheme,
        request.authority,
        request.target,
        {**request.headers, name: spoilt},
    )
    key = WAYS[way][1].public()
    try:
        assert key_id_of(spoilt_request)
        verify(spoilt_request, BODY, key, now=NOW)
    except Invalid:
        return
    # What still verifies must be the same said otherwise: spaces, or a label of another name.
    assert spoilt_request.headers["signature"]
