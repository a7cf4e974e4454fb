"""An actor of ours, and a web in which other servers answer what a test says they do."""

from __future__ import annotations

import json

import pytest
from django.utils import timezone

from tests.cast import NOW
from torget.adapters.activitypub import ours, remotes, rules
from torget.adapters.activitypub.tests.servers import Server
from torget.channels import http
from torget.channels import rules as channels
from torget.people.actor import Actor
from torget.people.models import Unit


class Web:
    """Other servers: address → (status, headers, body). What is not there is 404."""

    def __init__(self):
        self.pages = {}
        self.asked = []

    def put(self, url, held, *, status=200, kind="application/activity+json", **headers):
        body = held if isinstance(held, bytes) else json.dumps(held).encode()
        told = {
            "content-type": kind,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        self.pages[url] = http.Response(status, told, body)

    def request(self, method, url, *, headers=None, **_more):
        self.asked.append((url, dict(headers or {})))
        found = self.pages.get(url)
        if isinstance(found, Exception):
            raise found
        return found or http.Response(404, {}, b"")

    def urls(self):
        return [url for url, _headers in self.asked]


@pytest.fixture
def web(monkeypatch, settings):
    settings.ALLOW_PRIVATE_HOSTS = False
    held = Web()
    monkeypatch.setattr(remotes.http, "request", held.request)
    remotes._failed.clear()
    return held


@pytest.fixture
def account(nordvaag):
    unit = Unit.objects.get(municipality=nordvaag, slug="servicetorget")
    return rules.open_actor(
        unit, "nordvaag", name="Nordvåg kommune", by=Actor.system(nordvaag.pk), at=NOW
    )


@pytest.fixture
def school(nordvaag, account):
    """Another actor of the same municipality."""
    unit = Unit.objects.get(municipality=nordvaag, slug="teknisk-drift")
    return rules.open_actor(unit, "drift", by=Actor.system(nordvaag.pk), at=NOW)


@pytest.fixture
def snapshot(account):
    return channels.access(account)


@pytest.fixture
def mine(snapshot):
    return ours.of(snapshot)


@pytest.fixture
def at():
    return timezone.now()


@pytest.fixture
def server():
    held = Server()
    yield held
    held.http.shutdown()
    held.http.server_close()
