"""What is said when the square opens: what is missing, and by which address it is known."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys

from tests.square import free_port, new_square


def test_web_without_style_sheets_says_so_and_what_to_do():
    with new_square() as square:
        command = [sys.executable, "-m", "torget.config.cli", "web", "--port", str(free_port())]
        told = subprocess.run(
            command, env=square.environ, capture_output=True, text=True, timeout=60, check=False
        )
    assert told.returncode == 1
    assert told.stderr.strip().endswith("Run: torget assets")


def test_behind_https_no_port_of_ours_stands_in_an_address():
    with new_square(TORGET_HTTPS="1", TORGET_TRUST_PROXY="1") as square:
        square.open()
        link = http.client.HTTPConnection("localhost", square.port, timeout=30)
        headers = {
            "host": "localhost",
            "accept": "application/activity+json",
            "x-forwarded-proto": "https",
            "x-forwarded-for": "192.0.2.7",
        }
        link.request("GET", "/ap/nordvaag", headers=headers)
        actor = link.getresponse().read()
        link.close()
    assert json.loads(actor)["id"] == "https://localhost/ap/nordvaag"
    assert str(square.port).encode() not in actor
