"""In which language we speak: that of the words themselves, never that of whoever asked."""

from __future__ import annotations

from torget.conversations.models import Conversation
from torget.people.models import Municipality
from torget.protocols import tongues

HOUSE = ("nb", "nn", "en")
_FEW_WORDS = 6


def language_of(body: str, municipality: Municipality, asked_in: str = "") -> str:
    """The language of something we say: what its words tell, else the municipality's own.

    Norwegian that may be either kind is the municipality's kind. Words that are none of the house's languages, enough of them to
    tell, are in the language we were asked in, where that is another.
    """
    own = municipality.default_language
    language = tongues.told(body)
    if language in HOUSE:
        return language
    if language == tongues.NORWEGIAN:
        return own if own in ("nb", "nn") else "nb"
    foreign = asked_in and asked_in not in HOUSE and len(body.split()) >= _FEW_WORDS
    return asked_in if foreign else own


def spoken_in(conversation: Conversation, body: str) -> str:
    """As `language_of`, of something said in a conversation."""
    return language_of(body, conversation.municipality, conversation.language)
