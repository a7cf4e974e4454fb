"""How the Python we run on behaves: faults that have been mended upstream, found by trying.

Distributions mend without a new number. Only the standard library: set-up runs it before anything is installed.

    python -m torget.config.runtime    names what is stale, one a line
"""
# ruff: noqa: S603 - the program is ourselves

from __future__ import annotations

import ipaddress
import json
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Callable
from email import policy
from email.utils import getaddresses
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlsplit

TRIAL_SECONDS = 30
_SLOW = 8.0  # times as long for four times as much: linear is 4, quadratic 16
_FLOOR_SECONDS = 0.02


def _grows(act: Callable[[int], object], size: int) -> bool:
    """Whether it takes time quadratic in size."""

    def took(number: int) -> float:
        begun = time.process_time()
        act(number)
        return time.process_time() - begun

    few, many = (min(took(number) for _again in range(2)) for number in (size, 4 * size))
    return many > _FLOOR_SECONDS and many > _SLOW * few


def _cookies() -> bool:
    return _grows(lambda size: SimpleCookie('a="' + '\\"' * size + '"'), 1_500)


def _html() -> bool:
    def read(size: int) -> None:
        reader = HTMLParser()
        reader.feed("<a " * size)
        reader.close()

    return _grows(read, 400)


def _brackets() -> bool:
    try:
        urlsplit("http://[127.0.0.1]/")
    except ValueError:
        return False
    return True


def _blanks() -> bool:
    return urlsplit(" https://example.org/").scheme != "https"


def _ranges() -> bool:
    return not ipaddress.ip_address("64:ff9b:1::1").is_private


def _addresses() -> bool:
    return getaddresses(["alice@example.org)bob@example.org"]) != [("", "")]


def _headers() -> bool:
    return not hasattr(policy.default, "verify_generated_headers")


def _tar() -> bool:
    return not hasattr(tarfile, "LinkFallbackError")


def _zip() -> bool:
    return "_end_offset" not in zipfile.ZipInfo.__slots__


# What is tried: the advisory, what it lets strangers do, and the trial (true: it is stale).
TRIALS: dict[str, tuple[str, Callable[[], bool]]] = {
    "CVE-2024-7592": ("a long cookie takes minutes to read", _cookies),
    "CVE-2025-6069": ("broken HTML takes minutes to read", _html),
    "CVE-2024-11168": ("an address in brackets is read in two ways", _brackets),
    "CVE-2023-24329": ("an address that begins with a blank is read in two ways", _blanks),
    "CVE-2024-4032": ("private networks are taken for public ones", _ranges),
    "CVE-2023-27043": ("a sender's address is read as another's", _addresses),
    "CVE-2024-6923": ("a line break in a header is sent as one", _headers),
    "CVE-2025-4517": ("a backup may write outside its folder when it is restored", _tar),
    "CVE-2024-0450": ("a small ZIP file unpacks to a huge one", _zip),
}


def stale() -> list[str]:
    """The advisories this very process is not mended for. Some trials take long where it is not: see `look`."""
    return [name for name, (_words, trial) in TRIALS.items() if trial()]


def look(python: str = sys.executable) -> list[str]:
    """What a Python is not mended for, tried in a child that is ended after 30 seconds; a sentence for people each."""
    try:
        answer = subprocess.run(
            [python, "-m", __name__, "--json"],
            cwd=Path(__file__).resolve().parents[2],
            capture_output=True,
            timeout=TRIAL_SECONDS,
            check=True,
        )
        names: list[str] = json.loads(answer.stdout)
    except (subprocess.SubprocessError, OSError, ValueError):
        return ["it could not be tried within 30 seconds"]
    return [f"{name}: {TRIALS[name][0]}" for name in names if name in TRIALS]


def sentence(faults: list[str]) -> str:
    """What to tell the operator, and what to do; nothing when all is well."""
    if not faults:
        return ""
    version = ".".join(map(str, sys.version_info[:3]))
    return (
        f"Python {version} has faults that have been mended upstream ({'; '.join(faults)}). Torget guards itself against "
        f"them, its libraries may not: install the newest {version.rpartition('.')[0]} and set up again."
    )


if __name__ == "__main__":
    if "--json" in sys.argv:
        print(json.dumps(stale()))  # noqa: T201 - for `look`
    else:
        print("\n".join(f"{name}: {TRIALS[name][0]}" for name in stale()))  # noqa: T201
