"""The forms of signing in where ours differ from allauth's: they count, and they tell nobody who has an account."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ChangePasswordForm as AllauthChangePasswordForm
from allauth.account.forms import EmailField
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from torget.people.limits import delays
from torget.people.signin import wait_words
from torget.people.tasks import write_password_letter_to


class ForgottenForm(forms.Form):
    """Ask for a letter to make a new password. Who has an account is looked up by the worker, never while somebody waits."""

    email = EmailField(required=True)

    def save(self, request: Any, **_named: Any) -> str:
        address: str = self.cleaned_data["email"].lower()
        write_password_letter_to(address, request.municipality, translation.get_language() or "nb")
        return address


class ChangePasswordForm(AllauthChangePasswordForm):  # type: ignore[misc]  # allauth is untyped
    """A new password for who knows the old one; guessing it is slowed as at the door."""

    def clean_oldpassword(self) -> str:
        attempt = delays.attempt_code(
            self.user, context.request, at=timezone.now(), what="old password"
        )
        if attempt.wait_seconds:
            raise ValidationError(wait_words(attempt.wait_seconds), "too_many_login_attempts")
        password: str = super().clean_oldpassword()
        delays.take_back(attempt)
        return password


class _Slowed:
    """Codes are counted apart from passwords, for each account."""

    user: Any

    def clean_code(self) -> str:
        attempt = delays.attempt_code(self.user, context.request, at=timezone.now())
        if attempt.wait_seconds:
            raise ValidationError(
                _("Det er skrevet feil kode flere ganger. Vent %(n)s sekunder.")
                % {"n": attempt.wait_seconds},
                "too_many_codes",
            )
        code: str = super().clean_code()  # type: ignore[misc]  # the form it is mixed into
        delays.take_back(attempt)
        return code


class CodeForm(_Slowed, AuthenticateForm):  # type: ignore[misc]  # allauth is untyped
    """The code after the password."""


class CodeAgainForm(_Slowed, ReauthenticateForm):  # type: ignore[misc]  # allauth is untyped
    """The code before something that matters."""
