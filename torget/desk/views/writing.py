"""Composing: answering, noting, drafts, who else is here, ready-made replies and names while one writes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from torget.casework.models import Draft, PendingReply
from torget.casework.rules import canned_replies, drafts, pending_replies, presence
from torget.casework.rules.guarding import findings_in
from torget.casework.rules.replying import Crossed, Guarded, Reply, Seen, undo_seconds
from torget.conversations import rules as conversations
from torget.conversations.files import serve
from torget.conversations.models import Attachment, Conversation
from torget.conversations.queries import readable_or_404
from torget.conversations.rules import chatting, mentioning
from torget.conversations.rules.answering import Words
from torget.design.ready import unchanged
from torget.design.times import clock
from torget.desk.forms.writing import NoteForm, ReplyForm
from torget.desk.queries.queue import queue
from torget.desk.queries.thread import thread
from torget.desk.queries.writing import findings, in_chat, measures, own_draft
from torget.errors import Refused
from torget.people.actor import requires

MOST_NAMES = 8


def again(request: Any, conversation: Conversation, **shown: Any) -> HttpResponse:
    """The conversation with everything typed still there."""
    return render(
        request,
        "desk/inbox.html",
        queue(request) | thread(request, conversation, **shown),
        status=422,
    )


@requires("conversations.reply")
@require_POST
def reply(request: Any, ref: str) -> HttpResponse:
    """Answer the resident: pending first, or to a second person; see torget.casework.rules.pending_replies."""
    conversation, now = readable_or_404(request, ref), timezone.now()
    form = ReplyForm(
        conversation,
        own_draft(request, conversation),
        request.POST,
        request.FILES,
        prefix="svar",
        kept=request.POST.getlist("svar-kept"),
    )
    if not form.is_valid():
        return again(request, conversation, reply=form)
    answer = form.reply()
    if request.POST.get("gjor") == "privat":
        _keep(request, conversation, replace(answer, visibility=Conversation.Visibility.PRIVATE))
        messages.info(request, _("Nå skriver du privat. Se over svaret og send det."))
        return redirect(f"{request.path.removesuffix('/svar')}#svar")
    # Who talks with somebody right now does not wait to see whether they regret it.
    talking = in_chat(conversation, at=now).get("resident_here")
    try:
        pending = pending_replies.submit(
            conversation,
            answer,
            by=request.actor,
            at=now,
            seconds=0 if talking else undo_seconds(request.actor.staff),
            seen=form.seen_value,
            let_through=form.let_through,
        )
    except Refused as refusal:
        _keep(request, conversation, answer)
        if refusal.code == "merged":
            lives = drafts.bring_along(conversation, by=request.actor, at=now)
            messages.error(request, refusal.message)
            return redirect(f"{_path(lives)}#svar")
        return _refused(request, conversation, form, refusal)
    messages.success(request, _told(pending))
    chatting.stops_typing(conversation, "staff")
    return redirect("desk:conversation", ref=conversation.ref)


def _keep(request: Any, conversation: Conversation, answer: Reply) -> None:
    """Keep an answer that is not sent as one's draft, with its files and what was chosen beside it."""
    drafts.keep(
        conversation,
        Draft.Kind.ANSWER,
        answer.body,
        by=request.actor,
        at=timezone.now(),
        files=[file.as_json() for file in answer.files],
        choices=answer.choices,
    )


def _refused(
    request: Any, conversation: Conversation, form: ReplyForm, refusal: Refused
) -> HttpResponse:
    """Show why, with the text and its files kept in the draft."""
    data = request.POST.copy()
    draft = own_draft(request, conversation)
    shown: dict[str, Any] = {}
    if isinstance(refusal, Crossed):
        data["svar-seen"] = str(Seen.of(conversation))
        shown["crossed"] = {"other": refusal.other, "message": refusal.message}
    if refusal.code == "recipient_changed":
        # Shown as it is now, and asked for anew.
        data["svar-to"] = conversations.addressed(
            conversation, Conversation.Visibility.PRIVATE
        ).mark
        data.pop("svar-sure", None)
        shown["recipient_refused"] = refusal.message
    form = ReplyForm(conversation, draft, data, prefix="svar")
    form.full_clean()
    if isinstance(refusal, Guarded):
        text = form.data["svar-body"].strip()
        if form.data.get("svar-visibility") == Conversation.Visibility.PRIVATE:
            text = form.data.get("svar-public_note", "").strip()
        shown["guard"] = findings(text, refusal.findings)
    elif not isinstance(refusal, Crossed) and refusal.code != "recipient_changed":
        form.add_error("body", refusal.message)
    return again(request, conversation, reply=form, **shown)


def _told(pending: PendingReply) -> str:
    if pending.state == PendingReply.State.SENT:
        return _("Svaret er sendt.")
    if pending.state == PendingReply.State.APPROVAL:
        return _("Svaret venter på at en kollega godkjenner det.")
    seconds = (
        round((pending.release_at - pending.created_at).total_seconds())
        if pending.release_at
        else 0
    )
    return ngettext(
        "Svaret sendes om %(n)s sekund. Du kan angre i samtalen.",
        "Svaret sendes om %(n)s sekunder. Du kan angre i samtalen.",
        seconds,
    ) % {"n": seconds}


@requires("conversations.reply")
@require_POST
def regret(request: Any, ref: str, pk: int) -> HttpResponse:
    """Take a reply back before it is sent."""
    conversation = readable_or_404(request, ref)
    pending = get_object_or_404(PendingReply, pk=pk, conversation=conversation)
    try:
        pending_replies.undo_send(pending, by=request.actor, at=timezone.now())
        messages.success(request, _("Svaret er ikke sendt. Teksten står i svarfeltet igjen."))
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect(f"{_path(conversation)}#svar")


def _path(conversation: Conversation) -> str:
    return f"/desk/sak/{conversation.ref}"


@requires("conversations.note")
@require_POST
def note(request: Any, ref: str) -> HttpResponse:
    """Leave a note for colleagues; those it names are told."""
    conversation, now = readable_or_404(request, ref), timezone.now()
    form = NoteForm(request.POST, prefix="notat")
    if form.is_valid():
        try:
            message = conversations.note(
                conversation, form.cleaned_data["body"], by=request.actor, at=now
            )
        except Refused as refusal:
            form.add_error("body", refusal.message)
        else:
            drafts.drop(conversation, Draft.Kind.NOTE, by=request.actor)
            messages.success(request, _("Notatet er lagret. Innbyggeren ser det ikke."))
            for outsider in mentioning.named(conversation, message.body).outside:
                messages.warning(
                    request,
                    _("%(name)s kan ikke lese saken og får ikke beskjed.") % {"name": outsider},
                )
            return redirect("desk:conversation", ref=conversation.ref)
    return again(request, conversation, note=form)


@requires("conversations.note")
@require_POST
def draft(request: Any, ref: str) -> HttpResponse:
    """Keep what is written so far: as one writes (answered with JSON), or by the button."""
    conversation, now = readable_or_404(request, ref), timezone.now()
    kind = Draft.Kind.NOTE if "notat-body" in request.POST else Draft.Kind.ANSWER
    body = request.POST.get(f"{'notat' if kind == Draft.Kind.NOTE else 'svar'}-body", "")
    body = body.replace("\x00", "")[:20_000]
    choices: dict[str, Any] = {}
    files: list[dict[str, Any]] = []
    if kind == Draft.Kind.ANSWER:
        form = ReplyForm(
            conversation,
            own_draft(request, conversation),
            request.POST,
            request.FILES,
            prefix="svar",
            kept=request.POST.getlist("svar-kept"),
        )
        form.full_clean()
        choices = form.chosen
        files = form.files_before + [
            file.as_json() for file in form.cleaned_data.get("attachments", [])
        ]
    drafts.keep(conversation, kind, body, by=request.actor, at=now, files=files, choices=choices)
    if request.headers.get("X-Requested-With") != "fetch":
        messages.success(request, _("Utkastet er lagret."))
        return redirect(f"{_path(conversation)}#{'notat' if kind == Draft.Kind.NOTE else 'svar'}")
    hint = _hint(request, conversation, body, choices) if kind == Draft.Kind.ANSWER else ""
    saved = _("Utkast lagret %(clock)s") % {"clock": clock(now)} if body.strip() else ""
    return unchanged(JsonResponse({"saved": saved, "guard": hint}))


def _hint(request: Any, conversation: Conversation, body: str, choices: dict[str, Any]) -> str:
    """What the guard sees in what is written so far, and how much of its network's measure that takes."""
    aside = choices.get("visibility") == Conversation.Visibility.PRIVATE
    text = Words(
        body, choices.get("visibility") or conversation.visibility, choices.get("public_note", "")
    )
    shown: dict[str, Any] = {
        "measures": measures(conversation, body, text.visibility, request.actor),
        "aside": aside,
    }
    if found_now := findings_in(conversation, text):
        shown["guard"] = findings(text.public_text, found_now)
    return render(request, "desk/_guard_hint.html", shown).content.decode().strip()


@requires("conversations.note")
@require_POST
def drop_draft(request: Any, ref: str) -> HttpResponse:
    """Throw one's draft away."""
    conversation = readable_or_404(request, ref)
    kind = Draft.Kind.NOTE if "notat-body" in request.POST else Draft.Kind.ANSWER
    drafts.drop(conversation, kind, by=request.actor)
    messages.success(request, _("Utkastet er kastet."))
    return redirect(_path(conversation))


@requires("conversations.read")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def here(request: Any, ref: str) -> HttpResponse:
    """Who else is at the conversation; a POST says that one is there oneself, writes, or leaves."""
    conversation, now = readable_or_404(request, ref), timezone.now()
    if request.method == "POST":
        if request.POST.get("leave"):
            presence.leave(conversation, by=request.actor)
        else:
            writing = bool(request.POST.get("writing"))
            presence.be_here(conversation, writing=writing, by=request.actor, at=now)
            mentioning.see(conversation, by=request.actor, at=now)
            if writing:
                chatting.types(conversation, "staff", at=now)
    shown = {
        "colleagues": presence.colleagues(conversation, by=request.actor, at=now),
        **in_chat(conversation, at=now),
    }
    return unchanged(render(request, "desk/_presence.html", shown))


@requires("conversations.reply")
@require_safe
@never_cache
def canned_list(request: Any, ref: str) -> HttpResponse:
    """Ready-made replies while one writes: `?q=`; without it those that fit what the resident said last."""
    conversation = readable_or_404(request, ref)
    query = request.GET.get("q", "").replace("\x00", "")
    return JsonResponse(
        {
            "rows": [
                {
                    "id": row.pk,
                    "name": row.name,
                    "about": f"/{row.shortcut}",
                    "insert": canned_replies.fill(row, conversation, request.actor.staff),
                }
                for row in canned_replies.search(conversation, query, limit=MOST_NAMES)
            ]
        }
    )


@requires("conversations.note")
@require_safe
@never_cache
def names(request: Any, ref: str) -> HttpResponse:
    """Colleagues and units one may name in a note while one writes: `?q=`."""
    conversation = readable_or_404(request, ref)
    query = request.GET.get("q", "").replace("\x00", "").strip().lower()
    return JsonResponse({"rows": mentioning.suggestions(conversation, query, limit=MOST_NAMES)})


@requires("conversations.read")
@require_safe
def held_file(request: Any, ref: str, pk: int, sha256: str) -> HttpResponseBase:
    """A file that goes along with a pending reply, for those who may read the conversation."""
    return serve_held(
        get_object_or_404(PendingReply, pk=pk, conversation=readable_or_404(request, ref)), sha256
    )


def serve_held(pending: PendingReply, sha256: str) -> HttpResponseBase:
    """One of the files of a reply on hold."""
    for one_file in pending.files:
        if one_file["sha256"] == sha256:
            return serve(Attachment(**one_file))
    raise Http404
