"""The shared inbox: queue | thread | person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from torget.conversations import rules as conversations
from torget.conversations.files import serve
from torget.conversations.models import Attachment, Conversation, Message
from torget.conversations.search import find
from torget.desk import rules
from torget.desk.forms import AssignForm, ForwardForm, NoteForm, ReplyForm
from torget.desk.panes import QUEUE, counts, one, queue, thread
from torget.errors import Refused
from torget.people.actor import requires

# Where a role begins its day: the first of these its holder may.
BEGINNINGS = (
    ("conversations.read", "desk:inbox"),
    ("people.administer", "desk:settings"),
    ("wall.post", "desk:post"),
)


@require_safe
@never_cache
def start(request: Any) -> HttpResponse:
    """`/desk/start`: after sign-in, to the page one's roles are for; residents to their own."""
    for act_of, page in BEGINNINGS:
        if request.actor.may(act_of):
            return redirect(page)
    return redirect("square:mine")


@requires("conversations.read")
@require_safe
@never_cache
def inbox(request: Any) -> HttpResponse:
    """`/desk/`: the queue."""
    if request.GET.get("del") == "ko":
        return render(request, "desk/_queue.html", queue(request))
    return render(request, "desk/inbox.html", queue(request))


@requires("conversations.read")
@require_safe
@never_cache
def conversation(request: Any, ref: str) -> HttpResponse:
    """`/desk/sak/<ref>`: one conversation beside the queue."""
    found = one(request, ref)
    if request.GET.get("del") == "trad":
        return render(request, "desk/_thread.html", thread(request, found))
    return render(request, "desk/inbox.html", queue(request) | thread(request, found))


def act(permission: str, do: Callable[[Any, Conversation], str]) -> Callable[..., HttpResponseBase]:
    """A view that does one thing to a conversation, says so, and goes back to it; a refusal is said, nothing is lost."""

    def view(request: Any, ref: str) -> HttpResponse:
        found = one(request, ref)
        try:
            messages.success(request, do(request, found))
        except Refused as refusal:
            messages.error(request, refusal.message)
        if Conversation.objects.visible_to(request.actor).filter(pk=found.pk).exists():
            return redirect("desk:conversation", ref=found.ref)
        return redirect("desk:inbox")

    return requires(permission)(require_POST(view))


def _take(request: Any, found: Conversation) -> str:
    conversations.take(found, by=request.actor, at=timezone.now())
    return _("Du har tatt saken.")


def _assign(request: Any, found: Conversation) -> str:
    form = AssignForm(found.municipality, request.POST, prefix="til")
    if not form.is_valid():
        raise Refused(_("Velg en kollega i listen."))
    staff = form.cleaned_data["staff"]
    conversations.assign(found, staff, by=request.actor, at=timezone.now())
    return _("%(name)s har fått saken.") % {"name": staff} if staff else _("Saken er sluppet.")


def _forward(request: Any, found: Conversation) -> str:
    form = ForwardForm(found.municipality, request.POST, prefix="videre")
    if not form.is_valid():
        raise Refused(_("Velg en enhet i listen."))
    conversations.forward(found, form.cleaned_data["unit"], by=request.actor, at=timezone.now())
    return _("Saken er sendt til %(unit)s.") % {"unit": form.cleaned_data["unit"].local_name}


def _close(request: Any, found: Conversation) -> str:
    conversations.close(found, by=request.actor, at=timezone.now())
    return _("Saken er avsluttet.")


def _reopen(request: Any, found: Conversation) -> str:
    conversations.reopen(found, by=request.actor, at=timezone.now())
    return _("Saken er åpnet igjen.")


take = act("conversations.take", _take)
assign = act("conversations.read", _assign)
forward = act("conversations.forward", _forward)
close = act("conversations.close", _close)
reopen = act("conversations.close", _reopen)


def _said(
    request: Any, found: Conversation, form: Any, name: str, done: Callable[[], str]
) -> HttpResponse:
    """Run a rule on a filled-in form; on a refusal show the page again with everything typed."""
    if form.is_valid():
        try:
            messages.success(request, done())
            return redirect("desk:conversation", ref=found.ref)
        except Refused as refusal:
            form.add_error("body", refusal.message)
    return render(
        request,
        "desk/inbox.html",
        queue(request) | thread(request, found, **{name: form}),
        status=422,
    )


@requires("conversations.reply")
@require_POST
def reply(request: Any, ref: str) -> HttpResponse:
    """Answer the resident."""
    found = one(request, ref)
    form = ReplyForm(request.POST, prefix="svar")

    def done() -> str:
        data = form.cleaned_data
        rules.reply(found, data["body"], by=request.actor, at=timezone.now(), close=data["close"])
        return _("Svaret er sendt.")

    return _said(request, found, form, "reply", done)


@requires("conversations.note")
@require_POST
def note(request: Any, ref: str) -> HttpResponse:
    """Leave a note for colleagues."""
    found = one(request, ref)
    form = NoteForm(request.POST, prefix="notat")

    def done() -> str:
        conversations.note(found, form.cleaned_data["body"], by=request.actor, at=timezone.now())
        return _("Notatet er lagret. Innbyggeren ser det ikke.")

    return _said(request, found, form, "note", done)


@requires("conversations.read")
@require_safe
def search(request: Any) -> HttpResponse:
    """`/desk/sok?q=`: in everything one may see."""
    query = request.GET.get("q", "").replace("\x00", "").strip()[:300]
    context: dict[str, Any] = {"query": query, "desk_counts": counts(request)}
    if query:
        rows = find(Conversation.objects.visible_to(request.actor), query)
        context["found"] = rows.select_related("assignee", "unit")[:QUEUE]
    return render(request, "desk/search.html", context)


@requires("conversations.read")
@require_safe
def file(request: Any, public_id: str) -> HttpResponseBase:
    """An attachment, for staff who may read the conversation."""
    readable = Conversation.objects.visible_to(request.actor)
    return serve(
        get_object_or_404(Attachment, public_id=public_id, message__conversation__in=readable)
    )


@requires("conversations.read")
@require_safe
def original(request: Any, public_id: str) -> HttpResponse:
    """A message as it came, byte for byte."""
    readable = Conversation.objects.visible_to(request.actor)
    message = get_object_or_404(
        Message.objects.select_related("envelope"),
        public_id=public_id,
        conversation__in=readable,
        envelope__isnull=False,
    )
    return raw(message.envelope)


def raw(envelope: Any) -> HttpResponse:
    """An envelope's bytes, for download only."""
    response = HttpResponse(bytes(envelope.body), content_type="application/octet-stream")
    suffix = "eml" if envelope.media_type == "message/rfc822" else "bin"
    response["Content-Disposition"] = f'attachment; filename="{envelope.public_id}.{suffix}"'
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
