"""ActivityPub documents ↔ plain values (W3C ActivityPub 2018, Activity Streams 2.0, and what Mastodon adds)."""

from __future__ import annotations

from torget.protocols.activitypub.values import (
    PUBLIC,
    Activity,
    ActorSaid,
    Attached,
    Claim,
    Malformed,
    NoteSaid,
    Poll,
)

MEDIA_TYPE = "application/activity+json"
LD_MEDIA_TYPE = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'

__all__ = [
    "LD_MEDIA_TYPE",
    "MEDIA_TYPE",
    "PUBLIC",
    "Activity",
    "ActorSaid",
    "Attached",
    "Claim",
    "Malformed",
    "NoteSaid",
    "Poll",
]
