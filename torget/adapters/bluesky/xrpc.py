"""Calls to an account's server (PDS): one session kept and renewed, answers as values, faults by their own names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torget.channels import tokens
from torget.channels.contract import AccountAccess, AccountSnapshot, SendError
from torget.channels.rest import Api, Reply, Request, Verdict
from torget.channels.tokens import Token

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
Query = Mapping[str, str | int | Sequence[str]]


class BlueskyApi(Api):
    """Classified by status and error name (XRPC specification, "Error Responses")."""

    name = "Bluesky"
    root = SERVICE
    root_setting = "service"
    account_statuses = frozenset({401, 403})

    def token(self, account: AccountAccess) -> str:
        return signed_in(account).value

    def code(self, reply: Reply) -> str:
        return str(reply.table.get("error") or "")

    def is_done(self, reply: Reply) -> bool:
        return super().is_done(reply) and isinstance(reply.value, dict)

    def verdict(self, reply: Reply, code: str) -> Verdict | None:
        if reply.status == 429 or code == "RateLimitExceeded":
            return "limited"
        if code in ACCOUNT_NAMES:
            return "account"
        # Nothing was done: the server says so, or the record was another than we took it for.
        return "later" if reply.status == 503 or code == "InvalidSwap" else None


API = BlueskyApi()


def chat_service(account: AccountSnapshot) -> str:
    """Where direct messages live: Bluesky's own service, unless told otherwise."""
    return str(account.settings.get("chat") or CHAT)


def did(account: AccountAccess) -> str:
    """The account's permanent id. Signs in when nobody has yet.

    Raises:
        SendError: the server refuses the handle or the password.
    """
    return signed_in(account).whose


def signed_in(account: AccountAccess) -> Token:
    """The running session of the account: 30 sign-ins in five minutes and 300 a day are allowed, so it is renewed.

    Raises:
        SendError: the server refuses the handle or the password.
    """
    password = account.secrets.get("app_password", "")
    of = tokens.mark(account.address, API.address(account), password)
    return tokens.current(account, lambda last: _session(account, last), of=of)


def _session(account: AccountAccess, last: Token) -> Token:
    if last.refresh:
        try:
            return _asked(account, "com.atproto.server.refreshSession", None, last.refresh)
        except SendError as fault:
            if fault.code not in ACCOUNT_NAMES and fault.status not in {400, 401}:
                raise
    payload = {
        "identifier": account.settings.get("did") or account.address,
        "password": account.secrets.get("app_password", ""),
    }
    return _asked(account, "com.atproto.server.createSession", payload, "")


def _asked(
    account: AccountAccess, name: str, payload: Mapping[str, Any] | None, token: str
) -> Token:
    session = API.ask(account, Request("POST", f"xrpc/{name}", json=payload), token).table
    try:
        value, refresh = str(session["accessJwt"]), str(session["refreshJwt"])
        return Token(value, refresh=refresh, whose=str(session["did"]))
    except KeyError as fault:
        raise SendError(f"The session lacks {fault}.") from fault


def call(
    account: AccountAccess,
    method: str,
    name: str,
    *,
    payload: Mapping[str, Any] | None = None,
    query: Query | None = None,
    raw: tuple[str, bytes] | None = None,
    proxy: str = "",
    writes: bool = False,
) -> dict[str, Any]:
    """One request as the account.

    A session that has run out is renewed once and the request made again: it was refused, so nothing is done twice.
    `writes`: something may have been done when no clear answer comes.

    Raises:
        SendError: classified.
    """
    headers = {"atproto-proxy": proxy} if proxy else {}
    request = Request(
        method,
        f"xrpc/{name}",
        query or {},
        json=payload,
        raw=raw,
        headers=headers,
        writes=writes,
    )
    used = signed_in(account).value
    try:
        return API.ask(account, request, used).table
    except SendError as fault:
        if fault.code not in STALE:
            raise
    tokens.refuse(used)
    return API.ask(account, request, signed_in(account).value).table
