"""The shape of a search in what was said."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from torget.conversations.models import Conversation, Tag
from torget.people.models import Municipality, Staff, Unit


class SearchForm(forms.Form):
    """Words, and what to narrow them by. Everything is optional."""

    q = forms.CharField(required=False, max_length=300)
    kanal = forms.ChoiceField(label=_("Kanal"), required=False)
    enhet = forms.ModelChoiceField(
        Unit.objects.none(),
        label=_("Enhet"),
        required=False,
        to_field_name="slug",
        empty_label=_("Alle enheter"),
    )
    tilstand = forms.ChoiceField(label=_("Tilstand"), required=False)
    hos = forms.ModelChoiceField(
        Staff.objects.none(), label=_("Hos"), required=False, empty_label=_("Alle")
    )
    merke = forms.ModelChoiceField(
        Tag.objects.none(),
        label=_("Merke"),
        required=False,
        to_field_name="slug",
        empty_label=_("Alle"),
    )
    fra = forms.DateField(
        label=_("Fra og med"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    til = forms.DateField(
        label=_("Til og med"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    person = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, municipality: Municipality, networks: list[tuple[str, str]], *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        chosen = {
            "enhet": Unit.objects.filter(municipality=municipality, active=True),
            "hos": Staff.objects.filter(municipality=municipality, active=True),
            "merke": Tag.objects.filter(municipality=municipality),
        }
        for name, rows in chosen.items():
            self.fields[name].queryset = rows  # type: ignore[attr-defined]  # a ModelChoiceField
        for name, empty, choices in (
            ("kanal", _("Alle kanaler"), networks),
            ("tilstand", _("Alle"), list(Conversation.State.choices)),
        ):
            self.fields[name].choices = [("", empty), *choices]  # type: ignore[attr-defined]  # a ChoiceField

    @property
    def narrowed(self) -> bool:
        """Whether anything but words was asked for."""
        return any(value for name, value in self.cleaned_data.items() if name != "q")
