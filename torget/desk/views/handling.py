"""What one does to a conversation beside answering: snooze, tag, merge, split, run a macro, print, export."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from torget.casework.rules import bulk_acts
from torget.casework.rules.actions import snooze_until
from torget.conversations import rules as conversations
from torget.conversations.models import Conversation, ConversationMerge, Message, Participant
from torget.conversations.persons import family
from torget.conversations.queries import readable_or_404
from torget.conversations.rules import merging, participants, snoozing, tagging
from torget.design import querytext
from torget.design.acting import done
from torget.desk.forms.handling import MacroRunForm, MergeForm, SnoozeForm, SplitForm
from torget.desk.queries.record import as_zip, messages_of
from torget.desk.queries.timeline import events
from torget.desk.views.thread import act
from torget.errors import Refused
from torget.people.actor import requires


def _snooze(request: Any, conversation: Conversation) -> str:
    form = SnoozeForm(request.POST, prefix="vent")
    if not form.is_valid():
        raise Refused(_("Velg når saken skal tilbake i køen."))
    now = timezone.now()
    snoozing.snooze(conversation, snooze_until(form.value, at=now), by=request.actor, at=now)
    return _("Saken er lagt på vent.")


def _wake(request: Any, conversation: Conversation) -> str:
    snoozing.wake(conversation, by=request.actor, at=timezone.now())
    return _("Saken er tilbake i køen.")


def _tag(request: Any, conversation: Conversation) -> str:
    slug, off = request.POST.get("merke", "")[:40], request.POST.get("av", "")[:40]
    if off:
        tagging.remove_tag(conversation, off, by=request.actor, at=timezone.now())
        return _("Merket er tatt av.")
    tagging.add_tag(conversation, slug, by=request.actor, at=timezone.now())
    return _("Merket er satt på.")


def _admit(request: Any, conversation: Conversation) -> str:
    joined = participants.admit(
        conversation, yes=request.POST.get("sikker") == "on", by=request.actor, at=timezone.now()
    )
    return _("Avsenderen er tatt med i %(ref)s.") % {"ref": joined.kept.ref}


def _dismiss(request: Any, conversation: Conversation) -> str:
    number = request.POST.get("deltaker", "")
    row = Participant.objects.filter(
        conversation=conversation, pk=querytext.number(number) or 0
    ).first()
    if row is None:
        raise Refused(_("Velg en som er med i saken."))
    participants.dismiss(row, by=request.actor, at=timezone.now())
    return _("Personen er ikke med i saken lenger.")


def _macro(request: Any, conversation: Conversation) -> str:
    form = MacroRunForm(conversation.municipality, request.POST)
    if not form.is_valid():
        raise Refused(_("Velg en makro i listen."))
    macro = form.cleaned_data["macro"]
    outcome = bulk_acts.run_macro(macro, [conversation], by=request.actor, at=timezone.now())
    if outcome.refused:
        raise Refused(outcome.refused[0][1])
    return _("«%(name)s» er gjort.") % {"name": macro.name}


def _unmerge(request: Any, conversation: Conversation) -> str:
    pk = querytext.number(request.POST.get("sammen", "")) or 0
    row = (
        ConversationMerge.objects.filter(joined__municipality=conversation.municipality_id, pk=pk)
        .select_related("kept__unit", "joined__unit")
        .first()
    )
    if row is None or conversation.pk not in {row.kept_id, row.joined_id}:
        raise Refused(_("Sammenslåingen er allerede angret."))
    merging.unmerge(row, by=request.actor, at=timezone.now())
    return _("Sammenslåingen er angret.")


admit = act("conversations.handle", _admit)
dismiss = act("conversations.handle", _dismiss)
snooze = act("conversations.handle", _snooze)
wake = act("conversations.handle", _wake)
tag = act("conversations.handle", _tag)
macro = act("conversations.handle", _macro)
unmerge = act("conversations.handle", _unmerge)


@requires("conversations.handle")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def merge(request: Any, ref: str) -> HttpResponse:
    """`/desk/sak/<ref>/slaa-sammen`: let this conversation live on in another."""
    conversation = readable_or_404(request, ref)
    form = MergeForm(request.POST or None)
    kept: list[Conversation] = []

    def do(data: dict[str, Any]) -> None:
        rows = Conversation.objects.visible_to(request.actor).select_related("unit")
        other = rows.filter(ref__iexact=data["other"].strip().replace("\x00", "")).first()
        if other is None:
            raise Refused(
                _("Vi finner ingen sak med det nummeret som du kan lese. Se etter en skrivefeil.")
            )
        merging.merge(other, conversation, by=request.actor, at=timezone.now())
        kept.append(other)

    if done(
        request, form, do, _("Sakene er slått sammen. Det gamle nummeret leder hit."), at="other"
    ):
        return redirect("desk:conversation", ref=kept[0].ref)
    near = (
        Conversation.objects.visible_to(request.actor)
        .filter(person__in=family(conversation.person) if conversation.person else [])
        .filter(visibility=conversation.visibility, merged_into=None)
        .exclude(pk=conversation.pk)
        .order_by("-last_message_at")[:8]
    )
    context = {"conversation": conversation, "form": form, "near": near}
    return render(request, "desk/merge.html", context, status=422 if form.is_bound else 200)


@requires("conversations.handle")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def split(request: Any, ref: str) -> HttpResponse:
    """`/desk/sak/<ref>/del-opp`: move chosen messages into a conversation of their own."""
    conversation = readable_or_404(request, ref)
    thread_messages = list(
        Message.objects.filter(conversation=conversation).select_related("staff")
    )
    choices = [(str(message.public_id), _line(message)) for message in thread_messages]
    form = SplitForm(choices, request.POST or None)
    new: list[Conversation] = []

    def do(data: dict[str, Any]) -> None:
        chosen = [
            message
            for message in thread_messages
            if str(message.public_id) in set(data["messages"])
        ]
        new.append(
            merging.split(
                conversation, chosen, subject=data["subject"], by=request.actor, at=timezone.now()
            )
        )

    if done(request, form, do, _("Meldingene har fått en egen sak."), at="messages"):
        return redirect("desk:conversation", ref=new[0].ref)
    context = {"conversation": conversation, "form": form}
    return render(request, "desk/split.html", context, status=422 if form.is_bound else 200)


def _line(message: Message) -> str:
    who = message.author_name or message.signature or _("Innbygger uten navn")
    if message.kind == Message.Kind.NOTE:
        who = _("Internt notat fra %(name)s") % {
            "name": message.staff.first_name if message.staff else ""
        }
    return f"{who}: {' '.join(message.body.split())[:120]}"


@requires("conversations.read")
@require_safe
@never_cache
def printout(request: Any, ref: str) -> HttpResponse:
    """`/desk/sak/<ref>/utskrift`: everything on paper, notes marked, attachments by hash. Put on record."""
    conversation = readable_or_404(request, ref)
    now = timezone.now()
    conversations.note_copy(conversation, "printed", by=request.actor, at=now)
    context = {
        "conversation": conversation,
        "said": messages_of(conversation),
        "events": events(conversation),
        "printed_at": now,
    }
    return render(request, "desk/printout.html", context)


@requires("conversations.read")
@require_safe
@never_cache
def export(request: Any, ref: str) -> FileResponse:
    """`/desk/sak/<ref>/eksport`: everything as a ZIP. Put on record."""
    conversation = readable_or_404(request, ref)
    conversations.note_copy(conversation, "exported", by=request.actor, at=timezone.now())
    return FileResponse(
        as_zip(conversation), as_attachment=True, filename=f"{conversation.ref}.zip"
    )
