"""Other servers' actors: fetched signed and carefully, kept with their keys, fetched anew when a signature fails."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urldefrag, urljoin

from django.conf import settings
from django.utils import timezone

from torget.adapters.activitypub.models import Remote
from torget.adapters.activitypub.ours import Ours
from torget.channels import http
from torget.protocols import webfinger
from torget.protocols.activitypub import MEDIA_TYPE, ActorSaid, Malformed, reading
from torget.protocols.http_signatures import BadKey, PublicKey, Request, cavage

MOST_REDIRECTS = 3
FETCH_SECONDS = 10.0
ASK_SECONDS = 5.0
FRESH = timedelta(days=3)  # names and inboxes change seldom, and an Update tells
AGAIN_AFTER = timedelta(
    seconds=10
)  # a forged signature must not make us call its victim all the time
REMEMBER_FAILED_SECONDS = 60.0
MOST_REMEMBERED = 5_000
_ACCEPT = f'{MEDIA_TYPE}, application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
_failed: dict[str, float] = {}


class Unreachable(Exception):  # noqa: N818 - names what happened
    """It could not be fetched. `gone`: its server says it is no more; `maybe_later`: trying again may help."""

    def __init__(self, message: str, *, gone: bool = False, maybe_later: bool = False) -> None:
        super().__init__(message)
        self.gone = gone
        self.maybe_later = maybe_later


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document, and the address it was found at in the end."""

    url: str
    document: Mapping[str, Any]


def _is_activity(content_type: str) -> bool:
    kind, _semicolon, rest = content_type.lower().partition(";")
    return kind.strip() == MEDIA_TYPE or (
        kind.strip() == "application/ld+json" and "activitystreams" in rest
    )


def _get(
    url: str, ours: Ours, *, accept: str, signed: bool, seconds: float
) -> tuple[str, http.Response]:
    """GET with redirects followed by hand, each signed and checked as the first.

    Raises:
        Unreachable: no usable answer.
    """
    for _step in range(MOST_REDIRECTS + 1):
        if not url.startswith("https://") and not settings.ALLOW_PRIVATE_HOSTS:
            raise Unreachable("The address is not https.")
        try:
            url = http.checked_url(url).url  # what is signed is what is asked for
        except http.HttpError as fault:
            raise Unreachable(str(fault)) from fault
        answer = _ask(url, ours if signed else None, accept, seconds)
        if signed and answer.status in {401, 403} and ours.changes_keys(timezone.now()):
            answer = _ask(url, ours, accept, seconds, before=True)
        if answer.status in {301, 302, 303, 307, 308} and answer.headers.get("location"):
            url = urljoin(url, answer.headers["location"])
            continue
        if answer.status != 200:
            gone = answer.status in {404, 410}
            raise Unreachable(f"HTTP {answer.status}", gone=gone, maybe_later=not gone)
        return url, answer
    raise Unreachable("Too many redirects.")


def _ask(
    url: str, signs: Ours | None, accept: str, seconds: float, *, before: bool = False
) -> http.Response:
    """One GET, signed when somebody signs it; `before`: with the key before the one in force.

    Raises:
        Unreachable: no answer.
    """
    headers = {"accept": accept}
    if signs is not None:
        key = signs.key_before("rsa") if before else signs.key("rsa")
        made = cavage.sign(Request.of("GET", url), None, key, now=time.time())
        headers |= {name: value for name, value in made.items() if name != "host"}
    try:
        return http.request("GET", url, headers=headers, timeout_seconds=seconds)
    except http.HttpError as fault:
        raise Unreachable(str(fault), maybe_later=True) from fault


def fetch(uri: str, ours: Ours) -> Fetched:
    """A document of another server, asked for in our name.

    Raises:
        Unreachable: not there, not allowed, or not an ActivityPub document.
    """
    address = urldefrag(uri).url
    if not reading.is_uri(address):
        raise Unreachable("Not an address.")
    url, answer = _get(address, ours, accept=_ACCEPT, signed=True, seconds=FETCH_SECONDS)
    if not _is_activity(answer.headers.get("content-type", "")):
        raise Unreachable("What is there is no ActivityPub document.")
    try:
        document = reading.load(answer.body)
    except Malformed as fault:
        raise Unreachable(str(fault)) from fault
    if reading.host_of(reading.id_of(document.get("id"))) != reading.host_of(url):
        raise Unreachable("The document says it is somewhere else.")
    return Fetched(url, document)


def known(uri: str) -> Remote | None:
    """The actor as we last saw it, if we did."""
    return Remote.objects.filter(uri=uri).first()


def actor(uri: str, ours: Ours, *, at: datetime | None = None) -> Remote:
    """The actor, fetched when we do not know it or saw it too long ago.

    Raises:
        Unreachable: we do not know it and cannot get it.
    """
    at = at or timezone.now()
    remote = known(uri)
    if remote is not None and remote.fetched_at > at - FRESH:
        return remote
    if _failed.get(uri, 0.0) > time.monotonic():
        if remote is not None:
            return remote
        raise Unreachable("It could not be fetched a moment ago.", maybe_later=True)
    try:
        return refresh(uri, ours, at=at)
    except Unreachable:
        if len(_failed) > MOST_REMEMBERED:
            _failed.clear()
        _failed[uri] = time.monotonic() + REMEMBER_FAILED_SECONDS
        if remote is not None:
            return remote
        raise


def refresh(uri: str, ours: Ours, *, at: datetime) -> Remote:
    """Fetch the actor anew and keep it.

    Raises:
        Unreachable: it is not there, or what is there is another actor.
    """
    try:
        profile = reading.actor(fetch(uri, ours).document)
    except Malformed as fault:
        raise Unreachable(str(fault)) from fault
    if profile.id != uri:
        raise Unreachable("What is there is another actor.")
    return keep(profile, _confirmed_handle(profile, ours), at=at)


def keep(profile: ActorSaid, handle: str, *, at: datetime) -> Remote:
    """Keep what an actor said about itself."""
    row, _new = Remote.objects.update_or_create(
        uri=profile.id,
        defaults={
            "host": reading.host_of(profile.id),
            "kind": profile.type,
            "username": profile.username,
            "name": profile.name,
            "handle": handle,
            "page": profile.url if profile.url.startswith("https://") else "",
            "inbox": profile.inbox,
            "shared_inbox": profile.shared_inbox,
            "keys": [{"id": key_id, "how": how, "key": key} for key_id, how, key in profile.keys],
            "moved_to": profile.moved_to,
            "fetched_at": at,
            "gone_at": None,
        },
    )
    return row


def owner_of(key_id: str, ours: Ours, *, at: datetime) -> Remote:
    """The actor whose key stands at that address.

    Raises:
        Unreachable: nobody's.
    """
    address = urldefrag(key_id).url
    if remote := known(address):
        return remote
    host = reading.host_of(key_id)
    if remote := Remote.objects.filter(host=host, keys__contains=[{"id": key_id}]).first():
        return remote
    if _failed.get(address, 0.0) > time.monotonic():
        raise Unreachable("It could not be fetched a moment ago.", maybe_later=True)
    document = fetch(key_id, ours).document
    owner = reading.id_of(document.get("owner")) or reading.id_of(document.get("id"))
    if reading.host_of(owner) != host:
        raise Unreachable("The key's owner is somewhere else.")
    return actor(owner, ours, at=at)


def may_ask_again(remote: Remote, *, at: datetime) -> bool:
    """Whether a signature that fails is reason enough to fetch its keys anew."""
    return remote.fetched_at < at - AGAIN_AFTER


def key_in(remote: Remote, key_id: str) -> PublicKey | None:
    """The actor's key at that address."""
    for key in remote.keys:
        if key["id"] == key_id:
            make = PublicKey.from_pem if key["how"] == "pem" else PublicKey.from_multikey
            try:
                return make(key_id, key["key"])
            except BadKey:
                return None
    return None


def _confirmed_handle(profile: ActorSaid, ours: Ours) -> str:
    """The handle the actor's own server gives it; "" when WebFinger does not lead back to the actor."""
    host, scheme = reading.host_of(profile.id), profile.id.partition(":")[0]
    try:
        subject, uri = find(f"{profile.username}@{host}", ours, scheme=scheme)
        # A subject on another host counts only when that host says the same (a domain with its server elsewhere).
        if uri == profile.id and subject.partition("@")[2] != host:
            subject, uri = find(subject, ours, scheme=scheme)
    except (webfinger.Unknown, Unreachable):
        return ""
    return f"@{subject}" if uri == profile.id else ""


def find(handle: str, ours: Ours, *, scheme: str = "") -> tuple[str, str]:
    """Subject and actor of a handle, by WebFinger.

    Raises:
        webfinger.Unknown: not a handle, or an answer that names no actor.
        Unreachable: no answer.
    """
    plain = settings.ALLOW_PRIVATE_HOSTS and ours.origin.startswith("http://")
    url = webfinger.query_url(handle, scheme=scheme or ("http" if plain else "https"))
    accept = f"{webfinger.MEDIA_TYPE}, application/json"
    _url, answer = _get(url, ours, accept=accept, signed=False, seconds=ASK_SECONDS)
    return webfinger.read(answer.body)
