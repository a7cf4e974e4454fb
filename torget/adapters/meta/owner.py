"""Connecting a page, and what its token is still good for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from torget.adapters.meta import graph
from torget.channels.contract import AccountAccess, Connected, Field, Health, SendError

FIELDS = (
    Field(
        "app_id",
        gettext_lazy("App-ID"),
        gettext_lazy("Fra appen kommunen har på developers.facebook.com, under Innstillinger."),
    ),
    Field(
        "app_secret",
        gettext_lazy("Appens hemmelighet"),
        gettext_lazy("Samme sted. Med den ser vi at det som kommer, er fra Meta."),
        secret=True,
    ),
    Field(
        "verify_token",
        gettext_lazy("Bekreftelsesord"),
        gettext_lazy("Finn på et ord, og skriv det samme her og under Webhooks i appen."),
        secret=True,
    ),
    Field(
        "page",
        gettext_lazy("Side"),
        gettext_lazy("Navnet eller ID-en til siden, når dere har flere."),
        required=False,
    ),
)
HUMAN_AGENT = Field(
    "human_agent",
    gettext_lazy("Svar inntil sju dager etter"),
    gettext_lazy(
        "Bare når Meta har gitt appen tillatelsen Human Agent. Ellers er fristen 24 timer."
    ),
    required=False,
    choices=(("no", gettext_lazy("Nei")), ("yes", gettext_lazy("Ja"))),
)


def authorise_url(
    account: AccountAccess, scopes: Sequence[str], *, redirect_uri: str, state: str
) -> str:
    """Meta's own page where the owner says yes (…/facebook-login/guides/advanced/manual-flow)."""
    query = {
        "client_id": account.settings.get("app_id", ""),
        "redirect_uri": redirect_uri,
        "state": state,
        "response_type": "code",
        "scope": ",".join(scopes),
    }
    return f"{graph.DIALOG}?{urlencode(query)}"


def _exchange(account: AccountAccess, **params: str) -> str:
    keys = {
        "client_id": str(account.settings.get("app_id", "")),
        "client_secret": account.secrets.get("app_secret", ""),
    }
    # There is no token to send along yet: the app itself is who asks.
    answer = graph.call(
        account,
        "GET",
        "oauth/access_token",
        {**keys, **params},
        access_token=app_token(account),
        proven=False,
    )
    return str(answer.get("access_token", ""))


def app_token(account: AccountAccess) -> str:
    """The app's own token: its id and secret with a bar between."""
    return f"{account.settings.get('app_id', '')}|{account.secrets.get('app_secret', '')}"


def pages(account: AccountAccess, *, redirect_uri: str, code: str) -> list[dict[str, Any]]:
    """The pages the owner gave us, each with its lasting token: code → user token → 60 days → page tokens.

    Raises:
        SendError: Meta did not give them.
    """
    short = _exchange(account, redirect_uri=redirect_uri, code=code)
    lasting = _exchange(account, grant_type="fb_exchange_token", fb_exchange_token=short)
    fields = "id,name,access_token,tasks,instagram_business_account{id,username}"
    answer = graph.call(
        account, "GET", "me/accounts", {"fields": fields, "limit": "100"}, access_token=lasting
    )
    return [page for page in answer.get("data", []) if page.get("access_token")]


def chosen(account: AccountAccess, pages_given: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The page named in the settings, or the only one.

    Raises:
        SendError: none, or several without a name.
    """
    wanted = str(account.settings.get("page", "")).strip().casefold()
    fitting = [
        page
        for page in pages_given
        if not wanted or wanted in {str(page["id"]), str(page.get("name", "")).casefold()}
    ]
    if len(fitting) == 1:
        return fitting[0]
    names = ", ".join(str(page.get("name", "")) for page in pages_given)
    raise SendError(
        _("Skriv hvilken side det gjelder. Vi fikk lov til disse: %(names)s") % {"names": names},
        permanent=True,
    )


def connected(
    account: AccountAccess, page: Mapping[str, Any], subscribed: Sequence[str], **settings: str
) -> Connected:
    """The page as an account; Meta is told to send us what happens there.

    Raises:
        SendError: Meta would not.
    """
    key = str(page["access_token"])
    graph.call(
        account,
        "POST",
        f"{page['id']}/subscribed_apps",
        {"subscribed_fields": ",".join(subscribed)},
        access_token=key,
    )
    return Connected(
        address=str(page["id"]),
        name=str(page.get("name", "")),
        settings={**account.settings, **settings},
        secrets={**account.secrets, "token": key},
    )


def check(account: AccountAccess, scopes: Sequence[str]) -> Health:
    """What `debug_token` says of the token (…/graph-api/reference/debug_token)."""
    try:
        token_facts = graph.call(
            account,
            "GET",
            "debug_token",
            {"input_token": graph.token(account)},
            access_token=app_token(account),
            proven=False,
        ).get("data", {})
    except SendError as fault:
        return Health(
            False, _("Meta svarte ikke på om nøkkelen er gyldig: %(why)s") % {"why": fault}
        )
    if token_facts.get("is_valid") is not True:
        return Health(False, _("Nøkkelen gjelder ikke lenger. Koble til siden på nytt."))
    granted = {str(scope) for scope in token_facts.get("scopes", [])}
    missing = [
        scope
        for scope in scopes
        if scope not in granted or not _covers(token_facts, scope, account)
    ]
    ends = [
        graph.number(token_facts.get(name)) for name in ("expires_at", "data_access_expires_at")
    ]
    expires_at = min((datetime.fromtimestamp(end, UTC) for end in ends if end > 0), default=None)
    if token_facts.get("type") not in {"PAGE", "SYSTEM_USER", "USER"}:
        return Health(False, _("Nøkkelen er ikke en nøkkel for en side."), expires_at, missing)
    detail = _("Mangler tillatelser: %(names)s") % {"names": ", ".join(missing)} if missing else ""
    return Health(not missing, detail or _("Nøkkelen er gyldig."), expires_at, missing)


def _covers(token_facts: Mapping[str, Any], scope: str, account: AccountAccess) -> bool:
    """Whether a permission given for some pages only is given for ours; without a list it is for all."""
    for grant in token_facts.get("granular_scopes", []):
        if grant.get("scope") == scope and (targets := grant.get("target_ids")):
            own = {account.address, str(account.settings.get("page_id", ""))}
            return bool(own & {str(target) for target in targets})
    return True
