"""Nothing of persons is kept here."""

from __future__ import annotations

RULES = ()
KEPT = {"mastodon_registration": "Our own registration at a server."}
