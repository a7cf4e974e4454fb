"""What the municipality says on its wall and its accounts: previewed, told how it went, corrected, taken back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from torget.channels.registry import adapters
from torget.channels.rules import form_account
from torget.conversations import rules as conversations
from torget.conversations.models import Conversation, Message
from torget.conversations.rules import correcting, hiding, posting
from torget.design.acting import done
from torget.desk.forms.publish import CorrectForm, PostForm
from torget.desk.forms.watch import ReasonForm
from torget.desk.queries.posts import one_message, outcomes, previews, recent
from torget.errors import Refused
from torget.people.actor import requires
from torget.rooms import kinds_that


@requires("wall.post")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def post(request: Any) -> HttpResponse:
    """`/desk/vegg`: the municipality posts on its wall and on the accounts chosen; first how it will look there."""
    form = PostForm(
        request.actor, request.municipality, request.POST or None, request.FILES or None
    )
    posted: list[Message] = []
    looking = request.method == "POST" and request.POST.get("gjor") == "vis"

    def do(data: dict[str, Any]) -> None:
        posted.append(
            conversations.post(
                request.actor.staff.unit,
                form_account(request.municipality),
                data["body"],
                subject=data["subject"],
                by=request.actor,
                at=timezone.now(),
                files=form.pictures,
                accounts=list(data["accounts"]),
                texts=form.texts(),
                warning=data["warning"],
            )
        )

    context: dict[str, Any] = {
        "form": form,
        "recent": recent(request.municipality),
    }
    if looking and form.is_valid():
        context |= {
            "previews": previews(form),
            "kept": form.keep_pictures(),
            "pictures": form.pictures,
        }
        return render(request, "desk/post.html", context)
    if not looking and done(request, form, do, "", at="body"):
        return redirect("desk:posted", ref=posted[0].conversation.ref)
    return render(request, "desk/post.html", context, status=422 if form.is_bound else 200)


def _posted(request: Any, ref: str) -> Message:
    """Our own post that began a public conversation."""
    conversation = get_object_or_404(
        Conversation.objects.select_related("unit", "municipality"),
        municipality=request.municipality,
        kind__in=kinds_that("publish"),
        identity=None,
        ref__iexact=ref,
    )
    first = conversation.messages.order_by("created_at", "pk").first()
    return get_object_or_404(
        Message.objects.select_related("conversation__municipality", "staff"),
        pk=first.pk if first else 0,
        kind=Message.Kind.ANSWER,
    )


@requires("wall.post")
@require_safe
@never_cache
def posted(request: Any, ref: str) -> HttpResponse:
    """`/desk/vegg/<ref>`: how a post of ours went, account by account."""
    message = _posted(request, ref)
    if request.GET.get("del") == "utfall":
        return render(request, "desk/_outcomes.html", {"outcomes": outcomes(message)})
    return _page(request, message)


def _hide_means(message: Message) -> str:
    adapter = adapters().get(message.account.network) if message.account else None
    return str(adapter.hide_means) if adapter else ""


def _page(request: Any, message: Message, status: int = 200, **forms: Any) -> HttpResponse:
    ours = message.kind == Message.Kind.ANSWER
    conversation = message.conversation
    by_us = conversation.opened_by_us and conversation.kind_info.publish in request.actor.acts
    context = {
        "m": message,
        "conversation": conversation,
        "by_us": by_us,
        "outcomes": outcomes(message),
        "acts": [] if ours else correcting.acts_there(message),
        "hide_means": _hide_means(message),
        "otherwise": correcting.said_otherwise(message) if ours else [],
        "stays_worded": correcting.stays_in(message, "edit") if ours else [],
        "stays": correcting.stays_in(message, "withdraw") if ours else [],
        "correct_form": forms.get("correct") or CorrectForm(initial={"body": message.body}),
        "reason_form": forms.get("reason") or ReasonForm(prefix="trekk"),
        "may_correct": request.actor.may("conversations.reply", conversation.unit)
        or posting.may_publish(request.actor, conversation),
        "may_hide_here": not ours and hiding.may_hide(message),
        "house_rules": Message.HouseRule.choices,
        "may_hide": request.actor.may("messages.hide", conversation.unit),
    }
    return render(request, "desk/message.html", context, status=status)


@requires("wall.post")
@require_POST
def change_posted(request: Any, ref: str) -> HttpResponse:
    """Correct or take back a post of ours."""
    message = _posted(request, ref)
    return _change(request, message) or redirect("desk:posted", ref=message.conversation.ref)


@requires("conversations.read")
@require_safe
@never_cache
def message(request: Any, public_id: str) -> HttpResponse:
    """`/desk/melding/<id>`: one message, where it went, and what can be done with it there."""
    return _page(request, one_message(request.actor, public_id))


@requires("conversations.read")
@require_POST
def change_message(request: Any, public_id: str) -> HttpResponse:
    """Correct, take back, hide, show or remove; the rules say who may."""
    message = one_message(request.actor, public_id)
    return _change(request, message) or redirect("desk:message", public_id=public_id)


def _change(request: Any, message: Message) -> HttpResponse | None:
    """Do what was asked for; the page again when it was refused beside a form, None when all is well."""
    act, at = request.POST.get("gjor", ""), timezone.now()
    if act == "rett":
        form = CorrectForm(request.POST)
        outcomes: list[Any] = []

        def do(data: dict[str, Any]) -> None:
            outcomes.extend(correcting.correct(message, data["body"], by=request.actor, at=at))

        if not done(request, form, do, "", at="body"):
            return _page(request, message, 422, correct=form)
        _say(request, _("Teksten er rettet."), len(outcomes))
        return None
    try:
        reason = str(request.POST.get("trekk-reason", ""))[:500]
        if act == "trekk":
            sent = correcting.withdraw(message, reason, by=request.actor, at=at)
            _say(request, _("Meldingen er trukket tilbake."), len(sent))
        elif act == "skjul":
            rule = str(request.POST.get("regel", ""))[:20]
            hiding.hide(message, rule, reason, by=request.actor, at=at)
            messages.success(request, _("Meldingen er skjult på torget."))
        elif act == "vis":
            hiding.show(message, reason, by=request.actor, at=at)
            messages.success(request, _("Meldingen vises på torget igjen."))
        elif act in ("hide", "show", "remove"):
            correcting.act_there(message, act, reason, by=request.actor, at=at)
            messages.success(request, _("Vi har bedt kanalen om det. Utfallet står under."))
    except Refused as refusal:
        messages.error(request, refusal.message)
    return None


def _say(request: Any, words: str, places: int) -> None:
    more = ngettext(
        "Endringen går også ut på %(n)s konto.", "Endringen går også ut på %(n)s kontoer.", places
    ) % {"n": places}
    messages.success(request, f"{words} {more}" if places else words)
