"""What staff do with what was said: replies on their way, whose turn it is, acts on many, rules that act by themselves."""

from torget.casework.models.automation import (
    AutomationCursor,
    AutomationRule,
    AutomationRun,
    BulkAct,
    Macro,
)
from torget.casework.models.replies import (
    ApprovalRule,
    CannedReply,
    Draft,
    PendingReply,
    PendingReplyQuerySet,
)
from torget.casework.models.work import (
    AssignmentPolicy,
    Handover,
    Preference,
    Presence,
    SavedView,
)

__all__ = [
    "ApprovalRule",
    "AssignmentPolicy",
    "AutomationCursor",
    "AutomationRule",
    "AutomationRun",
    "BulkAct",
    "CannedReply",
    "Draft",
    "Handover",
    "Macro",
    "PendingReply",
    "PendingReplyQuerySet",
    "Preference",
    "Presence",
    "SavedView",
]
