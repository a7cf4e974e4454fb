"""The X API v2: where it is, who may call it, and what its refusals mean."""

from __future__ import annotations

from torget.channels.oauth import OAuth
from torget.channels.rest import Api, Reply, Verdict

OAUTH = OAuth(
    "X",
    "https://x.com/i/oauth2/authorize",
    "https://api.x.com/2/oauth2/token",
    ("tweet.read", "tweet.write", "tweet.moderate.write", "users.read", "offline.access"),
    basic=True,
    proves=True,
)
# docs.x.com/x-api/fundamentals/response-codes-and-errors, by `type`
_PROBLEMS = "https://api.twitter.com/2/problems/"
_ACCOUNT_TYPES = frozenset(
    _PROBLEMS + name
    for name in ("client-forbidden", "oauth1-permissions", "unsupported-authentication")
)


class XApi(Api):
    """Calls with a token that is kept fresh. 402 is an empty purse."""

    name = "X"
    root = "https://api.x.com"
    account_statuses = frozenset({401, 402})
    limit_seconds = 15 * 60.0
    grants = OAUTH

    def is_done(self, reply: Reply) -> bool:
        return super().is_done(reply) and ("data" in reply.table or "errors" not in reply.table)

    def code(self, reply: Reply) -> str:
        return str(reply.table.get("type") or "").removeprefix(_PROBLEMS)

    def verdict(self, reply: Reply, code: str) -> Verdict | None:
        if reply.status == 403 and _PROBLEMS + code in _ACCOUNT_TYPES:
            return "account"
        # A missing post is an error inside an answer of 200.
        return "permanent" if reply.status < 300 and reply.table else None


API = XApi()
