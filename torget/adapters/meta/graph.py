"""The Graph API as all of Meta's networks use it: one call, its refusals by code, its webhooks' signatures."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from torget.channels.contract import AccountAccess, BadSignature, File, RawItem, SendError
from torget.channels.rest import Api, Reply, Request, Verdict
from torget.protocols import jsonvalues

VERSION = "v25.0"
HOST = "https://graph.facebook.com"
DIALOG = f"https://www.facebook.com/{VERSION}/dialog/oauth"

# developers.facebook.com/docs/graph-api/guides/error-handling and /docs/graph-api/overview/rate-limiting
_ACCOUNT = frozenset({3, 10, 102, 190, *range(200, 300)})
_LIMITED = frozenset({4, 17, 32, 341, 613, 80001, 80002, 80006})
_BLOCKED = 368  # for a while, for what Meta holds to be against its rules
# Their side failed; it may have been done. 506 is "duplicate": what we send stands there already, most likely by us.
_UNSURE = frozenset({1, 2, 506})
# …/messenger-platform/error-codes: by subcode, before the code is looked at
_TOO_LATE = frozenset({2018278, 2018108, 2534022})
GONE = frozenset({33, 1609005})  # "does not exist, or cannot be loaded" (with code 100)
BLOCKED_SECONDS = 3600.0
LIMIT_SECONDS = 15 * 60.0
FULL_PERCENT = 90
_FULL: dict[int, float] = {}  # by account: until when; each process learns it from its own calls


def base(account: AccountAccess, host: str = HOST, version: str = VERSION) -> str:
    """Where the API is; the setting `api` names another place (a test's)."""
    return f"{str(account.settings.get('api') or host).rstrip('/')}/{version}"


def token(account: AccountAccess) -> str:
    """The account's access token.

    Raises:
        SendError: there is none.
    """
    access_token = account.secrets.get("token", "")
    if not access_token:
        raise SendError("The account has no access token: connect it again.", account=True)
    return access_token


def proof(account: AccountAccess, access_token: str) -> str:
    """`appsecret_proof`: shows that the call comes from the app and not from whoever found the token."""
    secret = account.secrets.get("app_secret", "")
    return hmac.new(secret.encode(), access_token.encode(), hashlib.sha256).hexdigest()


class GraphApi(Api):
    """What an error means: by subcode, else by code, else by status; never by words."""

    name = "Graph"
    root = HOST

    def is_done(self, reply: Reply) -> bool:
        return reply.status < 300 and reply.value is not None and "error" not in reply.table

    def code(self, reply: Reply) -> str:
        error = jsonvalues.table(reply.table.get("error"))
        code, subcode = number(error.get("code")), number(error.get("error_subcode"))
        return f"{code}/{subcode}" if code else ""

    def verdict(self, reply: Reply, code: str) -> Verdict | None:
        kind, subcode = numbers(code)
        transient = jsonvalues.within(reply.table, "error", "is_transient") is True
        table: tuple[tuple[bool, Verdict], ...] = (
            (subcode in _TOO_LATE, "permanent"),
            (kind in _ACCOUNT, "account"),
            (kind in _LIMITED or kind == _BLOCKED or reply.status == 429, "limited"),
            (kind in _UNSURE, "unsure"),
            (transient, "later"),
            (bool(kind) or 400 <= reply.status < 500, "permanent"),
        )
        return next((verdict for holds, verdict in table if holds), None)

    def wait_seconds(self, reply: Reply, code: str) -> float | None:
        if self.verdict(reply, code) != "limited":
            return None
        return BLOCKED_SECONDS if numbers(code)[0] == _BLOCKED else regained(reply.headers)

    def refusal(self, reply: Reply, *, writes: bool) -> SendError:
        fault = super().refusal(reply, writes=writes)
        kind, subcode = numbers(fault.code)
        if kind == 100 and subcode in GONE:
            fault.status = 404
        if subcode in _TOO_LATE:
            words = _("Fristen for å svare på Messenger er ute: svar på en annen måte. (%(code)s)")
            fault.args = (words % {"code": str(fault)},)
        return fault


API = GraphApi()


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
    parameters: dict[str, Any] = {**(params or {}), "access_token": key}
    if proven:
        parameters["appsecret_proof"] = proof(account, key)
    place = root or base(account)
    if method == "POST":
        request = Request(method, path, json=parameters, root=place, writes=acts)
    else:
        query = {k: v if isinstance(v, str) else json.dumps(v) for k, v in parameters.items()}
        request = Request(method, path, query, root=place, writes=acts)
    reply = API.ask(account, request, "")
    if used_percent(reply.headers) >= FULL_PERCENT:
        _FULL[account.id] = time.monotonic() + regained(reply.headers)
    return reply.value if isinstance(reply.value, dict) else {"data": reply.value}


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
    form = {**params, "access_token": key, "appsecret_proof": proof(account, key)}
    files = {"source": picture}
    return API.ask(
        account, Request("POST", path, form=form, files=files, root=base(account)), ""
    ).table


def number(value: Any) -> int:
    """A number the API gives now as number, now as text; 0 when it is neither."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return 0


def numbers(code: str) -> tuple[int, int]:
    """The code and subcode of a fault."""
    kind, _slash, subcode = code.partition("/")
    return number(kind), number(subcode)


def is_forbidden(fault: SendError) -> bool:
    """A permission is missing."""
    kind = numbers(fault.code)[0]
    return kind in {3, 10} or 200 <= kind < 300


def _usages(headers: Mapping[str, str]) -> Sequence[Mapping[str, Any]]:
    usages: list[Mapping[str, Any]] = []
    for name in ("x-app-usage", "x-business-use-case-usage", "x-page-usage"):
        try:
            table = jsonvalues.table(jsonvalues.load(headers.get(name, "").encode()))
        except ValueError:
            continue
        lists = [value for value in table.values() if isinstance(value, list)]
        usages += [row for rows in lists for row in rows if isinstance(row, dict)] or [table]
    return usages


def regained(headers: Mapping[str, str]) -> float:
    """Seconds until we may call again, by `estimated_time_to_regain_access` (minutes)."""
    minutes = [number(usage.get("estimated_time_to_regain_access")) for usage in _usages(headers)]
    return max(minutes, default=0) * 60.0 or LIMIT_SECONDS


def used_percent(headers: Mapping[str, str]) -> int:
    """The fullest of the measures the usage headers tell of."""
    names = ("call_count", "total_time", "total_cputime")
    return max((number(usage.get(name)) for usage in _usages(headers) for name in names), default=0)


def verify(account: AccountAccess, headers: Mapping[str, str], body: bytes) -> RawItem:
    """Check `X-Hub-Signature-256` on the raw body (…/graph-api/webhooks/getting-started).

    Raises:
        BadSignature: missing or wrong, or the account has no app secret.
    """
    secret = account.secrets.get("app_secret", "")
    if not secret:
        raise BadSignature("The account has no app secret: enter it.")
    right = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    signature = headers.get("x-hub-signature-256", "")
    if not hmac.compare_digest(signature.encode(), right.encode()):
        raise BadSignature("X-Hub-Signature-256 does not fit the body.")
    # A batch has no id of its own, and is sent again byte for byte.
    return RawItem(f"sha256:{hashlib.sha256(body).hexdigest()}", body, "application/json")


def verify_webhook(account: AccountAccess, query: Mapping[str, str]) -> str | None:
    """The handshake: the challenge back, to one who knows the word we chose."""
    word = account.secrets.get("verify_token", "")
    word_given = query.get("hub.verify_token", "")
    if query.get("hub.mode") != "subscribe" or not word:
        return None
    if not hmac.compare_digest(word_given.encode(), word.encode()):
        return None
    return query.get("hub.challenge", "")[:200]
