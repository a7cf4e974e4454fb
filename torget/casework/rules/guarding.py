"""What the guard makes of an answer in one conversation: what is our own there, and whose name is not to be shown."""

from __future__ import annotations

from torget.channels.models import Account
from torget.channels.rules import letter_network
from torget.conversations.guard import Finding, look
from torget.conversations.models import Conversation
from torget.conversations.rules.answering import Words


def findings_in(conversation: Conversation, words: Words, files: int = 0) -> list[Finding]:
    """What in the part of an answer that everybody will read may be about somebody. Nothing for a private one."""
    if not words.public_text:
        return []
    municipality = conversation.municipality
    own = [municipality.phone, municipality.email, municipality.email.rpartition("@")[2]]
    own += Account.objects.filter(municipality=municipality, network=letter_network()).values_list(
        "address", flat=True
    )
    return look(
        words.public_text,
        own=[address for address in own if address],
        hidden_name="" if conversation.show_name else conversation.person_name,
        files=files if words.visibility == Conversation.Visibility.PUBLIC else 0,
    )
