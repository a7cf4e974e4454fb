"""Acting in conversations."""

from torget.conversations.rules.answering import answer, post, route_back, send_message
from torget.conversations.rules.handling import assign, close, forward, note, reopen, take
from torget.conversations.rules.state import MAX_BODY_CHARS, case_path

__all__ = [
    "MAX_BODY_CHARS",
    "answer",
    "assign",
    "case_path",
    "close",
    "forward",
    "note",
    "post",
    "reopen",
    "route_back",
    "send_message",
    "take",
]
