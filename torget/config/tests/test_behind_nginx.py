"""The nginx configuration we ship, before a real square: what is kept, what never is, and what reaches Torget."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

import pytest

from tests.square import Square, new_square
from torget.bench import crowd
from torget.bench.surge import CONFIGURATION


@pytest.fixture(scope="module")
def front(tmp_path_factory) -> Iterator[tuple[int, Square]]:
    with new_square(TORGET_TRUST_PROXY="1", TORGET_PUBLIC_PORT="80") as square:
        square.open()
        folder = tmp_path_factory.mktemp("nginx")
        folder.chmod(0o755)
        port = crowd.free_port()
        site = crowd.shipped(CONFIGURATION, folder, port=port, torget=square.port)
        with crowd.nginx(folder, site):
            yield port, square


def get(port: int, path: str = "/", **headers: str) -> tuple[int, http.client.HTTPMessage, bytes]:
    link = http.client.HTTPConnection("localhost", port, timeout=30)
    try:
        link.request("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})
        answer = link.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        link.close()


def test_a_page_for_everyone_comes_through_and_names_no_cache(front):
    port, _square = front
    status, headers, body = get(port)
    assert status == 200
    assert b"<html" in body
    assert "x-accel-expires" not in headers
    assert get(port, Accept_Encoding="gzip, br")[1]["content-encoding"] == "br"
    assert get(port, Accept_Encoding="gzip")[1]["content-encoding"] == "gzip"
    assert get(port)[1]["content-encoding"] is None


def test_a_reader_with_a_cookie_is_never_given_what_is_kept_nor_leaves_anything(front):
    port, _square = front
    get(port)
    assert get(port, Cookie="spraak=en")[1]["content-language"] == "en"
    assert get(port)[1]["content-language"] == "nb"
    assert get(port, Cookie="spraak=; spraak=en")[1]["content-language"] == "en"
    assert get(port)[1]["content-language"] == "nb"
    assert get(port, Cookie="torget=somebody")[1]["etag"] is None


def test_the_page_is_given_while_torget_is_away(front):
    port, square = front
    assert get(port)[0] == 200
    square.close()
    try:
        assert get(port)[0] == 200
        assert get(port, Cookie="torget=somebody")[0] == 502
    finally:
        square.open()


def test_what_is_too_large_is_refused_at_the_door(front):
    port, _square = front
    assert get(port, Cookie="a=" + "x" * 20_000)[0] in {400, 431}
    assert get(port, "/healthz")[2] == b"ok\n"
    assert get(port, "/live/desk")[0] == 401
