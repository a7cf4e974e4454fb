"""Whatever stands in an address or a Host header: an answer, and never a fault of ours."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import get_resolver
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import torget
from tests.test_nothing_leaks import fill, patterns
from torget.desk.forms.search import SearchForm
from torget.desk.queries.filters import KEYS

ROOT = Path(torget.__file__).parent
# Found in the code, so that a new one is asked about too.
_ASKED = re.compile(r"(?:GET|query)\.get\(\s*\"(\w+)\"|\"(\w+)\" in request\.GET")
NAMES = sorted(
    {
        *KEYS,
        *SearchForm.base_fields,
        *(
            found[1] or found[2]
            for path in ROOT.rglob("*.py")
            if "/tests/" not in str(path)
            for found in _ASKED.finditer(path.read_text())
        ),
        "format",
        "next",
    }
)
ODD = (
    *(
        "",
        "0",
        "-1",
        "+1",
        "1.5",
        "1e400",
        "NaN",
        "²",
        "٣",
        "①",
        "0x1",
        "9" * 19,
        "9" * 40,
        "9" * 5_000,
        "1_000",
    ),
    *(
        "0001-01-01T00:00:00+23:59_1",
        "9999-12-31T23:59:59-23:59_1",
        "2026-01-01T00:00:00_²",
        "2026-01-01T00:00:00Z_",
    ),
    *(
        "2026-02-30T00:00:00Z_1",
        "2026-01-01_1",
        "_1",
        "_",
        "1_",
        "0000-00-00",
        "2026-13-01T00:00:00Z_9",
    ),
    *(
        "%",
        "%00",
        "%ff",
        "%ed%a0%80",
        "\x00",
        "\n",
        "\u202e",
        "🙂",
        "\\",
        "'",
        '"',
        "[",
        "]",
        "{}",
        "%s",
        "%(a)s",
    ),
    *(
        "https://[",
        "//evil.example",
        "javascript:1",
        "../../etc/passwd",
        "None",
        "__class__",
        "id__isnull",
        "*",
        "-",
    ),
    *(
        '"',
        '-"',
        "( OR",
        "a:b",
        ":*",
        "!",
        "&|",
        "<->",
        "a" * 3_000,
        "a\u0315\u0300" * 500,
        " " * 2_000,
        "-a " * 500,
    ),
)
PLACES = (
    *("0", "1", "9" * 18, "9" * 19, "9" * 5_000),
    "NV-2026-1",
    "a" * 26,
    "-",
    "²",
    "svar",
    "nb",
    "x" * 300,
)
PAGES = [
    (path, list(entry.pattern.converters))
    for _name, path, entry in patterns(get_resolver())
    if "logout" not in path
]
value = st.one_of(st.sampled_from(ODD), st.text(max_size=30), st.integers().map(str))
query = st.lists(st.tuples(st.sampled_from(NAMES), value), min_size=1, max_size=4)


def asked(pairs):
    return "&".join(f"{name}={quote(text, safe='%', errors='replace')}" for name, text in pairs)


@pytest.fixture
def walkers(nordvaag, per):
    """A stranger and a member of staff who may do most things."""
    inside = Client(raise_request_exception=False)
    inside.force_login(per.staff.user)
    return [Client(raise_request_exception=False), inside]


def test_the_names_are_found():
    assert {"for", "q", "dager", "etter", "del", "mal", "page"} <= set(NAMES)


@settings(
    max_examples=400,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    page=st.sampled_from(PAGES),
    who=st.integers(0, 1),
    pairs=query,
    places=st.lists(st.sampled_from(PLACES), min_size=6, max_size=6),
)
def test_no_query_string_is_a_fault_of_ours(walkers, page, who, pairs, places):
    path, keys = page
    address = "/" + fill(path, dict(zip(keys, places, strict=False)))
    answer = walkers[who].get(f"{quote(address)}?{asked(pairs)}")
    assert answer.status_code < 500, f"{address}?{asked(pairs)}"


@pytest.mark.parametrize(
    "path",
    [
        "/vegg?for={}",
        "/desk/tall?dager={}",
        "/desk/?etter={}",
        "/sok?q={}",
        "/desk/sok?q=a&etter={}",
    ],
)
def test_marks_of_pages_are_read_carefully(walkers, path):
    for text in ODD:
        for walker in walkers:
            address = path.format(quote(text, safe="%", errors="replace"))
            assert walker.get(address).status_code < 500, address


@pytest.mark.parametrize(
    "host",
    [
        *(
            "testserver:8123@evil.example",
            "testserver:80:80",
            "testserver:",
            "testserver:x",
            "testserver:-1",
            "testserver:0",
        ),
        *(
            "testserver:99999",
            "testserver:²",
            "a@testserver",
            "testserver/x",
            "testserver\\x",
            "testserver#",
            "testserver?",
        ),
        *(
            "[::1",
            "::1]",
            "[::1]x",
            "[testserver]",
            "testserver..",
            ".testserver",
            "local host",
            "testserver,x",
            "%6cocalhost",
        ),
        *(
            "",
            ":80",
            "evil.example",
            "x" * 300,
            "testserver\u00ad",
            "ｌocalhost",
            "\x00",
            "testserver\t",
            "*",
        ),
    ],
)
@pytest.mark.parametrize(
    "path", ["/", "/vegg", "/konto/login/", "/desk/", "/.well-known/webfinger", "/finnes-ikke"]
)
def test_a_host_that_is_none_is_a_bad_request(nordvaag, host, path):
    answer = Client(raise_request_exception=False).get(path, HTTP_HOST=host)
    assert answer.status_code == 400


@pytest.mark.parametrize("host", ["testserver", "TESTSERVER:8000", "testserver.:80"])
def test_ours_is_known_however_it_is_spelt(nordvaag, host):
    assert Client().get("/", HTTP_HOST=host).status_code == 200
