"""What being a server of the fediverse takes: actors we know, followers, what we published, and deliveries on their way."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db import models
from django.db.models import Q

from torget.channels.models import Account
from torget.people.models import Municipality, Staff

URI = 500


def new_public_id() -> str:
    """Names an object of ours in its address; nobody guesses one."""
    return secrets.token_urlsafe(18)


class Remote(models.Model):
    """Somebody's actor as it last showed itself, with its keys: what a signature is held against."""

    uri = models.CharField(max_length=URI, unique=True)
    host = models.CharField(max_length=255, db_index=True)
    kind = models.CharField(max_length=20)
    username = models.CharField(max_length=120, blank=True)
    name = models.CharField(max_length=120, blank=True)
    handle = models.CharField(
        max_length=400, blank=True, help_text="As WebFinger confirmed it; empty: it did not."
    )
    page = models.CharField(max_length=URI, blank=True)
    inbox = models.CharField(max_length=URI)
    shared_inbox = models.CharField(max_length=URI, blank=True)
    keys = models.JSONField(default=list, help_text="Each: id, how it is written, the key.")
    moved_to = models.CharField(max_length=URI, blank=True)
    fetched_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Remote {self.pk}"

    @property
    def nearest_inbox(self) -> str:
        """The one for everybody on its server, where there is one."""
        return self.shared_inbox or self.inbox


class Follower(models.Model):
    """Who follows an account of ours."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    remote = models.ForeignKey(Remote, on_delete=models.CASCADE, related_name="+")
    follow = models.CharField(
        max_length=URI, help_text="The id of the Follow, which an Undo names."
    )
    followed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "remote"], name="follower_once"),
        ]

    def __str__(self) -> str:
        return f"Follower {self.pk}"


class APObject(models.Model):
    """Something we published or said, at an address of its own. Withdrawn ones stay as tombstones."""

    public_id = models.CharField(max_length=40, unique=True, default=new_public_id)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    uri = models.CharField(max_length=URI, unique=True)
    document = models.JSONField(help_text="The Note (Question, Event), as it is now.")
    public = models.BooleanField(help_text="For everybody; otherwise only for those it names.")
    in_reply_to = models.CharField(max_length=URI, blank=True)
    files = models.JSONField(default=list, help_text="Each: SHA-256, media type.")
    published_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    pinned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "activitypub_thing"
        verbose_name = "object"
        indexes = [
            models.Index(
                fields=["account", "-published_at"],
                condition=Q(public=True, withdrawn_at=None),
                name="thing_outbox",
            )
        ]

    def __str__(self) -> str:
        return f"Object {self.pk}"


class Response(models.Model):
    """What others did with an object of ours: replied, liked, shared or voted. A hidden reply is not in our collection."""

    class Kind(models.TextChoices):
        """What they did."""

        REPLY = "reply"
        LIKE = "like"
        SHARE = "share"
        VOTE = "vote"

    ap_object = models.ForeignKey(
        APObject, on_delete=models.PROTECT, related_name="responses", db_column="thing_id"
    )
    kind = models.CharField(max_length=5, choices=Kind)
    actor = models.CharField(max_length=URI)
    uri = models.CharField(
        max_length=URI, help_text="Of the reply, or of the activity an Undo names."
    )
    option = models.CharField(max_length=300, blank=True, help_text="What was voted for.")
    at = models.DateTimeField()
    hidden = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["ap_object", "kind", "uri", "actor"], name="response_once"
            ),
            models.UniqueConstraint(
                fields=["ap_object", "kind", "actor"],
                condition=Q(kind__in=["like", "share"]),
                name="response_one_an_actor",
            ),
            models.UniqueConstraint(
                fields=["ap_object", "actor", "option"],
                condition=Q(kind="vote"),
                name="response_one_vote_an_option",
            ),
        ]
        indexes = [models.Index(fields=["uri"], name="response_uri")]

    def __str__(self) -> str:
        return f"Response {self.pk}"


class Act(models.Model):
    """One thing we did, once for each idempotency key: the activity's bytes, which its deliveries carry."""

    key = models.CharField(max_length=80, unique=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    ap_object = models.ForeignKey(
        APObject,
        on_delete=models.PROTECT,
        null=True,
        related_name="acts",
        db_column="thing_id",
    )
    receipt = models.CharField(max_length=URI)
    body = models.BinaryField(default=b"")
    digest = models.CharField(max_length=44, blank=True, help_text="SHA-256 of the body, base64.")
    follows_up = models.BooleanField(
        default=False, help_text="It is about what an earlier act did, and must not come before it."
    )
    inboxes = models.JSONField(
        default=list,
        help_text="Where it went: a correction must follow, also to who has left since.",
    )
    lost = models.JSONField(
        default=list,
        db_default=[],
        help_text="Hosts that were given up, whose deliveries are forgotten.",
    )
    done_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Act {self.pk}"


class InboxDelivery(models.Model):
    """An activity for one inbox. Given up only after days, or when the server says it is gone."""

    class State(models.TextChoices):
        """Where it is on its way."""

        DUE = "due"
        SENDING = "sending"
        SENT = "sent"
        GIVEN_UP = "given_up"

    MOVES = {
        # Sent: a sender that was slow. Given up: their server is gone, blocked, or too long away.
        State.DUE: {State.SENDING, State.SENT, State.GIVEN_UP},
        State.SENDING: {State.DUE, State.SENT, State.GIVEN_UP},
        State.SENT: set(),
        State.GIVEN_UP: {State.DUE},
    }

    # Its index is the constraint's: every index is written twice for each delivery.
    act = models.ForeignKey(
        Act, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    inbox = models.CharField(max_length=URI)
    host = models.CharField(max_length=255)
    state = models.CharField(max_length=8, choices=State, default=State.DUE)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    status = models.PositiveSmallIntegerField(default=0, help_text="The last HTTP status; 0: none.")
    detail = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "activitypub_parcel"
        verbose_name_plural = "inbox deliveries"
        constraints = [
            models.UniqueConstraint(fields=["act", "inbox"], name="parcel_once"),
            models.CheckConstraint(
                condition=Q(state__in=["due", "sending", "sent", "given_up"]), name="parcel_state"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"], condition=Q(state="due"), name="parcel_due"
            ),
            models.Index(fields=["host"], condition=Q(state="due"), name="parcel_due_host"),
            models.Index(
                fields=["lease_until"], condition=Q(state="sending"), name="parcel_leased"
            ),
            models.Index(fields=["settled_at"], condition=Q(state="sent"), name="parcel_sent"),
            models.Index(fields=["host"], condition=Q(state="given_up"), name="parcel_given_up"),
        ]

    def __str__(self) -> str:
        return f"InboxDelivery {self.pk}"


class Peer(models.Model):
    """A server as we know it from sending: which signatures it takes, and how it fares."""

    host = models.CharField(max_length=255, primary_key=True)
    takes = models.CharField(max_length=20, blank=True, help_text="The signature that last worked.")
    signs = models.CharField(max_length=20, blank=True, help_text="The signature it uses itself.")
    failures = models.PositiveSmallIntegerField(default=0, help_text="In a row.")
    closed_until = models.DateTimeField(
        null=True, blank=True, help_text="It does not answer: nothing is sent there before."
    )
    failing_since = models.DateTimeField(
        null=True, blank=True, help_text="The first failure of those in a row."
    )
    answered_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.host

    def is_closed(self, at: datetime) -> bool:
        """Whether nothing is sent there now."""
        return self.closed_until is not None and self.closed_until > at


class Profile(models.Model):
    """What the servers that know an actor of ours were last told of it."""

    account = models.OneToOneField(
        Account, on_delete=models.PROTECT, primary_key=True, related_name="+"
    )
    digest = models.CharField(max_length=64, help_text="SHA-256 of the actor's document, hex.")
    told_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Profile {self.pk}"


class OldCopy(models.Model):
    """A server that knew an actor of ours when its keys changed, and has not shown yet that it has the new ones."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=URI, help_text="The address of the key in force then.")
    host = models.CharField(max_length=255)

    class Meta:
        verbose_name_plural = "old copies"
        constraints = [
            models.UniqueConstraint(fields=["account", "key", "host"], name="old_copy_once"),
        ]

    def __str__(self) -> str:
        return f"OldCopy {self.pk}"


class DomainBlock(models.Model):
    """A municipality's decision about a whole server, with its reason."""

    class Severity(models.TextChoices):
        """What it means."""

        SUSPEND = "suspend"  # nothing is taken from it and nothing sent to it
        SILENCE = "silence"  # what it says is read by us and not shown to the public

    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT, related_name="+")
    host = models.CharField(max_length=255)
    severity = models.CharField(max_length=8, choices=Severity)
    reason = models.CharField(max_length=300)
    decided_by = models.ForeignKey(Staff, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["municipality", "host"], name="domain_block_once"),
        ]

    def __str__(self) -> str:
        return f"{self.severity} {self.host}"
