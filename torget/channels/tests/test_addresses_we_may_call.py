"""Nobody makes us call what stands on the inside, however the address is written: refused, or the checked host is called."""

from __future__ import annotations

import asyncio
import http.server
import ipaddress
import threading
import unicodedata

import pytest

from torget.channels import http as out
from torget.channels.contract import File
from torget.channels.http import HttpError, checked_address, checked_url
from torget.channels.http.many import Many
from torget.conversations import fetching
from torget.protocols.hosts import BadHost, canonical, is_outside

INSIDE = [
    *(
        "127.0.0.1",
        "10.0.0.1",
        "172.16.3.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
    ),
    *(
        "198.18.0.1",
        "192.0.2.1",
        "203.0.113.9",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "192.0.0.8",
    ),
]
INSIDE_6 = [
    *(
        "::",
        "::1",
        "fe80::1",
        "fec0::1",
        "fd00::1",
        "fc00::1",
        "ff02::1",
        "2001::1",
        "2001:0:a00:1::",
        "2001:db8::1",
    ),
    *(
        "100::1",
        "64:ff9b:1::1",
        "5f00::1",
        "3fff::1",
        "2001:2::1",
        "2001:10::1",
        "4000::1",
        "::9.9.9.9",
    ),
]
NAMES = [
    "straße",
    "faß",
    "σίγμας",
    "kåfjord",
    "blåbær",
    "example",
    "ikke-her",
    "日本語",
    "кафе",
    "é",
]


def spelt(address: str) -> list[str]:
    """An IPv4 address as people and tricksters write it."""
    number = int(ipaddress.IPv4Address(address))
    parts = address.split(".")
    wide = address.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789"})
    ringed = address.replace("1", "①")
    return [
        *(address, f"{address}.", str(number), hex(number), oct(number).replace("o", "")),
        ".".join(f"0{int(part):o}" for part in parts),
        ".".join(hex(int(part)) for part in parts),
        f"{parts[0]}.{number & 0xFFFFFF}",
        f"{parts[0]}.{parts[1]}.{number & 0xFFFF}",
        *(wide, wide.replace(".", "。"), address.replace(".", "．"), ringed, f"{address}\u00ad"),
        "".join(f"%{ord(letter):02x}" for letter in address),
        *(f"0{address}", f"{address}.0", f"{address}\u200b", f"a@{address}", f"{address}#@9.9.9.9"),
        *(f"[::ffff:{address}]", f"[::{address}]", f"[64:ff9b::{address}]", f"[{address}]"),
        f"[2002:{number >> 16:x}:{number & 0xFFFF:x}::1]",
        *(
            f"{address}:80:80",
            f"{address}:0",
            f"{address}:65536",
            f"{address}:８０",
            f"{address}:+80",
        ),
    ]


def written(name: str) -> list[str]:
    """A name in every way two readers have been known to read as two."""
    whole = f"{name}.evil.test"
    return [
        *(
            whole,
            whole.upper(),
            whole.title(),
            f"{whole}.",
            f"{whole}..",
            f".{whole}",
            whole.replace(".", ".."),
        ),
        *(whole.replace(".", dot) for dot in "。．｡"),
        *(unicodedata.normalize(form, whole) for form in ("NFD", "NFKC", "NFKD")),
        *(
            f"{name[:1]}{letter}{name[1:]}.evil.test"
            for letter in "\u00ad\u200b\u200c\u200d\u2060\ufeff\u0301\u202e_"
        ),
        whole.translate({code: code + 0xFEE0 for code in range(0x61, 0x7B)}),
        whole.replace("s", "ſ").replace("k", "\u212a").replace("e", "ℯ"),
        whole.replace("ss", "ß").replace("ß", "ss"),
        "".join(f"%{octet:02x}" for octet in whole.encode()),
        *(
            f"-{whole}",
            f"{name}-.evil.test",
            f"{name * 20}.evil.test",
            f"xn--{whole}",
            f"XN--{name}-.evil.test",
        ),
        *(
            f"{whole}%2e",
            f"{whole}\t",
            f"{whole}\n",
            f" {whole}",
            f"{whole}\\@127.0.0.1",
            f"127.0.0.1@{whole}",
        ),
        *(
            f"ﬀ{whole}",
            f"½{whole}",
            f"\u0660{whole}",
            f"א{whole}",
            f"xn--zz.{whole}",
            f"xn--a.{whole}",
            f"xn--.{whole}",
        ),
    ]


FORMS = [form for address in INSIDE for form in spelt(address)]
WRITTEN = sorted({form for name in NAMES for form in written(name)})


def test_the_tables_are_long_enough():
    assert len(set(FORMS)) > 100
    assert len(WRITTEN) > 100


@pytest.fixture
def guarded(settings):
    settings.ALLOW_PRIVATE_HOSTS = False
    checked_url.cache_clear()


def allowed(url):
    place = checked_url(url)
    return checked_address(place.host, place.port)


@pytest.mark.parametrize("form", FORMS)
def test_an_inside_address_is_refused_in_every_spelling(guarded, form):
    with pytest.raises(HttpError):
        allowed(f"http://{form}/x")


@pytest.mark.parametrize("address", [*INSIDE, *INSIDE_6, *(f"::ffff:{one}" for one in INSIDE)])
def test_what_is_for_a_purpose_of_its_own_is_not_outside(address):
    assert not is_outside(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["9.9.9.9", "2620:fe::fe", "64:ff9b::909:909", "2002:909:909::1", "::ffff:9.9.9.9"]
)
def test_an_address_out_in_the_world_is(guarded, address):
    assert is_outside(ipaddress.ip_address(address))
    host = f"[{address}]" if ":" in address else address
    assert ipaddress.ip_address(checked_address(host, 443)) == ipaddress.ip_address(address)


class Says(http.server.BaseHTTPRequestHandler):
    """Says which of the two servers it is, and by which name it was called."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.called.append(self.headers["host"])
        body = f"{self.server.server_address[0]} {self.headers['host']}".encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.do_GET()

    def log_message(self, *_args):
        pass


@pytest.fixture
def outside(guarded, monkeypatch):
    """A server out in the world (127.0.0.2) and one on the inside at the same port; every name is the first one's."""
    first = http.server.ThreadingHTTPServer(("127.0.0.2", 0), Says)
    port = first.server_address[1]
    second = http.server.ThreadingHTTPServer(("127.0.0.1", port), Says)
    for server in (first, second):
        server.called = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
    asked = []

    def addresses(host, _port):
        asked.append(host)
        try:
            return [ipaddress.ip_address(host.strip("[]"))]
        except ValueError:
            return [ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("127.0.0.2")]

    monkeypatch.setattr(out, "addresses", addresses)
    monkeypatch.setattr(
        out, "is_outside", lambda address: str(address) == "127.0.0.2" or is_outside(address)
    )
    out._client.cache_clear()
    yield port, second.called, asked
    out._client.cache_clear()
    for server in (first, second):
        server.shutdown()
        server.server_close()


def test_the_host_that_is_called_is_exactly_the_one_that_was_checked(outside):
    port, inside, asked = outside
    refused, called = 0, 0
    for form in WRITTEN:
        asked.clear()
        try:
            answer = out.request("GET", f"http://{form}:{port}/x")
        except HttpError:
            answer = None
        if answer is None:
            assert not asked, form  # refused as it is written, not because nobody answered
            refused += 1
            continue
        assert answer.body.decode() == f"127.0.0.2 {asked[0]}:{port}", form
        assert asked[0].isascii()
        called += 1
    for form in FORMS:
        with pytest.raises(HttpError):
            out.request("GET", f"http://{form}:{port}/x")
    assert inside == []
    assert refused > 50
    assert called > 50


async def _posted(port, forms):
    many, answers = Many(timeout_seconds=5), []
    for form in forms:
        try:
            answers.append(
                (form, (await many.post(f"http://{form}:{port}/x", headers={}, content=b"x")).body)
            )
        except HttpError:
            answers.append((form, b""))
    await many.close()
    return answers


def test_the_fan_out_calls_no_other_host_either(outside):
    port, inside, _asked = outside
    answers = asyncio.run(_posted(port, [*WRITTEN[::7], *FORMS[::5]]))
    assert any(body for _form, body in answers)
    for form, body in answers:
        assert not body or body == f"127.0.0.2 {canonical(form)}:{port}".encode(), form
    assert inside == []


def test_what_a_stranger_names_is_fetched_over_https_only(outside):
    port, inside, asked = outside
    picture = File("x", "image/png", b"", url=f"http://straße.evil.test:{port}/x")
    assert fetching.fetched(picture, float("inf")) is None
    assert (asked, inside) == ([], [])


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Example.ORG", "example.org"),
        ("example.org.", "example.org"),
        ("straße.de", "xn--strae-oqa.de"),
        ("KÅFJORD.no", "xn--kfjord-iua.no"),
        ("xn--strae-oqa.de", "xn--strae-oqa.de"),
        ("r3---sn-4g5e.example", "r3---sn-4g5e.example"),
        ("a_b.example", "a_b.example"),
        ("[::1]", "[::1]"),
        ("[0:0:0:0:0:FFFF:9.9.9.9]", "[::ffff:909:909]"),
    ],
)
def test_a_host_has_one_spelling(name, told):
    assert canonical(name) == told
    assert canonical(told) == told


@pytest.mark.parametrize(
    "name",
    ["", ".", "a..b", "[::1", "::1]", "[fe80::1%25eth0]", "a" * 64, "a." * 130 + "no", "1.2.3"],
)
def test_what_is_no_host_is_refused(name):
    with pytest.raises(BadHost):
        canonical(name)
