"""Calls to an account's server (PDS): one session kept and renewed, answers as values, faults by their own names."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from torget.channels import http
from torget.channels.contract import AccountAccess, SendError
from torget.protocols import jsonvalues

SERVICE = "https://bsky.social"
# Where direct messages live (Bluesky's own service; the PDS passes requests on to it).
CHAT = "did:web:api.bsky.chat#bsky_chat"
STALE = frozenset({"ExpiredToken", "InvalidToken"})
ACCOUNT_NAMES = frozenset(
    {
        "AuthenticationRequired",
        "AuthMissing",
        "AuthFactorTokenRequired",
        "AccountTakedown",
        "AccountDeactivated",
        "AccountSuspended",
        "ExpiredToken",
        "InvalidToken",
        "RepoDeactivated",
        "RepoTakendown",
    }
)
LATER_STATUSES = frozenset({408, 425, 500, 502, 503, 504})

Query = Mapping[str, str | int | Sequence[str]]


class Fault(SendError):  # noqa: N818 - shorter, and what it is everywhere here
    """A SendError that remembers what the network called it.

    Attributes:
        name: the lexicon's error name ("RecordNotFound"), "" when it gave none.
        status: the HTTP status; 0 when no answer came.
    """

    def __init__(self, message: str, *, name: str = "", status: int = 0, **how: Any) -> None:
        super().__init__(message, **how)
        self.name = name
        self.status = status


@dataclass(slots=True)
class Session:
    """The running session of one account in this process."""

    did: str = ""
    access: str = ""
    refresh: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)


_sessions: dict[str, Session] = {}
_sessions_lock = threading.Lock()


def service(account: AccountAccess) -> str:
    """The address of the account's server, without a slash at the end."""
    return str(account.settings.get("service") or SERVICE).rstrip("/")


def chat_service(account: AccountAccess) -> str:
    """Where direct messages live: Bluesky's own service, unless told otherwise."""
    return str(account.settings.get("chat") or CHAT)


def _session(account: AccountAccess) -> Session:
    """One per account, server and password: a new password begins a new one. Nothing of it leaves the memory."""
    password = account.secrets.get("app_password", "")
    named = f"{account.id}|{account.address}|{service(account)}|{password}"
    key = hashlib.sha256(named.encode()).hexdigest()
    with _sessions_lock:
        return _sessions.setdefault(key, Session())


def forget_sessions() -> None:
    """Begin anew, as after a restart."""
    with _sessions_lock:
        _sessions.clear()


def did(account: AccountAccess) -> str:
    """The account's permanent id. Signs in when this process has not yet.

    Raises:
        SendError: the server refuses the handle or the password.
    """
    return _signed_in(account).did


def _signed_in(account: AccountAccess) -> Session:
    session = _session(account)
    with session.lock:
        if not session.access:
            _sign_in(session, account)
    return session


def _sign_in(session: Session, account: AccountAccess) -> None:
    # 30 in five minutes and 300 a day are allowed: so it is done once, and the session is renewed after that.
    given = {
        "identifier": account.settings.get("did") or account.address,
        "password": account.secrets.get("app_password", ""),
    }
    _keep(session, _once(account, "POST", "com.atproto.server.createSession", given=given))


def _keep(session: Session, held: Mapping[str, Any]) -> None:
    try:
        session.access, session.refresh = str(held["accessJwt"]), str(held["refreshJwt"])
        session.did = str(held["did"])
    except KeyError as fault:
        raise Fault(f"The session lacks {fault}.") from fault


def _renew(session: Session, account: AccountAccess, used: str) -> None:
    """A new access token, unless another thread has just fetched one; signing in again when the session is over."""
    with session.lock:
        if session.access != used:
            return
        try:
            fresh = _once(
                account, "POST", "com.atproto.server.refreshSession", token=session.refresh
            )
            _keep(session, fresh)
        except Fault as fault:
            if fault.name not in ACCOUNT_NAMES and fault.status not in {400, 401}:
                raise
            _sign_in(session, account)


def call(
    account: AccountAccess,
    method: str,
    name: str,
    *,
    given: Mapping[str, Any] | None = None,
    query: Query | None = None,
    raw: tuple[str, bytes] | None = None,
    proxy: str = "",
    writes: bool = False,
) -> dict[str, Any]:
    """One request as the account.

    A session that has run out is renewed once and the request made again: it was refused, so nothing is done twice.
    `writes`: something may have been done when no clear answer comes.

    Raises:
        Fault: classified.
    """
    session = _signed_in(account)
    used = session.access
    more = {"query": query, "raw": raw, "proxy": proxy, "writes": writes}
    try:
        return _once(account, method, name, given=given, token=used, **more)  # type: ignore[arg-type]
    except Fault as fault:
        if fault.name not in STALE:
            raise
    _renew(session, account, used)
    return _once(account, method, name, given=given, token=session.access, **more)  # type: ignore[arg-type]


def _once(
    account: AccountAccess,
    method: str,
    name: str,
    *,
    given: Mapping[str, Any] | None = None,
    query: Query | None = None,
    raw: tuple[str, bytes] | None = None,
    token: str = "",
    proxy: str = "",
    writes: bool = False,
) -> dict[str, Any]:
    headers = {"accept": "application/json"}
    content: bytes | None = None
    if token:
        headers["authorization"] = f"Bearer {token}"
    if proxy:
        headers["atproto-proxy"] = proxy
    if raw is not None:
        headers["content-type"], content = raw
    elif given is not None:
        headers["content-type"] = "application/json"
        content = json.dumps(given, ensure_ascii=False).encode()
    asked = urlencode(dict(query or {}), doseq=True, quote_via=quote)
    url = f"{service(account)}/xrpc/{name}{'?' if asked else ''}{asked}"
    try:
        answer = http.request(method, url, headers=headers, content=content)
    except http.HttpError as fault:
        raise Fault(str(fault), ambiguous=writes and fault.maybe_sent) from fault
    held = _json(answer.body)
    if 200 <= answer.status < 300 and (isinstance(held, dict) or not answer.body):
        return held or {}
    raise _fault(answer, held if isinstance(held, dict) else {}, writes=writes)


def _json(body: bytes) -> Any:
    try:
        return jsonvalues.load(body) if body else None
    except ValueError:
        return None


def _fault(answer: http.Response, held: Mapping[str, Any], *, writes: bool) -> Fault:
    """Classified by status and error name (XRPC specification, "Error Responses")."""
    name = str(held.get("error", ""))[:60]
    message = f"HTTP {answer.status} {name}".strip()
    how: dict[str, Any] = {"name": name, "status": answer.status}
    if answer.status == 429 or name == "RateLimitExceeded":
        return Fault(message, limited=True, retry_after_seconds=_until_reset(answer), **how)
    if name in ACCOUNT_NAMES or answer.status in {401, 403}:
        return Fault(message, account=True, **how)
    if answer.status in LATER_STATUSES or 200 <= answer.status < 300:
        # An answer we cannot read, or a server that broke: a write may have been done all the same.
        return Fault(message, ambiguous=writes and answer.status != 503, **how)
    if answer.status == 400 and name == "InvalidSwap":
        return Fault(message, **how)
    return Fault(message, permanent=True, **how)


def _until_reset(answer: http.Response) -> float | None:
    """Seconds until the limit ends; the header holds a time in seconds since 1970."""
    reset = http.seconds_told(answer.headers.get("ratelimit-reset", ""))
    if reset is not None:
        return max(1.0, reset - time.time())
    return http.seconds_told(answer.headers.get("retry-after", ""))
