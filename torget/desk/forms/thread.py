"""The shape of what staff send in a conversation."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from torget.people.models import Municipality, Staff, Unit


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
