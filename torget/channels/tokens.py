"""Access tokens of accounts: renewed in time, kept among the account's sealed secrets, the same for every process."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from torget.channels import rules
from torget.channels.contract import AccountAccess, SendError

EARLY_SECONDS = 300.0  # a token is renewed before it ends
TOKEN, REFRESH, ENDS, OF = "token", "refresh_token", "token_ends", "token_of"
WHOSE = "token_whose"
FOREVER = 4e9  # Unix seconds: the network did not say when it ends


@dataclass(frozen=True, slots=True)
class Token:
    """An access token; `ends` in Unix seconds, `refresh` is what the next one is got with."""

    value: str
    ends: float = FOREVER
    refresh: str = ""
    of: str = ""  # what it was got with (`mark`): a token of another password is worth nothing
    whose: str = ""  # the network's own id of the account, where signing in tells it

    @property
    def secrets(self) -> dict[str, str]:
        """As it is kept among the secrets of an account."""
        kept = {TOKEN: self.value, ENDS: str(int(self.ends)), OF: self.of, WHOSE: self.whose}
        return kept | ({REFRESH: self.refresh} if self.refresh else {})


Renew = Callable[[Token], Token]
_known: dict[int, Token] = {}  # by account, as this process last saw it
_refused: set[str] = set()
_locks: dict[int, threading.Lock] = {}
_guard = threading.Lock()


def mark(*what: str) -> str:
    """Names what a token was got with, without telling it."""
    return hashlib.sha256("|".join(what).encode()).hexdigest()[:32]


def current(account: AccountAccess, renew: Renew, *, of: str = "") -> Token:
    """A token that is good for some minutes. `renew` gets the last one (empty at first) and gives a new one.

    Raises:
        SendError: as `renew`.
    """
    token = _newest(account, of)
    if _is_good(token):
        return token
    with _lock(account.id):
        token = _stored(account, of)
        if _is_good(token):
            return _remember(account.id, token)
        try:
            fresh = renew(token)
        except SendError:
            other = _stored(account, of)  # another process may have used the same key before us
            if not _is_good(other):
                raise
            return _remember(account.id, other)
        fresh = replace(fresh, refresh=fresh.refresh or token.refresh, of=of)
        if account.id:
            rules.keep_secrets(account.id, fresh.secrets, lasting=False)
        return _remember(account.id, fresh)


def refuse(value: str) -> None:
    """The network does not take this token any more: the next call gets another."""
    _refused.add(value)


def forget() -> None:
    """Begin anew, as after a restart."""
    _known.clear()
    _refused.clear()


def _lock(account_id: int) -> threading.Lock:
    with _guard:
        return _locks.setdefault(account_id, threading.Lock())


def _remember(account_id: int, token: Token) -> Token:
    if account_id:
        _known[account_id] = token
    return token


def _is_good(token: Token) -> bool:
    fresh = token.ends - EARLY_SECONDS > time.time()
    return bool(token.value) and fresh and token.value not in _refused


def _newest(account: AccountAccess, of: str) -> Token:
    kept = _of(account.secrets, of)
    known = _known.get(account.id, kept)
    return max(kept, known, key=lambda token: token.ends) if known.of == of else kept


def _stored(account: AccountAccess, of: str) -> Token:
    secrets = rules.secrets_of(account.id) if account.id else None
    return _newest(account, of) if secrets is None else _of(secrets, of)


def _of(secrets: Mapping[str, str], of: str) -> Token:
    """The token kept among these secrets; an empty one when it was got with something else."""
    if secrets.get(OF, "") != of:
        return Token("", 0.0)
    ends = secrets.get(ENDS, "")
    return Token(
        secrets.get(TOKEN, ""),
        float(ends) if ends.isdigit() else 0.0,
        secrets.get(REFRESH, ""),
        of,
        secrets.get(WHOSE, ""),
    )
