"""LinkedIn's versioned REST API: its refusals, and the version's age."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote

from torget.channels.contract import AccountAccess, AccountSnapshot, SendError
from torget.channels.oauth import OAuth
from torget.channels.rest import Api, Reply, until

LOGIN = "https://www.linkedin.com/oauth/v2"
OAUTH = OAuth(
    "LinkedIn",
    f"{LOGIN}/authorization",
    f"{LOGIN}/accessToken",
    (
        "r_organization_social",
        "w_organization_social",
        "r_organization_social_feed",
        "w_organization_social_feed",
        "rw_organization_admin",
    ),
)
VERSION = "202611"
OLD_MONTHS = (
    11  # a version is taken away about twelve months after its own (…/marketing/versioning)
)
NEXT_DAY_MARGIN_SECONDS = 60.0
PATCH = {"x-restli-method": "PARTIAL_UPDATE"}


def version(account: AccountSnapshot) -> str:
    """The API version asked for, as YYYYMM."""
    return str(account.settings.get("version") or VERSION)


def months_old(version: str, today: date) -> int:
    """How many months ago the version was made.

    Raises:
        ValueError: it is not YYYYMM.
    """
    made = datetime.strptime(version, "%Y%m").replace(tzinfo=UTC)
    return (today.year - made.year) * 12 + today.month - made.month


def taken_away_at(version: str) -> datetime:
    """About when: the middle of its month a year later, as 202508 was on 17 August 2026.

    Raises:
        ValueError: it is not YYYYMM.
    """
    made = datetime.strptime(version, "%Y%m").replace(tzinfo=UTC)
    return made.replace(year=made.year + 1, day=15)


def urn(name: str) -> str:
    """An URN as a path segment: everything in it is encoded, as Rest.li wants it."""
    return quote(name, safe="")


def until_tomorrow(now: datetime) -> float:
    """Seconds until the day's limits begin anew: at midnight UTC (…/concepts/rate-limits)."""
    tomorrow = now.astimezone(UTC) + timedelta(days=1)
    midnight = tomorrow.replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight - now).total_seconds() + NEXT_DAY_MARGIN_SECONDS


class LinkedInApi(Api):
    """…/concepts/error-handling; 426 is a version taken away."""

    name = "LinkedIn"
    root = "https://api.linkedin.com"
    account_statuses = frozenset({401, 403, 426})

    def token(self, account: AccountAccess) -> str:
        if not (token := account.secrets.get("token", "")):
            raise SendError("The account has no key: connect it again.", account=True)
        return token

    def headers(self, account: AccountAccess) -> Mapping[str, str]:
        return {"linkedin-version": version(account), "x-restli-protocol-version": "2.0.0"}

    def is_done(self, reply: Reply) -> bool:
        return reply.status < 300

    def code(self, reply: Reply) -> str:
        return str(reply.table.get("code") or reply.table.get("serviceErrorCode") or "")

    def wait_seconds(self, reply: Reply, code: str) -> float | None:
        wait = until(reply.headers)
        return until_tomorrow(datetime.now(UTC)) if wait is None else wait


API = LinkedInApi()
