"""What channels forget."""

from __future__ import annotations

from datetime import timedelta

from torget.channels.models import Alarm, Fault
from torget.people.retention import Rule

RULES = (
    Rule(
        "channels_fault",
        "Faults of the program: kind and place",
        "90 days after the last time",
        "To see whether it is mended.",
        lambda at: Fault.objects.filter(last_at__lt=at - timedelta(days=90)),
    ),
    Rule(
        "channels_alarm",
        "What stood still",
        "1 year after it was over",
        "To see what is usual.",
        lambda at: Alarm.objects.filter(closed_at__lt=at - timedelta(days=365)),
    ),
)
KEPT = {
    "channels_account": "Our own accounts.",
    "channels_registerkey": "Our own keys.",
    "channels_usedecision": "Who decided to use an account, and why.",
    "channels_heartbeat": "No persons.",
}
