"""Our accounts on networks, their health, heartbeats and alarms."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q

from torget.people.models import Municipality, Staff, Unit


class AccountQuerySet(models.QuerySet["Account"]):
    """Finding accounts."""

    def active(self) -> AccountQuerySet:
        """Those we listen to; a paused account still receives."""
        return self.filter(closed_at=None)

    def with_place(self) -> AccountQuerySet:
        """With what tells where their own square is."""
        return self.select_related("municipality").prefetch_related("municipality__hosts")


class Account(models.Model):
    """One of our accounts on a network. Bad health or a pause stops sending, never receiving."""

    municipality = models.ForeignKey(
        Municipality, on_delete=models.PROTECT, related_name="accounts"
    )
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="accounts")
    network = models.CharField(max_length=20)
    address = models.CharField(max_length=255)
    name = models.CharField(max_length=100)
    key = models.UUIDField(
        default=uuid.uuid4, unique=True, help_text="Names the account in webhook addresses."
    )
    settings = models.JSONField(default=dict, blank=True)
    secrets = models.BinaryField(
        default=b"", blank=True, help_text="Encrypted; see channels.secrets."
    )
    cursor = models.JSONField(default=dict, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_by = models.ForeignKey(
        Staff, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    paused_reason = models.CharField(max_length=200, blank=True)
    healthy = models.BooleanField(default=True)
    health_detail = models.CharField(max_length=500, blank=True)
    health_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    last_received_at = models.DateTimeField(null=True, blank=True)
    rejected_count = models.PositiveIntegerField(default=0)
    rejected_at = models.DateTimeField(null=True, blank=True)
    rejected_why = models.CharField(max_length=200, blank=True)
    missing = models.JSONField(
        default=list, blank=True, help_text="Permissions we need there and were not given."
    )
    limited_until = models.DateTimeField(
        null=True,
        blank=True,
        help_text="The network's own limit is reached: nothing is sent before.",
    )
    reconciled_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When we last asked the network what its webhook may have lost.",
    )
    missed_count = models.PositiveIntegerField(
        default=0, help_text="Messages found by asking that no webhook had brought."
    )
    in_use = models.BooleanField(
        default=True, help_text="The municipality has decided to use it; see Decision."
    )
    listed = models.BooleanField(default=True, help_text="Stands in the register at /kontoer.")
    on_square = models.BooleanField(
        default=False, help_text="What is said in public there is shown on our own square too."
    )
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = AccountQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["network", "address"], name="account_address_once")
        ]

    def __str__(self) -> str:
        return f"{self.network} {self.address}"

    @property
    def is_open(self) -> bool:
        """The municipality uses it; what is said there goes out when it can."""
        return self.in_use and self.closed_at is None

    @property
    def may_send(self) -> bool:
        """Sending is not paused, and the account is well."""
        return self.paused_at is None and self.healthy and self.is_open

    @property
    def hook(self) -> str:
        """The name in its webhook address."""
        return self.key.hex


class RegisterKey(models.Model):
    """The key a municipality signs its register of official accounts with."""

    municipality = models.OneToOneField(
        Municipality, on_delete=models.PROTECT, related_name="register_key"
    )
    secret = models.BinaryField(help_text="Encrypted; see channels.secrets.")
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Key of {self.municipality_id}"


class UseDecision(models.Model):
    """The municipality decided to use an account, or not to: the data protection note, who decided and when.

    Rows are only added: the newest counts.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="use_decisions")
    in_use = models.BooleanField()
    note = models.TextField(
        help_text="What was weighed: which personal data, why, what risk (DPIA)."
    )
    decided_on = models.DateField()
    decided_by = models.CharField(max_length=120, help_text="Who decided, with their position.")
    noted_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    noted_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Use of {self.account_id} {self.decided_on}"


class Heartbeat(models.Model):
    """A loop of ours is alive."""

    name = models.CharField(max_length=60, primary_key=True)
    beat_at = models.DateTimeField()
    every_seconds = models.PositiveIntegerField(default=10)

    def __str__(self) -> str:
        return self.name

    def is_late(self, at: datetime) -> bool:
        """It has missed more than five beats."""
        return (at - self.beat_at).total_seconds() > 5 * self.every_seconds + 20


class Fault(models.Model):
    """A kind of fault nobody foresaw, in one place: how often since when. Holds nothing of what was asked or said."""

    kind = models.CharField(max_length=100)
    place = models.CharField(max_length=200)
    count = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "place"], name="one_fault_a_place")]

    def __str__(self) -> str:
        return f"{self.kind} in {self.place}"


class Alarm(models.Model):
    """Something stands still and a person is told; closed by itself when it moves again."""

    municipality = models.ForeignKey(
        Municipality, on_delete=models.PROTECT, null=True, related_name="alarms"
    )
    what = models.CharField(max_length=60)
    subject = models.CharField(max_length=100, blank=True)
    detail = models.CharField(max_length=500)
    opened_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["what", "subject"], condition=Q(closed_at=None), name="alarm_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.subject}"
