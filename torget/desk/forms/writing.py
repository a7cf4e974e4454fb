"""The shape of what staff write: answers, notes, ready-made replies, and what must be approved."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils import translation
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from torget.casework.models import CannedReply, Draft
from torget.casework.rules.replying import Reply, Seen
from torget.channels.contract import File
from torget.channels.registry import label_of
from torget.conversations.attachments import Prepared, prepare
from torget.conversations.models import Conversation, Tag
from torget.conversations.rules import Agreed, reachable_privately
from torget.design import querytext
from torget.people.models import Municipality, Unit

MAX_FILES = 10
MAX_FILE_BYTES = 20_000_000
Visibility = Conversation.Visibility


class ManyFiles(forms.ClearableFileInput):
    """A file field that takes several."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files of any kind; pictures are cleaned of where and when they were taken. Cleans to a list of Prepared."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[Prepared]:
        files: list[UploadedFile[Any]] = [
            upload for upload in (data if isinstance(data, list | tuple) else [data]) if upload
        ]
        if len(files) > MAX_FILES:
            raise ValidationError(
                gettext("Du kan legge ved %(most)s filer. Velg bort noen.") % {"most": MAX_FILES}
            )
        for file in files:
            if (file.size or 0) > MAX_FILE_BYTES:
                raise ValidationError(
                    gettext("Filen %(name)s er for stor. En fil kan være opptil 20 MB.")
                    % {"name": (file.name or "")[:60]}
                )
        return [
            prepare(
                File(
                    file.name or gettext("vedlegg"),
                    file.content_type or "application/octet-stream",
                    file.read(),
                )
            )
            for file in files
        ]


def aside_note(conversation: Conversation) -> str:
    """What is said in public when a talk goes on in private, in the conversation's language."""
    with translation.override(conversation.language):
        return gettext(
            "Vi fortsetter samtalen privat med den som spurte. Har du det samme spørsmålet? Skriv til oss her på torget."
        )


class ReplyForm(forms.Form):
    """An answer to the resident. `conversation` decides what may be chosen; `draft` is what was kept of it."""

    body = forms.CharField(
        label=_("Svar"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 7}),
        error_messages={"required": _("Skriv svaret først.")},
    )
    visibility = forms.ChoiceField(
        label=_("Hvem kan lese svaret?"), required=False, widget=forms.RadioSelect
    )
    public_note = forms.CharField(
        label=_("Dette blir stående offentlig"),
        max_length=2_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("La feltet stå tomt hvis ingenting skal vises offentlig."),
    )
    attachments = FilesField(label=_("Legg ved filer"), required=False)
    preliminary = forms.BooleanField(
        label=_("Dette er et foreløpig svar"),
        help_text=_(
            "Saken står fortsatt og venter på det endelige svaret (forvaltningsloven § 11 a)."
        ),
        required=False,
    )
    close = forms.BooleanField(label=_("Avslutt saken når svaret er sendt"), required=False)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    to = forms.CharField(required=False, widget=forms.HiddenInput)
    sure = forms.BooleanField(required=False)
    canned = forms.CharField(required=False, widget=forms.HiddenInput)
    let = forms.CharField(required=False)

    def __init__(
        self,
        conversation: Conversation,
        draft: Draft | None,
        *args: Any,
        kept: list[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.files_before = list(draft.files) if draft else []
        if kept is not None:
            self.files_before = [file for file in self.files_before if file["sha256"] in kept]
        self.aside = conversation.visibility == Visibility.PUBLIC and bool(
            reachable_privately(conversation)
        )
        if self.aside:
            self.fields["visibility"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
                (Visibility.PUBLIC, _("Alle")),
                (Visibility.PRIVATE, conversation.person_name or _("Bare den som spurte")),
            ]
        else:
            del self.fields["visibility"], self.fields["public_note"]
        self.conversation = conversation

    @property
    def also(self) -> list[str]:
        """Keys of those chosen to get it beside the one who asked; the rules say who may be."""
        if self.is_bound and isinstance(self.data, MultiValueDict):
            return [str(key)[:320] for key in self.data.getlist(self.add_prefix("also"))]
        return list(self.initial.get("also", []))

    def reply(self) -> Reply:
        """The answer as a value for the rules."""
        data = self.cleaned_data
        numbers = map(querytext.number, data["canned"].split(","))
        return Reply(
            body=data["body"],
            visibility=data.get("visibility", ""),
            public_note=data.get("public_note", ""),
            files=[*(Prepared.from_json(item) for item in self.files_before), *data["attachments"]],
            close=data["close"],
            preliminary=data["preliminary"],
            canned=[item for item in numbers if item],
            agreed=self._agreed(data),
        )

    def _agreed(self, data: dict[str, Any]) -> Agreed:
        """What was shown of who gets it; of a public answer there is nothing to agree on."""
        visibility = data.get("visibility") or self.conversation.visibility
        if visibility == Visibility.PUBLIC:
            return Agreed()
        return Agreed(data["to"], data["sure"], tuple(self.also))

    @property
    def chosen(self) -> dict[str, Any]:
        """What was chosen beside the text, also when the form is not whole."""
        names = ("visibility", "public_note", "close", "preliminary")
        data = getattr(self, "cleaned_data", {})
        chosen = {name: data[name] for name in names if data.get(name)}
        return chosen | ({"also": self.also} if self.also else {})

    @property
    def options_open(self) -> bool:
        """Is anything chosen, or wrong, among the options that are folded away?"""
        chosen = self["preliminary"].value() or self["close"].value()
        return bool(self.files_before or chosen or self["attachments"].errors)

    @property
    def seen_value(self) -> Seen | None:
        """How far the page had come."""
        return Seen.from_text(self.cleaned_data.get("seen", ""))

    @property
    def let_through(self) -> list[str]:
        """Codes of what the guard found and the writer lets stand."""
        return [code for code in self.cleaned_data.get("let", "").split(",") if code]


class NoteForm(forms.Form):
    """A note for colleagues."""

    body = forms.CharField(
        label=_("Internt notat"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Skriv notatet først.")},
    )


class SendBackForm(forms.Form):
    """Why a reply is not approved."""

    reason = forms.CharField(
        label=_("Hva må endres?"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Skriv hvorfor, så svareren vet hva som må endres.")},
    )


def _units(form: forms.Form, municipality: Municipality) -> None:
    form.fields["unit"].queryset = Unit.objects.filter(  # type: ignore[attr-defined]  # a ModelChoiceField
        municipality=municipality, active=True
    )


class TermForm(forms.Form):
    """A kind of reply that a second person must approve."""

    name = forms.CharField(
        label=_("Navn"),
        max_length=120,
        help_text=_("For eksempel «Offentlige svar om barnehage»."),
        error_messages={"required": _("Gi regelen et navn.")},
    )
    unit = forms.ModelChoiceField(
        Unit.objects.none(),
        label=_("Enhet"),
        required=False,
        to_field_name="slug",
        empty_label=_("Alle enheter"),
    )
    visibility = forms.ChoiceField(
        label=_("Hvem kan lese svaret"),
        required=False,
        choices=[("", _("Både offentlige og private svar")), *Visibility.choices],
    )
    network = forms.ChoiceField(label=_("Kanal"), required=False)
    tag = forms.ChoiceField(label=_("Merkelapp"), required=False)

    def __init__(self, municipality: Municipality, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _units(self, municipality)
        networks = municipality.accounts.values_list("network", flat=True).distinct().order_by()
        self.fields["network"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            ("", _("Alle kanaler")),
            *((choice, label_of(choice)) for choice in sorted(set(networks))),
        ]
        tags = Tag.objects.filter(municipality=municipality, active=True)
        self.fields["tag"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            ("", _("Med og uten merkelapp")),
            *((choice.slug, choice.name) for choice in tags),
        ]


class CannedForm(forms.Form):
    """A ready-made reply in up to three languages."""

    name = forms.CharField(
        label=_("Navn"),
        max_length=120,
        error_messages={"required": _("Gi svarmalen et navn.")},
    )
    shortcut = forms.SlugField(
        label=_("Kortnavn"),
        max_length=40,
        help_text=_("Skriv / og kortnavnet i svarfeltet for å sette den inn. Bare a–z, tall og -"),
        error_messages={
            "required": _("Gi svarmalen et kortnavn, for eksempel nytt-lokk"),
            "invalid": _("Bruk bare bokstavene a–z, tall og bindestrek, for eksempel nytt-lokk"),
        },
    )
    unit = forms.ModelChoiceField(
        Unit.objects.none(),
        label=_("Hvem kan bruke den?"),
        required=False,
        to_field_name="slug",
        empty_label=_("Alle enheter"),
    )
    body_nb = forms.CharField(
        label=_("Tekst på bokmål"),
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": _("Skriv teksten på bokmål.")},
    )
    body_nn = forms.CharField(
        label=_("Tekst på nynorsk"),
        max_length=10_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "lang": "nn"}),
    )
    body_en = forms.CharField(
        label=_("Tekst på engelsk"),
        max_length=10_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "lang": "en"}),
    )
    active = forms.BooleanField(
        label=_("I bruk"),
        help_text=_("En svarmal som ikke er i bruk, blir ikke foreslått."),
        required=False,
    )

    def __init__(self, municipality: Municipality, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _units(self, municipality)

    @staticmethod
    def start(canned: CannedReply | None) -> dict[str, Any]:
        """What the fields say to begin with."""
        if canned is None:
            return {"active": True}
        names = ("name", "shortcut", "body_nb", "body_nn", "body_en", "active")
        return {name: getattr(canned, name) for name in names} | {
            "unit": canned.unit.slug if canned.unit else ""
        }
