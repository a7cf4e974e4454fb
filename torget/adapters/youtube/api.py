"""The YouTube Data API v3: calls with a fresh key, refusals by reason, and how much of the day's quota is left."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from torget.channels import http
from torget.channels.contract import AccountSnapshot, SendError
from torget.protocols import jsonvalues

HOST = "https://www.googleapis.com"
TOKENS = "https://oauth2.googleapis.com"
PACIFIC = ZoneInfo("America/Los_Angeles")  # the quota's day (…/youtube/v3/getting-started#quota)
QUOTA = 10_000

# developers.google.com/youtube/v3/docs/errors and /core_errors, by `reason`
_DAY_IS_FULL = frozenset({"quotaExceeded", "dailyLimitExceeded"})
_TOO_FAST = frozenset({"rateLimitExceeded", "userRateLimitExceeded"})
_ACCOUNT = frozenset(
    {
        "authError",
        "authorizationRequired",
        "required",
        "invalidCredentials",
        "insufficientPermissions",
        "accessNotConfigured",
        "youtubeSignupRequired",
        "ineligibleAccount",
        "accountClosed",
        "accountSuspended",
    }
)
_THEIR_FAULT = frozenset({"backendError", "internalError", "processingFailure"})
GONE = frozenset({"commentNotFound", "notFound"})
TOO_FAST_SECONDS = 60.0


class ApiError(SendError):
    """A refusal of the API's own, with its reason."""

    def __init__(self, reason: str, status: int, **kinds: Any) -> None:
        super().__init__(f"YouTube {status} {reason}".strip(), **kinds)
        self.reason = reason

    @property
    def is_gone(self) -> bool:
        """The comment does not exist (any more)."""
        return self.reason in GONE


def until_midnight(now: float) -> float:
    """Seconds until the quota's day is over."""
    here = datetime.fromtimestamp(now, PACIFIC)
    midnight = (here + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight.timestamp() - now


def day_of(now: float) -> str:
    """The quota's day."""
    return datetime.fromtimestamp(now, PACIFIC).date().isoformat()


@dataclass(slots=True)
class _Key:
    value: str
    until: float


class Keys:
    """Access keys, good for an hour, made of the account's lasting one and held in memory only."""

    def __init__(self) -> None:
        self._held: dict[tuple[int, str], _Key] = {}
        self._lock = threading.Lock()

    def key(self, account: AccountSnapshot) -> str:
        """A key that is still good for a minute.

        Raises:
            SendError: Google does not give one.
        """
        lasting = account.secrets.get("refresh_token", "")
        if not lasting:
            raise SendError("The account has no key: connect it again.", account=True)
        with self._lock:
            held = self._held.get((account.id, lasting))
            if held is None or held.until < time.monotonic() + 60:
                held = self._fresh(account, lasting)
                self._held[account.id, lasting] = held
        return held.value

    def forget(self, account: AccountSnapshot) -> None:
        """The key was refused: make a new one next time."""
        with self._lock:
            self._held.pop((account.id, account.secrets.get("refresh_token", "")), None)

    def _fresh(self, account: AccountSnapshot, lasting: str) -> _Key:
        said = exchange(account, grant_type="refresh_token", refresh_token=lasting)
        seconds = said.get("expires_in")
        return _Key(
            str(said.get("access_token", "")),
            time.monotonic() + (seconds if isinstance(seconds, int) else 300),
        )


def exchange(account: AccountSnapshot, **said: str) -> dict[str, Any]:
    """One request to Google's token endpoint (RFC 6749 §4.1.3, §6).

    Raises:
        SendError: no; `account` when what we hold is worth nothing any more.
    """
    keys = {
        "client_id": str(account.settings.get("client_id", "")),
        "client_secret": account.secrets.get("client_secret", ""),
    }
    url = f"{str(account.settings.get('api') or TOKENS).rstrip('/')}/token"
    headers = {"content-type": "application/x-www-form-urlencoded"}
    try:
        answer = http.request(
            "POST", url, headers=headers, content=urlencode({**keys, **said}).encode()
        )
    except http.HttpError as fault:  # nothing people see has happened
        raise SendError(str(fault)) from fault
    held = _json(answer.body)
    if answer.status == 200:
        return held
    # RFC 6749 §5.2: every error but a passing one means that the grant or the client is no good
    raise SendError(f"Google {answer.status} at the token endpoint", account=answer.status < 500)


def call(
    keys: Keys,
    account: AccountSnapshot,
    method: str,
    resource: str,
    params: Mapping[str, str],
    body: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """One request. All but GET change what people see.

    Raises:
        SendError: by the error's reason.
    """
    root = str(account.settings.get("api") or HOST).rstrip("/")
    url = f"{root}/youtube/v3/{resource}?{urlencode(params)}"
    headers = {"authorization": f"Bearer {keys.key(account)}", "content-type": "application/json"}
    content = json.dumps(body).encode() if body is not None else None
    acts = method != "GET"
    try:
        answer = http.request(method, url, headers=headers, content=content)
    except http.HttpError as fault:
        raise SendError(str(fault), ambiguous=acts and fault.maybe_sent) from fault
    if answer.status < 300:
        return _json(answer.body)
    if answer.status == 401:
        keys.forget(account)
    raise refusal(answer, acts=acts, now=time.time())


def refusal(answer: http.Response, *, acts: bool, now: float) -> ApiError:
    """What an error means, by its reason, else by its status."""
    error = _json(answer.body).get("error")
    each = error.get("errors") if isinstance(error, dict) else None
    first = each[0] if isinstance(each, list) and each and isinstance(each[0], dict) else {}
    reason = str(first.get("reason", ""))[:60]
    kinds: dict[str, Any]
    if reason in _DAY_IS_FULL:
        kinds = {"limited": True, "retry_after_seconds": until_midnight(now)}
    elif reason in _TOO_FAST or answer.status == 429:
        kinds = {"limited": True, "retry_after_seconds": TOO_FAST_SECONDS}
    elif reason in _ACCOUNT or answer.status == 401:
        kinds = {"account": True}
    elif reason in _THEIR_FAULT or answer.status >= 500:
        kinds = {"ambiguous": acts}
    else:
        kinds = {"permanent": True}
    return ApiError(reason, answer.status, **kinds)


def _json(body: bytes) -> dict[str, Any]:
    try:
        held = jsonvalues.load(body)
    except ValueError:
        return {}
    return held if isinstance(held, dict) else {}
