"""The X API v2: calls with a key that is kept fresh, and its refusals."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone

from torget.adapters.x.models import Key
from torget.channels import http
from torget.channels.contract import AccountSnapshot, SendError
from torget.channels.secrets import seal, unseal
from torget.protocols import jsonvalues

HOST = "https://api.x.com"
EARLY = timedelta(minutes=5)
LIMIT_SECONDS = 15 * 60.0
_GUARD = threading.Lock()
# docs.x.com/x-api/fundamentals/response-codes-and-errors, by `type`
_PROBLEMS = "https://api.twitter.com/2/problems/"
_ACCOUNT_TYPES = frozenset(
    {
        f"{_PROBLEMS}client-forbidden",
        f"{_PROBLEMS}oauth1-permissions",
        f"{_PROBLEMS}unsupported-authentication",
    }
)


class ApiError(SendError):
    """A refusal of the API's own."""

    def __init__(self, status: int, message: str, **kinds: Any) -> None:
        super().__init__(message, **kinds)
        self.status = status


def root(account: AccountSnapshot) -> str:
    """Where the API is; the setting `api` names another place (a test's)."""
    return str(account.settings.get("api") or HOST).rstrip("/")


def verifier(account: AccountSnapshot) -> str:
    """The PKCE verifier (RFC 7636 §4.1): made of the client's secret, so that nothing must be kept meanwhile."""
    secret = account.secrets.get("client_secret", "").encode()
    digest = hmac.new(secret, b"torget x pkce 1", hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def challenge(account: AccountSnapshot) -> str:
    """Its S256 challenge (RFC 7636 §4.2)."""
    digest = hashlib.sha256(verifier(account).encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def exchange(account: AccountSnapshot, **said: str) -> dict[str, Any]:
    """One request to X's token endpoint, as a confidential client (RFC 6749 §2.3.1).

    Raises:
        SendError: no.
    """
    client = str(account.settings.get("client_id", ""))
    pair = f"{client}:{account.secrets.get('client_secret', '')}".encode()
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "authorization": f"Basic {base64.b64encode(pair).decode()}",
    }
    content = urlencode({"client_id": client, **said}).encode()
    try:
        answer = http.request(
            "POST", f"{root(account)}/2/oauth2/token", headers=headers, content=content
        )
    except http.HttpError as fault:
        raise SendError(str(fault)) from fault
    if answer.status != 200:
        raise SendError(
            f"X {answer.status} at the token endpoint", account=answer.status in range(400, 500)
        )
    return _json(answer.body)


def _connected_with(account: AccountSnapshot) -> str:
    return hashlib.sha256(account.secrets.get("refresh_token", "").encode()).hexdigest()


def _row(account: AccountSnapshot) -> Key | None:
    return Key.objects.filter(
        account_number=account.id, connected_with=_connected_with(account)
    ).first()


def key(account: AccountSnapshot, now: datetime) -> str:
    """An access key that is still good for some minutes; a new one is asked for when it is not.

    Raises:
        SendError: X gives none.
    """
    if not account.id:  # being connected: just given
        return account.secrets.get("token", "")
    with _GUARD:
        row = _row(account)
        if row is not None and row.ends_at - EARLY > now:
            return unseal(bytes(row.sealed))["token"]
        lasting = (
            unseal(bytes(row.sealed))["refresh_token"]
            if row
            else account.secrets.get("refresh_token")
        )
        if not lasting:
            raise SendError("The account has no key: connect it again.", account=True)
        try:
            said = exchange(account, grant_type="refresh_token", refresh_token=lasting)
        except SendError:
            other = _row(account)  # another worker may have used the lasting key before us
            if other is not None and other.ends_at - EARLY > now:
                return unseal(bytes(other.sealed))["token"]
            raise
        return _keep(account, said, lasting, now)


def _keep(account: AccountSnapshot, said: Mapping[str, Any], before: str, now: datetime) -> str:
    token = str(said.get("access_token", ""))
    kept = {"token": token, "refresh_token": str(said.get("refresh_token") or before)}
    seconds = said.get("expires_in")
    ends_at = now + timedelta(seconds=seconds if isinstance(seconds, int) else 600)
    Key.objects.update_or_create(
        account_number=account.id,
        defaults={
            "connected_with": _connected_with(account),
            "sealed": seal(kept),
            "ends_at": ends_at,
        },
    )
    return token


def call(
    account: AccountSnapshot,
    method: str,
    path: str,
    params: Mapping[str, str] | None = None,
    body: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """One request. All but GET change what people see.

    Raises:
        SendError: by status, and the problem's type.
    """
    headers = {
        "authorization": f"Bearer {key(account, timezone.now())}",
        "content-type": "application/json",
    }
    url = f"{root(account)}/2/{path}" + (f"?{urlencode(params)}" if params else "")
    content = json.dumps(body).encode() if body is not None else None
    acts = method != "GET"
    try:
        answer = http.request(method, url, headers=headers, content=content)
    except http.HttpError as fault:
        raise SendError(str(fault), ambiguous=acts and fault.maybe_sent) from fault
    held = _json(answer.body)
    if answer.status < 300 and ("data" in held or "errors" not in held):
        return held
    raise refusal(answer, acts=acts, now=time.time())


def refusal(answer: http.Response, *, acts: bool, now: float) -> ApiError:
    """What an error means: 402 is an empty purse, 429 tells when the window opens again."""
    kind = _json(answer.body).get("type")
    kinds: dict[str, Any]
    if answer.status in {401, 402} or (answer.status == 403 and kind in _ACCOUNT_TYPES):
        kinds = {"account": True}
    elif answer.status == 429:
        reset = http.seconds_told(answer.headers.get("x-rate-limit-reset", ""))
        wait = LIMIT_SECONDS if reset is None else reset - now
        kinds = {"limited": True, "retry_after_seconds": max(1.0, wait)}
    elif answer.status >= 500:
        kinds = {"ambiguous": acts}
    else:
        kinds = {"permanent": True}
    return ApiError(answer.status, f"X HTTP {answer.status}", **kinds)


def _json(body: bytes) -> dict[str, Any]:
    try:
        held = jsonvalues.load(body)
    except ValueError:
        return {}
    return held if isinstance(held, dict) else {}
