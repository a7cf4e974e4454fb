"""Calls to a homeserver, answers as values, faults classified by Matrix's own codes."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from torget.channels import http
from torget.channels.contract import AccountAccess, SendError
from torget.protocols import jsonvalues

CLIENT = "/_matrix/client/v3"
MOST_ANSWER_BYTES = 20_000_000  # the first answer of a busy account is long
MOST_FILE_BYTES = 10_000_000
ACCOUNT_CODES = frozenset(
    {
        "M_UNKNOWN_TOKEN",
        "M_MISSING_TOKEN",
        "M_USER_DEACTIVATED",
        "M_USER_SUSPENDED",
        "M_USER_LOCKED",
    }
)


class Fault(SendError):  # noqa: N818 - shorter, and what it is everywhere here
    """A SendError that remembers Matrix's code ("M_FORBIDDEN") and the HTTP status; 0 when no answer came."""

    def __init__(self, message: str, *, code: str = "", status: int = 0, **how: Any) -> None:
        super().__init__(message, **how)
        self.code = code
        self.status = status


_tokens: dict[str, str] = {}
_tokens_lock = threading.Lock()


def homeserver(account: AccountAccess) -> str:
    """The homeserver's address, https unless told otherwise, without a slash at the end."""
    given = str(account.settings.get("homeserver", "")).strip().rstrip("/")
    if not given:
        raise Fault("The account has no homeserver.", account=True)
    return given if "://" in given else f"https://{given}"


def _key(account: AccountAccess) -> str:
    password = account.secrets.get("password", "")
    user = account.address or account.settings.get("address", "")
    named = f"{account.id}|{user}|{homeserver(account)}|{password}"
    return hashlib.sha256(named.encode()).hexdigest()


def _token(account: AccountAccess) -> str:
    """The access token given, else one got with the password and kept in this process."""
    if given := account.secrets.get("access_token", ""):
        return given
    with _tokens_lock:
        if held := _tokens.get(_key(account)):
            return held
        login = {
            "type": "m.login.password",
            "identifier": {
                "type": "m.id.user",
                "user": account.address or str(account.settings.get("address", "")),
            },
            "password": account.secrets.get("password", ""),
            "initial_device_display_name": "Torget",
        }
        try:
            made = _once(account, "POST", f"{CLIENT}/login", given=login)
        except Fault as fault:
            if fault.code == "M_FORBIDDEN":  # of a login: the password is wrong
                raise Fault(
                    str(fault), code=fault.code, status=fault.status, account=True
                ) from fault
            raise
        return _tokens.setdefault(_key(account), str(made.get("access_token")))


def call(
    account: AccountAccess,
    method: str,
    path: str,
    *,
    given: Mapping[str, Any] | None = None,
    query: Mapping[str, str | int] | None = None,
    raw: tuple[str, bytes] | None = None,
    writes: bool = False,
    timeout_seconds: float | None = None,
) -> dict[str, Any]:
    """One request as the account; what came back. A token got with the password is renewed once.

    `writes`: something may have been done when no clear answer comes.

    Raises:
        Fault: classified.
    """
    more: dict[str, Any] = {"given": given, "query": query, "raw": raw, "writes": writes}
    more["timeout_seconds"] = timeout_seconds
    token = _token(account)
    try:
        return _once(account, method, path, token=token, **more)
    except Fault as fault:
        if fault.code != "M_UNKNOWN_TOKEN" or account.secrets.get("access_token"):
            raise
    with _tokens_lock:
        if _tokens.get(_key(account)) == token:
            del _tokens[_key(account)]
    return _once(account, method, path, token=_token(account), **more)


def _once(
    account: AccountAccess,
    method: str,
    path: str,
    *,
    token: str = "",
    given: Mapping[str, Any] | None = None,
    query: Mapping[str, str | int] | None = None,
    raw: tuple[str, bytes] | None = None,
    writes: bool = False,
    timeout_seconds: float | None = None,
) -> dict[str, Any]:
    answer = _request(
        account,
        method,
        path,
        token,
        given=given,
        query=query,
        raw=raw,
        writes=writes,
        seconds=timeout_seconds,
    )
    held = _json(answer.body)
    if 200 <= answer.status < 300 and isinstance(held, dict):
        return held
    raise _fault(answer, held if isinstance(held, dict) else {}, writes=writes)


def _request(
    account: AccountAccess,
    method: str,
    path: str,
    token: str,
    *,
    given: Mapping[str, Any] | None,
    query: Mapping[str, str | int] | None,
    raw: tuple[str, bytes] | None,
    writes: bool,
    seconds: float | None,
    most_bytes: int = MOST_ANSWER_BYTES,
) -> http.Response:
    headers = {"accept": "application/json"}
    content: bytes | None = None
    if token:
        headers["authorization"] = f"Bearer {token}"
    if raw is not None:
        headers["content-type"], content = raw
    elif given is not None:
        headers["content-type"] = "application/json"
        content = json.dumps(given, ensure_ascii=False).encode()
    asked = urlencode(query or {})
    url = f"{homeserver(account)}{path}{'?' if asked else ''}{asked}"
    try:
        return http.request(
            method,
            url,
            headers=headers,
            content=content,
            timeout_seconds=seconds,
            most_bytes=most_bytes,
        )
    except http.HttpError as fault:
        raise Fault(str(fault), ambiguous=writes and fault.maybe_sent) from fault


def download(account: AccountAccess, mxc: str) -> bytes | None:
    """A file people sent, by its mxc address; None when it is gone, too large or not there for us.

    Raises:
        Fault: the homeserver cannot be asked now.
    """
    server, _slash, media_id = mxc.removeprefix("mxc://").partition("/")
    path = f"/_matrix/client/v1/media/download/{quote(server, safe='')}/{quote(media_id, safe='')}"
    answer = _request(
        account,
        "GET",
        path,
        _token(account),
        given=None,
        query=None,
        raw=None,
        writes=False,
        seconds=None,
        most_bytes=MOST_FILE_BYTES,
    )
    if answer.status == 200:
        return None if answer.cut else answer.body
    if answer.status in {403, 404, 413} or 300 <= answer.status < 400:
        return None
    raise _fault(answer, {}, writes=False)


def _json(body: bytes) -> Any:
    try:
        return jsonvalues.load(body)
    except ValueError:
        return None


def _fault(answer: http.Response, held: Mapping[str, Any], *, writes: bool) -> Fault:
    """Classified by code and status (Matrix client-server specification, "Standard error response")."""
    code, status = str(held.get("errcode", ""))[:60], answer.status
    message = f"HTTP {status} {code}".strip()
    how: dict[str, Any] = {"code": code, "status": status}
    if status == 429 or code == "M_LIMIT_EXCEEDED":
        return Fault(message, limited=True, retry_after_seconds=_wait(answer, held), **how)
    if code in ACCOUNT_CODES or status == 401:
        return Fault(message, account=True, **how)
    if status >= 500 or status in {408, 425} or status < 400:
        return Fault(message, ambiguous=writes, **how)
    return Fault(message, permanent=True, **how)


def _wait(answer: http.Response, held: Mapping[str, Any]) -> float | None:
    wait = http.seconds_told(answer.headers.get("retry-after", ""))
    if wait is not None:
        return max(1.0, wait)
    milliseconds = held.get("retry_after_ms")
    return max(1.0, milliseconds / 1000) if isinstance(milliseconds, int | float) else None


def room_path(room: str, *parts: str) -> str:
    """The path of something in a room."""
    return "/".join(
        [f"{CLIENT}/rooms", quote(room, safe=""), *(quote(one, safe="") for one in parts)]
    )
