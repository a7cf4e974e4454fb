"""OAuth 2.0 for channels: the owner is asked, a code becomes tokens, and tokens are renewed (RFC 6749, RFC 7636)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext_lazy

from torget.channels import tokens
from torget.channels.contract import AccountAccess, AccountSnapshot, Field, SendError
from torget.channels.rest import Api, Reply, Request, Verdict
from torget.channels.tokens import Token


@dataclass(frozen=True, slots=True)
class OAuth:
    """How one network gives tokens. The client stands in the account's fields `client_id` and `client_secret`.

    `page` is where its owner says yes, `endpoint` where tokens are given; `asked` goes along to the page.
    """

    network: str  # in the sentences of faults
    page: str
    endpoint: str
    scopes: Sequence[str]
    separator: str = " "
    basic: bool = False  # the client shows itself in a header (RFC 6749 §2.3.1) and not in the form
    proves: bool = False  # who redeems the code proves to be who asked (PKCE, RFC 7636)
    asked: Mapping[str, str] = field(default_factory=dict)

    def authorise_url(self, account: AccountAccess, *, redirect_uri: str, state: str) -> str:
        """Where to send the owner to say yes."""
        query = {
            "response_type": "code",
            "client_id": _client_id(account),
            "redirect_uri": redirect_uri,
            "scope": self.separator.join(self.scopes),
            "state": state,
            **self.asked,
        }
        if self.proves:
            query |= {"code_challenge": challenge(account), "code_challenge_method": "S256"}
        return f"{self.page}?{urlencode(query)}"

    def redeem(self, account: AccountAccess, *, redirect_uri: str, code: str) -> Token:
        """The tokens for the code the owner came back with.

        Raises:
            SendError: the network gives none.
        """
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        if self.proves:
            form["code_verifier"] = verifier(account)
        return self._token(account, form)

    def access_token(self, account: AccountAccess) -> str:
        """A token that is good for some minutes; a new one is asked for, and kept, when it is not.

        Raises:
            SendError: the network gives none.
        """
        return tokens.current(account, lambda last: self._renewed(account, last)).value

    def refuse(self, token: str) -> None:
        """The network does not take it any more: the next call gets another."""
        tokens.refuse(token)

    def _renewed(self, account: AccountAccess, last: Token) -> Token:
        refresh = last.refresh or account.secrets.get(tokens.REFRESH, "")
        if not refresh:
            raise SendError("The account has no key: connect it again.", account=True)
        return self._token(account, {"grant_type": "refresh_token", "refresh_token": refresh})

    def _token(self, account: AccountAccess, form: dict[str, str]) -> Token:
        client, secret = _client_id(account), account.secrets.get("client_secret", "")
        headers = {}
        form |= {"client_id": client}
        if self.basic:
            pair = base64.b64encode(f"{client}:{secret}".encode()).decode()
            headers["authorization"] = f"Basic {pair}"
        else:
            form |= {"client_secret": secret}
        # Nothing people see happens here, so nothing is in doubt.
        request = Request("POST", "", form=form, headers=headers, root=self._endpoint(account))
        value = _Endpoint(self.network).ask(account, request, "").table
        seconds = value.get("expires_in")
        ends = time.time() + (seconds if isinstance(seconds, int) else 600)
        return Token(
            str(value.get("access_token", "")), ends, str(value.get("refresh_token") or "")
        )

    def _endpoint(self, account: AccountSnapshot) -> str:
        """The setting `api` names another place (a test's), with the same path."""
        other = str(account.settings.get("api") or "").rstrip("/")
        scheme, _marks, rest = self.endpoint.partition("://")
        return f"{other}/{rest.partition('/')[2]}" if other else f"{scheme}://{rest}"


class _Endpoint(Api):
    """A token endpoint: every refusal but a passing one means that the grant or the client is no good (§5.2)."""

    def __init__(self, network: str) -> None:
        self.name = f"{network} (token endpoint)"

    def code(self, reply: Reply) -> str:
        error = reply.table.get("error")
        return error if isinstance(error, str) else ""

    def verdict(self, reply: Reply, code: str) -> Verdict | None:
        return "account" if 400 <= reply.status < 500 else "later"


def client_fields(where: Any) -> tuple[Field, Field]:
    """The two fields every OAuth client has; `where` tells where the municipality finds them."""
    return (
        Field("client_id", gettext_lazy("Klient-ID"), where),
        Field("client_secret", gettext_lazy("Klienthemmelighet"), secret=True),
    )


def _client_id(account: AccountSnapshot) -> str:
    return str(account.settings.get("client_id", ""))


def verifier(account: AccountAccess) -> str:
    """The PKCE verifier (RFC 7636 §4.1): made of the client's secret, so that nothing must be kept meanwhile."""
    secret = account.secrets.get("client_secret", "").encode()
    digest = hmac.new(secret, b"torget x pkce 1", hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def challenge(account: AccountAccess) -> str:
    """Its S256 challenge (RFC 7636 §4.2)."""
    digest = hashlib.sha256(verifier(account).encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
