"""The words people use here, so that a slip of the finger finds what was meant."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.db import models

from torget.people.models import Municipality


class Word(models.Model):
    """A word said in a municipality's conversations, and in how many messages."""

    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT, related_name="+")
    word = models.CharField(max_length=30)
    seen = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["municipality", "word"], name="word_once")]
        indexes = [GinIndex(fields=["word"], opclasses=["gin_trgm_ops"], name="word_trigrams")]

    def __str__(self) -> str:
        return self.word


class WordsRead(models.Model):
    """How far in the messages words have been learned: one row."""

    last_message_id = models.BigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "words read"

    def __str__(self) -> str:
        return f"Read to {self.last_message_id}"
