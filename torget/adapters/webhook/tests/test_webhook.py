from __future__ import annotations

import base64
import contextlib
import json
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torget.adapters.webhook import adapter
from torget.channels.contract import (
    AccountAccess,
    BadSignature,
    Outgoing,
    RawItem,
    SendError,
    Unparseable,
)
from torget.protocols import webhook

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes....").decode()
ACCOUNT = AccountAccess(1, "webhook", "fag.nordvaag.test", "Fagsystem", {}, {"secret": SECRET})
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
BODY = json.dumps(
    {
        "id": "m1",
        "type": "message.new",
        "author": {"id": "u7", "name": "Kari"},
        "body": "Hei",
        "visibility": "public",
    }
).encode()


def headers(body=BODY, *, secret=SECRET, message_id="m1", at=None):
    stamp = int(at if at is not None else time.time())
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(stamp),
        "webhook-signature": webhook.sign(secret, message_id, stamp, body),
    }


def test_the_specifications_own_example_verifies():
    # standardwebhooks.com, "Signature scheme": published test vector of the reference libraries.
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    signature = webhook.sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_good_signature_gives_the_item_and_the_bytes_as_they_came():
    item = adapter.verify(ACCOUNT, headers(), BODY)
    assert (item.external_id, item.body) == ("m1", BODY)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda h: h | {"webhook-signature": ""},
        lambda h: h | {"webhook-id": "m2"},
        lambda h: {},
        lambda h: h | {"webhook-timestamp": "x"},
        lambda h: h | {"webhook-signature": "v1,aaaa"},
    ],
)
def test_a_spoiled_delivery_is_refused(spoil):
    with pytest.raises(BadSignature):
        adapter.verify(ACCOUNT, spoil(headers()), BODY)


def test_a_changed_body_a_wrong_key_and_an_old_time_are_refused():
    for given_headers, body in (
        (headers(), BODY + b" "),
        (headers(secret="whsec_" + base64.b64encode(b"another").decode()), BODY),
        (headers(at=time.time() - 301), BODY),
    ):
        with pytest.raises(BadSignature):
            adapter.verify(ACCOUNT, given_headers, body)


def test_the_secret_before_still_fits_while_it_is_replaced():
    new = "whsec_" + base64.b64encode(b"the new secret").decode()
    account = replace(ACCOUNT, secrets={"secret": new, "previous_secret": SECRET})
    assert adapter.verify(account, headers(), BODY).external_id == "m1"


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=400)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["id", "type", "author", "body", "occurred_at", "x"]), inner
            )
        ),
    ).map(lambda value: json.dumps(value).encode())
)
def test_whatever_comes_is_understood_or_said_to_be_unparseable(body):
    with contextlib.suppress(Unparseable):  # anything else that is raised fails the test
        adapter.parse(RawItem("x", body), ACCOUNT, received_at=NOW)


@pytest.fixture
def other_system():
    """A real server on loopback that answers as told and remembers what it took."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            server.seen.append((dict(self.headers.items()), body))
            if server.hang:
                self.connection.close()
                return
            self.send_response(server.status)
            self.send_header("Retry-After", "7")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self):
            self.send_response(server.found)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.seen, server.status, server.found, server.hang = [], 202, 404, False
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def account_at(server):
    return replace(ACCOUNT, settings={"deliver_url": f"http://127.0.0.1:{server.server_port}/inn"})


OUT = Outgoing("k1", "u7", "Vi brøyter nå.")


@pytest.mark.django_db(transaction=True)
def test_an_answer_is_delivered_signed_and_with_its_key(other_system):
    assert adapter.send(OUT, account_at(other_system)).external_id == "k1"
    sent, body = other_system.seen[0]
    lower = {name.lower(): value for name, value in sent.items()}
    assert lower["idempotency-key"] == "k1"
    assert webhook.verify([SECRET], lower, body, now=time.time()) == "k1"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "permanent"),
        (401, "account"),
        (410, "permanent"),
        (429, "later"),
        (503, "later"),
        (504, "ambiguous"),
    ],
)
def test_faults_are_told_apart_by_code(other_system, status, kind):
    other_system.status = status
    with pytest.raises(SendError) as caught:
        adapter.send(OUT, account_at(other_system))
    fault = caught.value
    assert {
        "permanent": fault.permanent,
        "account": fault.account,
        "ambiguous": fault.ambiguous,
        "later": not (fault.permanent or fault.account or fault.ambiguous),
    }[kind]
    if status == 429:
        assert fault.retry_after_seconds == 7


@pytest.mark.django_db(transaction=True)
def test_a_line_cut_after_the_request_is_ambiguous_and_looked_up(other_system):
    other_system.hang = True
    with pytest.raises(SendError) as caught:
        adapter.send(OUT, account_at(other_system))
    assert caught.value.ambiguous
    assert adapter.find(OUT, account_at(other_system)) is None
    other_system.found = 200
    assert adapter.find(OUT, account_at(other_system)).external_id == "k1"


@pytest.mark.django_db(transaction=True)
def test_nobody_listening_means_certainly_not_sent():
    account = replace(ACCOUNT, settings={"deliver_url": "http://127.0.0.1:9/inn"})
    with pytest.raises(SendError) as caught:
        adapter.send(OUT, account)
    assert not caught.value.ambiguous


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254", "[::1]", "[::ffff:10.0.0.1]"]
)
def test_addresses_on_the_inside_are_not_called(settings, host):
    settings.ALLOW_PRIVATE_HOSTS = False
    account = replace(ACCOUNT, settings={"deliver_url": f"http://{host}:9/inn"})
    with pytest.raises(SendError, match="on the inside"):
        adapter.send(OUT, account)


@pytest.mark.django_db
def test_the_network_is_never_called_inside_a_transaction(other_system):
    with pytest.raises(RuntimeError, match="inside a transaction"):
        adapter.send(OUT, account_at(other_system))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1\\@example.no/",
        "http://a@example.no/",
        "http://example.no/\n",
        "ftp://example.no/",
        "http:///x",
    ],
)
def test_addresses_two_parsers_would_read_differently_are_not_called(url):
    with pytest.raises(SendError, match="address") as caught:
        adapter.send(OUT, replace(ACCOUNT, settings={"deliver_url": url}))
    assert not caught.value.ambiguous
