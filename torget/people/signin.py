"""Signing in: staff by password, second factor, passkey or OpenID Connect; nobody signs up by themselves."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_GET

from torget.people.models import SignInSession, User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    """Closed sign-up: a member of staff is added by an administrator."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    """Connects a verified identity to the staff sign-in with the same verified address; makes no new users for staff."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return sociallogin.account.provider == "idporten"

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        claims = sociallogin.account.extra_data
        claims = claims.get("id_token") or claims.get("userinfo") or claims
        remember_provider_session(request, claims)
        if sociallogin.is_existing or sociallogin.account.provider == "idporten":
            return
        userinfo = sociallogin.account.extra_data.get("userinfo") or claims
        if not (userinfo.get("email_verified") or claims.get("email_verified")):
            return
        address = (userinfo.get("email") or claims.get("email") or "").lower()
        if user := User.objects.filter(email=address, is_active=True).first():
            sociallogin.connect(request, user)

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> User:
        user: User = super().populate_user(request, sociallogin, data)
        if sociallogin.account.provider == "idporten":
            # The national identity number (pid) is never kept: the subject is pairwise and enough.
            sociallogin.account.extra_data = {"acr": claims_of(sociallogin).get("acr", "")}
            user.email = f"{sociallogin.account.uid}@idporten.invalid"
        return user


def claims_of(sociallogin: Any) -> dict[str, Any]:
    """The identity token's claims."""
    data: dict[str, Any] = sociallogin.account.extra_data
    return data.get("id_token") or data.get("userinfo") or data


def remember_provider_session(request: HttpRequest, claims: dict[str, Any]) -> None:
    """Note the provider's session id, so that its log-out can close ours (front-channel logout 1.0 §3)."""
    if sid := claims.get("sid"):
        request.session["provider_session"] = {"iss": claims.get("iss", ""), "sid": sid}


def bind_provider_session(request: HttpRequest) -> None:
    """Bind the session key that is in force after sign-in (it is cycled there) to the provider's session."""
    given = request.session.pop("provider_session", None)
    if given and request.session.session_key:
        SignInSession.objects.create(
            issuer=given["iss"],
            sid=given["sid"],
            session_key=request.session.session_key,
            opened_at=timezone.now(),
        )


@require_GET
@never_cache
@xframe_options_exempt
def front_channel_logout(request: HttpRequest) -> HttpResponse:
    """The provider's page loads this in a frame when somebody signs out there (OIDC Front-Channel Logout 1.0 §2)."""
    issuer, sid = request.GET.get("iss", ""), request.GET.get("sid", "")
    ours = {
        app["settings"]["server_url"]
        for app in settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    }
    if not sid or issuer.rstrip("/") not in {url.rstrip("/") for url in ours}:
        return HttpResponse(status=400)
    for bound in SignInSession.objects.filter(issuer=issuer, sid=sid):
        SessionStore(bound.session_key).delete()
        bound.delete()
    return HttpResponse(status=200)
