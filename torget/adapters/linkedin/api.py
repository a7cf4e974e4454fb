"""LinkedIn's versioned REST API: one call, its refusals, the version's age."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from torget.channels import http
from torget.channels.contract import AccountSnapshot, SendError
from torget.protocols import jsonvalues

HOST = "https://api.linkedin.com"
LOGIN = "https://www.linkedin.com/oauth/v2"
VERSION = "202611"
OLD_MONTHS = (
    11  # a version is taken away about twelve months after its own (…/marketing/versioning)
)
NEXT_DAY_MARGIN_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call gave: the JSON, and the id of what it made (`x-restli-id`)."""

    held: Mapping[str, Any]
    made: str = ""


class ApiError(SendError):
    """A refusal of the API's own."""

    def __init__(self, status: int, code: str, **kinds: Any) -> None:
        super().__init__(f"LinkedIn {status} {code}".strip(), **kinds)
        self.status = status


def version(account: AccountSnapshot) -> str:
    """The API version asked for, as YYYYMM."""
    return str(account.settings.get("version") or VERSION)


def months_old(held: str, today: date) -> int:
    """How many months ago the version was made.

    Raises:
        ValueError: it is not YYYYMM.
    """
    made = datetime.strptime(held, "%Y%m").replace(tzinfo=UTC)
    return (today.year - made.year) * 12 + today.month - made.month


def taken_away_at(held: str) -> datetime:
    """About when: the middle of its month a year later, as 202508 was on 17 August 2026.

    Raises:
        ValueError: it is not YYYYMM.
    """
    made = datetime.strptime(held, "%Y%m").replace(tzinfo=UTC)
    return made.replace(year=made.year + 1, day=15)


def urn(named: str) -> str:
    """An URN as a path segment: everything in it is encoded, as Rest.li wants it."""
    return quote(named, safe="")


def call(
    account: AccountSnapshot,
    method: str,
    path: str,
    params: Mapping[str, str] | None = None,
    body: Mapping[str, Any] | None = None,
    *,
    patch: bool = False,
    acts: bool | None = None,
) -> Answer:
    """One request. All but GET change what people see, unless `acts` says otherwise.

    Raises:
        SendError: by status.
    """
    key = account.secrets.get("token", "")
    if not key:
        raise SendError("The account has no key: connect it again.", account=True)
    headers = {
        "authorization": f"Bearer {key}",
        "linkedin-version": version(account),
        "x-restli-protocol-version": "2.0.0",
        "content-type": "application/json",
    }
    if patch:
        headers["x-restli-method"] = "PARTIAL_UPDATE"
    root = str(account.settings.get("api") or HOST).rstrip("/")
    url = f"{root}/rest/{path}" + (f"?{urlencode(params)}" if params else "")
    content = json.dumps(body).encode() if body is not None else None
    doubtful = method != "GET" if acts is None else acts
    try:
        answer = http.request(method, url, headers=headers, content=content)
    except http.HttpError as fault:
        raise SendError(str(fault), ambiguous=doubtful and fault.maybe_sent) from fault
    if answer.status < 300:
        held = _json(answer.body)
        return Answer(held, answer.headers.get("x-restli-id", "") or str(held.get("id", "")))
    raise refusal(answer, acts=doubtful)


def put(url: str, content: bytes, media_type: str, account: AccountSnapshot) -> None:
    """Send a picture's octets to where LinkedIn said. Nothing is seen of it before a post names it.

    Raises:
        SendError: it was not taken.
    """
    headers = {
        "authorization": f"Bearer {account.secrets.get('token', '')}",
        "content-type": media_type,
    }
    try:
        answer = http.request("PUT", url, headers=headers, content=content)
    except http.HttpError as fault:
        raise SendError(str(fault)) from fault
    if answer.status >= 300:
        raise refusal(answer, acts=False)


def exchange(account: AccountSnapshot, **said: str) -> dict[str, Any]:
    """One request to LinkedIn's token endpoint.

    Raises:
        SendError: no.
    """
    keys = {
        "client_id": str(account.settings.get("client_id", "")),
        "client_secret": account.secrets.get("client_secret", ""),
    }
    root = str(account.settings.get("api") or LOGIN).rstrip("/")
    headers = {"content-type": "application/x-www-form-urlencoded"}
    content = urlencode({**keys, **said}).encode()
    try:
        answer = http.request("POST", f"{root}/accessToken", headers=headers, content=content)
    except http.HttpError as fault:
        raise SendError(str(fault)) from fault
    if answer.status != 200:
        raise SendError(f"LinkedIn {answer.status} at the token endpoint", account=True)
    return _json(answer.body)


def until_tomorrow(now: datetime) -> float:
    """Seconds until the day's limits begin anew: at midnight UTC (…/concepts/rate-limits)."""
    midnight = (now.astimezone(UTC) + timedelta(days=1)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    return (midnight - now).total_seconds() + NEXT_DAY_MARGIN_SECONDS


def refusal(answer: http.Response, *, acts: bool) -> ApiError:
    """What an error means by its status (…/concepts/error-handling); 426 is a version taken away."""
    held = _json(answer.body)
    code = str(held.get("code") or held.get("serviceErrorCode") or "")[:60]
    kinds: dict[str, Any]
    if answer.status in {401, 403, 426}:
        kinds = {"account": True}
    elif answer.status == 429:
        seconds = http.seconds_told(answer.headers.get("retry-after", ""))
        wait = until_tomorrow(datetime.now(UTC)) if seconds is None else seconds
        kinds = {"limited": True, "retry_after_seconds": wait}
    elif answer.status >= 500:
        kinds = {"ambiguous": acts}
    else:
        kinds = {"permanent": True}
    return ApiError(answer.status, code, **kinds)


def _json(body: bytes) -> dict[str, Any]:
    try:
        held = jsonvalues.load(body)
    except ValueError:
        return {}
    return held if isinstance(held, dict) else {}
