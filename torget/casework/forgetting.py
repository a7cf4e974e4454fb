"""What case work forgets."""

from __future__ import annotations

from datetime import timedelta

from torget.casework.models import BulkAct, Draft, Presence
from torget.people.retention import Rule

DAY = timedelta(days=1)
RULES = (
    Rule(
        "desk_draft",
        "Drafts nobody has touched",
        "90 days",
        "Who comes back from leave finds them; then they are old.",
        lambda at: Draft.objects.filter(updated_at__lt=at - 90 * DAY),
    ),
    Rule(
        "desk_presence",
        "Who looks at which conversation",
        "1 hour",
        "It tells of now.",
        lambda at: Presence.objects.filter(seen_at__lt=at - timedelta(hours=1)),
    ),
    Rule(
        "desk_batch",
        "What an act on many changed, to undo it",
        "90 days",
        "Nobody undoes what is older; history stays.",
        lambda at: BulkAct.objects.filter(done_at__lt=at - 90 * DAY),
    ),
)
_STAFF = "Set up by staff, about work."
KEPT = {
    "conversations_held": "Part of the case work on what was said.",
    "conversations_approvalterm": "No persons.",
    "desk_preference": _STAFF,
    "desk_savedview": _STAFF,
    "desk_cannedreply": _STAFF,
    "desk_macro": _STAFF,
    "desk_rule": _STAFF,
    "desk_rulerun": "Which rule did what: ids; explains history.",
    "desk_rulecursor": "No persons.",
    "desk_dealing": _STAFF,
    "desk_handover": "What was handed over at a change of shift; part of the case work.",
}
