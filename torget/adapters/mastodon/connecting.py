"""Connecting an account: Torget makes itself known to the server, the owner says yes, a code becomes a token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from torget.adapters.mastodon import parsing, rest
from torget.adapters.mastodon.models import Registration
from torget.adapters.mastodon.rest import call
from torget.channels.contract import AccountAccess, Connected, SendError
from torget.channels.secrets import seal, unseal

# What is needed and no more: who we are, what is said to us, our own posts and their pictures.
SCOPES = ("read:accounts", "read:notifications", "read:statuses", "write:media", "write:statuses")


def _registration(account: AccountAccess, redirect_uri: str) -> Mapping[str, str]:
    """Torget as an application on that server: made once.

    Raises:
        SendError: the server cannot be asked.
    """
    server = rest.server(account)
    registration = Registration.objects.filter(server=server, redirect_uri=redirect_uri).first()
    if registration is None:
        payload = {
            "client_name": "Torget",
            "redirect_uris": redirect_uri,
            "scopes": " ".join(SCOPES),
        }
        if origin := account.settings.get("origin"):
            payload["website"] = str(origin)
        made = call(replace(account, secrets={}), "POST", "/api/v1/apps", payload=payload)
        kept = {name: str(made[name]) for name in ("client_id", "client_secret") if made.get(name)}
        if len(kept) < 2:
            raise SendError("The server did not give a registration.", permanent=True)
        registration, _new = Registration.objects.get_or_create(
            server=server, redirect_uri=redirect_uri, defaults={"secrets": seal(kept)}
        )
    return unseal(bytes(registration.secrets))


def authorise_url(account: AccountAccess, redirect_uri: str, state: str) -> str:
    """Where the owner says yes.

    Raises:
        SendError: the server cannot be asked.
    """
    query = {
        "client_id": _registration(account, redirect_uri)["client_id"],
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": " ".join(SCOPES),
        "state": state,
    }
    return f"{rest.server(account)}/oauth/authorize?{urlencode(query)}"


def redeem(account: AccountAccess, redirect_uri: str, code: str) -> Connected:
    """The account, for the code.

    Raises:
        SendError: the server did not give it.
    """
    known = _registration(account, redirect_uri)
    payload = {
        **known,
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "scope": " ".join(SCOPES),
    }
    made = call(replace(account, secrets={}), "POST", "/oauth/token", payload=payload)
    token = str(made.get("access_token") or "")
    if not token:
        raise SendError(_("Serveren ga ingen nøkkel. Prøv å koble til på nytt."), permanent=True)
    access = replace(account, secrets={"access_token": token})
    me: dict[str, Any] = call(access, "GET", "/api/v1/accounts/verify_credentials")
    return Connected(
        address=parsing.handle_of(me, rest.host(account)),
        name=parsing.text(me.get("display_name"))[:100]
        or parsing.handle_of(me, rest.host(account)),
        settings={
            "server": rest.server(account),
            "max_characters": rest.limits(access).characters,
            "profile": parsing.text(me.get("url")),
        },
        secrets={"access_token": token},
    )
