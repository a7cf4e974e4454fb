"""The shape of what staff send."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from torget.people.models import Municipality, Staff, Unit


class ReplyForm(forms.Form):
    """An answer to the resident."""

    body = forms.CharField(
        label=_("Svar"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 7}),
        error_messages={"required": _("Skriv svaret først.")},
    )
    close = forms.BooleanField(label=_("Avslutt saken når svaret er sendt"), required=False)


class NoteForm(forms.Form):
    """A note for colleagues."""

    body = forms.CharField(
        label=_("Internt notat"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Skriv notatet først.")},
    )


class ForwardForm(forms.Form):
    """Another unit."""

    unit = forms.ModelChoiceField(
        Unit.objects.none(), label=_("Send til enhet"), to_field_name="slug"
    )

    def __init__(self, municipality: Municipality, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        units = Unit.objects.filter(municipality=municipality, active=True)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]  # a ModelChoiceField


class AssignForm(forms.Form):
    """A colleague, or nobody."""

    staff = forms.ModelChoiceField(
        Staff.objects.none(),
        label=_("Gi saken til"),
        required=False,
        empty_label=_("Ingen (slipp saken)"),
    )

    def __init__(self, municipality: Municipality, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        colleagues = Staff.objects.filter(municipality=municipality, active=True)
        self.fields["staff"].queryset = colleagues  # type: ignore[attr-defined]  # a ModelChoiceField


class PublishForm(forms.Form):
    """A cleaned question and answer."""

    question = forms.CharField(
        label=_("Spørsmålet, slik andre ville stilt det"),
        max_length=300,
        help_text=_("Ta bort navn, adresser og annet som gjelder én person."),
        error_messages={"required": _("Skriv spørsmålet.")},
    )
    body = forms.CharField(
        label=_("Svaret"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 10}),
        error_messages={"required": _("Skriv svaret.")},
    )
    valid_until = forms.DateField(
        label=_("Gjelder til og med"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("La feltet stå tomt hvis svaret ikke går ut på dato."),
    )


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label=_("Begrunnelse"), max_length=500, error_messages={"required": _("Skriv hvorfor.")}
    )


class PostForm(forms.Form):
    """A post on the wall by the municipality."""

    subject = forms.CharField(
        label=_("Overskrift"),
        max_length=120,
        error_messages={"required": _("Skriv en overskrift.")},
    )
    body = forms.CharField(
        label=_("Tekst"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": _("Skriv teksten.")},
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
        super().__init__(*args, **kwargs)
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
