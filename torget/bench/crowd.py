"""A crowd of readers (wrk), and what they are measured against (nginx): both are programs of Debian's."""
# ruff: noqa: S603 - the programs are named here

from __future__ import annotations

import contextlib
import http.client
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MISSING = "nginx and wrk are needed for this: apt-get install nginx-light wrk"
_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}
_START_SECONDS = 10
_FROM_DISK = """
server {{
  listen 127.0.0.1:{port};
  root {folder};
  default_type "text/html; charset=utf-8";
}}
"""
_MAIN = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes auto;
{user}
events {{ worker_connections 8192; }}
http {{
  access_log off;
  sendfile on;
  keepalive_requests 10000000;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  include {folder}/site.conf;
}}
"""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a crowd got: how many answers in how many seconds, and how long 99 of 100 waited at most."""

    count: int
    seconds: float
    p99_ms: float
    failed: int


def program(name: str) -> str:
    """Where it is.

    Raises:
        RuntimeError: it is not installed.
    """
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if path is None:
        raise RuntimeError(MISSING)
    return path


def read(url: str, *, connections: int, seconds: int, **headers: str) -> Reading:
    """Let `connections` readers ask for the address, each again as soon as it is answered."""
    words = [program("wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    words += ["--timeout", "20s"]
    for name, value in headers.items():
        words += ["-H", f"{name.replace('_', '-')}: {value}"]
    told = subprocess.run([*words, url], capture_output=True, text=True, check=True).stdout
    count, took = re.findall(r"(\d+) requests in ([\d.]+)s", told)[0]
    number, unit = re.findall(r"99%\s+([\d.]+)(us|ms|s|m)", told)[0]
    failed = sum(int(many) for many in re.findall(r"Non-2xx or 3xx responses: (\d+)", told))
    for errors in re.findall(
        r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", told
    ):
        failed += sum(map(int, errors))
    return Reading(int(count), float(took), float(number) * _UNITS[unit], failed)


@contextlib.contextmanager
def nginx(folder: Path, site: str) -> Iterator[None]:
    """An nginx of its own with this configuration of servers, until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    # As root its workers would be somebody else, who may not read a folder of ours.
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(_MAIN.format(folder=folder, user=user))
    (folder / "site.conf").write_text(site)
    words = [program("nginx"), "-p", str(folder), "-e", f"{folder}/error.log"]
    process = subprocess.Popen(
        [*words, "-c", str(folder / "nginx.conf")], stdout=subprocess.DEVNULL
    )
    try:
        port = int(re.findall(r"listen (?:127\.0\.0\.1:)?(\d+)", site)[0])
        until = time.monotonic() + _START_SECONDS
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError((folder / "error.log").read_text()[-500:])
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(_START_SECONDS)


@contextlib.contextmanager
def from_disk(folder: Path, pages: dict[str, bytes]) -> Iterator[int]:
    """The port of an nginx that gives the same bytes from files of these names."""
    files = folder / "pages"
    files.mkdir(parents=True)
    for name, content in pages.items():
        (files / name).write_bytes(content)
    port = free_port()
    with nginx(folder, _FROM_DISK.format(port=port, folder=files)):
        yield port


def shipped(configuration: Path, folder: Path, *, port: int, torget: int) -> str:
    """The configuration we ship, listening without TLS on this port of loopback, before a Torget on another."""
    text = configuration.read_text()
    text = re.sub(r"server \{\n  listen 80;.*?\n\}\n", "", text, flags=re.DOTALL)
    text = re.sub(r"  ssl_[^\n]*\n", "", text)
    for ours, theirs in (
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{port};"),
        ("server_name square.example.no;", "server_name _;"),
        ("127.0.0.1:8000", f"127.0.0.1:{torget}"),
        ("/var/cache/nginx/torget", f"{folder}/cache"),
    ):
        if ours not in text:
            raise RuntimeError(f"{configuration.name} has no {ours}")
        text = text.replace(ours, theirs)
    return text


def fetch(port: int, path: str, **headers: str) -> bytes:
    """One page as it is sent.

    Raises:
        RuntimeError: it was not 200.
    """
    link = http.client.HTTPConnection("localhost", port, timeout=30)
    try:
        link.request("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})
        answer = link.getresponse()
        body = answer.read()
        if answer.status != http.HTTPStatus.OK:
            raise RuntimeError(f"{path} was answered {answer.status}.")
        return body
    finally:
        link.close()


def free_port() -> int:
    """A port of loopback nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
