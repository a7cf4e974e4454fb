"""The shape of what keeps the desk running: reasons, duties, absence, mailboxes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from torget.people.models import Municipality, Staff, Unit


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label=_("Begrunnelse"), max_length=500, error_messages={"required": _("Skriv hvorfor.")}
    )


class DutyForm(forms.Form):
    """Who is on duty from–to."""

    staff = forms.ModelChoiceField(
        Staff.objects.none(), label=_("Hvem"), empty_label=_("Velg kollega")
    )
    unit = forms.ModelChoiceField(
        Unit.objects.none(), label=_("Enhet"), empty_label=_("Velg enhet")
    )
    starts_at = forms.DateTimeField(
        label=_("Fra"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    ends_at = forms.DateTimeField(
        label=_("Til"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )

    def __init__(self, municipality: Municipality, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        staff = Staff.objects.filter(municipality=municipality, active=True)
        units = Unit.objects.filter(municipality=municipality, active=True)
        self.fields["staff"].queryset = staff  # type: ignore[attr-defined]  # a ModelChoiceField
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]  # a ModelChoiceField


class HandOverForm(forms.Form):
    """The note for whoever takes over."""

    handover = forms.CharField(
        label=_("Til den som tar over"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        required=False,
    )


class AbsenceForm(forms.Form):
    """Away from–to."""

    staff = forms.ModelChoiceField(
        Staff.objects.none(), label=_("Hvem"), empty_label=_("Velg kollega")
    )
    from_on = forms.DateField(label=_("Første dag"), widget=forms.DateInput(attrs={"type": "date"}))
    to_on = forms.DateField(label=_("Siste dag"), widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, municipality: Municipality, *args: Any, **kwargs: Any) -> None:
        # It stands on one page with the roster's form, which has fields of the same names.
        super().__init__(*args, **{"auto_id": "fravaer-%s", **kwargs})
        staff = Staff.objects.filter(municipality=municipality, active=True)
        self.fields["staff"].queryset = staff  # type: ignore[attr-defined]  # a ModelChoiceField


class MailAccountForm(forms.Form):
    """A mailbox to receive and answer in."""

    SECURITY = [("tls", "TLS"), ("starttls", "STARTTLS"), ("none", _("Ingen (bare på eget nett)"))]

    name = forms.CharField(
        label=_("Navn på avsender"),
        max_length=100,
        initial=_("Servicetorget"),
        help_text=_("Slik innbyggerne ser det, for eksempel «Servicetorget»."),
    )
    address = forms.EmailField(
        label=_("E-postadresse"),
        error_messages={"invalid": _("Skriv adressen, for eksempel postmottak@kommune.no")},
    )
    unit = forms.ModelChoiceField(
        Unit.objects.none(), label=_("Enhet"), empty_label=_("Velg enhet")
    )
    imap_host = forms.CharField(label=_("IMAP-tjener"), max_length=253)
    imap_port = forms.IntegerField(label=_("Port"), min_value=1, max_value=65535, initial=993)
    imap_security = forms.ChoiceField(label=_("Sikring"), choices=SECURITY, initial="tls")
    smtp_host = forms.CharField(label=_("SMTP-tjener"), max_length=253)
    smtp_port = forms.IntegerField(label=_("Port"), min_value=1, max_value=65535, initial=587)
    smtp_security = forms.ChoiceField(label=_("Sikring"), choices=SECURITY, initial="starttls")
    smtp_sign_in = forms.BooleanField(
        label=_("SMTP-tjeneren krever innlogging"), required=False, initial=True
    )
    user = forms.CharField(
        label=_("Brukernavn"),
        max_length=253,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    password = forms.CharField(
        label=_("Passord"),
        max_length=500,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Lagres kryptert og vises aldri igjen."),
    )

    def __init__(self, municipality: Municipality, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        units = Unit.objects.filter(municipality=municipality, active=True)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]  # a ModelChoiceField

    def account(self) -> tuple[dict[str, Any], dict[str, str]]:
        """Settings and secrets of the account, as the e-mail channel reads them."""
        data = self.cleaned_data
        smtp = {
            "host": data["smtp_host"],
            "port": data["smtp_port"],
            "security": data["smtp_security"],
        }
        secrets = {"imap_password": data["password"]}
        if data["smtp_sign_in"]:
            smtp["user"], secrets["smtp_password"] = data["user"], data["password"]
        imap = {
            "host": data["imap_host"],
            "port": data["imap_port"],
            "security": data["imap_security"],
            "user": data["user"],
        }
        return {"imap": imap, "smtp": smtp}, secrets
