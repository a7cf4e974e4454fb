"""Who works on what: how one wants the desk, who is where, whose turn it is, what a shift hands over."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from torget.conversations.models import Conversation
from torget.people.models import Municipality, Staff, Unit


class Preference(models.Model):
    """How one member of staff wants the desk."""

    staff = models.OneToOneField(Staff, on_delete=models.CASCADE, related_name="preference")
    shortcuts = models.BooleanField(default=False)
    undo_seconds = models.PositiveSmallIntegerField(default=10)
    most_open = models.PositiveSmallIntegerField(
        default=0, help_text="Open conversations at most, when they are dealt out. 0: no limit."
    )

    class Meta:
        db_table = "desk_preference"

    def __str__(self) -> str:
        return f"Preference of {self.staff_id}"


class SavedView(models.Model):
    """A choice of filters with a name: one's own, or shared by a unit."""

    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT, related_name="+")
    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, null=True, blank=True)
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, null=True, blank=True)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=500, help_text="As in the address: vis=free&enhet=skole")
    created_at = models.DateTimeField()

    class Meta:
        db_table = "desk_savedview"
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(staff__isnull=False, unit=None) | Q(staff=None, unit__isnull=False),
                name="savedview_one_owner",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Presence(models.Model):
    """Who has a conversation open, and whether they have written something not sent."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="presences"
    )
    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField()
    writing_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "desk_presence"
        constraints = [
            models.UniqueConstraint(fields=["conversation", "staff"], name="presence_once")
        ]

    def __str__(self) -> str:
        return f"Presence {self.pk}"


class AssignmentPolicy(models.Model):
    """How a unit's new conversations find somebody: dealt round to those on duty, or left to be taken."""

    unit = models.OneToOneField(Unit, on_delete=models.CASCADE, related_name="assignment_policy")
    active = models.BooleanField(default=False)
    most_open = models.PositiveSmallIntegerField(default=20)
    last_staff = models.ForeignKey(
        Staff, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        db_table = "desk_dealing"

    def __str__(self) -> str:
        return f"AssignmentPolicy in {self.unit_id}"


class Handover(models.Model):
    """Open conversations given to the next on duty, with a word about them; shown to them until they have read it."""

    from_staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    to_staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="handovers")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    note = models.TextField(blank=True)
    conversation_ids = ArrayField(models.BigIntegerField(), default=list)
    handed_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "desk_handover"
        constraints = [
            models.CheckConstraint(
                condition=~Q(from_staff=models.F("to_staff")), name="handover_to_another"
            )
        ]
        indexes = [
            models.Index(fields=["to_staff"], condition=Q(seen_at=None), name="handover_unseen")
        ]

    def __str__(self) -> str:
        return f"Handover {self.pk}"
