"""How far we have looked again at what an account has."""

from __future__ import annotations

from django.db import models

from torget.channels.models import Account


class Rereading(models.Model):
    """The next round begins after message `after`; `at` is when the last one began."""

    account = models.OneToOneField(
        Account, on_delete=models.PROTECT, primary_key=True, related_name="+"
    )
    after = models.BigIntegerField(default=0)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Rereading {self.pk}"
