"""A server whose certificate is by a CA of the installation's own is trusted when the setting names it, and not otherwise."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from torget.channels import http
from torget.channels.http.many import Many


def certificate(name, key, issuer, by, *, authority):
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
    )
    if not authority:
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return made.sign(by, SHA256()).public_bytes(Encoding.PEM)


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    """Address of a server that answers GET and POST, and the file with its CA beside another one."""
    home = tmp_path_factory.mktemp("ca")
    ca_key, key = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
    other = generate_private_key(SECP256R1())
    (home / "ca.pem").write_bytes(
        certificate("Another CA", other, "Another CA", other, authority=True)
        + certificate("Test CA", ca_key, "Test CA", ca_key, authority=True)
    )
    (home / "server.pem").write_bytes(
        certificate("localhost", key, "Test CA", ca_key, authority=False)
        + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"OK")

        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            self.do_GET()

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(home / "server.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://localhost:{server.server_port}/", str(home / "ca.pem")
    server.shutdown()
    server.server_close()


@pytest.fixture
def fresh():
    """Clients are kept: forget them before and after."""
    for _time in range(2):
        http._client.cache_clear()
        http.extra_certificates.cache_clear()
        if _time == 0:
            yield


async def post(url):
    many = Many(timeout_seconds=5)
    try:
        return await many.post(url, headers={"x": "y"}, content=b"x")
    finally:
        await many.close()


@pytest.mark.django_db(transaction=True)
def test_it_is_trusted_when_the_setting_names_it(secure, fresh, settings):
    url, settings.EXTRA_CA_FILE = secure
    settings.ALLOW_PRIVATE_HOSTS = True
    assert http.request("GET", url).body == b"OK"
    assert asyncio.run(post(url)).status == 200


@pytest.mark.django_db(transaction=True)
def test_it_is_not_trusted_otherwise(secure, fresh, settings):
    settings.EXTRA_CA_FILE, settings.ALLOW_PRIVATE_HOSTS = "", True
    for ask in (lambda: http.request("GET", secure[0]), lambda: asyncio.run(post(secure[0]))):
        with pytest.raises(http.HttpError) as told:
            ask()
        assert not told.value.maybe_sent


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/",
        "http://user@example.no/",
        "ftp://example.no/",
        "http://[::1]/",
        "http://localhost/",
    ],
)
def test_many_at_once_are_as_careful_as_one(settings, url):
    settings.ALLOW_PRIVATE_HOSTS = False
    with pytest.raises(http.HttpError) as told:
        asyncio.run(post(url))
    assert not told.value.maybe_sent
