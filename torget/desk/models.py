"""Staff's own aids: what they are writing, where they are, their views, ready-made texts, macros and rules."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

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

    def __str__(self) -> str:
        return f"Preference of {self.staff_id}"


class Presence(models.Model):
    """Who has a conversation open, and whether they have written something not sent."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="presences"
    )
    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField()
    writing_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "staff"], name="presence_once")
        ]

    def __str__(self) -> str:
        return f"Presence {self.pk}"


class Draft(models.Model):
    """What somebody is writing in a conversation; kept until it is sent or thrown away."""

    class Kind(models.TextChoices):
        """What it will become."""

        ANSWER = "answer", _("Svar")
        NOTE = "note", _("Internt notat")

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="drafts")
    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=6, choices=Kind)
    body = models.TextField()
    files = models.JSONField(default=list)
    choices = models.JSONField(
        default=dict, help_text="What was chosen beside the text: visibility, close and so on."
    )
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "staff", "kind"], name="draft_once")
        ]

    def __str__(self) -> str:
        return f"Draft {self.pk}"


class SavedView(models.Model):
    """A choice of filters with a name: one's own, or shared by a unit."""

    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT, related_name="+")
    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, null=True, blank=True)
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, null=True, blank=True)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=500, help_text="As in the address: vis=free&enhet=skole")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(staff__isnull=False, unit=None) | Q(staff=None, unit__isnull=False),
                name="savedview_one_owner",
            )
        ]

    def __str__(self) -> str:
        return self.name


class CannedReply(models.Model):
    """A ready-made text, in up to three languages, with variables such as {fornavn} and {saksnummer}."""

    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    shortcut = models.SlugField(max_length=40)
    name = models.CharField(max_length=120)
    body_nb = models.TextField()
    body_nn = models.TextField(blank=True)
    body_en = models.TextField(blank=True)
    used = models.PositiveIntegerField(default=0)
    active = models.BooleanField(default=True)
    search = models.GeneratedField(
        expression=SearchVector("name", weight="A", config="norwegian")
        + SearchVector("body_nb", "body_nn", weight="B", config="norwegian"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        verbose_name_plural = "canned replies"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "shortcut"],
                condition=Q(active=True),
                name="canned_shortcut_once",
            )
        ]
        indexes = [GinIndex(fields=["search"], name="canned_search")]

    def __str__(self) -> str:
        return self.name


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
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Rule(models.Model):
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
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class RuleRun(models.Model):
    """A rule met an event: once for each, whatever dies in between."""

    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, related_name="runs")
    entry_id = models.BigIntegerField(help_text="The row of history it answered to.")
    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="+")
    ran_at = models.DateTimeField()
    fault = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rule", "entry_id"], name="rulerun_once")]

    def __str__(self) -> str:
        return f"Run {self.pk}"


class RuleCursor(models.Model):
    """How far in history the rules have come, for each municipality."""

    municipality = models.OneToOneField(Municipality, on_delete=models.CASCADE)
    last_entry_id = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"Cursor {self.municipality_id}"


class Dealing(models.Model):
    """How a unit's new conversations find somebody: dealt round to those on duty, or left to be taken."""

    unit = models.OneToOneField(Unit, on_delete=models.CASCADE, related_name="dealing")
    active = models.BooleanField(default=False)
    most_open = models.PositiveSmallIntegerField(default=20)
    last_staff = models.ForeignKey(
        Staff, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    def __str__(self) -> str:
        return f"Dealing in {self.unit_id}"


class Batch(models.Model):
    """One act on many conversations, with what each was before, so that it can be undone."""

    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    act = models.CharField(max_length=20)
    before = models.JSONField(default=list)
    after = models.JSONField(default=list)
    done_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "batches"

    def __str__(self) -> str:
        return f"Batch {self.pk}"


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
