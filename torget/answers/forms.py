"""The shape of what editors write: answers, topics, where answers may be shown."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from torget.answers.models import Topic
from torget.people.models import Municipality


class TranslationForm(forms.Form):
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

    @property
    def confirmed(self) -> list[str]:
        """What looks personal and has been ticked as fit for everybody."""
        return self.data.getlist("confirmed") if isinstance(self.data, QueryDict) else []


class PublishForm(TranslationForm):
    """A cleaned question and answer, what it is about and how long it holds."""

    topics = forms.ModelMultipleChoiceField(
        Topic.objects.none(),
        label=_("Emner"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("De som følger emnet, får beskjed."),
    )
    valid_until = forms.DateField(
        label=_("Gjelder til og med"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("La feltet stå tomt hvis svaret ikke går ut på dato."),
    )

    def __init__(self, municipality: Municipality, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        topics = Topic.objects.filter(municipality=municipality, closed_at=None)
        self.fields["topics"].queryset = topics  # type: ignore[attr-defined]  # a ModelMultipleChoiceField
        self.fields["topics"].label_from_instance = str  # type: ignore[attr-defined]  # in the reader's language


class TopicForm(forms.Form):
    """A new topic."""

    name = forms.CharField(
        label=_("Navn på bokmål"),
        max_length=60,
        error_messages={"required": _("Skriv et navn på emnet.")},
    )
    name_nn = forms.CharField(label=_("Navn på nynorsk"), max_length=60, required=False)
    name_en = forms.CharField(label=_("Navn på engelsk"), max_length=60, required=False)


class EmbedForm(forms.Form):
    """Where the answers may be shown, and when units are reminded."""

    hosts = forms.CharField(
        label=_("Nettsteder som kan vise svarene"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Én adresse på hver linje. Kommunens egen nettside kan alltid vise dem."),
    )
    remind_days = forms.IntegerField(
        label=_("Minn om svar som går ut, så mange dager før"),
        min_value=1,
        max_value=365,
        error_messages={"required": _("Skriv et antall dager.")},
    )
