"""The shape of what staff publish."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


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
