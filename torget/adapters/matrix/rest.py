"""Calls to a homeserver, answers as values, faults classified by Matrix's own codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from torget.channels import tokens
from torget.channels.contract import AccountAccess, SendError
from torget.channels.rest import Api, Reply, Request, Verdict
from torget.channels.tokens import Token

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


class MatrixApi(Api):
    """Classified by code and status (Matrix client-server specification, "Standard error response")."""

    name = "Matrix"
    root_setting = "homeserver"

    def token(self, account: AccountAccess) -> str:
        """The access token given, else one got with the password."""
        return account.secrets.get("access_token") or _session(account).value

    def code(self, reply: Reply) -> str:
        return str(reply.table.get("errcode") or "")

    def verdict(self, reply: Reply, code: str) -> Verdict | None:
        if code == "M_LIMIT_EXCEEDED":
            return "limited"
        return "account" if code in ACCOUNT_CODES else None

    def is_done(self, reply: Reply) -> bool:
        return super().is_done(reply) and isinstance(reply.value, dict)

    def wait_seconds(self, reply: Reply, code: str) -> float | None:
        milliseconds = reply.table.get("retry_after_ms")
        wait = super().wait_seconds(reply, code)
        if wait is None and isinstance(milliseconds, int | float):
            wait = milliseconds / 1000
        return None if wait is None else max(1.0, wait)


class Downloads(MatrixApi):
    """Files: what comes is no JSON."""

    def is_done(self, reply: Reply) -> bool:
        return reply.status == 200


API, DOWNLOADS = MatrixApi(), Downloads()


def _user(account: AccountAccess) -> str:
    return account.address or str(account.settings.get("address", ""))


def _session(account: AccountAccess) -> Token:
    password = account.secrets.get("password", "")
    of = tokens.mark(_user(account), API.address(account), password)
    return tokens.current(account, lambda _last: _signed_in(account), of=of)


def _signed_in(account: AccountAccess) -> Token:
    login = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": _user(account)},
        "password": account.secrets.get("password", ""),
        "initial_device_display_name": "Torget",
    }
    try:
        reply = API.ask(account, Request("POST", f"{CLIENT}/login", json=login), "")
    except SendError as fault:
        if fault.code == "M_FORBIDDEN":  # of a login: the password is wrong
            how = {"code": fault.code, "status": fault.status}
            raise SendError(str(fault), account=True, **how) from fault  # type: ignore[arg-type]
        raise
    return Token(str(reply.table.get("access_token")))


def call(
    account: AccountAccess,
    method: str,
    path: str,
    *,
    payload: Mapping[str, Any] | None = None,
    query: Mapping[str, str | int] | None = None,
    raw: tuple[str, bytes] | None = None,
    writes: bool = False,
    timeout_seconds: float | None = None,
) -> dict[str, Any]:
    """One request as the account; what came back. A token got with the password is renewed once.

    `writes`: something may have been done when no clear answer comes.

    Raises:
        SendError: classified.
    """
    request = Request(
        method,
        path,
        query or {},
        json=payload,
        raw=raw,
        writes=writes,
        timeout_seconds=timeout_seconds,
        most_bytes=MOST_ANSWER_BYTES,
    )
    used = API.token(account)
    try:
        return API.ask(account, request, used).table
    except SendError as fault:
        if fault.code != "M_UNKNOWN_TOKEN" or account.secrets.get("access_token"):
            raise
    tokens.refuse(used)
    return API.ask(account, request, API.token(account)).table


def download(account: AccountAccess, mxc: str) -> bytes | None:
    """A file people sent, by its mxc address; None when it is gone, too large or not there for us.

    Raises:
        SendError: the homeserver cannot be asked now.
    """
    server, _slash, media_id = mxc.removeprefix("mxc://").partition("/")
    path = f"/_matrix/client/v1/media/download/{quote(server, safe='')}/{quote(media_id, safe='')}"
    try:
        reply = DOWNLOADS.call(account, "GET", path, most_bytes=MOST_FILE_BYTES)
    except SendError as fault:
        if fault.status in {403, 404, 413} or 300 <= fault.status < 400:
            return None
        raise
    return None if reply.cut else reply.body


def room_path(room: str, *parts: str) -> str:
    """The path of something in a room."""
    return "/".join(
        [f"{CLIENT}/rooms", quote(room, safe=""), *(quote(part, safe="") for part in parts)]
    )
