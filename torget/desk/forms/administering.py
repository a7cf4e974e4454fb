"""The shape of what an administrator changes: the municipality, its units and hours, and those who work here."""

from __future__ import annotations

from datetime import time
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from torget.people.importing import MOST_BYTES
from torget.people.models import Municipality, Staff, Unit
from torget.people.roles import Role

WEEKDAYS = (
    _("Mandag"),
    _("Tirsdag"),
    _("Onsdag"),
    _("Torsdag"),
    _("Fredag"),
    _("Lørdag"),
    _("Søndag"),
)


def _units(municipality: Municipality) -> Any:
    return Unit.objects.filter(municipality=municipality, active=True)


class ProfileForm(forms.Form):
    """What the municipality says of itself."""

    name = forms.CharField(label=_("Kommunens navn"), max_length=80)
    phone = forms.CharField(label=_("Telefon"), max_length=20, required=False)
    email = forms.EmailField(label=_("E-postadresse"), required=False)
    website = forms.URLField(
        label=_("Nettsted"), required=False, assume_scheme="https", max_length=200
    )
    colour = forms.CharField(
        label=_("Farge"),
        required=False,  # what HTML knows of choosing a colour; there is always one
        widget=forms.ColorInput(),
        help_text=_("Torget lager de lyse og mørke fargene av den, og holder kontrasten."),
    )
    ref_prefix = forms.CharField(
        label=_("Bokstaver foran saksnummeret"),
        max_length=4,
        help_text=_("Saker som er gitt nummer, beholder det."),
    )
    default_language = forms.ChoiceField(label=_("Språk"), choices=settings.LANGUAGES)
    answer_days = forms.IntegerField(
        label=_("Arbeidsdager vi lover å svare innen"), min_value=1, max_value=30
    )


class UnitForm(forms.Form):
    """What a unit is called, and what leads a question to it."""

    name = forms.CharField(label=_("Navn"), max_length=100)
    name_nn = forms.CharField(label=_("Navn på nynorsk"), max_length=100, required=False)
    name_en = forms.CharField(label=_("Navn på engelsk"), max_length=100, required=False)
    keywords = forms.CharField(
        label=_("Ord som hører til her"),
        max_length=1000,
        required=False,
        help_text=_("Skill dem med komma. Et spørsmål med et av dem legges hit."),
    )
    receives = forms.BooleanField(label=_("Tar imot spørsmål"), required=False)

    def clean_keywords(self) -> list[str]:
        """Each once, none longer than what is kept."""
        words = [word.strip()[:40] for word in self.cleaned_data["keywords"].split(",")]
        return list(dict.fromkeys(word for word in words if word))


class NewUnitForm(UnitForm):
    """As UnitForm, and where it belongs."""

    parent = forms.ModelChoiceField(Unit.objects.none(), label=_("Ligger under"))

    def __init__(self, municipality: Municipality, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].queryset = _units(municipality)  # type: ignore[attr-defined]  # a ModelChoiceField


class MoveForm(forms.Form):
    """Where a unit goes."""

    parent = forms.ModelChoiceField(
        Unit.objects.none(), label=_("Legg enheten under"), empty_label=_("Velg enhet")
    )

    def __init__(self, unit: Unit, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        there = _units(unit.municipality).exclude(path__startswith=unit.path)
        self.fields["parent"].queryset = there  # type: ignore[attr-defined]  # a ModelChoiceField


class HoursForm(forms.Form):
    """When a unit is open, a line for each weekday. Empty: closed that day."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for weekday, name in enumerate(WEEKDAYS):
            for part, label in (("opens", _("åpner")), ("closes", _("stenger"))):
                self.fields[f"{part}_{weekday}"] = forms.TimeField(
                    label=f"{name} {label}",
                    required=False,
                    widget=forms.TimeInput(
                        attrs={
                            "type": "time",
                            "class": "ds-input",
                            "aria-label": f"{name} {label}",
                        },
                        format="%H:%M",
                    ),
                )

    @property
    def days(self) -> list[tuple[Any, forms.BoundField, forms.BoundField]]:
        """The name of each weekday and its two fields."""
        return [
            (name, self[f"opens_{weekday}"], self[f"closes_{weekday}"])
            for weekday, name in enumerate(WEEKDAYS)
        ]

    def clean(self) -> dict[str, Any]:
        """A day has both times or none."""
        data: dict[str, Any] = super().clean() or {}
        for weekday in range(7):
            opens, closes = (data.get(f"{part}_{weekday}") for part in ("opens", "closes"))
            if (opens is None) != (closes is None):
                self.add_error(
                    f"{'closes' if opens else 'opens'}_{weekday}",
                    _("Skriv både når det åpner og når det stenger, eller ingen av dem."),
                )
        return data

    def spans(self) -> list[tuple[int, time, time]]:
        """Weekday, opens, closes."""
        data = self.cleaned_data
        days = (
            (weekday, data[f"opens_{weekday}"], data[f"closes_{weekday}"]) for weekday in range(7)
        )
        return [day for day in days if day[1] is not None]


class ClosedDayForm(forms.Form):
    """A day that is closed, and why."""

    on = forms.DateField(label=_("Dag"), widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(
        label=_("Grunn"),
        max_length=100,
        help_text=_("Innbyggerne ser den, for eksempel «Flytting»."),
    )


class ColleagueForm(forms.Form):
    """What somebody is called, and where they work."""

    first_name = forms.CharField(label=_("Fornavn"), max_length=60)
    last_name = forms.CharField(label=_("Etternavn"), max_length=80)
    unit = forms.ModelChoiceField(
        Unit.objects.none(), label=_("Enhet"), empty_label=_("Velg enhet")
    )

    def __init__(self, municipality: Municipality, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = _units(municipality)  # type: ignore[attr-defined]  # a ModelChoiceField


class InviteForm(ColleagueForm):
    """As ColleagueForm, of somebody new."""

    email = forms.EmailField(
        label=_("E-postadresse"),
        error_messages={"invalid": _("Skriv adressen, for eksempel kari@kommune.no")},
    )
    field_order = ("email", "first_name", "last_name", "unit")


class TableForm(forms.Form):
    """A table of colleagues: a file, or the text of one that was looked at."""

    file = forms.FileField(
        label=_("CSV-fil"),
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv,text/plain"}),
        help_text=_("Overskriftene er e-post, fornavn, etternavn, enhet og, om du vil, rolle."),
    )
    table = forms.CharField(required=False, strip=False, widget=forms.HiddenInput())

    def clean(self) -> dict[str, Any]:
        """One of the two."""
        data: dict[str, Any] = super().clean() or {}
        if not data.get("file") and not data.get("table"):
            self.add_error("file", _("Velg en fil."))
        return data

    def content(self) -> bytes:
        """The table's bytes, no more than one over what is read."""
        data = self.cleaned_data
        if data["file"]:
            return bytes(data["file"].read(MOST_BYTES + 1))
        return str(data["table"]).encode()


class RoleForm(forms.Form):
    """A role and where it holds."""

    role = forms.ChoiceField(label=_("Rolle"), choices=[("", _("Velg rolle")), *Role.choices])
    unit = forms.ModelChoiceField(
        Unit.objects.none(),
        label=_("Gjelder i"),
        empty_label=_("Velg enhet"),
        help_text=_("Rollen gjelder også i enhetene under."),
    )

    def __init__(self, municipality: Municipality, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "rolle-%s", **kwargs})
        self.fields["unit"].queryset = _units(municipality)  # type: ignore[attr-defined]  # a ModelChoiceField


class LeaveForm(forms.Form):
    """Who takes over."""

    to = forms.ModelChoiceField(
        Staff.objects.none(),
        label=_("Hvem tar over de åpne sakene?"),
        empty_label=_("Ingen, legg dem i køen"),
        required=False,
    )

    def __init__(self, staff: Staff, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "slutt-%s", **kwargs})
        others = Staff.objects.filter(municipality=staff.municipality, active=True)
        self.fields["to"].queryset = others.exclude(pk=staff.pk)  # type: ignore[attr-defined]  # a ModelChoiceField
