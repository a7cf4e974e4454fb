"""One conversation beside the queue, and what staff do in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from torget.conversations import rules as conversations
from torget.conversations.models import Conversation
from torget.conversations.queries import readable_or_404
from torget.desk.forms.thread import AssignForm, ForwardForm
from torget.desk.queries.queue import queue
from torget.desk.queries.thread import thread
from torget.errors import Refused
from torget.people.actor import requires


@requires("conversations.read")
@require_safe
@never_cache
def conversation(request: Any, ref: str) -> HttpResponse:
    """`/desk/sak/<ref>`: one conversation beside the queue."""
    row = readable_or_404(request, ref)
    if request.GET.get("del") == "trad":
        return render(request, "desk/_live.html", thread(request, row))
    return render(request, "desk/inbox.html", queue(request) | thread(request, row))


def act(permission: str, do: Callable[[Any, Conversation], str]) -> Callable[..., HttpResponseBase]:
    """A view that does one thing to a conversation, says so, and goes back to it; a refusal is said, nothing is lost."""

    def view(request: Any, ref: str) -> HttpResponse:
        conversation = readable_or_404(request, ref)
        try:
            messages.success(request, do(request, conversation))
        except Refused as refusal:
            messages.error(request, refusal.message)
        if Conversation.objects.visible_to(request.actor).filter(pk=conversation.pk).exists():
            return redirect("desk:conversation", ref=conversation.ref)
        return redirect("desk:inbox")

    return requires(permission)(require_POST(view))


def _take(request: Any, conversation: Conversation) -> str:
    conversations.take(conversation, by=request.actor, at=timezone.now())
    return _("Du har tatt saken.")


def _assign(request: Any, conversation: Conversation) -> str:
    form = AssignForm(conversation.municipality, request.POST, prefix="til")
    if not form.is_valid():
        raise Refused(_("Velg en kollega i listen."))
    staff = form.cleaned_data["staff"]
    conversations.assign(conversation, staff, by=request.actor, at=timezone.now())
    return _("%(name)s har fått saken.") % {"name": staff} if staff else _("Saken er sluppet.")


def _forward(request: Any, conversation: Conversation) -> str:
    form = ForwardForm(conversation.municipality, request.POST, prefix="videre")
    if not form.is_valid():
        raise Refused(_("Velg en enhet i listen."))
    conversations.forward(
        conversation, form.cleaned_data["unit"], by=request.actor, at=timezone.now()
    )
    return _("Saken er sendt til %(unit)s.") % {"unit": form.cleaned_data["unit"].local_name}


def _close(request: Any, conversation: Conversation) -> str:
    conversations.close(conversation, by=request.actor, at=timezone.now())
    return _("Saken er avsluttet.")


def _reopen(request: Any, conversation: Conversation) -> str:
    conversations.reopen(conversation, by=request.actor, at=timezone.now())
    return _("Saken er åpnet igjen.")


take = act("conversations.take", _take)
assign = act("conversations.read", _assign)
forward = act("conversations.forward", _forward)
close = act("conversations.close", _close)
reopen = act("conversations.close", _reopen)
