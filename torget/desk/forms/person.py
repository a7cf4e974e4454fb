"""The shape of what is done with a person: merged, noted, blocked."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from torget.conversations.models import Identity, PersonNote


def _day(label: Any, missing: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": missing, "invalid": missing},
    )


class MergeForm(forms.Form):
    """Another person, by an address or a case number, and why they are the same."""

    other = forms.CharField(
        label=_("Den andre: e-postadresse eller saksnummer"),
        max_length=320,
        error_messages={"required": _("Skriv en e-postadresse eller et saksnummer.")},
    )
    reason = forms.CharField(
        label=_("Hvordan vet du at det er samme person?"),
        max_length=300,
        error_messages={"required": _("Skriv hvordan du vet det.")},
    )


class PersonNoteForm(forms.Form):
    """A note with a purpose and an end."""

    purpose = forms.ChoiceField(label=_("Hva notatet skal brukes til"), choices=PersonNote.Purpose)
    body = forms.CharField(
        label=_("Notat"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Skriv notatet først.")},
    )
    expires_on = _day(_("Slettes den"), _("Velg dagen notatet skal slettes."))


class BlockForm(forms.Form):
    """A sender, why, and until when."""

    identity = forms.ModelChoiceField(Identity.objects.none(), label=_("Avsender"))
    reason = forms.CharField(
        label=_("Begrunnelse"), max_length=500, error_messages={"required": _("Skriv hvorfor.")}
    )
    until_on = _day(_("Til og med"), _("Velg siste dag."))

    def __init__(self, identities: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["identity"]
        choice.queryset = identities
        choice.label_from_instance = lambda identity: identity.external_id
        choice.empty_label = None
