"""The key of a ready page: read as Django reads the request, and nothing else goes into the page."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from django.http.cookie import parse_cookie
from hypothesis import given
from hypothesis import strategies as st

from torget.config.ready.keys import Keys


class Headers:
    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self.pairs = pairs

    def items(self) -> list[tuple[str, str]]:
        return self.pairs

    def get(self, name: str, default: str | None = None) -> str | None:
        return next((value for key, value in self.pairs if key == name), default)


@dataclass
class Request:
    headers: Headers
    method: str = "GET"
    path: str = "/vegg"
    query_string: str = ""
    authority: str | None = None
    more: dict[str, str] = field(default_factory=dict)


KEYS = Keys("torget", {"nb", "nn", "en"}, https=False)


def key(*pairs: tuple[str, str], method: str = "GET"):
    headers = Headers([("host", "torg.test"), *pairs])
    return KEYS.key(Request(headers, method), headers)  # type: ignore[arg-type]


PLAIN = ("torg.test", "/vegg", "", "", "")


def test_a_reader_without_cookies_gets_the_page_for_everyone():
    assert key() == PLAIN
    assert key(method="HEAD") == PLAIN
    assert key(("cookie", "csrftoken=abc; analytics=1")) == PLAIN


@pytest.mark.parametrize(
    "pair",
    [
        ("cookie", "torget=abc"),
        ("cookie", "a=1; torget=abc"),
        ("cookie", "torget =abc"),
        ("cookie", ' torget="abc"'),
        ("cookie", "torget="),
        ("cookie", "messages=W10:1abc"),
        ("cookie", "nettopp=1"),
        ("accept", "application/activity+json"),
        ("accept", "text/html, application/ld+json"),
    ],
)
def test_who_has_something_of_their_own_or_asks_otherwise_goes_to_django(pair):
    assert key(pair) is None


def test_a_session_in_a_second_cookie_header_is_seen():
    assert key(("cookie", "a=1"), ("cookie", "torget=abc")) is None


def test_writing_goes_to_django():
    assert key(method="POST") is None


@pytest.mark.parametrize(
    ("cookie", "language", "theme"),
    [
        ("spraak=en", "en", ""),
        ("utseende=dark; spraak=nn", "nn", "dark"),
        ("spraak=; spraak=en", "en", ""),
        ("spraak=en; spraak=", "", ""),
        ("utseende=; utseende=dark", "", "dark"),
        ('spraak="en"', "en", ""),
        ("spraak =en", "en", ""),
        ("spraak=de", "", ""),
        ("spraak=en%20; utseende=pink", "", ""),
        ("spraak=" + "x" * 10_000, "", ""),
    ],
)
def test_a_cookie_is_read_as_the_page_reads_it(cookie, language, theme):
    assert key(("cookie", cookie)) == (*PLAIN[:3], language, theme)


@given(
    st.lists(
        st.sampled_from(
            ["spraak", "utseende", "torget", " torget", "x", "=", "en", "dark", ";", '"', ",", "\\"]
        ),
        max_size=12,
    ).map("".join)
)
def test_however_cookies_are_written_the_key_is_what_django_would_read(cookie):
    found = key(("cookie", cookie))
    read = parse_cookie(cookie)
    if "torget" in parse_cookie(cookie.replace("\\", "")) and "\\" not in cookie:
        assert found is None
    if found is not None and "\\" not in cookie:
        assert found[3] == (read.get("spraak") if read.get("spraak") in {"en"} else "")
        assert found[4] == (read.get("utseende") if read.get("utseende") in {"dark"} else "")


def test_the_page_is_asked_for_with_nothing_but_its_key():
    environ = KEYS.environ(("torg.test:8000", "/søk", "q=a", "en", "dark"))
    told = {name: value for name, value in environ.items() if name.startswith("HTTP_")}
    assert told == {
        "HTTP_HOST": "torg.test:8000",
        "HTTP_COOKIE": "spraak=en; utseende=dark",
        "HTTP_X_FORWARDED_PROTO": "http",
    }
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/søk"
    assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == ("torg.test", "8000")
