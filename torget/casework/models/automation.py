"""Several acts at once: macros, automation rules with what they have run on, and acts on many conversations."""

from __future__ import annotations

from django.db import models

from torget.conversations.models import Conversation
from torget.people.models import Municipality, Staff, Unit


class Macro(models.Model):
    """Several acts with one press. `actions` are [{"act": "tag", "value": "vinter"}, …] as rules.actions names them."""

    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    name = models.CharField(max_length=120)
    actions = models.JSONField(default=list)
    active = models.BooleanField(default=True)

    class Meta:
        db_table = "desk_macro"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class BulkAct(models.Model):
    """One act on many conversations, with what each was before, so that it can be undone."""

    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    act = models.CharField(max_length=20)
    before = models.JSONField(default=list)
    after = models.JSONField(default=list)
    done_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "desk_batch"
        verbose_name_plural = "batches"

    def __str__(self) -> str:
        return f"BulkAct {self.pk}"


class AutomationRule(models.Model):
    """When this happens, and these conditions hold, do that. Run in order; history names the rule."""

    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    event = models.CharField(max_length=40)
    conditions = models.JSONField(default=list)
    actions = models.JSONField(default=list)
    position = models.PositiveSmallIntegerField(default=0)
    last = models.BooleanField(default=False, help_text="No later rule runs when this one did.")
    active = models.BooleanField(default=False)
    from_entry_id = models.BigIntegerField(
        default=0, help_text="It answers only to rows of history after this one."
    )
    changed_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "desk_rule"
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class AutomationRun(models.Model):
    """A rule met an event: once for each, whatever dies in between."""

    rule = models.ForeignKey(AutomationRule, on_delete=models.PROTECT, related_name="runs")
    entry_id = models.BigIntegerField(help_text="The row of history it answered to.")
    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="+")
    ran_at = models.DateTimeField()
    fault = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "desk_rulerun"
        constraints = [models.UniqueConstraint(fields=["rule", "entry_id"], name="rulerun_once")]

    def __str__(self) -> str:
        return f"Run {self.pk}"


class AutomationCursor(models.Model):
    """How far in history the rules have come, for each municipality."""

    municipality = models.OneToOneField(Municipality, on_delete=models.CASCADE)
    last_entry_id = models.BigIntegerField(default=0)

    class Meta:
        db_table = "desk_rulecursor"

    def __str__(self) -> str:
        return f"Cursor {self.municipality_id}"
