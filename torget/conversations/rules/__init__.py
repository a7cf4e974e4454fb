"""Acting in conversations."""

from torget.conversations.rules.addressing import (
    Addressed,
    Agreed,
    addressed,
    gone_private,
    reachable_privately,
    route_back,
    spoken_to,
)
from torget.conversations.rules.answering import (
    answer,
    words,
)
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
from torget.conversations.rules.posting import post
from torget.conversations.rules.sending import (
    measured,
    preview,
    send_message,
    worded,
)
from torget.conversations.rules.state import MAX_BODY_CHARS, case_path

__all__ = [
    "MAX_BODY_CHARS",
    "Addressed",
    "Agreed",
    "addressed",
    "answer",
    "assign",
    "case_path",
    "close",
    "forward",
    "gone_private",
    "hand_on",
    "measured",
    "note",
    "note_copy",
    "post",
    "preview",
    "reachable_privately",
    "reopen",
    "route_back",
    "send_message",
    "spoken_to",
    "take",
    "worded",
    "words",
]
