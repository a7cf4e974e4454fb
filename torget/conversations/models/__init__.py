"""Everything said: conversations, messages, people and their identities, attachments; and how staff work with it."""

from torget.conversations.models.attachment import Attachment
from torget.conversations.models.chat import Chat
from torget.conversations.models.conversation import Conversation, ConversationQuerySet, make_key
from torget.conversations.models.handling import (
    ConversationMerge,
    Deadline,
    Mention,
    Participant,
    Tag,
)
from torget.conversations.models.message import (
    Message,
    MessageQuerySet,
    Tombstone,
    Version,
    deliveries_of,
    sent_of,
)
from torget.conversations.models.persons import (
    Block,
    Identity,
    Person,
    PersonMerge,
    PersonNote,
    below,
)
from torget.conversations.models.rereading import Rereading
from torget.conversations.models.words import Word, WordsRead

__all__ = [
    "Attachment",
    "Block",
    "Chat",
    "Conversation",
    "ConversationMerge",
    "ConversationQuerySet",
    "Deadline",
    "Identity",
    "Mention",
    "Message",
    "MessageQuerySet",
    "Participant",
    "Person",
    "PersonMerge",
    "PersonNote",
    "Rereading",
    "Tag",
    "Tombstone",
    "Version",
    "Word",
    "WordsRead",
    "below",
    "deliveries_of",
    "make_key",
    "sent_of",
]
