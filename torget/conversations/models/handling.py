"""How staff work with what was said: tags, mentions, replies on hold, what needs approval, deadlines."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from torget.conversations.models.conversation import Conversation
from torget.conversations.models.message import Message
from torget.conversations.models.persons import Identity
from torget.people.models import Municipality, Staff, Unit
from torget.rooms import Text, kind


class Tag(models.Model):
    """A word conversations are sorted by. Conversations hold the slugs."""

    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT, related_name="tags")
    slug = models.SlugField(max_length=40)
    name = models.CharField(max_length=40)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["municipality", "slug"], name="tag_slug_once")
        ]

    def __str__(self) -> str:
        return self.name


class Participant(models.Model):
    """Somebody beside the one who asked whom staff let take part in a private case: heard there, never given its key."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.PROTECT, related_name="participants"
    )
    identity = models.ForeignKey(Identity, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        Staff, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "identity"],
                condition=Q(ended_at=None),
                name="participant_once",
            )
        ]

    def __str__(self) -> str:
        return f"Participant {self.pk}"


class Mention(models.Model):
    """Somebody was named in a note, by name or through their unit, and should look."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="mentions")
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="mentions")
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "staff"], name="mention_once")]
        indexes = [models.Index(fields=["staff"], condition=Q(seen_at=None), name="mention_unseen")]

    def __str__(self) -> str:
        return f"Mention {self.pk}"


class HeldQuerySet(models.QuerySet["Held"]):
    """Finding replies on hold."""

    def waiting(self) -> HeldQuerySet:
        """Those that are to be sent when their time to regret is over, or as soon as they can be."""
        return self.filter(state=Held.State.WAITING)

    def releasable(self, *, at: datetime) -> HeldQuerySet:
        """Those whose time to regret is over."""
        return self.waiting().filter(release_at__lte=at)

    def to_approve(self) -> HeldQuerySet:
        """Those that wait for a second person."""
        return self.filter(state=Held.State.APPROVAL)


class Held(models.Model):
    """A reply not sent yet: its writer may still regret it, or a second person must approve it."""

    class State(models.TextChoices):
        """Where it is."""

        WAITING = "waiting", _("Sendes straks")
        APPROVAL = "approval", _("Venter på godkjenning")
        SENT = "sent", _("Sendt")
        REGRETTED = "regretted", _("Angret")
        REFUSED = "refused", _("Sendt tilbake")

    MOVES = {
        State.WAITING: {State.SENT, State.REGRETTED},
        State.APPROVAL: {State.SENT, State.REGRETTED, State.REFUSED},
        State.SENT: set(),
        State.REGRETTED: set(),
        State.REFUSED: set(),
    }

    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="held")
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="held")
    state = models.CharField(max_length=10, choices=State)
    body = models.TextField()
    visibility = models.CharField(max_length=7, choices=Conversation.Visibility)
    public_note = models.TextField(
        blank=True, help_text="Said in public when the reply itself goes on in private."
    )
    let_through = models.JSONField(
        default=list, help_text="Codes of what the guard found and the writer let stand."
    )
    close = models.BooleanField(default=False)
    preliminary = models.BooleanField(default=False)
    files = models.JSONField(default=list)
    addressed = models.CharField(
        max_length=40,
        blank=True,
        db_default="",
        help_text="Who was to get it when it was written, as a mark.",
    )
    agreed = models.BooleanField(
        default=False,
        db_default=False,
        help_text="The writer said yes to a recipient who is not the usual one.",
    )
    also_to = ArrayField(models.CharField(max_length=320), default=list, db_default=[], blank=True)
    term = models.ForeignKey(
        "ApprovalTerm", on_delete=models.PROTECT, null=True, blank=True, related_name="held"
    )
    created_at = models.DateTimeField()
    release_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        Staff, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=500, blank=True)
    message = models.OneToOneField(
        Message, on_delete=models.PROTECT, null=True, blank=True, related_name="held"
    )

    objects = HeldQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "held"
        constraints = [
            models.CheckConstraint(
                condition=Q(public_note="") | Q(visibility="private"),
                name="held_public_note_beside_private",
            ),
            models.CheckConstraint(
                condition=Q(term=None) | ~Q(state="sent") | ~Q(decided_by=F("staff")),
                name="held_author_is_not_approver",
            ),
            models.CheckConstraint(
                condition=Q(term=None) | ~Q(state="sent") | Q(decided_by__isnull=False),
                name="held_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="waiting") | Q(release_at__isnull=False), name="held_release"
            ),
        ]
        indexes = [
            models.Index(fields=["release_at"], condition=Q(state="waiting"), name="held_due"),
            models.Index(fields=["conversation"], condition=Q(state="approval"), name="held_wait"),
        ]

    def __str__(self) -> str:
        return f"Held {self.pk}"


class ApprovalTerm(models.Model):
    """A kind of reply a second person must approve. Empty conditions hold for all."""

    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    visibility = models.CharField(max_length=7, choices=Conversation.Visibility, blank=True)
    network = models.CharField(max_length=20, blank=True)
    tag = models.SlugField(max_length=40, blank=True)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Deadline(models.Model):
    """How soon we answer: the municipality's own promise, or the law's. The most particular row counts."""

    class What(models.TextChoices):
        """What must have happened."""

        FIRST_ANSWER = "first", _("Første svar")
        PRELIMINARY = "preliminary", _("Foreløpig svar")
        ANSWER = "answer", _("Svar")

    class Measure(models.TextChoices):
        """What the amount counts."""

        OPEN_HOURS = "open_hours", _("timer i åpningstiden")
        OPEN_DAYS = "open_days", _("virkedager")
        DAYS = "days", _("dager")
        MONTHS = "months", _("måneder")

    municipality = models.ForeignKey(
        Municipality, on_delete=models.PROTECT, related_name="deadlines"
    )
    what = models.CharField(max_length=12, choices=What)
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    kind = models.CharField(max_length=30, blank=True, help_text="Empty: every kind.")
    network = models.CharField(max_length=20, blank=True)
    amount = models.PositiveSmallIntegerField(help_text="0: no deadline.")
    measure = models.CharField(max_length=10, choices=Measure)
    warn_hours = models.PositiveSmallIntegerField(
        default=4, help_text="Hours before it breaks that somebody is warned."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "what", "unit", "kind", "network"],
                nulls_distinct=False,
                name="deadline_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.amount} {self.measure}"

    @property
    def kind_label(self) -> Text:
        """What people call the kind it is for."""
        return kind(self.kind).label


class Joining(models.Model):
    """Two conversations became one. Which messages came along stands here, so that it can be undone."""

    kept = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="joinings")
    joined = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="+")
    message_ids = ArrayField(models.BigIntegerField(), default=list)
    state_before = models.CharField(max_length=8, choices=Conversation.State)
    waiting_before = models.DateTimeField(null=True, blank=True)
    joined_at = models.DateTimeField()
    joined_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        Staff, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["joined"], condition=Q(undone_at=None), name="joining_one_current"
            ),
            models.CheckConstraint(condition=~Q(kept=F("joined")), name="joining_of_two"),
        ]

    def __str__(self) -> str:
        return f"Joining {self.pk}"
