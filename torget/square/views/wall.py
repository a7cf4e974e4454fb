"""The open wall: residents and the municipality post, anyone comments; and what can be followed and downloaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from torget.channels.pages import asked_as, head_of
from torget.conversations.files import serve
from torget.conversations.models import Attachment, Conversation, Message
from torget.conversations.published import page_of
from torget.conversations.rules import submitting
from torget.design import querytext
from torget.design.ready import NO_NONCE, ready
from torget.people.limits import gated
from torget.people.links import absolute
from torget.square.forms import AddressForm, CommentForm, WallForm
from torget.square.views.ask import public_of, submission_of

PAGE = 20


def older_than(request: Any, rows: Any, field: str) -> Any:
    """Keyset paging: rows before the one named in `?for=<time>_<id>`."""
    at, pk = querytext.mark(request.GET.get("for", "")) or (None, 0)
    if at is None:
        return rows
    return rows.filter(Q(**{f"{field}__lt": at}) | Q(**{field: at, "pk__lt": pk}))


def next_page(rows: list[Any], field: str) -> str:
    """The value of `?for=` for the rows after these; empty at the end."""
    return (
        f"{getattr(rows[PAGE - 1], field).isoformat()}_{rows[PAGE - 1].pk}"
        if len(rows) > PAGE
        else ""
    )


@require_safe
def wall(request: Any) -> HttpResponse:
    """`/vegg`: what was said in public, newest first."""
    public = (
        Conversation.objects.filter(municipality=request.municipality)
        .on_wall()
        .select_related("unit")
    )
    rows = list(older_than(request, public, "opened_at").order_by("-opened_at", "-id")[: PAGE + 1])
    context = {"posts": rows[:PAGE], "older": next_page(rows, "opened_at")}
    return ready(render(request, "square/wall.html", context))


@require_http_methods(["GET", "HEAD", "POST"])
@gated
def wall_new(request: Any) -> HttpResponse:
    """`/vegg/nytt`: a resident posts on the wall."""
    form = WallForm(request.POST or None, request.FILES or None, initial=NO_NONCE)
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["website"]:
            return redirect("square:wall")
        submission = submission_of(form, request, Conversation.Visibility.PUBLIC)
        conversation = submitting.post(
            request.municipality, submission, by=request.actor, at=timezone.now()
        )
        return redirect("square:wall_post", ref=conversation.ref)
    if request.method == "POST":
        return render(request, "square/wall_new.html", {"form": form}, status=422)
    return ready(render(request, "square/wall_new.html", {"form": form}))


@require_http_methods(["GET", "HEAD", "POST"])
@gated
def wall_post(request: Any, ref: str) -> HttpResponse:
    """`/vegg/<ref>`: one public conversation and its comments."""
    lives = public_of(request.municipality, ref)
    if lives is not None and lives.public_path.lower() != request.path.lower():
        return redirect(lives.public_path)
    conversation = get_object_or_404(
        Conversation.objects.public().select_related("unit", "municipality"),
        municipality=request.municipality,
        ref__iexact=ref,
    )
    public = Message.objects.filter(conversation=conversation).public_thread()
    messages_shown = list(public.prefetch_related("attachments"))
    page = page_of(conversation, messages_shown)
    if request.method != "POST" and (answer := asked_as(request, page)):
        return answer
    form = CommentForm(request.POST or None, request.FILES or None, initial=NO_NONCE)
    if request.method == "POST" and form.is_valid():
        if not form.cleaned_data["website"]:
            submission = submission_of(form, request, Conversation.Visibility.PUBLIC)
            submitting.comment(conversation, submission, by=request.actor, at=timezone.now())
        return redirect("square:wall_post", ref=conversation.ref)
    context = {
        "conversation": conversation,
        "messages_shown": messages_shown,
        "form": form,
        "follow_form": AddressForm(),
        "file_base": "/fil",
        **head_of(page, _picture_in(messages_shown[:1], conversation)),
    }
    if request.method == "POST":
        return render(request, "square/wall_post.html", context, status=422)
    return ready(render(request, "square/wall_post.html", context))


def _picture_in(messages: Sequence[Message], conversation: Conversation) -> str:
    """The whole address of the first picture, where it may be shown; "" when there is none."""
    for message in messages:
        hidden = message.hidden_at or message.removed_at or message.warning
        for file in () if hidden else message.attachments.all():
            if file.is_image:
                return absolute(conversation.municipality, f"/fil/{file.public_id}")
    return ""


@require_safe
def public_file(request: Any, public_id: str) -> HttpResponseBase:
    """`/fil/<id>`: an attachment of a public message."""
    attachment = get_object_or_404(
        Attachment,
        public_id=public_id,
        message__in=Message.objects.public(),
        message__conversation__municipality=request.municipality,
    )
    return serve(attachment)


@require_safe
def case_file(request: Any, ref: str, key: str, public_id: str) -> HttpResponseBase:
    """`/saker/<ref>/<key>/<id>`: an attachment in a resident's own case."""
    conversation = get_object_or_404(
        Conversation, municipality=request.municipality, ref__iexact=ref, key=key.lower()
    )
    attachment = get_object_or_404(
        Attachment,
        public_id=public_id,
        message__in=Message.objects.filter(conversation=conversation).shown_to_asker(conversation),
    )
    return serve(attachment)
