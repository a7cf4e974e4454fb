"""Municipalities, units, staff, roles, the duty roster, opening hours and absence."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import (
    ArrayField,
    DateTimeRangeField,
    RangeBoundary,
    RangeOperators,
)
from django.db import models
from django.db.models import F, Func, Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from torget.people.roles import Role


class UserManager(BaseUserManager["User"]):
    """Makes sign-ins."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A sign-in. Residents need none; what a person may do follows from their Staff rows."""

    email = models.EmailField(_("E-post"), unique=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    objects = UserManager()

    def __str__(self) -> str:
        return f"User {self.pk}"


class Municipality(models.Model):
    """A municipality. They differ by data, never by code."""

    number = models.CharField(max_length=4, unique=True)
    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=40, unique=True)
    ref_prefix = models.CharField(
        max_length=4, help_text="Letters before case numbers, for example NV."
    )
    phone = models.CharField(max_length=20, blank=True)
    email = models.EmailField(blank=True)
    website = models.URLField(blank=True)
    colour = models.CharField(max_length=7, default="#0062ba")
    coat_of_arms = models.TextField(blank=True, help_text="SVG, cleaned; shown as an image.")
    default_language = models.CharField(max_length=2, default="nb")
    languages = ArrayField(models.CharField(max_length=2), default=list)
    answer_days = models.PositiveSmallIntegerField(
        default=2, help_text="Working days we promise to answer within."
    )
    opened_at = models.DateTimeField(
        null=True,
        blank=True,
        default=timezone.now,
        help_text="Since when the square answers residents; empty: it is being set up.",
    )
    ref_year = models.PositiveSmallIntegerField(default=0)
    ref_count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "municipalities"

    def __str__(self) -> str:
        return self.name

    @property
    def host(self) -> str:
        """The address it is best known by."""
        first = min(self.hosts.all(), key=lambda host: host.pk, default=None)
        return first.host if first else "localhost"


class Host(models.Model):
    """An address a municipality answers on; the host name picks the municipality."""

    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT, related_name="hosts")
    host = models.CharField(max_length=253, unique=True)

    def __str__(self) -> str:
        return self.host


class Unit(models.Model):
    """A part of the municipality: a department, a school. A tree."""

    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT, related_name="units")
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    slug = models.SlugField(max_length=60)
    name = models.CharField(_("Navn"), max_length=100)
    name_nn = models.CharField(max_length=100, blank=True)
    name_en = models.CharField(max_length=100, blank=True)
    path = models.CharField(
        max_length=400, help_text="Ids from the root, /1/4/: a subtree is a prefix.", db_index=True
    )
    receives = models.BooleanField(
        default=True, help_text="Questions may be sent straight to this unit."
    )
    is_front = models.BooleanField(
        default=False, help_text="Takes what nobody else was meant to: the service centre."
    )
    keywords = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["municipality", "slug"], name="unit_slug_once"),
            models.UniqueConstraint(
                fields=["municipality"], condition=Q(is_front=True), name="unit_one_front"
            ),
        ]

    def __str__(self) -> str:
        return self.local_name

    @property
    def local_name(self) -> str:
        """Its name in the language of the reader."""
        language = get_language() or "nb"
        return (getattr(self, f"name_{language}", "") if language != "nb" else "") or self.name


class Staff(models.Model):
    """Somebody who works for one municipality. What they said stays when they leave (PROTECT)."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="staff")
    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT, related_name="staff")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="staff")
    first_name = models.CharField(max_length=60)
    last_name = models.CharField(max_length=80)
    active = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "staff"
        ordering = ["first_name", "last_name"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "municipality"], name="staff_once_per_municipality"
            )
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """The whole name, for colleagues."""
        return f"{self.first_name} {self.last_name}"

    @property
    def signature(self) -> str:
        """How answers are signed: "Martin, Servicetorget"."""
        return f"{self.first_name}, {self.unit.local_name}"


class RoleGrant(models.Model):
    """A role in a unit and those below it, from a time until another."""

    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="grants")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="grants")
    role = models.CharField(max_length=20, choices=Role)
    granted_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["staff", "unit", "role"],
                condition=Q(ended_at=None),
                name="grant_one_current",
            )
        ]

    def __str__(self) -> str:
        return f"{self.role} @ {self.unit_id}"


class DutyQuerySet(models.QuerySet["Duty"]):
    """Finding who is on."""

    def on_at(self, at: datetime) -> DutyQuerySet:
        """Duties running at a moment, longest-lasting last."""
        return self.filter(starts_at__lte=at, ends_at__gt=at).order_by("ends_at")


class Duty(models.Model):
    """Who is on duty in a unit from–to, with the note handed over to the next. One person has one duty at a time."""

    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT, related_name="duties")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="duties")
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="duties")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    handover = models.TextField(blank=True)
    handed_over_at = models.DateTimeField(null=True, blank=True)

    objects = DutyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "duties"
        indexes = [models.Index(fields=["municipality", "ends_at"], name="duty_running")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="duty_ends_after_start"
            ),
            ExclusionConstraint(
                name="duty_one_at_a_time",
                expressions=[
                    (
                        Func(
                            F("starts_at"),
                            F("ends_at"),
                            RangeBoundary(),
                            function="tstzrange",
                            output_field=DateTimeRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                    ("staff", RangeOperators.EQUAL),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"Duty {self.pk}"


class OpeningHours(models.Model):
    """When a unit answers, by weekday (Monday is 0), local time. Public holidays are closed without a row."""

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="opening_hours")
    weekday = models.PositiveSmallIntegerField()
    opens = models.TimeField()
    closes = models.TimeField()

    class Meta:
        verbose_name_plural = "opening hours"
        ordering = ["weekday", "opens"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closes__gt=F("opens")), name="hours_close_after_open"
            ),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="hours_weekday"),
            models.UniqueConstraint(fields=["unit", "weekday", "opens"], name="hours_once"),
        ]

    def __str__(self) -> str:
        return f"{self.weekday} {self.opens:%H:%M}–{self.closes:%H:%M}"


class ClosedDay(models.Model):
    """A day a unit is closed beyond the public holidays, with the reason residents are told."""

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="closed_days")
    on = models.DateField()
    reason = models.CharField(max_length=100)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["unit", "on"], name="closed_once")]

    def __str__(self) -> str:
        return f"{self.on} {self.reason}"


class Absence(models.Model):
    """A member of staff is away from–to (both days included). No reason is kept: it is nobody's business."""

    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="absences")
    from_on = models.DateField()
    to_on = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(to_on__gte=F("from_on")), name="absence_ends_after_start"
            )
        ]

    def __str__(self) -> str:
        return f"{self.from_on}–{self.to_on}"


class SignInSession(models.Model):
    """Which of our sessions an identity provider's session (issuer, sid) opened, so that its log-out closes ours."""

    issuer = models.CharField(max_length=300)
    sid = models.CharField(max_length=200)
    session_key = models.CharField(max_length=40)
    opened_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["issuer", "sid"], name="signin_sid")]

    def __str__(self) -> str:
        return f"Session at {self.issuer}"


class SignInLink(models.Model):
    """A resident's sign-in link that was sent: used once, then worthless. Only its hash is kept."""

    municipality = models.ForeignKey(Municipality, on_delete=models.CASCADE)
    token_sha256 = models.BinaryField(max_length=32, unique=True)
    address = models.EmailField()
    sent_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Link {self.pk}"


class Counter(models.Model):
    """How full a leaky bucket is (people.limits.counting), or that something was spent. About a keyed hash; soon forgotten."""

    key = models.BinaryField(max_length=32, primary_key=True)
    level = models.FloatField()
    at = models.DateTimeField()
    counted = models.BooleanField(help_text="Whether the last one was let in.")
    forget_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"Counter at {self.level:.1f}"


class Line(models.Model):
    """A live line somebody holds open, once for each limit it counts against."""

    line = models.UUIDField(db_index=True)
    key = models.BinaryField(max_length=32)
    until = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [models.Index(fields=["key", "until"], name="line_held")]

    def __str__(self) -> str:
        return f"Line {self.line}"


class LimitValue(models.Model):
    """What a municipality decided about one of its limits."""

    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT)
    name = models.CharField(max_length=40)
    value = models.PositiveIntegerField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["municipality", "name"], name="limit_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.value}"


class LimitFigure(models.Model):
    """How many a limit slowed and refused on a day: numbers only."""

    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT)
    name = models.CharField(max_length=40)
    on = models.DateField()
    slowed = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["municipality", "name", "on"], name="limit_figure_once")
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.on}"


class DayKey(models.Model):
    """A random key of a day (people.daykey), destroyed when the day is over. Unlogged, and in no backup."""

    on = models.DateField(primary_key=True)
    key = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"Key of {self.on}"
