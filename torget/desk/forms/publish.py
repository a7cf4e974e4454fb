"""The shape of what the municipality posts on its wall and accounts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core import signing
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from torget.channels.models import Account
from torget.channels.registry import adapters
from torget.conversations.attachments import Prepared, prepare_picture
from torget.people.actor import Actor
from torget.people.models import Municipality
from torget.protocols.files import BadFile

PICTURES = 4
KEPT = "torget.desk.post"


class PostForm(forms.Form):
    """A post on the wall by the municipality, and on the accounts chosen."""

    subject = forms.CharField(
        label=_("Overskrift"),
        max_length=120,
        error_messages={"required": _("Skriv en overskrift.")},
    )
    body = forms.CharField(
        label=_("Tekst"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": _("Skriv teksten.")},
    )
    warning = forms.CharField(
        label=_("Innholdsadvarsel"),
        max_length=200,
        required=False,
        help_text=_("Vises før teksten, som leseren åpner selv. La feltet stå tomt ellers."),
    )
    accounts = forms.ModelMultipleChoiceField(
        Account.objects.none(),
        label=_("Legg det også ut her"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    kept = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, by: Actor, municipality: Municipality, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.municipality = municipality
        can = [row.network for row in adapters().values() if row.capabilities.publish]
        rows = (
            Account.objects.active()
            .with_place()
            .select_related("unit")
            .filter(municipality=municipality, network__in=can, in_use=True)
            .order_by("network", "name")
        )
        self.publishers = [row for row in rows if by.may("wall.post", row.unit)]
        rows = rows.filter(pk__in=[row.pk for row in self.publishers])
        self.fields["accounts"].queryset = rows  # type: ignore[attr-defined]  # a ModelMultipleChoiceField
        for account in self.publishers:
            self.fields[f"text_{account.pk}"] = forms.CharField(
                label=gettext("Egen tekst for %(name)s") % {"name": account.name},
                required=False,
                max_length=20_000,
                widget=forms.Textarea(attrs={"rows": 4}),
            )
        for number in range(1, PICTURES + 1):
            self.fields[f"picture_{number}"] = forms.FileField(
                label=gettext("Bilde %(n)s") % {"n": number}, required=False
            )
            self.fields[f"alt_{number}"] = forms.CharField(
                label=gettext("Hva viser bilde %(n)s?") % {"n": number},
                max_length=300,
                required=False,
                help_text=gettext("Leses opp for dem som ikke ser bildet."),
            )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        pictures = self.pictures_kept()
        for number in range(1, PICTURES + 1):
            picture, alt = data.get(f"picture_{number}"), data.get(f"alt_{number}", "")
            if picture is None:
                continue
            if not alt.strip():
                self.add_error(f"alt_{number}", gettext("Skriv hva bildet viser."))
                continue
            try:
                pictures.append(prepare_picture(picture.name or "", picture.read(), alt=alt))
            except BadFile:
                self.add_error(f"picture_{number}", gettext("Vi kan ikke lese bildet."))
        self.pictures = pictures[:PICTURES]
        return data

    def pictures_kept(self) -> list[Prepared]:
        """Pictures given before the preview, which the browser would otherwise forget."""
        try:
            signed = signing.loads(self.data.get("kept", ""), salt=KEPT, max_age=24 * 3600)
        except signing.BadSignature:
            return []
        return [Prepared.from_json(picture) for picture in signed]

    def keep_pictures(self) -> str:
        """The pictures as the hidden field brings them back."""
        return signing.dumps([picture.as_json() for picture in self.pictures], salt=KEPT)

    def texts(self) -> dict[int, str]:
        """What is said instead on some accounts, by account id."""
        own = {
            account.pk: self.cleaned_data.get(f"text_{account.pk}", "")
            for account in self.publishers
        }
        return {pk: text for pk, text in own.items() if text.strip()}

    def own_texts(self) -> list[Any]:
        """The fields for another text, one for each account."""
        return [self[f"text_{account.pk}"] for account in self.publishers]

    def picture_rows(self) -> list[tuple[Any, Any]]:
        """The fields of each picture."""
        return [(self[f"picture_{n}"], self[f"alt_{n}"]) for n in range(1, PICTURES + 1)]


class CorrectForm(forms.Form):
    """Other words for what we said."""

    body = forms.CharField(
        label=_("Rettet tekst"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": _("Skriv teksten.")},
    )
