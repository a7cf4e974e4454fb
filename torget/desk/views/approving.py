"""A second pair of eyes: replies that wait for approval, which kinds must, and where one is named."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from torget.casework.models import ApprovalRule
from torget.casework.rules import approval_rules as rules
from torget.casework.rules import pending_replies
from torget.conversations.models import Conversation, Mention, Message
from torget.conversations.queries import recipients
from torget.conversations.rules import addressed, mentioning
from torget.design.acting import done
from torget.desk.forms.writing import SendBackForm, TermForm
from torget.desk.queries.writing import FOUND
from torget.desk.views.writing import serve_held
from torget.errors import Refused
from torget.people.actor import requires

SHOWN = 6


@requires("replies.approve")
@require_safe
@never_cache
def approvals(request: Any) -> HttpResponse:
    """`/desk/godkjenning`: replies that wait for a second person, each with what was said before it."""
    return render(request, "desk/approvals.html", _waiting(request))


def _waiting(request: Any, form: SendBackForm | None = None, of: int = 0) -> dict[str, Any]:
    """The replies, with no more of each conversation than what the resident and we said: no notes, nothing hidden."""
    rows = list(
        pending_replies.waiting_for(request.actor).select_related(
            "conversation__unit", "conversation__municipality", "staff__unit", "approval_rule"
        )[:50]
    )
    by_conversation = _last_said([row.conversation_id for row in rows])
    return {
        "rows": [
            {
                "held": row,
                "said": by_conversation.get(row.conversation_id, []),
                "found": [FOUND[code] for code in row.let_through if code in FOUND],
                "own": row.staff_id == request.actor.id,
                "there": recipients(
                    row.conversation, addressed(row.conversation, row.visibility), row.also_to
                ),
                "form": form if of == row.pk else SendBackForm(prefix=f"t{row.pk}"),
            }
            for row in rows
        ],
        "form": form,
    }


def _last_said(ids: list[int]) -> dict[int, list[Message]]:
    """The last few messages of each conversation, oldest first; no more than these are read, however long the talk."""
    newest = (
        Message.objects.filter(conversation=OuterRef("pk"))
        .shown()
        .order_by("-created_at", "-pk")
        .values("pk")[:SHOWN]
    )
    shown = Conversation.objects.filter(pk__in=ids).values_list(ArraySubquery(newest), flat=True)
    chosen = [pk for few in shown for pk in few]
    by_conversation: dict[int, list[Message]] = {}
    for message in Message.objects.filter(pk__in=chosen).select_related("staff").defer("search"):
        by_conversation.setdefault(message.conversation_id, []).append(message)
    return by_conversation


@requires("replies.approve")
@require_POST
def decide(request: Any, pk: int) -> HttpResponse:
    """Approve a reply, or send it back with a reason."""
    pending = get_object_or_404(pending_replies.waiting_for(request.actor), pk=pk)
    now = timezone.now()
    if request.POST.get("gjor") == "tilbake":
        form = SendBackForm(request.POST, prefix=f"t{pk}")

        def do(data: dict[str, Any]) -> None:
            pending_replies.send_back(pending, data["reason"], by=request.actor, at=now)

        if not done(request, form, do, _("Svaret er sendt tilbake."), at="reason"):
            return render(
                request, "desk/approvals.html", _waiting(request, form, of=pk), status=422
            )
    else:
        try:
            pending_replies.approve(pending, by=request.actor, at=now)
            messages.success(request, _("Svaret er godkjent og sendt."))
        except Refused as refusal:
            messages.error(request, refusal.message)
    return redirect("desk:approvals")


@requires("replies.approve")
@require_safe
def file(request: Any, pk: int, sha256: str) -> HttpResponseBase:
    """A file of a reply that waits, for who may approve it."""
    return serve_held(get_object_or_404(pending_replies.waiting_for(request.actor), pk=pk), sha256)


@requires("replies.terms")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def terms(request: Any) -> HttpResponse:
    """`/desk/innstillinger/godkjenning`: which kinds of replies need a second person."""
    form = TermForm(request.municipality, request.POST or None)

    def do(data: dict[str, Any]) -> None:
        rules.add_rule(request.municipality, by=request.actor, at=timezone.now(), **data)

    if done(request, form, do, _("Fra nå av må slike svar godkjennes.")):
        return redirect("desk:terms")
    rows = list(
        ApprovalRule.objects.filter(municipality=request.municipality, active=True).select_related(
            "unit"
        )
    )
    return render(
        request,
        "desk/terms.html",
        {"form": form, "terms": rows},
        status=422 if request.method == "POST" else 200,
    )


@requires("replies.terms")
@require_POST
def end_term(request: Any, pk: int) -> HttpResponse:
    """Replies of a kind no longer need a second person."""
    term = get_object_or_404(ApprovalRule, pk=pk, municipality=request.municipality)
    try:
        rules.end_rule(term, by=request.actor, at=timezone.now())
        messages.success(request, _("Slike svar trenger ikke godkjenning lenger."))
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect("desk:terms")


@requires("conversations.read")
@require_safe
@never_cache
def mentions(request: Any) -> HttpResponse:
    """`/desk/nevnt`: notes in which one was named and has not looked."""
    rows = list(mentioning.unseen(by=request.actor)[:50])
    return render(request, "desk/mentions.html", {"mentions": rows})


@requires("conversations.read")
@require_POST
def open_mention(request: Any, pk: int) -> HttpResponse:
    """Open the conversation one was named in; it is seen then."""
    mention = get_object_or_404(
        Mention.objects.filter(pk__in=mentioning.unseen(by=request.actor)), pk=pk
    )
    conversation = mention.message.conversation
    mentioning.see(conversation, by=request.actor, at=timezone.now())
    return redirect(f"/desk/sak/{conversation.ref}#m{mention.message.public_id}")
