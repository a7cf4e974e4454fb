"""What X costs us, and the key that is another each time it is used."""

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


class Key(models.Model):
    """The account's keys as they are now, sealed: X gives a new lasting key each time the old one is used."""

    account_number = models.BigIntegerField(unique=True)
    connected_with = models.CharField(
        max_length=64,
        help_text="Hash of the key the account was connected with: another begins anew.",
    )
    sealed = models.BinaryField()
    ends_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Keys of {self.account_number}"
