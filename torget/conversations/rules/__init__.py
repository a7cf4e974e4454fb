"""Acting in conversations."""

from torget.conversations.rules.answering import answer, post, route_back, send_message
from torget.conversations.rules.handling import (
    assign,
    close,
    forward,
    hand_on,
    note,
    note_copy,
    reopen,
    take,
)
from torget.conversations.rules.state import MAX_BODY_CHARS, case_path

__all__ = [
    "MAX_BODY_CHARS",
    "answer",
    "assign",
    "case_path",
    "close",
    "forward",
    "hand_on",
    "note",
    "note_copy",
    "post",
    "reopen",
    "route_back",
    "send_message",
    "take",
]
