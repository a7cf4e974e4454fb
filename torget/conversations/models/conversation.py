"""Talks with residents."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import Case, F, Func, Q, When
from django.db.models.functions import Least
from django.utils.translation import gettext_lazy as _

from torget.channels.models import Account
from torget.conversations.models.persons import Identity, Person
from torget.people.actor import Actor
from torget.people.models import Municipality, Staff, Unit
from torget.rooms import Kind, Text, kind, kinds, kinds_that

KEY_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


def make_key() -> str:
    """A conversation's secret: 26 letters and digits, 130 bits, the same in upper and lower case (it goes in addresses)."""
    return "".join(secrets.choice(KEY_ALPHABET) for _ in range(26))


class _InUnits(Func):
    """`unit_id = ANY (ARRAY(…))`: the units are found once, and no join tempts the planner away from the queue's order."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY ("
    output_field = models.BooleanField()


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
                below |= Q(path__startswith=path)
            if not below:
                return here.none()
            units = Unit.objects.filter(below, municipality=actor.municipality_id)
            return here.filter(_InUnits("unit_id", ArraySubquery(units.order_by().values("pk"))))
        if actor.id is not None:
            # Their own alone: that staff take two persons to be one opens no door.
            return here.filter(person_id=actor.id, merged_into=None)
        return here.public()

    def public(self) -> ConversationQuerySet:
        """Those everybody may read; one merged into another lives on there."""
        return self.filter(
            visibility=Conversation.Visibility.PUBLIC, on_square=True, merged_into=None
        )

    def listed(self) -> ConversationQuerySet:
        """Of the public ones, those worth a place in lists, feeds and search: what began them is not hidden."""
        return self._with("address", self.public().filter(hidden_subject=""))

    def on_wall(self) -> ConversationQuerySet:
        """Of those worth a place in lists, the kinds that stand on the wall."""
        return self._with("on_wall", self.listed())

    @staticmethod
    def _with(trait: str, rows: ConversationQuerySet) -> ConversationQuerySet:
        # Nothing is asked of the database while every kind has it, which is how the indexes are made.
        without = sorted(set(kinds()) - set(kinds_that(trait)))
        return rows.exclude(kind__in=without) if without else rows

    def newest_first(self, *, below: tuple[datetime, int] | None = None) -> ConversationQuerySet:
        """The one last spoken in first; `below` (time, id) goes on after a row already seen."""
        rows = self.order_by("-last_message_at", "-id")
        if below is None:
            return rows
        at, number = below
        return rows.filter(
            Q(last_message_at__lt=at) | Q(last_message_at=at, pk__lt=number),
            last_message_at__lte=at,
        )

    def spoken_in(self, since: datetime | None, until: datetime | None) -> ConversationQuerySet:
        """Those something was said in between two moments, as far as their first and last words tell."""
        rows = self.filter(last_message_at__gte=since) if since else self
        return rows.filter(opened_at__lt=until) if until else rows

    def waiting(self) -> ConversationQuerySet:
        """Those in which a resident waits for us, longest first."""
        return self.filter(state__in=Conversation.OPEN).order_by(
            F("waiting_since").asc(nulls_last=True), "-last_message_at", "id"
        )


# Nobody has heard from us since they began to wait: a preliminary reply is an answer too.
_NOT_TOLD = Q(preliminary_at=None) | Q(preliminary_at__lt=F("waiting_since"))


class Conversation(models.Model):
    """A talk with residents. Everything the queue page shows is on this row."""

    class Visibility(models.TextChoices):
        """Who may read it."""

        PUBLIC = "public", _("Offentlig")
        PRIVATE = "private", _("Privat")

    class State(models.TextChoices):
        """Where it is."""

        NEW = "new", _("Ny")
        OPEN = "open", _("Under arbeid")
        ANSWERED = "answered", _("Besvart")
        SNOOZED = "snoozed", _("På vent")
        CLOSED = "closed", _("Avsluttet")

    OPEN = (State.NEW, State.OPEN)
    UNSETTLED = (State.NEW, State.OPEN, State.SNOOZED)
    MOVES = {
        State.NEW: {State.OPEN, State.ANSWERED, State.SNOOZED, State.CLOSED},
        State.OPEN: {State.ANSWERED, State.SNOOZED, State.CLOSED, State.NEW},
        State.ANSWERED: {State.OPEN, State.SNOOZED, State.CLOSED},
        State.SNOOZED: {State.OPEN, State.ANSWERED, State.CLOSED},
        State.CLOSED: {State.OPEN},
    }

    municipality = models.ForeignKey(
        Municipality, on_delete=models.PROTECT, related_name="conversations"
    )
    ref = models.CharField(max_length=20)
    key = models.CharField(max_length=26, unique=True, default=make_key)
    kind = models.CharField(max_length=30, default="question", help_text="One of `rooms.kinds`.")
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
    on_square = models.BooleanField(
        default=True, help_text="If public, it is shown on our own square."
    )
    language = models.CharField(max_length=3, default="nb")
    opened_at = models.DateTimeField()
    last_inbound_at = models.DateTimeField(null=True, blank=True)
    last_message_at = models.DateTimeField()
    waiting_since = models.DateTimeField(null=True, blank=True)
    first_answer_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    snoozed_until = models.DateTimeField(
        null=True, blank=True, help_text="Empty while snoozed: until the resident writes."
    )
    preliminary_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When a preliminary reply was sent (forvaltningsloven § 11 a).",
    )
    first_due_at = models.DateTimeField(null=True, blank=True)
    preliminary_due_at = models.DateTimeField(null=True, blank=True)
    answer_due_at = models.DateTimeField(null=True, blank=True)
    due_at = models.GeneratedField(
        expression=Case(
            When(
                Q(state__in=["new", "open", "snoozed"], waiting_since__isnull=False),
                then=Least(
                    Case(When(_NOT_TOLD, then=F("first_due_at"))),
                    Case(When(_NOT_TOLD, then=F("preliminary_due_at"))),
                    F("answer_due_at"),
                ),
            )
        ),
        output_field=models.DateTimeField(null=True),
        db_persist=True,
        help_text="The nearest deadline not met; kept by the database itself.",
    )
    warned_of = models.DateTimeField(
        null=True, blank=True, help_text="The deadline somebody was warned of."
    )
    breached_of = models.DateTimeField(
        null=True, blank=True, help_text="The deadline it is on record that we broke."
    )
    tags = ArrayField(models.SlugField(max_length=40), default=list, blank=True)
    replies_pending = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        help_text="Replies written and not sent; while there are any, it is neither moved nor merged.",
    )
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged"
    )
    split_from = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="split"
    )
    beside = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="strangers",
        help_text="The case it answers in, though it came from somebody who takes no part there.",
    )
    hidden_subject = models.CharField(
        max_length=200,
        blank=True,
        db_default="",
        help_text="The subject while its first words are hidden.",
    )
    message_count = models.PositiveIntegerField(default=0)
    search = models.GeneratedField(
        expression=SearchVector("subject", config="norwegian")
        + SearchVector("person_name", "ref", config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
    )
    place = models.BigIntegerField(
        default=0, editable=False, help_text="Municipality and week; kept by a trigger."
    )
    private_count = models.PositiveIntegerField(
        default=0, help_text="Of the messages, those that are private in a public conversation."
    )

    objects = ConversationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["municipality", "ref"], name="conversation_ref_once"),
            models.CheckConstraint(
                condition=Q(state__in=["new", "open", "answered", "snoozed", "closed"]),
                name="conversation_state",
            ),
            models.CheckConstraint(
                condition=Q(merged_into=None) | (Q(state="closed") & ~Q(merged_into=F("id"))),
                name="conversation_merged_is_closed",
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
            models.Index(
                fields=["municipality", "due_at", "id"],
                condition=Q(due_at__isnull=False),
                name="conversation_due",
            ),
            models.Index(
                fields=["municipality", "due_at", "id"],
                condition=Q(state__in=["new", "open"], due_at__isnull=False),
                name="conversation_late",
            ),
            models.Index(
                fields=["unit", "due_at", "id"],
                condition=Q(due_at__isnull=False),
                name="conversation_unit_due",
            ),
            models.Index(
                fields=["snoozed_until"],
                condition=Q(state="snoozed"),
                name="conversation_snoozed",
            ),
            models.Index(
                fields=["municipality", "waiting_since", "id"],
                condition=Q(state__in=["new", "open"], assignee=None),
                name="conversation_free",
            ),
            models.Index(
                fields=["unit", "waiting_since", "id"],
                condition=Q(state__in=["new", "open"]),
                name="conversation_unit_queue",
            ),
            models.Index(
                fields=["municipality", "state", "-last_message_at", "-id"],
                name="conversation_latest",
            ),
            models.Index(
                fields=["unit", "waiting_since", "id"],
                condition=Q(state__in=["new", "open"], assignee=None),
                name="conversation_unit_free",
            ),
            models.Index(
                fields=["assignee", "waiting_since", "id"],
                condition=Q(state__in=["new", "open"]),
                name="conversation_mine",
            ),
            GinIndex(fields=["tags"], name="conversation_tags"),
            GinIndex(fields=["place", "search"], name="conversation_search"),
            models.Index(
                fields=["municipality", "-last_message_at", "-id"], name="conversation_newest"
            ),
            GinIndex(
                fields=["tags"],
                condition=Q(state__in=["new", "open"]),
                name="conversation_tags_open",
            ),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def kind_info(self) -> Kind:
        """What is the same for all conversations of its kind."""
        return kind(self.kind)

    @property
    def public_path(self) -> str:
        """The page everybody may read it at, if it is public; empty where its kind has none."""
        return self.kind_info.address.format(ref=self.ref)

    @property
    def public_state(self) -> Text:
        """What everybody reads of how it stands; empty for nothing."""
        return self.kind_info.states.get("answered" if self.first_answer_at else "waiting", "")

    @property
    def opened_by_us(self) -> bool:
        """Whether it begins with words of the municipality's own."""
        return self.identity_id is None

    @property
    def public_name(self) -> str:
        """What everybody may call the one who asked; empty when they did not want it, or what they said is hidden."""
        return self.person_name if self.show_name and not self.hidden_subject else ""

    @property
    def public_count(self) -> int:
        """How many messages everybody can count."""
        return self.message_count - self.private_count
