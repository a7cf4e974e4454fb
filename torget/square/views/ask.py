"""Asking: the form, answers that may already be there, and the case that comes of it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from torget.answers.models import Answer
from torget.answers.rules import note_helped
from torget.answers.search import suggest
from torget.answers.views.public import visitor
from torget.channels.registry import capabilities
from torget.conversations.models import Conversation, Message
from torget.conversations.persons import family, is_same
from torget.conversations.rules import case_path, gone_private, route_back, submitting
from torget.conversations.rules.addressing import gave_address
from torget.conversations.threading import kept
from torget.design.ready import NO_NONCE, ready
from torget.people.hours import Hours
from torget.people.limits import gated
from torget.people.rules import front_unit
from torget.square.forms import AskForm, MoreForm, SubmissionForm

Visibility = Conversation.Visibility


def submission_of(form: SubmissionForm, request: Any, visibility: str) -> submitting.Submission:
    """The cleaned form as a value for the rules."""
    data = form.cleaned_data
    unit = data.get("unit")
    return submitting.Submission(
        body=data["body"],
        visibility=visibility,
        name=data.get("name", ""),
        show_name=bool(data.get("show_name") and data.get("name")),
        email=data.get("email", ""),
        unit=unit.slug if unit else "",
        language=request.LANGUAGE_CODE,
        pictures=data.get("pictures") or (),
        nonce=data["nonce"].hex if data.get("nonce") else "",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@gated
def ask(request: Any) -> HttpResponse:
    """`/spor`: write, see what is already answered, send."""
    if request.method != "POST":
        initial = {"body": request.GET.get("q", "")[:2000], **NO_NONCE}
        form = AskForm(request.municipality, initial=initial)
        return ready(render(request, "square/ask.html", {"form": form}))
    form = AskForm(request.municipality, request.POST, request.FILES)
    if not form.is_valid():
        return render(request, "square/ask.html", {"form": form}, status=422)
    now = timezone.now()
    if form.cleaned_data["website"]:  # a machine filled the field people do not see
        return redirect("square:home")
    # Pictures cannot ride along in a page; who sent some goes straight on.
    if not request.POST.get("seen") and not form.cleaned_data["pictures"]:
        similar = suggest(
            request.municipality,
            form.cleaned_data["body"],
            at=now,
            limit=3,
            language=request.LANGUAGE_CODE,
        )
        if similar:
            return render(request, "square/ask_similar.html", {"form": form, "similar": similar})
    submission = submission_of(form, request, form.cleaned_data["visibility"])
    conversation = submitting.ask(request.municipality, submission, by=request.actor, at=now)
    return redirect(f"{case_path(conversation)}?ny=1")


@require_GET
def suggestions(request: Any) -> HttpResponse:
    """`/spor/forslag?q=`: a fragment with answered questions like the one being written."""
    similar = suggest(
        request.municipality,
        request.GET.get("q", "")[:1000],
        at=timezone.now(),
        limit=3,
        language=request.LANGUAGE_CODE,
    )
    return render(request, "square/_suggestions.html", {"similar": similar})


@require_POST
@gated
def helped(request: Any, slug: str) -> HttpResponse:
    """An answer made a question unnecessary."""
    now = timezone.now()
    answer = get_object_or_404(
        Answer.objects.published(at=now), municipality=request.municipality, slug=slug
    )
    note_helped(answer, visitor=visitor(request), at=now)
    return render(request, "square/helped.html", {"answer": answer})


def _promise(conversation: Conversation) -> Any:
    unit = front_unit(conversation.municipality)
    return (
        Hours(unit).add_open_days(conversation.opened_at, conversation.municipality.answer_days)
        if unit
        else None
    )


def _way_back(conversation: Conversation) -> dict[str, bool]:
    """Whether we know an address of who asked, and whether the answer goes there by letter too."""
    way = route_back(conversation, conversation.identity)
    return {
        "by_letter": way is not None and capabilities(way[0].network).letters,
        "has_address": gave_address(conversation),
    }


def public_of(municipality: Any, ref: str) -> Conversation | None:
    """The public conversation of a number, where it lives on if it was merged into another."""
    named = Conversation.objects.filter(
        municipality=municipality, ref__iexact=ref, visibility=Conversation.Visibility.PUBLIC
    ).first()
    lives = kept(named) if named else None
    public = lives is not None and lives.visibility == Conversation.Visibility.PUBLIC
    return lives if lives is not None and public and lives.public_path else None


def _lives_on(conversation: Conversation) -> HttpResponse:
    """The old link of a merged case leads to where it lives on; never into what somebody else said in private."""
    lives = kept(conversation)
    if is_same(lives.person, conversation.person):
        return redirect(case_path(lives))
    if lives.visibility == Conversation.Visibility.PUBLIC and lives.public_path:
        return redirect(lives.public_path)
    raise Http404


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@gated
def case(request: Any, ref: str, key: str) -> HttpResponse:
    """`/saker/<ref>/<key>`: a resident's own case, by its secret link."""
    conversation = get_object_or_404(
        Conversation.objects.select_related("municipality", "unit", "identity"),
        municipality=request.municipality,
        ref__iexact=ref,
        key=key.lower(),
    )
    if conversation.merged_into_id:
        return _lives_on(conversation)
    aside = gone_private(conversation)
    public = conversation.visibility == Conversation.Visibility.PUBLIC and not aside
    form = MoreForm(request.POST or None, request.FILES or None, public=public)
    if request.method == "POST":
        if form.is_valid():
            submission = submission_of(
                form, request, Visibility.PUBLIC if public else Visibility.PRIVATE
            )
            submitting.follow_up(conversation, submission, at=timezone.now(), session=request.actor)
            return redirect(case_path(conversation))
        status = 422
    else:
        status = 200
    context = {
        "conversation": conversation,
        "messages_shown": Message.objects.filter(conversation=conversation)
        .asker_thread(conversation)
        .prefetch_related("attachments"),
        "aside": aside,
        "answers": Answer.objects.published(at=timezone.now()).filter(source=conversation),
        "form": form,
        "is_new": "ny" in request.GET and conversation.waiting_since is not None,
        **_way_back(conversation),
        "promised_at": _promise(conversation) if conversation.waiting_since else None,
        "split": conversation.split.filter(
            person__in=family(conversation.person) if conversation.person else []
        ),
        "file_base": case_path(conversation),
        "secret": True,
    }
    response = render(request, "square/case.html", context, status=status)
    response["Referrer-Policy"] = "same-origin"  # see views.mine.signin_link
    response["X-Robots-Tag"] = "noindex"
    return response


@require_GET
def public_case(request: Any, ref: str) -> HttpResponse:
    """`/saker/<ref>`: the public conversation of that number, else a page that asks for the link.

    The answer is the same whether a private case of that number exists or not.
    """
    conversation = public_of(request.municipality, ref)
    if conversation is None:
        return render(request, "square/case_locked.html", {"ref": ref[:20]}, status=404)
    return redirect(conversation.public_path)
