"""The shape of what staff send while they work with the queue: snoozing, tagging, merging, splitting, bulk acts, views."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from torget.casework.models import Macro
from torget.casework.rules.actions import ACTS, SNOOZES
from torget.conversations.models import Conversation
from torget.people.models import Municipality, Staff, Unit

BULK = ("take", "assign", "forward", "tag", "untag", "snooze", "close")


class SnoozeForm(forms.Form):
    """Until when: a choice, or a time of one's own in Norwegian time."""

    choice = forms.ChoiceField(
        label=_("Når skal saken tilbake i køen?"),
        choices=[*SNOOZES.items(), ("time", _("Et annet tidspunkt"))],
        initial="tomorrow",
        widget=forms.RadioSelect,
    )
    until = forms.DateTimeField(
        label=_("Dag og klokkeslett"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def clean(self) -> dict[str, Any]:
        """A time must be given when a time is chosen."""
        data = super().clean() or {}
        if data.get("choice") == "time" and not data.get("until") and "until" not in self.errors:
            self.add_error("until", _("Velg dag og klokkeslett."))
        return data

    @property
    def value(self) -> str:
        """What was chosen, as the acts know it."""
        data = self.cleaned_data
        return data["until"].isoformat() if data["choice"] == "time" else str(data["choice"])


class MergeForm(forms.Form):
    """The number of the other conversation, and which of the two is kept."""

    other = forms.CharField(
        label=_("Saksnummeret til den andre saken"),
        max_length=20,
        help_text=_("For eksempel NV-2026-17."),
        error_messages={"required": _("Skriv saksnummeret.")},
    )


class SplitForm(forms.Form):
    """Which messages move, and what they are about."""

    subject = forms.CharField(label=_("Emne for den nye saken"), max_length=200, required=False)
    messages = forms.MultipleChoiceField(
        label=_("Meldinger som skal flyttes"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Velg minst én melding.")},
    )

    def __init__(self, choices: list[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["messages"].choices = choices  # type: ignore[attr-defined]  # a MultipleChoiceField


class BatchForm(forms.Form):
    """One act on several conversations."""

    act = forms.CharField(max_length=40)
    staff = forms.CharField(max_length=20, required=False)
    unit = forms.CharField(max_length=60, required=False)
    tag = forms.CharField(max_length=40, required=False)
    snooze = forms.ChoiceField(choices=SNOOZES.items(), required=False)

    def clean_act(self) -> str:
        """One of those that can be done to several, or a macro."""
        act = str(self.cleaned_data["act"])
        if act not in BULK and not act.startswith("macro-"):
            raise forms.ValidationError(_("Velg hva som skal gjøres."))
        return act

    @property
    def value(self) -> str:
        """What the act needs."""
        needs = ACTS[self.cleaned_data["act"]].value
        return str(self.cleaned_data.get(needs, "") or "") if needs else ""


class SaveViewForm(forms.Form):
    """A name for what is chosen, and whom it is for."""

    name = forms.CharField(
        label=_("Navn på visningen"),
        max_length=60,
        error_messages={"required": _("Gi visningen et navn.")},
    )
    unit = forms.ModelChoiceField(
        Unit.objects.none(),
        label=_("For hvem"),
        required=False,
        to_field_name="slug",
        empty_label=_("Bare meg"),
    )
    query = forms.CharField(max_length=500, required=False, widget=forms.HiddenInput)

    def __init__(self, municipality: Municipality, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        units = Unit.objects.filter(municipality=municipality, active=True)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]  # a ModelChoiceField


class ShiftForm(forms.Form):
    """What is handed over, to whom, with which words."""

    note = forms.CharField(
        label=_("Beskjed til den som tar over"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Skriv det den neste trenger å vite. Ikke skriv om enkeltpersoner."),
    )
    to = forms.ModelChoiceField(
        Staff.objects.none(),
        label=_("Hvem tar over?"),
        empty_label=_("Velg kollega"),
        error_messages={"required": _("Velg hvem som tar over.")},
    )

    def __init__(self, municipality: Municipality, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        staff = Staff.objects.filter(municipality=municipality, active=True)
        self.fields["to"].queryset = staff  # type: ignore[attr-defined]  # a ModelChoiceField


class MacroRunForm(forms.Form):
    """Which macro."""

    macro = forms.ModelChoiceField(Macro.objects.none(), label=_("Makro"))

    def __init__(self, municipality: Municipality, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        macros = Macro.objects.filter(municipality=municipality, active=True)
        self.fields["macro"].queryset = macros  # type: ignore[attr-defined]  # a ModelChoiceField


def chosen_rows(request: Any, limit: int) -> list[Conversation]:
    """The conversations ticked in a list ("valgt" holds their numbers), of those one may read."""
    refs = request.POST.getlist("valgt")[: limit + 1]
    refs = [ref[:20] for ref in refs if "\x00" not in ref]
    rows = Conversation.objects.visible_to(request.actor).filter(ref__in=refs)
    return list(rows.select_related("unit", "municipality", "assignee").order_by("pk"))
