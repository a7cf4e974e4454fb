"""The chat: direct talk when somebody is on duty, a message with an expected answer otherwise; also in a frame."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from torget.answers.rules.topics import frame_ancestors
from torget.conversations.models import Chat, Message
from torget.conversations.rules import chatting, submitting
from torget.design.ready import unchanged
from torget.errors import Refused
from torget.people.actor import Actor
from torget.people.limits import gate
from torget.people.links import absolute
from torget.people.rules import answer_expected_at, on_duty
from torget.square.forms import AddressForm, ChatForm, MoreForm
from torget.square.views.ask import submission_of

FRAME = "ramme"


def _framed(request: Any, response: HttpResponse) -> HttpResponse:
    """In a frame on a site the municipality named; elsewhere nobody may frame it."""
    if FRAME in request.GET:
        response.xframe_options_exempt = True
        response._csp_replace = {  # type: ignore[attr-defined]  # by django-csp
            "frame-ancestors": frame_ancestors(request.municipality)
        }
    response["Referrer-Policy"] = "same-origin"
    response["X-Robots-Tag"] = "noindex"
    return response


def _look(request: Any) -> dict[str, Any]:
    framed = FRAME in request.GET
    return {
        "base_template": "square/frame.html" if framed else "base.html",
        "framed": framed,
        "frame_query": f"?{FRAME}=1" if framed else "",
    }


# A frame on another site sends no cookies, so these forms carry no secret of a session. They need none: to begin a talk
# nobody needs any right, and in a talk the key in the address is the right.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def chat(request: Any) -> HttpResponse:
    """`/prat`: who is there, and the first words."""
    if (slow := gate(request)) is not None:
        return _framed(request, slow)
    now = timezone.now()
    form = ChatForm(request.POST or None, request.FILES or None)
    context = {
        "form": form,
        "here": on_duty(request.municipality, at=now),
        "expected_at": answer_expected_at(request.municipality, at=now),
        **_look(request),
    }
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["website"]:  # a machine filled the field people do not see
            return redirect("square:home")
        # Where it is sent to is the chat's business: with an address among what was said it would go by e-mail.
        email = form.cleaned_data.pop("email")
        try:
            begun = submitting.begin_chat(
                request.municipality,
                submission_of(form, request, "private"),
                email=email,
                by=request.actor,
                at=now,
            )
        except Refused as refusal:
            form.add_error(None, refusal.message)
        else:
            return redirect(chatting.chat_path(begun) + str(context["frame_query"]))
    status = 422 if request.method == "POST" else 200
    return _framed(request, render(request, "square/chat.html", context, status=status))


def _one(request: Any, ref: str, key: str) -> Chat:
    chat: Chat = get_object_or_404(
        Chat.objects.select_related(
            "conversation__municipality",
            "conversation__unit",
            "conversation__assignee__unit",
            "conversation__identity",
            "conversation__account",
        ),
        conversation__municipality=request.municipality,
        conversation__ref__iexact=ref,
        conversation__key=key.lower(),
    )
    return chat


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def talk(request: Any, ref: str, key: str) -> HttpResponse:
    """`/prat/<ref>/<key>`: one talk, by its secret address. `?del=samtale` is what changes, by itself."""
    if (slow := gate(request)) is not None:
        return _framed(request, slow)
    chat, now = _one(request, ref, key), timezone.now()
    conversation = chat.conversation
    if conversation.merged_into_id:
        raise Http404
    chatting.be_here(chat, at=now)
    form = MoreForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        submission = submission_of(form, request, "private")
        submitting.follow_up(conversation, submission, at=now, session=request.actor)
        chatting.stops_typing(conversation, "resident")
        return redirect(chatting.chat_path(conversation) + str(_look(request)["frame_query"]))
    context = {
        "chat": chat,
        "conversation": conversation,
        "messages_shown": Message.objects.filter(conversation=conversation)
        .shown_to_asker(conversation)
        .prefetch_related("attachments"),
        "place": chatting.position(chat, at=now),
        "staff_types": chatting.typing(chat, "staff", at=now),
        "here": on_duty(request.municipality, at=now),
        "expected_at": answer_expected_at(request.municipality, at=now),
        "path": chatting.chat_path(conversation),
        "file_base": f"/saker/{conversation.ref}/{conversation.key}",
        "secret": True,
        "form": form,
        "address_form": AddressForm(initial={"email": chat.email}),
        **_look(request),
    }
    if request.GET.get("del") == "samtale":
        return _framed(request, render(request, "square/_talk.html", context))
    status = 422 if request.method == "POST" else 200
    return _framed(request, render(request, "square/talk.html", context, status=status))


@csrf_exempt
@require_POST
def typing(request: Any, ref: str, key: str) -> HttpResponse:
    """The resident is writing just now."""
    chatting.types(_one(request, ref, key).conversation, "resident", at=timezone.now())
    return unchanged(HttpResponse(status=204))


@csrf_exempt
@require_POST
def end(request: Any, ref: str, key: str) -> HttpResponse:
    """The resident ends the talk, or asks for the transcript."""
    if (slow := gate(request)) is not None:
        return _framed(request, slow)
    chat, now = _one(request, ref, key), timezone.now()
    conversation = chat.conversation
    back = chatting.chat_path(conversation) + str(_look(request)["frame_query"])
    if request.POST.get("gjor") != "utskrift":
        by = Actor.resident(conversation.municipality_id, conversation.person_id)
        chatting.end(chat, by=by, at=now)
        return redirect(back)
    form = AddressForm(request.POST)
    answer = _("Skriv en gyldig e-postadresse, for eksempel kari@eksempel.no")
    if form.is_valid():
        try:
            chatting.ask_for_transcript(chat, form.cleaned_data["email"], at=now)
            answer = _("Utskriften er på vei til e-posten din.")
        except Refused as refusal:
            answer = refusal.message
    context = {"said": answer, "back": back, **_look(request)}
    return _framed(request, render(request, "square/chat_said.html", context))


@require_safe
@cache_control(public=True, max_age=3600)
def script(request: Any) -> HttpResponse:
    """`/embed/prat.js`: one script tag puts a button with the chat on another page of the municipality's."""
    context = {"origin": absolute(request.municipality, "")}
    response = render(
        request, "square/chat_embed.js", context, content_type="text/javascript; charset=utf-8"
    )
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
