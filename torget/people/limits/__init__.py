"""Limits that stop floods and not libraries: what is counted, how much is let through, and what happens above it."""

from torget.people.limits.counting import at_most, flooded, forget_past
from torget.people.limits.declared import BY_NAME, LIMITS, Limit
from torget.people.limits.gate import gate, gated
from torget.people.limits.letters import may_write_to
from torget.people.limits.lines import hang_up, take_line
from torget.people.limits.values import figures, set_value, value_of

__all__ = [
    "BY_NAME",
    "LIMITS",
    "Limit",
    "at_most",
    "figures",
    "flooded",
    "forget_past",
    "gate",
    "gated",
    "hang_up",
    "may_write_to",
    "set_value",
    "take_line",
    "value_of",
]
