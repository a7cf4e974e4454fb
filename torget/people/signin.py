"""Signing in: staff by password, second factor, passkey or OpenID Connect; nobody signs up by themselves."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.openid_connect.views import login as openid_login
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_GET, require_POST

from torget.people import rules
from torget.people.limits import delays

RESIDENTS = "idporten"
PROOF = "resident_proof"
# ID-porten's levels of assurance, low to high (docs.digdir.no, "Sikkerhetsnivå").
LEVELS = ("idporten-loa-low", "idporten-loa-substantial", "idporten-loa-high")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    """Closed sign-up: a member of staff is added by an administrator."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": gettext_lazy(
            "E-postadressen eller passordet er feil. Prøv igjen, eller lag et nytt passord."
        ),
        "invalid_or_expired_key": gettext_lazy("Lenken virker ikke lenger. Be om en ny."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def add_message(self, *_given: Any, **_named: Any) -> None:
        """The page one comes to says it; allauth's own messages would say it in other words."""

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Instead of allauth's limits, which lock out: delays that grow (people.limits.delays)."""
        municipality = getattr(request, "municipality", None)
        self._attempt = delays.attempt_password(
            municipality, credentials.get("email") or "", request, at=timezone.now()
        )
        if self._attempt.wait_seconds:
            raise ValidationError(wait_words(self._attempt.wait_seconds), "too_many_login_attempts")

    def _rollback_login_failed_rl_usage(self) -> None:
        """The password was right."""
        delays.take_back(self._attempt)

    def post_login(self, request: HttpRequest, user: Any, **context: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **context)
        delays.remember_device(request, response, user)
        if signed_in := (context.get("signal_kwargs") or {}).get("sociallogin"):
            bind_session(request, signed_in.account.extra_data)
        return response


def wait_words(seconds: int) -> str:
    """How long to wait, and what else one can do."""
    if seconds < 60:
        wait = ngettext("Vent %(n)s sekund", "Vent %(n)s sekunder", seconds) % {"n": seconds}
    else:
        minutes = -(-seconds // 60)
        wait = ngettext("Vent %(n)s minutt", "Vent %(n)s minutter", minutes) % {"n": minutes}
    return _("Det er prøvd feil flere ganger. %(wait)s, eller lag et nytt passord.") % {
        "wait": wait
    }


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth is untyped
    """Second factors: what they rest on is encrypted, so that a stolen copy of the database opens nothing."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy("Koden er feil, brukt eller for gammel. Skriv en ny."),
    }

    def encrypt(self, text: str) -> str:
        return _fernet(settings.SECRET_KEY).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _fernet(settings.SECRET_KEY).decrypt(encrypted_text.encode()).decode()

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        return _("Passnøkkel %(number)s") % {
            "number": user.authenticator_set.filter(type=type).count() + 1
        }


@lru_cache(maxsize=4)
def _fernet(secret_key: str) -> Fernet:
    derived = HKDF(SHA256(), length=32, salt=None, info=b"torget second factors 1").derive(
        secret_key.encode()
    )
    return Fernet(base64.urlsafe_b64encode(derived))


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    """Connects a verified identity to the member of staff with that address; makes no users."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> Any:
        """Called before anything is looked up or saved: check the tokens, and forget what we do not need of them.

        Raises:
            PermissionDenied: they do not answer our question (OpenID Connect Core 1.0 §3.1.3.7, §5.3.2).
        """
        account = sociallogin.account
        claims, info = account.extra_data.get("id_token"), account.extra_data.get("userinfo")
        nonce = nonce_for(request.GET.get("state", ""))
        if not claims or not constant_time_compare(claims.get("nonce", ""), nonce):
            raise PermissionDenied("id_token is not an answer to us")
        if info and info.get("sub") != claims["sub"]:
            raise PermissionDenied("userinfo is about somebody else")
        # Never a name, an address or a national identity number (pid) in what is kept.
        account.extra_data = {
            name: claims[name] for name in ("iss", "sid", "acr") if name in claims
        }
        account.uid = claims["sub"]
        if account.provider != RESIDENTS:
            # A subject is only unique with its issuer (§2).
            account.uid = hashlib.sha256(f"{claims['iss']}\n{claims['sub']}".encode()).hexdigest()
            sociallogin.verified_address = verified_address(info or claims)
        sociallogin.email_addresses = []
        return sociallogin.user

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        if sociallogin.account.provider == RESIDENTS:
            raise ImmediateHttpResponse(_resident(request, sociallogin.account))
        if sociallogin.is_existing:
            return
        address = sociallogin.verified_address
        user = rules.user_to_connect(address, issuer=sociallogin.account.extra_data["iss"])
        if user is None:
            raise ImmediateHttpResponse(
                _refusal(
                    request,
                    _(
                        "Fant ingen ansatt med e-postadressen jobbkontoen din har bekreftet. "
                        "Be administratoren i kommunen om å legge deg til."
                    )
                    if address
                    else _(
                        "Jobbkontoen din har ingen bekreftet e-postadresse, så vi vet ikke hvem du er. "
                        "Be den som styrer jobbkontoene, om å bekrefte adressen."
                    ),
                )
            )
        with transaction.atomic():
            sociallogin.connect(request, user)
            rules.note_connected(user, at=timezone.now())


def verified_address(claims: dict[str, Any]) -> str:
    """The address the provider vouches for, or nothing. Some providers write the truth as a word."""
    verified = claims.get("email_verified") in (True, "true")
    return str(claims.get("email") or "").strip().lower() if verified else ""


def nonce_for(state: str) -> str:
    """The nonce that belongs to a request's state, which allauth ties to the session."""
    return salted_hmac("torget.people.signin.nonce", state, algorithm="sha256").hexdigest()


def high_enough(acr: str, asked: str) -> bool:
    """Whether a level of assurance is at least one of those asked for (`acr_values`, OpenID Connect Core 1.0 §3.1.2.1)."""
    wanted = asked.split()
    ranks = [LEVELS.index(level) for level in wanted if level in LEVELS]
    return acr in wanted or (acr in LEVELS and bool(ranks) and LEVELS.index(acr) >= min(ranks))


def _refusal(request: HttpRequest, message: str) -> HttpResponse:
    return render(request, "refused.html", {"message": message}, status=403)


def _resident(request: HttpRequest, account: Any) -> HttpResponse:
    """Leave the proof of who it is in the session, for the square's own page; no sign-in for staff is touched."""
    if not high_enough(account.extra_data.get("acr", ""), asked_level()):
        return _refusal(
            request,
            _(
                "Du logget inn med et lavere sikkerhetsnivå enn vi må ha. Prøv igjen på en annen måte."
            ),
        )
    request.session[PROOF] = {"sub": account.uid, **account.extra_data}
    return redirect(settings.RESIDENT_LOGIN_REDIRECT_URL)


def _apps() -> list[dict[str, Any]]:
    providers: dict[str, Any] = settings.SOCIALACCOUNT_PROVIDERS
    apps: list[dict[str, Any]] = providers["openid_connect"]["APPS"]
    return apps


def asked_level() -> str:
    """The levels of assurance asked of ID-porten."""
    apps = [app for app in _apps() if app["provider_id"] == RESIDENTS]
    return str(apps[0]["settings"]["auth_params"]["acr_values"]) if apps else ""


def residents_may_use_idporten() -> bool:
    """Whether ID-porten is turned on."""
    return any(app["provider_id"] == RESIDENTS for app in _apps())


def bind_session(request: HttpRequest, claims: dict[str, Any]) -> None:
    """Bind the session in force after sign-in to the provider's, so that its log-out can close ours."""
    if not claims.get("sid"):
        return
    if not request.session.session_key:
        request.session.save()
    rules.bind_session(
        issuer=claims["iss"],
        sid=claims["sid"],
        session_key=str(request.session.session_key),
        at=timezone.now(),
    )


@require_POST
@never_cache
def to_provider(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Start signing in at a provider: a page that leads on.

    Not a redirect: browsers hold the answers to a form against `form-action`, and which servers a provider sends
    people through is not ours to know. The nonce is added here (OpenID Connect Core 1.0 §3.1.2.1).
    """
    if provider_id not in {app["provider_id"] for app in _apps()}:
        raise Http404
    try:
        response: HttpResponse = openid_login(request, provider_id)
    except OSError:  # what the HTTP library's exceptions are: the provider does not answer
        return render(request, "socialaccount/authentication_error.html", status=503)
    if response.status_code != 302:
        return response
    url = response["Location"]
    state = dict(part.partition("=")[::2] for part in urlsplit(url).query.split("&"))["state"]
    return render(request, "socialaccount/onward.html", {"url": f"{url}&nonce={nonce_for(state)}"})


def closed(_request: HttpRequest, **_given: Any) -> HttpResponse:
    """What allauth offers and we do not: signing up, changing one's own address, connecting accounts."""
    raise Http404


@require_GET
@never_cache
@xframe_options_exempt
def front_channel_logout(request: HttpRequest) -> HttpResponse:
    """The provider's page loads this in a frame when somebody signs out there (OpenID Connect Front-Channel Logout 1.0 §2)."""
    issuer, sid = request.GET.get("iss", ""), request.GET.get("sid", "")
    ours = {app["settings"]["server_url"].rstrip("/") for app in _apps()}
    if not sid or issuer.rstrip("/") not in ours:
        return HttpResponse(status=400)
    rules.close_sessions(issuer=issuer, sid=sid)
    parts = urlsplit(issuer)
    response = HttpResponse(status=200)
    # Its log-out page may be at a server beside the issuer's, such as login.idporten.no.
    framers = f"{parts.scheme}://{parts.netloc} {parts.scheme}://*.{parts.netloc}"
    response["Content-Security-Policy"] = f"default-src 'none'; frame-ancestors {framers}"
    return response
