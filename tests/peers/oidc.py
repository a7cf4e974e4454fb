"""A real OpenID Connect provider for tests: oidc-provider from npm, on loopback."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.peers.node import node
from tests.square import Square, free_port, new_square

HERE = Path(__file__).resolve().parent
KARI_PID = "20129912345"  # as in oidc.mjs; December has no day that makes it a real one's: the control digits are wrong


@dataclass
class Provider:
    """The running provider. Whoever it sends to its page picks one of the people in oidc.mjs."""

    issuer: str

    def settings(self) -> dict[str, str]:
        """Settings of a square that uses it for staff and, as ID-porten, for residents."""
        return {
            "TORGET_OIDC_ISSUER": self.issuer,
            "TORGET_OIDC_CLIENT_ID": "torget",
            "TORGET_OIDC_CLIENT_SECRET": "hemmelig-torget",
            "TORGET_IDPORTEN_ISSUER": self.issuer,
            "TORGET_IDPORTEN_CLIENT_ID": "torget-innbygger",
            "TORGET_IDPORTEN_CLIENT_SECRET": "hemmelig-torget-innbygger",
        }


@contextlib.contextmanager
def provider_for(port: int, square_url: str) -> Iterator[Provider]:
    """oidc-provider for a square at that address; stopped afterwards."""
    if not (HERE.parents[1] / "node_modules" / "oidc-provider").is_dir():
        pytest.fail("oidc-provider is missing. Run: npm ci")
    process = subprocess.Popen(
        [node(), str(HERE / "oidc.mjs")],
        env={**os.environ, "PORT": str(port), "SQUARE": square_url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        assert process.stdout is not None
        heard = b""
        while b"READY" not in heard:
            line = process.stdout.readline()
            assert line, f"oidc-provider did not start: {heard.decode()}"
            heard += line
        yield Provider(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="session")
def signin_square() -> Iterator[Square]:
    """An open square that lets staff in by OpenID Connect and residents by ID-porten; `provider` is its provider."""
    port = free_port()
    settings = Provider(f"http://127.0.0.1:{port}").settings()
    with new_square(**settings) as square, provider_for(port, square.url) as provider:
        square.open()
        square.provider = provider  # type: ignore[attr-defined]  # only these squares have one
        yield square
