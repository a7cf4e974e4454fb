"""The shape of a change of one limit."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from torget.people.limits import BY_NAME, LIMITS


class LimitForm(forms.Form):
    """A new value for one limit."""

    name = forms.ChoiceField(
        choices=[(limit.name, limit.label) for limit in LIMITS], widget=forms.HiddenInput
    )
    value = forms.IntegerField(label=_("Grense"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        limit = BY_NAME.get(str(data.get("name")))
        if limit and "value" in data and not limit.least <= data["value"] <= limit.most:
            self.add_error(
                "value",
                _("Skriv et tall fra %(least)s til %(most)s.")
                % {"least": limit.least, "most": limit.most},
            )
        return data
