"""History forgets nothing: it holds ids and verbs only, so that forgetting a person never breaks a seal."""

from __future__ import annotations

RULES = ()
_NEVER = "Ids, verbs and numbers only, no texts and no persons: kept for ever, and sealed."
KEPT = {"history_entry": _NEVER, "history_seal": _NEVER}
