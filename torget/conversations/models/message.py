"""What was said: messages, their earlier words, their files."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import F, Prefetch, Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from torget.channels.models import Account
from torget.conversations.models.attachment import Attachment
from torget.conversations.models.conversation import Conversation
from torget.conversations.models.persons import Identity, below
from torget.conversations.remarks import Line, lines
from torget.intake.models import Envelope
from torget.outbox.models import Delivery
from torget.people.models import Staff, Unit

AFTERWARDS = ("edit", "withdraw", "hide", "show", "remove")


class MessageQuerySet(models.QuerySet["Message"]):
    """Finding messages."""

    def shown(self) -> MessageQuerySet:
        """What the resident may see: no notes, nothing hidden."""
        return self.exclude(kind=Message.Kind.NOTE).filter(hidden_at=None)

    def shown_to_asker(self, conversation: Conversation) -> MessageQuerySet:
        """What the one who asked may see at the case's secret address.

        In a public conversation others speak too: of what is private there, only what was said by or to them.
        """
        if conversation.visibility == Conversation.Visibility.PRIVATE:
            return self.shown()
        theirs = Q(identity=conversation.identity_id) | Q(recipient=conversation.identity_id)
        if conversation.person is not None:
            root = conversation.person.root.pk
            persons = [root, *below([root])]
            theirs |= Q(identity__person__in=persons) | Q(recipient__person__in=persons)
        public = Q(visibility=Conversation.Visibility.PUBLIC)
        return self.shown().filter(public | theirs if conversation.identity_id else public)

    def public_thread(self) -> MessageQuerySet:
        """As `public`, and what we have hidden: a page shows that it is hidden, and none of its words."""
        hidden = Q(hidden_at__isnull=False, kind=Message.Kind.INBOUND, removed_at=None)
        return self._in_public().filter(Q(hidden_at=None) | hidden)

    def asker_thread(self, conversation: Conversation) -> MessageQuerySet:
        """As `shown_to_asker`, and what we have hidden of what was public: its own author still reads it."""
        hidden = Q(
            hidden_at__isnull=False,
            kind=Message.Kind.INBOUND,
            visibility=Conversation.Visibility.PUBLIC,
            conversation=conversation,
            removed_at=None,
        )
        shown = self.shown_to_asker(conversation).values("pk")
        return self.filter(Q(pk__in=shown) | hidden)

    def _in_public(self) -> MessageQuerySet:
        return self.exclude(kind=Message.Kind.NOTE).filter(
            visibility=Conversation.Visibility.PUBLIC,
            on_square=True,
            held_there=False,
            conversation__visibility=Conversation.Visibility.PUBLIC,
            conversation__on_square=True,
        )

    def with_files_and_versions(self) -> MessageQuerySet:
        """With their files, what they said before, and the files that went away with that; for staff."""
        earlier = Prefetch(
            "versions__taken_away", Attachment.everything.order_by("id"), to_attr="files"
        )
        return self.prefetch_related("attachments", "versions", earlier)

    def public(self) -> MessageQuerySet:
        """What everybody may see."""
        return self._in_public().filter(hidden_at=None)


class Message(models.Model):
    """One message: public or private; by a person or by us. Hidden, never erased, by moderation."""

    class Kind(models.TextChoices):
        """Whose voice."""

        INBOUND = "inbound"
        ANSWER = "answer"
        NOTE = "note"

    class Proof(models.TextChoices):
        """What proved who spoke, this once. It belongs to the message, and is never taken from what is known of its author."""

        NONE = "none", _("Skrevet uten innlogging, ingenting beviser hvem som skrev")
        CASE_LINK = "case_link", _("Skrevet med den hemmelige lenken til saken")
        LINK = "link", _("Logget inn med lenke på e-post")
        IDPORTEN = "idporten", _("Logget inn med ID-porten")
        DKIM = "dkim", _("E-posten er signert av avsenderens domene (DKIM)")
        DMARC = "dmarc", _("E-posten er godkjent av avsenderens domene (DMARC)")
        SIGNATURE = "signature", _("Signert av tjeneren kontoen hører til")
        NETWORK = "network", _("Kanalen går god for kontoen")
        UNKNOWN = "unknown", _("Vi vet ikke hva som beviste avsenderen")

    class HouseRule(models.TextChoices):
        """The house rule words were hidden by (`/regler`)."""

        PERSON = "person", _("Gå etter saken, ikke personen")
        PRIVACY = "privacy", _("La andres privatliv være i fred")
        HATE = "hate", _("Ingen hatytringer")
        TOPIC = "topic", _("Hold deg til det som angår kommunen")
        RIGHTS = "rights", _("Legg ut det som er ditt")

    conversation = models.ForeignKey(
        Conversation, on_delete=models.PROTECT, related_name="messages"
    )
    origin = models.ForeignKey(
        Conversation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Where it was first said, when it was moved since.",
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
    unit = models.ForeignKey(
        Unit,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="Of what a unit says without naming anybody.",
    )
    by_system = models.BooleanField(
        default=False, db_default=False, help_text="Said by the square itself."
    )
    approved_by = models.ForeignKey(
        Staff,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="The second person who let it go.",
    )
    recipient = models.ForeignKey(
        Identity,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Of a private answer in a public conversation: the one it is for.",
    )
    signature = models.CharField(max_length=160, blank=True)
    author_name = models.CharField(max_length=120, blank=True)
    show_name = models.BooleanField(default=False)
    body = models.TextField(blank=True)
    folded = models.TextField(blank=True)
    warning = models.CharField(
        max_length=500,
        blank=True,
        db_default="",
        help_text="The content warning before it: shown first, the words on request.",
    )
    language = models.CharField(max_length=3, blank=True)
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
    url = models.CharField(max_length=500, blank=True, help_text="Where it is read there.")
    on_square = models.BooleanField(
        default=True, help_text="If public, it is shown on our own square."
    )
    held_there = models.BooleanField(
        default=False, help_text="It waits on its network until we let it through."
    )
    hidden_there_at = models.DateTimeField(
        null=True, blank=True, help_text="We asked its network to hide or remove it."
    )
    hidden_reason = models.CharField(max_length=500, blank=True)
    hidden_rule = models.CharField(
        max_length=8,
        choices=HouseRule,
        blank=True,
        db_default="",
        help_text="Told in public in its place.",
    )
    # Defaults of the database's own: rows are written by the code from before while it is being exchanged.
    proof = models.CharField(
        max_length=9, choices=Proof, default=Proof.NONE, db_default=Proof.NONE.value
    )
    proof_detail = models.CharField(
        max_length=255,
        blank=True,
        db_default="",
        help_text="The domain that signed, the server that vouched.",
    )
    reply_to = models.CharField(
        max_length=320,
        blank=True,
        db_default="",
        help_text="Where its writer asked to be answered (Reply-To).",
    )
    copied_to = ArrayField(
        models.CharField(max_length=320),
        default=list,
        db_default=[],
        blank=True,
        help_text="Others it was sent to (To, Cc), our own addresses left out.",
    )
    changed_at = models.DateTimeField(
        null=True, blank=True, help_text="When its author last edited it, as their network tells."
    )
    claimed_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When its sender says it was said, where that is too far from the receipt to be believed.",
    )
    # What staff are told beside it: pairs of a code and values.
    remarks = models.JSONField(default=list, db_default=[], blank=True)
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
    place = models.BigIntegerField(
        default=0, editable=False, help_text="Municipality and week; kept by a trigger."
    )

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "external_id"], name="message_once"),
            models.CheckConstraint(
                condition=Q(kind="inbound", identity__isnull=False, staff=None)
                & Q(unit=None, by_system=False)
                | Q(kind__in=["answer", "note"], identity=None)
                & (
                    Q(staff__isnull=False, unit=None, by_system=False)
                    | Q(staff=None, unit__isnull=False, by_system=False)
                    | Q(staff=None, unit=None, by_system=True)
                ),
                name="message_one_author",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | Q(staff=None) | ~Q(approved_by=F("staff")),
                name="message_author_is_not_approver",
            ),
            models.CheckConstraint(
                condition=~Q(kind="note", visibility="public"), name="message_note_private"
            ),
            models.CheckConstraint(
                condition=Q(recipient=None) | Q(kind="answer", visibility="private"),
                name="message_recipient_of_private_answer",
            ),
            models.CheckConstraint(
                condition=Q(proof__in=["none", "case_link", "link", "idporten", "dkim"])
                | Q(proof__in=["dmarc", "signature", "network", "unknown"]),
                name="message_proof",
            ),
            models.CheckConstraint(
                condition=Q(hidden_rule="") | Q(hidden_at__isnull=False),
                name="message_rule_of_hidden",
            ),
        ]
        indexes = [
            GinIndex(fields=["place", "search"], name="message_search"),
            models.Index(fields=["conversation", "created_at", "id"], name="message_thread"),
        ]

    def __str__(self) -> str:
        return f"Message {self.pk}"

    @property
    def is_proven(self) -> bool:
        """Whether something showed that its author said it; the word of the link to the case counts for its holder."""
        return self.proof not in {self.Proof.NONE, self.Proof.UNKNOWN}

    @property
    def opening(self) -> str:
        """What lists show the beginning of: the content warning where there is one, else the words."""
        return self.warning or self.body

    def remark_lines(self) -> list[Line]:
        """What staff are told beside it, in their language."""
        return lines(self.remarks)

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
    reason = models.CharField(max_length=500, blank=True)
    envelope = models.ForeignKey(
        Envelope, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"Version {self.pk}"

    @cached_property
    def files(self) -> list[Attachment]:
        """What was taken away from it when these words were replaced. Never shown to everybody.

        Of many at once: `MessageQuerySet.with_files_and_versions`.
        """
        return list(Attachment.everything.filter(version=self))


class Tombstone(models.Model):
    """Deleted outside before we heard of it: when it comes after all, it is not filed."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    external_id = models.CharField(max_length=500)
    author = models.CharField(
        max_length=320,
        blank=True,
        db_default="",
        help_text="Who took it back; empty: the network itself.",
    )
    gone_at = models.DateTimeField()

    class Meta:
        db_table = "conversations_gone"
        constraints = [
            models.UniqueConstraint(fields=["account", "external_id", "author"], name="gone_once")
        ]

    def __str__(self) -> str:
        return f"Tombstone {self.pk}"


def sent_of(messages: list[Message]) -> dict[int, list[Delivery]]:
    """Every delivery of each message, by message id, oldest first; what was asked for afterwards is left out."""
    deliveries = Delivery.objects.filter(
        subject_type="conversations.message", subject_id__in=[message.pk for message in messages]
    ).exclude(payload__act__in=AFTERWARDS)
    sent: dict[int, list[Delivery]] = {}
    for delivery in deliveries.order_by("id"):
        sent.setdefault(delivery.subject_id, []).append(delivery)
    return sent


def deliveries_of(messages: list[Message]) -> dict[int, Delivery]:
    """The newest delivery of each message that has one, by message id."""
    return {number: several[-1] for number, several in sent_of(messages).items()}
