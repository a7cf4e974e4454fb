"""The shape of what staff fill in about our place in the fediverse."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from torget.adapters.activitypub.models import DomainBlock


class BlockForm(forms.Form):
    """Which server, how much, and why."""

    host = forms.CharField(
        label=_("Tjener"),
        max_length=255,
        help_text=_("Det som står etter siste @ i navnet, for eksempel mastodon.example."),
        error_messages={"required": _("Skriv navnet på tjeneren.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    severity = forms.ChoiceField(
        label=_("Hva skal skje?"),
        choices=[
            (DomainBlock.Severity.SILENCE.value, _("Hold tilbake")),
            (DomainBlock.Severity.SUSPEND.value, _("Steng ute")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Velg hva som skal skje.")},
    )
    reason = forms.CharField(
        label=_("Hvorfor?"),
        max_length=300,
        help_text=_("Kollegene ser det. Ikke skriv navn på personer."),
        error_messages={"required": _("Skriv hvorfor, så andre forstår det.")},
    )


class KeysForm(forms.Form):
    """New keys are made only by somebody who has said that they mean it."""

    leaked = forms.BooleanField(
        label=_("Noen kan ha fått tak i de gamle"),
        help_text=_("De gamle nøklene tas bort med en gang. Ellers kjennes de igjen i en måned."),
        required=False,
    )
    sure = forms.BooleanField(
        label=_("Ja, lag nye nøkler nå"),
        error_messages={"required": _("Kryss av for at du vil lage nye nøkler.")},
    )
