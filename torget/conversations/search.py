"""Searching what was said: Norwegian stems over messages, and subjects and case numbers."""

from __future__ import annotations

from django.contrib.postgres.search import SearchQuery
from django.db.models import Exists, OuterRef, Q

from torget.conversations.models import ConversationQuerySet, Message


def find(
    conversations: ConversationQuerySet, query: str, *, public: bool = False
) -> ConversationQuerySet:
    """Those of `conversations` in which the words were said, newest first; `public` looks in public messages only."""
    words = SearchQuery(query, config="norwegian", search_type="websearch")
    messages = Message.objects.filter(conversation=OuterRef("pk"), search=words)
    messages = messages.public() if public else messages
    hit = Q(Exists(messages)) | Q(ref__iexact=query) | Q(subject__icontains=query)
    if not public:
        hit |= Q(person_name__icontains=query)
    return conversations.filter(hit).select_related("unit").order_by("-last_message_at", "-id")
