"""The shape of what residents send: required, lengths, file types; never "may you?"."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from torget.conversations.attachments import Prepared, prepare_pictures
from torget.conversations.guard import national_ids
from torget.people.models import Municipality, Unit
from torget.protocols.files import BadFile
from torget.protocols.plaintext import clean

MAX_BODY_CHARS = 10_000
MAX_PICTURES = 6
MAX_PICTURE_BYTES = 20_000_000


class ManyFilesInput(forms.ClearableFileInput):
    """A file field that takes several."""

    allow_multiple_selected = True


class PicturesField(forms.FileField):
    """Several pictures, each cleaned of where and when it was taken; HEIC becomes JPEG. Cleans to a list of Prepared."""

    widget = ManyFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Prepared]:
        files: list[UploadedFile[Any]] = [
            file for file in (data if isinstance(data, list | tuple) else [data]) if file
        ]
        if len(files) > MAX_PICTURES:
            raise ValidationError(
                ngettext(
                    "Du kan sende ett bilde.",
                    "Du kan sende %(most)s bilder. Velg bort noen.",
                    MAX_PICTURES,
                )
                % {"most": MAX_PICTURES}
            )
        for file in files:
            if (file.size or 0) > MAX_PICTURE_BYTES:
                raise ValidationError(
                    gettext("Bildet %(name)s er for stort. Et bilde kan være opptil 20 MB.")
                    % {"name": _named(file)}
                )
        prepared: list[Prepared] = []
        # Together: they have one place in the queue, and a measure they share.
        made = prepare_pictures([(file.name or "bilde", file.read()) for file in files])
        for file, whole in zip(files, made, strict=True):
            if isinstance(whole, BadFile):
                raise ValidationError(
                    gettext(
                        "Vi klarte ikke å lese bildet %(name)s. Prøv et annet, eller ta et skjermbilde av det."
                    )
                    % {"name": _named(file)}
                )
            prepared.append(whole)
        return prepared


def _named(file: UploadedFile[Any]) -> str:
    return (file.name or "bilde")[:60]


class SubmissionForm(forms.Form):
    """What every form in which a resident says something shares."""

    body = forms.CharField(
        label=_("Hva lurer du på?"),
        max_length=MAX_BODY_CHARS,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={
            "required": _("Skriv hva det gjelder, for eksempel «Når blir gata vår brøytet?»"),
            "max_length": _("Teksten er for lang. Kort den ned til %(limit_value)s tegn."),
        },
    )
    name = forms.CharField(
        label=_("Navnet ditt"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    show_name = forms.BooleanField(label=_("Dere kan vise navnet mitt"), required=False)
    pictures = PicturesField(
        label=_("Bilder"),
        required=False,
        help_text=_("Inntil seks bilder. Vi fjerner opplysninger om hvor og når de er tatt."),
        widget=ManyFilesInput(attrs={"accept": "image/*"}),
    )
    picture_text = forms.CharField(
        label=_("Hva viser bildene?"),
        max_length=300,
        required=False,
        help_text=_("Én setning for dem som ikke ser bildene."),
    )
    nonce = forms.UUIDField(required=False, widget=forms.HiddenInput)
    website = forms.CharField(
        required=False, widget=forms.HiddenInput, label=""
    )  # filled by machines only

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["nonce"].initial = uuid.uuid4

    def clean_body(self) -> str:
        body = clean(self.cleaned_data["body"]).strip()
        if not body:
            raise ValidationError(self.fields["body"].error_messages["required"])
        return body

    def clean_name(self) -> str:
        return clean(self.cleaned_data["name"]).replace("\n", " ").strip()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.is_public(data) and national_ids(f"{data.get('body', '')} {data.get('name', '')}"):
            self.add_error(
                "body",
                _("Du har skrevet et fødselsnummer. Ta det bort, eller send spørsmålet privat."),
            )
        if data.get("pictures"):
            text = clean(data.get("picture_text", ""))
            data["pictures"] = [
                Prepared(**{**picture.as_json(), "alt": text or picture.alt})
                for picture in data["pictures"]
            ]
        return data

    def is_public(self, data: dict[str, Any]) -> bool:
        """Whether what is said will be read by everybody."""
        return True


class AskForm(SubmissionForm):
    """A question: public or private, anonymous or named."""

    visibility = forms.ChoiceField(
        label=_("Hvem kan lese det?"),
        choices=[
            ("private", _("Bare du og kommunen")),
            ("public", _("Alle kan lese spørsmålet og svaret")),
        ],
        initial="private",
        widget=forms.RadioSelect,
    )
    email = forms.EmailField(
        label=_("E-post"),
        required=False,
        help_text=_("Vi sender svaret hit. Adressen blir ikke vist for andre."),
        error_messages={
            "invalid": _("Skriv en gyldig e-postadresse, for eksempel kari@eksempel.no")
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    unit = forms.ModelChoiceField(
        Unit.objects.none(),
        label=_("Hvem gjelder det?"),
        required=False,
        to_field_name="slug",
        empty_label=_("Vet ikke – finn ut av det for meg"),
    )

    def __init__(self, municipality: Municipality, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = Unit.objects.filter(  # type: ignore[attr-defined]  # a ModelChoiceField
            municipality=municipality, active=True, receives=True
        )

    def is_public(self, data: dict[str, Any]) -> bool:
        return data.get("visibility") == "public"


class WallForm(SubmissionForm):
    """A post on the open wall."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["body"].label = _("Hva vil du si?")


class CommentForm(WallForm):
    """A comment on a wall post."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["body"].label = _("Kommentaren din")
        self.fields["body"].widget.attrs["rows"] = 4


class MoreForm(SubmissionForm):
    """More words from the resident in their own case."""

    def __init__(self, *args: Any, public: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._public = public
        self.fields["body"].label = _("Skriv mer i saken")
        self.fields["body"].widget.attrs["rows"] = 4
        del self.fields["name"], self.fields["show_name"]

    def clean_name(self) -> str:
        return ""

    def is_public(self, data: dict[str, Any]) -> bool:
        return self._public


class ChatForm(SubmissionForm):
    """The first words of a direct talk."""

    email = forms.EmailField(
        label=_("E-post"),
        required=False,
        help_text=_(
            "Går du før vi har svart, sender vi svaret hit. Du får også utskriften av praten."
        ),
        error_messages={
            "invalid": _("Skriv en gyldig e-postadresse, for eksempel kari@eksempel.no")
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["body"].widget.attrs["rows"] = 4
        del self.fields["show_name"]

    def is_public(self, data: dict[str, Any]) -> bool:
        return False


class AddressForm(forms.Form):
    """An e-mail address: to follow something, to sign in."""

    email = forms.EmailField(
        label=_("E-post"),
        error_messages={
            "required": _("Skriv e-postadressen din."),
            "invalid": _("Skriv en gyldig e-postadresse, for eksempel kari@eksempel.no"),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
