"""The Graph API as all of Meta's networks use it: one call, its refusals by code, its webhooks' signatures."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from torget.channels import http
from torget.channels.contract import AccountAccess, BadSignature, File, RawItem, SendError
from torget.protocols import jsonvalues

VERSION = "v25.0"
HOST = "https://graph.facebook.com"
DIALOG = f"https://www.facebook.com/{VERSION}/dialog/oauth"

# developers.facebook.com/docs/graph-api/guides/error-handling and /docs/graph-api/overview/rate-limiting
_ACCOUNT = frozenset({3, 10, 102, 190, *range(200, 300)})
_LIMITED = frozenset({4, 17, 32, 341, 613, 80001, 80002, 80006})
_BLOCKED = 368  # for a while, for what Meta holds to be against its rules
_SAME_AGAIN = 506  # "duplicate": what we send stands there already, most likely by us
_UNSURE = frozenset({1, 2})  # their side failed; it may have been done
# …/messenger-platform/error-codes: by subcode, before the code is looked at
_TOO_LATE = frozenset({2018278, 2018108, 2534022})
GONE = frozenset({33, 1609005})  # "does not exist, or cannot be loaded" (with code 100)
BLOCKED_SECONDS = 3600.0
LIMIT_SECONDS = 15 * 60.0
FULL_PERCENT = 90
_FULL: dict[int, float] = {}  # by account: until when; each process learns it from its own calls


class GraphError(SendError):
    """A refusal of the API's own, with its code."""

    def __init__(self, code: int, subcode: int, status: int, message: str, **kinds: Any) -> None:
        super().__init__(message, **kinds)
        self.number, self.subcode, self.status = code, subcode, status

    @property
    def is_forbidden(self) -> bool:
        """A permission is missing."""
        return self.number in {3, 10} or 200 <= self.number < 300

    @property
    def is_gone(self) -> bool:
        """What was asked for does not exist (any more)."""
        return self.status == 404 or (self.number == 100 and self.subcode in GONE)


def base(account: AccountAccess, host: str = HOST, version: str = VERSION) -> str:
    """Where the API is; the setting `api` names another place (a test's)."""
    return f"{str(account.settings.get('api') or host).rstrip('/')}/{version}"


def token(account: AccountAccess) -> str:
    """The account's access token.

    Raises:
        SendError: there is none.
    """
    held = account.secrets.get("token", "")
    if not held:
        raise SendError("The account has no access token: connect it again.", account=True)
    return held


def proof(account: AccountAccess, access_token: str) -> str:
    """`appsecret_proof`: shows that the call comes from the app and not from whoever found the token."""
    secret = account.secrets.get("app_secret", "")
    return hmac.new(secret.encode(), access_token.encode(), hashlib.sha256).hexdigest()


def call(
    account: AccountAccess,
    method: str,
    path: str,
    params: Mapping[str, Any] | None = None,
    *,
    acts: bool = False,
    access_token: str = "",
    root: str = "",
    proven: bool = True,
) -> dict[str, Any]:
    """One request. `acts`: it changes what people see, so that without an answer nobody knows.

    Raises:
        SendError: by (code, error_subcode), never by words.
    """
    key = access_token or token(account)
    said: dict[str, Any] = {**(params or {}), "access_token": key}
    if proven:
        said["appsecret_proof"] = proof(account, key)
    url = f"{root or base(account)}/{path.lstrip('/')}"
    if method == "POST":
        headers = {"content-type": "application/json"}
        answer = _request(method, url, acts, headers, json.dumps(said).encode())
    else:
        query = {key: one if isinstance(one, str) else json.dumps(one) for key, one in said.items()}
        answer = _request(method, f"{url}?{urlencode(query)}", acts, {}, None)
    if used_percent(answer.headers) >= FULL_PERCENT:
        _FULL[account.id] = time.monotonic() + regained(answer.headers)
    return _done(answer, acts)


def is_full(account: AccountAccess) -> bool:
    """What Meta lets the account do is nearly used up: what can wait should, so that answers go out."""
    return _FULL.get(account.id, 0.0) > time.monotonic()


def upload(
    account: AccountAccess, path: str, picture: File, params: Mapping[str, str]
) -> dict[str, Any]:
    """Send a picture's octets. Nothing is seen of it before something names it, so nothing is in doubt.

    Raises:
        SendError: as `call`.
    """
    key = token(account)
    said = {**params, "access_token": key, "appsecret_proof": proof(account, key)}
    border = secrets.token_hex(16)
    out = bytearray()
    for name, value in said.items():
        out += f'--{border}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n'.encode()
        out += value.encode() + b"\r\n"
    head = f'--{border}\r\ncontent-disposition: form-data; name="source"; filename="picture"\r\n'
    out += head.encode() + f"content-type: {picture.media_type}\r\n\r\n".encode()
    out += picture.content + f"\r\n--{border}--\r\n".encode()
    headers = {"content-type": f"multipart/form-data; boundary={border}"}
    return _done(_request("POST", f"{base(account)}/{path}", False, headers, bytes(out)), False)


def _request(
    method: str, url: str, acts: bool, headers: Mapping[str, str], content: bytes | None
) -> http.Response:
    try:
        return http.request(method, url, headers=headers, content=content)
    except http.HttpError as fault:
        raise SendError(str(fault), ambiguous=acts and fault.maybe_sent) from fault


def _done(answer: http.Response, acts: bool) -> dict[str, Any]:
    held = _json(answer.body)
    if answer.status < 300 and "error" not in held:
        return held
    raise refusal(answer, acts=acts)


def _json(body: bytes) -> dict[str, Any]:
    try:
        held = jsonvalues.load(body)
    except ValueError:
        return {}
    return held if isinstance(held, dict) else {"data": held}


def number(held: Any) -> int:
    """A number the API gives now as number, now as text; 0 when it is neither."""
    try:
        return int(held)
    except (TypeError, ValueError, OverflowError):
        return 0


def refusal(answer: http.Response, *, acts: bool) -> GraphError:
    """What an error means: by subcode, else by code, else by status."""
    error = _json(answer.body).get("error")
    error = error if isinstance(error, dict) else {}
    code, subcode = number(error.get("code")), number(error.get("error_subcode"))
    shown = f"Graph {code}/{subcode}" if code else f"HTTP {answer.status}"
    kinds: dict[str, Any]
    if subcode in _TOO_LATE:
        shown = _("Fristen for å svare på Messenger er ute: svar på en annen måte. (%(code)s)") % {
            "code": shown
        }
        kinds = {"permanent": True}
    elif code in _ACCOUNT:
        kinds = {"account": True}
    elif code in _LIMITED or answer.status == 429:
        kinds = {"limited": True, "retry_after_seconds": regained(answer.headers)}
    elif code == _BLOCKED:
        kinds = {"limited": True, "retry_after_seconds": BLOCKED_SECONDS}
    elif acts and (code in _UNSURE or code == _SAME_AGAIN):
        kinds = {"ambiguous": True}
    elif code in _UNSURE or error.get("is_transient") is True:
        kinds = {}
    elif not code and answer.status >= 500:
        kinds = {"ambiguous": acts}
    else:
        kinds = {"permanent": True}
    return GraphError(code, subcode, answer.status, shown, **kinds)


def _usages(headers: Mapping[str, str]) -> Sequence[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for name in ("x-app-usage", "x-business-use-case-usage", "x-page-usage"):
        held = _json(headers.get(name, "").encode())
        lists = [one for one in held.values() if isinstance(one, list)]
        found += [one for each in lists for one in each if isinstance(one, dict)] or [held]
    return found


def regained(headers: Mapping[str, str]) -> float:
    """Seconds until we may call again, by `estimated_time_to_regain_access` (minutes)."""
    minutes = [number(one.get("estimated_time_to_regain_access")) for one in _usages(headers)]
    return max(minutes, default=0) * 60.0 or LIMIT_SECONDS


def used_percent(headers: Mapping[str, str]) -> int:
    """The fullest of the measures the usage headers tell of."""
    names = ("call_count", "total_time", "total_cputime")
    return max((number(one.get(name)) for one in _usages(headers) for name in names), default=0)


def verify(account: AccountAccess, headers: Mapping[str, str], body: bytes) -> RawItem:
    """Check `X-Hub-Signature-256` on the raw body (…/graph-api/webhooks/getting-started).

    Raises:
        BadSignature: missing or wrong, or the account has no app secret.
    """
    secret = account.secrets.get("app_secret", "")
    if not secret:
        raise BadSignature("The account has no app secret: enter it.")
    right = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    given = headers.get("x-hub-signature-256", "")
    if not hmac.compare_digest(given.encode(), right.encode()):
        raise BadSignature("X-Hub-Signature-256 does not fit the body.")
    # A batch has no id of its own, and is sent again byte for byte.
    return RawItem(f"sha256:{hashlib.sha256(body).hexdigest()}", body, "application/json")


def verify_webhook(account: AccountAccess, query: Mapping[str, str]) -> str | None:
    """The handshake: the challenge back, to one who knows the word we chose."""
    word = account.secrets.get("verify_token", "")
    given = query.get("hub.verify_token", "")
    if query.get("hub.mode") != "subscribe" or not word:
        return None
    if not hmac.compare_digest(given.encode(), word.encode()):
        return None
    return query.get("hub.challenge", "")[:200]
