"""NodeInfo 2.1 (nodeinfo.diaspora.software): what kind of server this is."""

from __future__ import annotations

from typing import Any

SCHEMA = "http://nodeinfo.diaspora.software/ns/schema/2.1"
MEDIA_TYPE = f'application/json; profile="{SCHEMA}#"'


def links(origin: str) -> dict[str, Any]:
    """What `/.well-known/nodeinfo` answers."""
    return {"links": [{"rel": SCHEMA, "href": f"{origin}/nodeinfo/2.1"}]}


def document(*, version: str, name: str, actors: int, posts: int) -> dict[str, Any]:
    """Who we are. Nobody can sign up here: an account is the municipality's or a unit's."""
    return {
        "version": "2.1",
        "software": {"name": "torget", "version": version},
        "protocols": ["activitypub"],
        "services": {"inbound": [], "outbound": []},
        "openRegistrations": False,
        "usage": {"users": {"total": actors}, "localPosts": posts},
        "metadata": {"nodeName": name},
    }
