"""What was said stays until the archive duty and the right to erasure have been weighed, by a person."""

from __future__ import annotations

from torget.people.retention import Rule

RULES: tuple[Rule, ...] = ()
_SAID = "What was said, by whom and to whom: kept for the archive duty, and taken away by a person's decision only."
_WORK = "Part of the case work on what was said."
KEPT = {
    **dict.fromkeys(
        (
            "conversations_person",
            "conversations_identity",
            "conversations_conversation",
            "conversations_message",
            "conversations_version",
            "conversations_attachment",
            "conversations_chat",
            "conversations_participant",
        ),
        _SAID,
    ),
    **dict.fromkeys(
        (
            "conversations_merge",
            "conversations_block",
            "conversations_joining",
            "conversations_mention",
        ),
        _WORK,
    ),
    "conversations_personnote": "Each has a day on which it is taken away (job conversations.person_notes).",
    "conversations_gone": "Ids of what others deleted before it came; no words.",
    "conversations_tag": "No persons.",
    "conversations_rereading": "Numbers of messages; no persons.",
    "conversations_deadline": "No persons.",
    "conversations_word": "Words by themselves, for searches with slips in them.",
    "conversations_wordsread": "No persons.",
}
