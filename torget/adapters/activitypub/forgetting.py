"""What the fediverse's tables keep; deliveries are swept by the loop that carries them."""

from __future__ import annotations

RULES = ()
_PUBLIC = "Public there, and said or done to what we published; taken away when its author does."
KEPT = {
    "activitypub_remote": "Public profiles of accounts that write to us or follow us, fetched anew.",
    "activitypub_follower": "Who follows us; taken away when they stop.",
    "activitypub_thing": "What we published ourselves.",
    "activitypub_response": _PUBLIC,
    "activitypub_act": "What we did ourselves.",
    "activitypub_parcel": "Our own words on their way to a server; swept by the loop that carries them.",
    "activitypub_peer": "How servers fare; no persons.",
    "activitypub_profile": "What was last told of ourselves.",
    "activitypub_oldcopy": "Servers that may not have our new key yet; emptied within a month.",
    "activitypub_domainblock": "Decisions about servers.",
}
