"""Everything said: conversations, messages, people and their identities, attachments."""

from __future__ import annotations

import secrets
import uuid

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from torget.channels.models import Account
from torget.intake.models import Envelope
from torget.outbox.models import Delivery
from torget.people.actor import Actor
from torget.people.models import Municipality, Staff, Unit

KEY_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


def make_key() -> str:
    """A conversation's secret: 26 letters and digits, 130 bits, the same in upper and lower case (it goes in addresses)."""
    return "".join(secrets.choice(KEY_ALPHABET) for _ in range(26))


class Person(models.Model):
    """Somebody who speaks: one person, many identities. A merge is a pointer and can be undone."""

    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT, related_name="persons")
    name = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=2, default="nb")
    created_at = models.DateTimeField()
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged"
    )

    def __str__(self) -> str:
        return f"Person {self.pk}"


class Identity(models.Model):
    """How a person is known on one network. Never a login made for a commenter."""

    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="identities")
    network = models.CharField(max_length=20)
    external_id = models.CharField(max_length=320)
    name = models.CharField(max_length=120, blank=True)
    verified = models.CharField(
        max_length=20, blank=True, help_text="How: link, dkim, idporten; empty: not."
    )
    verified_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "identities"
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "network", "external_id"], name="identity_once"
            )
        ]

    def __str__(self) -> str:
        return f"Identity {self.pk}"


class ConversationQuerySet(models.QuerySet["Conversation"]):
    """Finding conversations. `visible_to` and `public` are the only doors."""

    def visible_to(self, actor: Actor) -> ConversationQuerySet:
        """What the actor may read: staff by role and unit, a signed-in resident their own, everybody the public ones."""
        here = self.filter(municipality=actor.municipality_id)
        if actor.kind == "system":
            return here
        if actor.staff is not None:
            below = Q()
            for path in actor.paths("conversations.read"):
                below |= Q(unit__path__startswith=path)
            return here.filter(below) if below else here.none()
        if actor.id is not None:
            return here.filter(Q(person_id=actor.id) | Q(person__merged_into_id=actor.id))
        return here.public()

    def public(self) -> ConversationQuerySet:
        """Those everybody may read."""
        return self.filter(visibility=Conversation.Visibility.PUBLIC)

    def waiting(self) -> ConversationQuerySet:
        """Those in which a resident waits for us, longest first."""
        return self.filter(state__in=Conversation.OPEN).order_by(
            F("waiting_since").asc(nulls_last=True), "-last_message_at", "id"
        )


class Conversation(models.Model):
    """A talk with residents. Everything the queue page shows is on this row."""

    class Kind(models.TextChoices):
        """What sort of talk."""

        QUESTION = "question", _("Spørsmål")
        WALL = "wall", _("Veggen")

    class Visibility(models.TextChoices):
        """Who may read it."""

        PUBLIC = "public", _("Offentlig")
        PRIVATE = "private", _("Privat")

    class State(models.TextChoices):
        """Where it is."""

        NEW = "new", _("Ny")
        OPEN = "open", _("Under arbeid")
        ANSWERED = "answered", _("Besvart")
        CLOSED = "closed", _("Avsluttet")

    OPEN = (State.NEW, State.OPEN)
    MOVES = {
        State.NEW: {State.OPEN, State.ANSWERED, State.CLOSED},
        State.OPEN: {State.ANSWERED, State.CLOSED, State.NEW},
        State.ANSWERED: {State.OPEN, State.CLOSED},
        State.CLOSED: {State.OPEN},
    }

    municipality = models.ForeignKey(
        Municipality, on_delete=models.PROTECT, related_name="conversations"
    )
    ref = models.CharField(max_length=20)
    key = models.CharField(max_length=26, unique=True, default=make_key)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.QUESTION)
    visibility = models.CharField(max_length=7, choices=Visibility, default=Visibility.PRIVATE)
    state = models.CharField(max_length=8, choices=State, default=State.NEW)
    subject = models.CharField(max_length=200)
    preview = models.CharField(max_length=200, blank=True)
    network = models.CharField(max_length=20)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="conversations")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="conversations")
    assignee = models.ForeignKey(
        Staff, on_delete=models.PROTECT, null=True, blank=True, related_name="conversations"
    )
    person = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="conversations"
    )
    identity = models.ForeignKey(
        Identity, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    person_name = models.CharField(max_length=120, blank=True)
    show_name = models.BooleanField(default=False)
    language = models.CharField(max_length=2, default="nb")
    opened_at = models.DateTimeField()
    last_inbound_at = models.DateTimeField(null=True, blank=True)
    last_message_at = models.DateTimeField()
    waiting_since = models.DateTimeField(null=True, blank=True)
    first_answer_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    message_count = models.PositiveIntegerField(default=0)

    objects = ConversationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["municipality", "ref"], name="conversation_ref_once"),
            models.CheckConstraint(
                condition=Q(state__in=["new", "open", "answered", "closed"]),
                name="conversation_state",
            ),
        ]
        indexes = [
            models.Index(
                fields=["municipality", "waiting_since", "id"],
                condition=Q(state__in=["new", "open"]),
                name="conversation_queue",
            ),
            models.Index(fields=["municipality", "-opened_at"], name="conversation_opened"),
            models.Index(
                fields=["municipality", "-opened_at", "-id"],
                condition=Q(visibility="public"),
                name="conversation_wall",
            ),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def public_name(self) -> str:
        """What everybody may call the one who asked; empty when they did not want their name shown."""
        return self.person_name if self.show_name else ""


class MessageQuerySet(models.QuerySet["Message"]):
    """Finding messages."""

    def shown(self) -> MessageQuerySet:
        """What the resident may see: no notes, nothing hidden."""
        return self.exclude(kind=Message.Kind.NOTE).filter(hidden_at=None)

    def public(self) -> MessageQuerySet:
        """What everybody may see."""
        return self.shown().filter(
            visibility=Conversation.Visibility.PUBLIC,
            conversation__visibility=Conversation.Visibility.PUBLIC,
        )


class Message(models.Model):
    """One utterance: public or private; by a person or by us. Hidden, never erased, by moderation."""

    class Kind(models.TextChoices):
        """Whose voice."""

        INBOUND = "inbound"
        ANSWER = "answer"
        NOTE = "note"

    conversation = models.ForeignKey(
        Conversation, on_delete=models.PROTECT, related_name="messages"
    )
    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    kind = models.CharField(max_length=8, choices=Kind)
    visibility = models.CharField(max_length=7, choices=Conversation.Visibility)
    identity = models.ForeignKey(
        Identity, on_delete=models.PROTECT, null=True, blank=True, related_name="messages"
    )
    staff = models.ForeignKey(
        Staff, on_delete=models.PROTECT, null=True, blank=True, related_name="messages"
    )
    signature = models.CharField(max_length=160, blank=True)
    author_name = models.CharField(max_length=120, blank=True)
    show_name = models.BooleanField(default=False)
    body = models.TextField(blank=True)
    folded = models.TextField(blank=True)
    language = models.CharField(max_length=2, blank=True)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replies"
    )
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    external_id = models.CharField(max_length=500, null=True, blank=True)  # noqa: DJ001 - NULL is "none" for the unique constraint
    envelope = models.ForeignKey(
        Envelope, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    occurred_at = models.DateTimeField()
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    hidden_at = models.DateTimeField(null=True, blank=True)
    search = models.GeneratedField(
        expression=SearchVector("body", config="norwegian"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "external_id"], name="message_once"),
            models.CheckConstraint(
                condition=Q(kind="inbound", identity__isnull=False, staff=None)
                | Q(kind__in=["answer", "note"], identity=None, staff__isnull=False),
                name="message_one_author",
            ),
            models.CheckConstraint(
                condition=~Q(kind="note", visibility="public"), name="message_note_private"
            ),
        ]
        indexes = [
            GinIndex(fields=["search"], name="message_search"),
            models.Index(fields=["conversation", "created_at", "id"], name="message_thread"),
        ]

    def __str__(self) -> str:
        return f"Message {self.pk}"

    @property
    def public_name(self) -> str:
        """What everybody may call its author."""
        if self.kind != self.Kind.INBOUND:
            return self.signature
        return self.author_name if self.show_name else ""


class Version(models.Model):
    """What a message said before it was edited or taken back outside. Append-only."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="versions")
    body = models.TextField(blank=True)
    replaced_at = models.DateTimeField()
    why = models.CharField(max_length=10)
    envelope = models.ForeignKey(
        Envelope, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"Version {self.pk}"


class Attachment(models.Model):
    """A file said along: kept by its hash; pictures are cleaned of where and when they were taken."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="attachments")
    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    sha256 = models.CharField(max_length=64)
    media_type = models.CharField(max_length=120)
    name = models.CharField(max_length=200)
    alt = models.CharField(max_length=300, blank=True)
    size = models.PositiveIntegerField()
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"Attachment {self.pk}"

    @property
    def is_image(self) -> bool:
        """A picture that may be shown in the page."""
        return self.media_type in {"image/jpeg", "image/png", "image/webp", "image/gif"}


def deliveries_of(messages: list[Message]) -> dict[int, Delivery]:
    """The newest delivery of each message that has one, by message id."""
    found = Delivery.objects.filter(
        subject_type="conversations.message", subject_id__in=[message.pk for message in messages]
    ).order_by("id")
    return {delivery.subject_id: delivery for delivery in found}
