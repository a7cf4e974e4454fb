"""Direct dialogue: who is at the page, who types, and where the transcript goes."""

from __future__ import annotations

from django.db import models

from torget.conversations.models.conversation import Conversation
from torget.conversations.models.message import Message


class Chat(models.Model):
    """A conversation that goes on while both are there. What is said are ordinary messages in it."""

    conversation = models.OneToOneField(Conversation, on_delete=models.PROTECT, related_name="chat")
    email = models.EmailField(blank=True, help_text="Where the resident wants the transcript.")
    resident_seen_at = models.DateTimeField()
    resident_typing_at = models.DateTimeField(null=True, blank=True)
    staff_typing_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    told = models.ForeignKey(
        Message,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The last of our words that was sent by e-mail after the resident had left.",
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["resident_seen_at"], condition=models.Q(ended_at=None), name="chat_open"
            )
        ]

    def __str__(self) -> str:
        return f"Chat {self.pk}"
