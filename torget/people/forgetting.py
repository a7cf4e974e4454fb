"""What people's tables forget, and what they keep."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import QuerySet
from procrastinate.contrib.django.models import ProcrastinateJob

from torget.people.limits.counting import forget_past
from torget.people.models import Counter, LimitFigure, Line, SignInLink, SignInSession
from torget.people.retention import Rule

DAY = timedelta(days=1)


def _failed_jobs(at: datetime) -> QuerySet[Any]:
    return ProcrastinateJob.objects.filter(
        status__in=["failed", "cancelled", "aborted"], procrastinateevent__at__lt=at - 7 * DAY
    ).distinct()


def _forget_jobs(keys: list[Any], _at: datetime) -> None:
    with connection.cursor() as cursor:  # the model itself is read-only
        cursor.execute("DELETE FROM procrastinate_jobs WHERE id = ANY(%s)", [keys])


RULES = (
    Rule(
        "django_session",
        "Sessions of staff and residents",
        "when they end (12 hours)",
        "They are worth nothing then.",
        lambda at: Session.objects.filter(expire_date__lt=at),
    ),
    Rule(
        "people_signinlink",
        "Sign-in links: the hash of the link, the address it went to",
        "1 day",
        "A link works for half an hour; addresses are often typed by somebody else.",
        lambda at: SignInLink.objects.filter(sent_at__lt=at - DAY),
    ),
    Rule(
        "people_signinsession",
        "Which session an identity provider's session opened",
        "1 day",
        "Longer than any session of ours.",
        lambda at: SignInSession.objects.filter(opened_at__lt=at - DAY),
    ),
    Rule(
        "people_counter",
        "Counters of the limits, about keyed hashes of addresses",
        "when the window ends (minutes to a day)",
        "They count what happens now.",
        lambda at: Counter.objects.filter(forget_at__lte=at),
        lambda _keys, at: forget_past(at=at),
    ),
    Rule(
        "people_line",
        "Live lines that are open, about keyed hashes",
        "11 minutes",
        "A line ends before.",
        lambda at: Line.objects.filter(until__lte=at),
    ),
    Rule(
        "people_limitfigure",
        "How many a limit slowed and refused: numbers",
        "1 year",
        "To see what is usual.",
        lambda at: LimitFigure.objects.filter(on__lt=(at - 365 * DAY).date()),
    ),
    Rule(
        "procrastinate_jobs",
        "Jobs that failed, with what they were about (letters are sealed)",
        "7 days; those that succeed at once",
        "To find out why.",
        _failed_jobs,
        _forget_jobs,
    ),
)
_STAFF = "Who was employed, where, with which role and duty: needed to read history."
_SIGNIN = "How staff sign in; taken away with their sign-in."
KEPT = {
    "account_emailaddress": _SIGNIN,
    "account_emailconfirmation": "Not used.",
    "mfa_authenticator": _SIGNIN,
    "socialaccount_socialapp": "Not used: providers are settings.",
    "socialaccount_socialaccount": _SIGNIN,
    "socialaccount_socialtoken": "Not used: tokens are not kept.",
    "auth_permission": "No persons.",
    "auth_group": "No persons.",
    "auth_group_permissions": "No persons.",
    "django_content_type": "No persons.",
    "procrastinate_workers": "No persons.",
    "procrastinate_events": "When jobs ran; goes with the job.",
    "procrastinate_periodic_defers": "When jobs were due.",
    "people_user": _STAFF,
    "people_staff": _STAFF,
    "people_rolegrant": _STAFF,
    "people_duty": _STAFF,
    "people_absence": "Who is away, without a reason; part of the roster.",
    "people_daykey": "One random key, destroyed at midnight (its own job, and the first use of a new day).",
    "people_municipality": "No persons.",
    "people_host": "No persons.",
    "people_unit": "No persons.",
    "people_openinghours": "No persons.",
    "people_closedday": "No persons.",
    "people_limitvalue": "No persons.",
}
