"""`torget new-key`: beginning anew where a key is lost and no backup has it, on purpose and with words for what is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.conf import settings

from torget.channels import secrets
from torget.channels.models import Account
from torget.errors import Refused
from torget.history import keys
from torget.history.seal import begin_anew
from torget.people import rules as people


def begin(which: str, *, at: datetime, yes: bool, tell: Callable[[str], None]) -> int:
    """Make the key anew and tell what must be done now; the command's exit code."""
    if which == "seal":
        return _seal(at, yes=yes, tell=tell)
    unreadable = [account for account in Account.objects.active() if not _opens(account)]
    if not unreadable and not people.unreadable_factors():
        tell("Everything that rests on the secret key can be read: nothing was changed.")
        return 0
    if not yes:
        tell("Secrets that cannot be read any more would be given up. Say --yes.")
        return 1
    many = people.drop_unreadable_factors(at=at)
    tell(f"Second factors of {many} members of staff were removed: they set up new ones.")
    for account in unreadable:
        tell(f"Enter the secrets of {account} again, on the desk under channels.")
    return 0


def _opens(account: Account) -> bool:
    try:
        secrets.unseal(bytes(account.secrets))
    except Refused:
        return False
    return True


def _seal(at: datetime, *, yes: bool, tell: Callable[[str], None]) -> int:
    if keys.load() is not None:
        tell(f"The sealing key is there, {settings.SEAL_KEY_FILE}: nothing was changed.")
        return 0
    if not yes:
        tell(f"{keys.LOST} Say --yes to begin anew.")
        return 1
    key = begin_anew(at=at)
    tell(f"History is sealed with a new key from now on: {keys.shown(key.public)}.")
    return 0
