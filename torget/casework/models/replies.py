"""Replies on their way: drafts, pending replies, which of them a second person approves, and ready-made texts."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from torget.conversations.models import Conversation, Message
from torget.people.models import Municipality, Staff, Unit


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
        db_table = "desk_draft"
        constraints = [
            models.UniqueConstraint(fields=["conversation", "staff", "kind"], name="draft_once")
        ]

    def __str__(self) -> str:
        return f"Draft {self.pk}"


class ApprovalRule(models.Model):
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
        db_table = "conversations_approvalterm"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class PendingReplyQuerySet(models.QuerySet["PendingReply"]):
    """Finding pending replies."""

    def waiting(self) -> PendingReplyQuerySet:
        """Those that are to be sent when their time to undo is over, or as soon as they can be."""
        return self.filter(state=PendingReply.State.WAITING)

    def releasable(self, *, at: datetime) -> PendingReplyQuerySet:
        """Those whose time to undo is over."""
        return self.waiting().filter(release_at__lte=at)

    def unsent(self) -> PendingReplyQuerySet:
        """Those that are neither sent nor taken back."""
        return self.filter(state__in=[PendingReply.State.WAITING, PendingReply.State.APPROVAL])

    def to_approve(self) -> PendingReplyQuerySet:
        """Those that wait for a second person."""
        return self.filter(state=PendingReply.State.APPROVAL)


class PendingReply(models.Model):
    """A reply not sent yet: its writer may still undo it, or a second person must approve it."""

    class State(models.TextChoices):
        """Where it is."""

        WAITING = "waiting", _("Sendes straks")
        APPROVAL = "approval", _("Venter på godkjenning")
        SENT = "sent", _("Sendt")
        UNDONE = "regretted", _("Angret")
        REFUSED = "refused", _("Sendt tilbake")

    MOVES = {
        State.WAITING: {State.SENT, State.UNDONE},
        State.APPROVAL: {State.SENT, State.UNDONE, State.REFUSED},
        State.SENT: set(),
        State.UNDONE: set(),
        State.REFUSED: set(),
    }

    conversation = models.ForeignKey(
        Conversation, on_delete=models.PROTECT, related_name="pending_replies"
    )
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="pending_replies")
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
    approval_rule = models.ForeignKey(
        "ApprovalRule",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="pending_replies",
        db_column="term_id",
    )
    created_at = models.DateTimeField()
    release_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        Staff, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=500, blank=True)
    message = models.OneToOneField(
        Message, on_delete=models.PROTECT, null=True, blank=True, related_name="pending_reply"
    )

    objects = PendingReplyQuerySet.as_manager()

    class Meta:
        db_table = "conversations_held"
        verbose_name_plural = "pending replies"
        constraints = [
            models.CheckConstraint(
                condition=Q(public_note="") | Q(visibility="private"),
                name="held_public_note_beside_private",
            ),
            models.CheckConstraint(
                condition=Q(approval_rule=None) | ~Q(state="sent") | ~Q(decided_by=F("staff")),
                name="held_author_is_not_approver",
            ),
            models.CheckConstraint(
                condition=Q(approval_rule=None) | ~Q(state="sent") | Q(decided_by__isnull=False),
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
        return f"PendingReply {self.pk}"


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
        db_table = "desk_cannedreply"
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
