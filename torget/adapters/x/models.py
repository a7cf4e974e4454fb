"""What X costs us."""

from __future__ import annotations

from django.db import models


class Charge(models.Model):
    """What one thing we did on X costs. The same thing again is the same row: it is paid for once, as far as we know."""

    account_number = models.BigIntegerField()
    month = models.CharField(max_length=7, help_text="YYYY-MM, in UTC.")
    key = models.CharField(max_length=100)
    dollars = models.DecimalField(max_digits=10, decimal_places=4)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account_number", "key"], name="x_charge_once")
        ]

    def __str__(self) -> str:
        return f"{self.month} {self.dollars}"
