"""The shape of connecting and looking after accounts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from torget.channels.adapter import Adapter
from torget.channels.contract import Field
from torget.channels.models import Account
from torget.people.models import Municipality, Unit

OWN = ("name", "unit")  # what every network is asked for


def _field(asked: Field) -> forms.Field:
    if asked.choices:
        return forms.ChoiceField(
            label=asked.label,
            help_text=asked.help,
            choices=list(asked.choices),
            required=asked.required,
        )
    off = {"autocomplete": "new-password" if asked.secret else "off"}
    widget = forms.PasswordInput if asked.secret else forms.TextInput
    return forms.CharField(
        label=asked.label,
        help_text=asked.help
        or (_("Lagres kryptert og vises aldri igjen.") if asked.secret else ""),
        required=asked.required,
        max_length=4000 if asked.secret else 500,
        strip=not asked.secret,
        widget=widget(attrs=off),
    )


class ConnectForm(forms.Form):
    """What a network asks for to connect an account, made from what its adapter names."""

    name = forms.CharField(
        label=_("Navn"),
        max_length=100,
        help_text=_("Slik kolleger og innbyggere ser kontoen, for eksempel «Nordvåg på Bluesky»."),
        error_messages={"required": _("Skriv et navn på kontoen.")},
    )
    unit = forms.ModelChoiceField(
        Unit.objects.none(),
        label=_("Enhet"),
        empty_label=_("Velg enhet"),
        help_text=_("Enheten som får det som kommer inn."),
        error_messages={"required": _("Velg enheten som får det som kommer inn.")},
    )

    def __init__(
        self, municipality: Municipality, adapter: Adapter, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        units = Unit.objects.filter(municipality=municipality, active=True)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]  # a ModelChoiceField
        for asked in adapter.fields:
            self.fields[f"k_{asked.name}"] = _field(asked)

    def values(self) -> dict[str, str]:
        """What was filled in for the network itself."""
        return {
            name.removeprefix("k_"): value
            for name, value in self.cleaned_data.items()
            if name.startswith("k_")
        }

    def own(self) -> list[Any]:
        """The fields of the network itself."""
        return [self[name] for name in self.fields if name not in OWN]


class UseForm(forms.Form):
    """The municipality's decision to use an account or not."""

    in_use = forms.ChoiceField(
        label=_("Beslutning"),
        choices=[("ja", _("Kommunen bruker kontoen")), ("nei", _("Kommunen bruker ikke kontoen"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Velg om kontoen skal brukes.")},
    )
    note = forms.CharField(
        label=_("Hva er vurdert?"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_(
            "Hvilke personopplysninger kontoen behandler, hvorfor, hvor de havner, og hvilken risiko det gir (DPIA)."
        ),
        error_messages={"required": _("Skriv hva som er vurdert.")},
    )
    decided_on = forms.DateField(
        label=_("Besluttet dato"),
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": _("Skriv datoen.")},
    )
    decided_by = forms.CharField(
        label=_("Hvem har besluttet?"),
        max_length=120,
        help_text=_("Navn og stilling."),
        error_messages={"required": _("Skriv hvem som har besluttet.")},
    )

    def __init__(self, account: Account, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault(
            "initial",
            {
                "in_use": "ja" if account.in_use else "nei",
                "decided_on": timezone.localdate().isoformat(),
            },
        )
        super().__init__(*args, **kwargs)


class ArrangeForm(forms.Form):
    """What an account is called and where it is shown."""

    name = forms.CharField(label=_("Navn"), max_length=100)
    listed = forms.BooleanField(
        label=_("Vis kontoen i registeret over offisielle kontoer"), required=False
    )
    on_square = forms.BooleanField(
        label=_("Vis offentlige innlegg derfra på torget også"),
        required=False,
        help_text=_("Den som skrev, har bare valgt å være offentlig der. Tenk gjennom det først."),
    )
