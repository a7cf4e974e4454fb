"""Our side: where an account's documents are, and the keys it signs with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from torget.channels.contract import AccountAccess, AccountSnapshot
from torget.channels.models import Account
from torget.people.links import absolute
from torget.protocols.http_signatures import PrivateKey

NETWORK = "activitypub"
RSA_NAME, ED25519_NAME = "main-key", "ed25519-key"
OBJECTS = "/ap/o/"


@dataclass(frozen=True, slots=True)
class Ours:
    """One actor of ours: what it is called and where it is."""

    account_id: int
    username: str
    origin: str
    host: str
    hook: str
    name: str
    settings: Mapping[str, Any]
    secrets: Mapping[str, str]

    @property
    def actor(self) -> str:
        """The actor's address, which is its name to other servers."""
        return f"{self.origin}/ap/{self.username}"

    @property
    def inbox(self) -> str:
        """Where others deliver to it."""
        return f"{self.origin}/hooks/{self.hook}"

    @property
    def followers(self) -> str:
        """Names all who follow it."""
        return f"{self.actor}/followers"

    @property
    def objects(self) -> str:
        """What the addresses of everything it publishes begin with."""
        return f"{self.origin}{OBJECTS}{self.username}/"

    @property
    def handle(self) -> str:
        """What people type."""
        return f"@{self.username}@{self.host}"

    @property
    def authorised_fetch(self) -> bool:
        """Whether only who signs may read what we publish."""
        return str(self.settings.get("authorised_fetch", "")) in {"1", "True", "true", "yes"}

    def key_id(self, kind: str) -> str:
        """Where the public half of the key in force stands."""
        usual = RSA_NAME if kind == "rsa" else ED25519_NAME
        names: Mapping[str, str] = self.settings.get("keys", {})
        return f"{self.actor}#{names.get(kind, usual)}"

    def key(self, kind: str) -> PrivateKey:
        """The key in force, "rsa" or "ed25519".

        Raises:
            BadKey, KeyError: the account has none.
        """
        return load(self.key_id(kind), self.secrets[kind])

    @property
    def before(self) -> Mapping[str, str]:
        """The keys before those in force: "rsa" and "ed25519" (names), "until" (when they are forgotten). {}: none."""
        keys_before: Mapping[str, str] = self.settings.get("before", {})
        return keys_before if "rsa_before" in self.secrets else {}

    def changes_keys(self, at: datetime) -> bool:
        """Whether there are servers that may know only the key before the one in force."""
        return bool(self.before) and datetime.fromisoformat(self.before["until"]) > at

    def key_before(self, kind: str) -> PrivateKey:
        """The key before the one in force, "rsa" or "ed25519".

        Raises:
            BadKey, KeyError: there is none.
        """
        return load(self.before[kind], self.secrets[f"{kind}_before"])

    def old_keys(self, at: datetime) -> list[Mapping[str, str]]:
        """Keys replaced lately: what was signed with them is still on its way."""
        keys: list[Mapping[str, str]] = self.settings.get("old_keys", [])
        return [key for key in keys if datetime.fromisoformat(key["until"]) > at]

    def is_ours(self, uri: str) -> bool:
        """Whether it is something this actor published."""
        return uri.startswith(self.objects)


def of(snapshot: AccountSnapshot) -> Ours:
    """The actor behind an account."""
    username, _at, host = snapshot.address.partition("@")
    return Ours(
        snapshot.id,
        username,
        str(snapshot.settings.get("origin", "")),
        host,
        str(snapshot.settings.get("hook", "")),
        snapshot.name,
        snapshot.settings,
        snapshot.secrets if isinstance(snapshot, AccountAccess) else {},
    )


def without_secrets(account: Account) -> Ours:
    """The actor behind an account, when nothing is to be signed: its secrets stay sealed."""
    username, _at, host = account.address.partition("@")
    origin = absolute(account.municipality, "")
    return Ours(
        account.pk, username, origin, host, account.hook, account.name, account.settings, {}
    )


@lru_cache(maxsize=1_000)
def load(key_id: str, pem: str) -> PrivateKey:
    """A key of ours, parsed once."""
    return PrivateKey.from_pem(key_id, pem)
