"""The shape of what arranges the desk: tags, deadlines, macros, rules, dealing, preferences. Plain fields only."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from torget.casework.rules.actions import ACTS, SNOOZES
from torget.casework.rules.automation import events
from torget.casework.rules.conditions import FIELDS, OPERATORS
from torget.casework.rules.replying import LONGEST_UNDO_SECONDS
from torget.channels.models import Account
from torget.conversations.models import Conversation, Deadline, Tag
from torget.people.models import Municipality, Staff, Unit
from torget.rooms import kind_choices

STEPS, CONDITIONS = 4, 4
YES = {"ja", "nei"}


class TagForm(forms.Form):
    """A tag's name."""

    name = forms.CharField(
        label=_("Navn"), max_length=40, error_messages={"required": _("Skriv et navn.")}
    )


class PreferenceForm(forms.Form):
    """How one wants the desk."""

    shortcuts = forms.BooleanField(
        label=_("Bruk hurtigtaster i innboksen"),
        required=False,
        help_text=_(
            "j og k flytter, Enter åpner, r svarer, n skriver notat, t tar saken, ? viser hjelp."
        ),
    )
    undo_seconds = forms.IntegerField(
        label=_("Sekunder du kan angre et svar"),
        min_value=0,
        max_value=LONGEST_UNDO_SECONDS,
        help_text=_("0 sender med en gang."),
    )
    most_open = forms.IntegerField(
        label=_("Flest saker du kan ha samtidig"),
        min_value=0,
        max_value=200,
        help_text=_("Gjelder når saker fordeles. 0 betyr ingen grense for deg."),
    )


class DeadlineForm(forms.Form):
    """How soon something must have happened, and for what."""

    what = forms.ChoiceField(label=_("Frist for"), choices=Deadline.What.choices)
    amount = forms.IntegerField(
        label=_("Antall"), min_value=0, max_value=400, help_text=_("0 betyr ingen frist.")
    )
    measure = forms.ChoiceField(label=_("Måles i"), choices=Deadline.Measure.choices)
    warn_hours = forms.IntegerField(
        label=_("Varsle så mange timer før"), min_value=0, max_value=336, initial=4
    )
    unit = forms.ModelChoiceField(
        Unit.objects.none(),
        label=_("Enhet (og de under)"),
        required=False,
        to_field_name="slug",
        empty_label=_("Alle"),
    )
    kind = forms.ChoiceField(label=_("Slags sak"), required=False)
    network = forms.ChoiceField(label=_("Kanal"), required=False)

    def __init__(self, municipality: Municipality, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        units = Unit.objects.filter(municipality=municipality, active=True)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]  # a ModelChoiceField
        self.fields["kind"].choices = [("", _("Alle")), *kind_choices()]  # type: ignore[attr-defined]  # a ChoiceField
        networks = Account.objects.active().filter(municipality=municipality)
        names = sorted(set(networks.values_list("network", flat=True)))
        self.fields["network"].choices = [("", _("Alle")), *((name, name) for name in names)]  # type: ignore[attr-defined]  # a ChoiceField


class DealingForm(forms.Form):
    """Whether a unit's conversations are dealt out."""

    active = forms.BooleanField(label=_("Fordel nye saker til dem som er på vakt"), required=False)
    most_open = forms.IntegerField(
        label=_("Flest saker hver kan ha samtidig"),
        min_value=0,
        max_value=500,
        help_text=_("0 betyr ingen grense."),
    )


class Words:
    """What people may write as a value, by kind: what stands for it in the database, and what is offered."""

    def __init__(self, municipality: Municipality) -> None:
        units = Unit.objects.filter(municipality=municipality, active=True)
        staff = Staff.objects.filter(municipality=municipality, active=True)
        tags = Tag.objects.filter(municipality=municipality, active=True)
        networks = Account.objects.active().filter(municipality=municipality)
        visible = Conversation.Visibility
        self.named: dict[str, dict[str, str]] = {
            "unit": {unit.local_name: unit.slug for unit in units},
            "staff": {choice.display_name: str(choice.pk) for choice in staff},
            "tag": {tag.name: tag.slug for tag in tags},
            "kind": {str(label): name for name, label in kind_choices()},
            "network": {choice: choice for choice in networks.values_list("network", flat=True)},
            "visibility": {str(choice.label): choice.value for choice in visible},
            "snooze": {str(label): code for code, label in SNOOZES.items()},
            "yesno": {"ja": "ja", "nei": "nei"},
        }

    def resolve(self, kind: str, written: str) -> str:
        """The stored value of what was written.

        Raises:
            ValidationError: nothing of that name; what there is is said.
        """
        written = written.strip()
        if not written:
            raise forms.ValidationError(_t("Skriv en verdi."))
        if kind == "number":
            if not written.replace(",", ".").replace(".", "", 1).isdecimal():
                raise forms.ValidationError(_t("Skriv et tall, for eksempel 4."))
            return written
        known = self.named.get(kind)
        if known is None:
            return written[:300]
        by_name = {name.casefold(): value for name, value in known.items()}
        by_name |= {value.casefold(): value for value in known.values()}
        if written.casefold() not in by_name:
            offered = ", ".join(list(known)[:8])
            raise forms.ValidationError(
                _t("«%(written)s» finnes ikke. Velg en av disse: %(offered)s.")
                % {"written": written[:60], "offered": offered}
            )
        return by_name[written.casefold()]

    def shown(self, kind: str, value: str) -> str:
        """What a stored value is called."""
        return next(
            (name for name, stored in self.named.get(kind, {}).items() if stored == value), value
        )

    @property
    def offered(self) -> list[str]:
        """Every name, for the list the browser offers."""
        return list(dict.fromkeys(name for group in self.named.values() for name in group))


class StepsForm(forms.Form):
    """A name and up to four acts, each with a value written in plain words."""

    name = forms.CharField(
        label=_("Navn"), max_length=120, error_messages={"required": _("Skriv et navn.")}
    )

    for_rules = False

    def __init__(self, municipality: Municipality, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.words = Words(municipality)
        acts = [
            (code, act.label)
            for code, act in ACTS.items()
            if not (self.for_rules and act.people_only)
        ]
        for number in range(STEPS):
            self.fields[f"act_{number}"] = forms.ChoiceField(
                label=_t("Handling %(n)s") % {"n": number + 1},
                choices=[("", "–"), *acts],
                required=False,
            )
            self.fields[f"value_{number}"] = _value_field()

    @property
    def steps(self) -> list[tuple[Any, Any]]:
        """The pairs of fields, for the page."""
        return [(self[f"act_{n}"], self[f"value_{n}"]) for n in range(STEPS)]

    def clean(self) -> dict[str, Any]:
        """Put the acts together; each written value becomes what it stands for."""
        data = super().clean() or {}
        actions: list[dict[str, str]] = []
        for number in range(STEPS):
            code = data.get(f"act_{number}")
            if not code:
                continue
            step = {"act": code}
            if kind := ACTS[code].value:
                step["value"] = self._resolved(f"value_{number}", kind, data)
            actions.append(step)
        if not actions:
            self.add_error("act_0", _t("Velg minst én handling."))
        data["actions"] = actions
        return data

    def _resolved(self, name: str, kind: str, data: dict[str, Any]) -> str:
        try:
            return self.words.resolve(kind, data.get(name, ""))
        except forms.ValidationError as fault:
            self.add_error(name, fault)
            return ""

    @classmethod
    def initial_of(cls, words: Words, actions: list[dict[str, str]]) -> dict[str, str]:
        """Stored acts as they are written."""
        initial: dict[str, str] = {}
        for number, step in enumerate(actions[:STEPS]):
            act = ACTS.get(step.get("act", ""))
            if act is not None:
                initial[f"act_{number}"] = step["act"]
                initial[f"value_{number}"] = words.shown(act.value, step.get("value", ""))
        return initial


def _value_field() -> forms.CharField:
    return forms.CharField(
        label=_("Verdi"),
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs={"list": "verdier", "autocomplete": "off"}),
    )


class RuleForm(StepsForm):
    """When, if and what: an event, up to four conditions, up to four acts."""

    for_rules = True
    event = forms.ChoiceField(label=_("Når dette skjer"), choices=lambda: list(events().items()))
    position = forms.IntegerField(
        label=_("Rekkefølge"),
        min_value=0,
        max_value=999,
        initial=10,
        help_text=_("Lavest tall først."),
    )
    last = forms.BooleanField(
        label=_("Stopp her: senere regler kjører ikke når denne har gjort noe"), required=False
    )

    def __init__(self, municipality: Municipality, *args: Any, **kwargs: Any) -> None:
        super().__init__(municipality, *args, **kwargs)
        fields = [(code, label) for code, (label, _kind) in FIELDS.items()]
        for number in range(CONDITIONS):
            self.fields[f"field_{number}"] = forms.ChoiceField(
                label=_t("Vilkår %(n)s") % {"n": number + 1},
                choices=[("", "–"), *fields],
                required=False,
            )
            self.fields[f"operator_{number}"] = forms.ChoiceField(
                label=_("Slik"), choices=list(OPERATORS.items()), required=False
            )
            self.fields[f"against_{number}"] = _value_field()

    @property
    def conditions(self) -> list[tuple[Any, Any, Any]]:
        """The triples of fields, for the page."""
        return [
            (self[f"field_{n}"], self[f"operator_{n}"], self[f"against_{n}"])
            for n in range(CONDITIONS)
        ]

    def clean(self) -> dict[str, Any]:
        """Put the conditions together too."""
        data = super().clean()
        conditions: list[dict[str, str]] = []
        for number in range(CONDITIONS):
            code = data.get(f"field_{number}")
            if not code:
                continue
            value = self._resolved(f"against_{number}", FIELDS[code][1], data)
            conditions.append(
                {"field": code, "operator": data.get(f"operator_{number}") or "is", "value": value}
            )
        data["conditions"] = conditions
        return data

    @classmethod
    def initial_with_conditions(
        cls, words: Words, conditions: list[dict[str, str]]
    ) -> dict[str, str]:
        """Stored conditions as they are written."""
        initial: dict[str, str] = {}
        for number, condition in enumerate(conditions[:CONDITIONS]):
            if condition.get("field") in FIELDS:
                initial[f"field_{number}"] = condition["field"]
                initial[f"operator_{number}"] = condition.get("operator", "is")
                initial[f"against_{number}"] = words.shown(
                    FIELDS[condition["field"]][1], condition.get("value", "")
                )
        return initial
