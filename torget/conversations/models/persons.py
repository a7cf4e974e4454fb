"""Who speaks: persons, their identities, what staff note of them, and senders that are blocked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from torget.people.models import Municipality, Staff


class Person(models.Model):
    """Somebody who speaks: one person, many identities. A merge is a pointer and can be undone."""

    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT, related_name="persons")
    name = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=3, default="nb")
    created_at = models.DateTimeField()
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged"
    )

    class Meta:
        indexes = [models.Index(fields=["municipality", "name"], name="person_name")]

    def __str__(self) -> str:
        return f"Person {self.pk}"

    @property
    def root(self) -> Person:
        """The one they are found to be, through however many merges: compare persons by this and by nothing else."""
        person = self
        while person.merged_into is not None:
            person = person.merged_into
        return person


def below(person_ids: Iterable[int]) -> list[int]:
    """Ids of all who were merged into these, at any depth."""
    ids: list[int] = []
    nearest = list(person_ids)
    while nearest:
        nearest = list(Person.objects.filter(merged_into__in=nearest).values_list("pk", flat=True))
        ids += nearest
    return ids


class Identity(models.Model):
    """How a person is known on one network. Never a login made for a commenter."""

    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="identities")
    network = models.CharField(max_length=20)
    external_id = models.CharField(max_length=320)
    name = models.CharField(max_length=120, blank=True)
    handle = models.CharField(
        max_length=320, blank=True, help_text="What people read: @kari@mastodon.example."
    )
    url = models.CharField(max_length=500, blank=True, help_text="Their page there.")
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


class PersonMerge(models.Model):
    """Two persons were found to be one; undone by a time, never by deleting the row."""

    kept = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="merges_kept")
    joined = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="merges_joined")
    reason = models.CharField(max_length=300)
    merged_at = models.DateTimeField()
    merged_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        Staff, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        db_table = "conversations_merge"
        constraints = [
            models.UniqueConstraint(
                fields=["joined"], condition=Q(undone_at=None), name="merge_one_current"
            ),
            models.CheckConstraint(condition=~Q(kept=F("joined")), name="merge_of_two"),
        ]

    def __str__(self) -> str:
        return f"PersonMerge {self.pk}"


class PersonNote(models.Model):
    """What staff need to remember of a person: why it is kept, and until when."""

    class Purpose(models.TextChoices):
        """Why we keep it."""

        CONTACT = "contact", _("Hvordan personen vil bli kontaktet")
        HELP = "help", _("Hjelp personen trenger for å bruke tjenestene")
        SAFETY = "safety", _("Sikkerhet for ansatte")
        CASE = "case", _("Oppfølging av en pågående sak")

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="notes")
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=10, choices=Purpose)
    body = models.CharField(max_length=1000)
    created_at = models.DateTimeField()
    expires_on = models.DateField()

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["expires_on"], name="personnote_expiry")]

    def __str__(self) -> str:
        return f"Note {self.pk}"


class BlockQuerySet(models.QuerySet["Block"]):
    """Finding blocks."""

    def current(self, *, on: date) -> BlockQuerySet:
        """Those in force on a day."""
        return self.filter(lifted_at=None, until_on__gte=on)


class Block(models.Model):
    """A sender whose messages no longer make anybody wait: everything is still received and kept."""

    identity = models.ForeignKey(Identity, on_delete=models.PROTECT, related_name="blocks")
    reason = models.CharField(max_length=500)
    until_on = models.DateField()
    blocked_at = models.DateTimeField()
    blocked_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(
        Staff, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = BlockQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["identity"], condition=Q(lifted_at=None), name="block_one_current"
            )
        ]

    def __str__(self) -> str:
        return f"Block {self.pk}"
