"""The YouTube Data API v3: refusals by reason, and how much of the day's quota is left."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from torget.channels.oauth import OAuth
from torget.channels.rest import Api, Reply, Verdict

OAUTH = OAuth(
    "Google",
    "https://accounts.google.com/o/oauth2/v2/auth",
    "https://oauth2.googleapis.com/token",
    ("https://www.googleapis.com/auth/youtube.force-ssl",),
    # Without "consent" Google gives the lasting key the first time only.
    asked={"access_type": "offline", "prompt": "consent"},
)
PACIFIC = ZoneInfo("America/Los_Angeles")  # the quota's day (…/youtube/v3/getting-started#quota)
QUOTA = 10_000
TOO_FAST_SECONDS = 60.0
# developers.google.com/youtube/v3/docs/errors and /core_errors, by `reason`
_DAY_IS_FULL = frozenset({"quotaExceeded", "dailyLimitExceeded"})
_REASONS: dict[Verdict, str] = {
    "limited": "quotaExceeded dailyLimitExceeded rateLimitExceeded userRateLimitExceeded",
    "unsure": "backendError internalError processingFailure",
    "account": "authError authorizationRequired required invalidCredentials insufficientPermissions "
    "accessNotConfigured youtubeSignupRequired ineligibleAccount accountClosed accountSuspended",
}
_VERDICTS = {reason: verdict for verdict, names in _REASONS.items() for reason in names.split()}


def until_midnight(now: float) -> float:
    """Seconds until the quota's day is over."""
    here = datetime.fromtimestamp(now, PACIFIC)
    midnight = (here + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight.timestamp() - now


def day_of(now: float) -> str:
    """The quota's day."""
    return datetime.fromtimestamp(now, PACIFIC).date().isoformat()


class YouTubeApi(Api):
    """What an error means, by its reason, else by its status."""

    name = "YouTube"
    root = "https://www.googleapis.com"
    grants = OAUTH

    def code(self, reply: Reply) -> str:
        reasons = [error.get("reason") for error in reply.rows("error", "errors")]
        return str(reasons[0] or "") if reasons else ""

    def verdict(self, reply: Reply, code: str) -> Verdict | None:
        return _VERDICTS.get(code)

    def wait_seconds(self, reply: Reply, code: str) -> float | None:
        return until_midnight(time.time()) if code in _DAY_IS_FULL else TOO_FAST_SECONDS


API = YouTubeApi()
