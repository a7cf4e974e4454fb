"""From an answered conversation to an answer everybody finds; and saying it better."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from torget.answers import rules as answers
from torget.answers.forms import PublishForm, TranslationForm
from torget.answers.models import Answer
from torget.answers.queries import languages_lacking, review
from torget.answers.rules.asking import waiting_for
from torget.answers.rules.publishing import names_in
from torget.conversations.models import Conversation, Message
from torget.conversations.queries import readable_or_404
from torget.design.acting import done
from torget.people.actor import requires
from torget.people.hours import OSLO


def _last_day(answer: Answer) -> date | None:
    return (
        (answer.valid_until - timedelta(days=1)).astimezone(OSLO).date()
        if answer.valid_until
        else None
    )


def _end_of(day: Any) -> datetime | None:
    return datetime.combine(day + timedelta(days=1), time(0), OSLO) if day else None


def _last_answer(conversation: Conversation, shown: list[Message]) -> str:
    """What we said last, to begin with; what was said aside to one person in a public talk is not for everybody."""
    public = conversation.visibility == Conversation.Visibility.PUBLIC
    for message in reversed(shown):
        aside = public and message.visibility != Conversation.Visibility.PUBLIC
        if message.kind == Message.Kind.ANSWER and not aside:
            return message.body
    return ""


def reviewed(form: TranslationForm, source: Conversation | None) -> dict[str, Any]:
    """What looks personal in the text as it stands in the form."""
    question, body = (str(form[name].value() or "") for name in ("question", "body"))
    return review(question, body, names_in(source), form.confirmed)


@requires("answers.publish")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def publish(request: Any, ref: str) -> HttpResponse:
    """`/desk/sak/<ref>/publiser`: clean question and answer beside what was said, then publish.

    Posted with `look`, what is personal is shown and nothing is published.
    """
    conversation = readable_or_404(request, ref)
    shown = list(Message.objects.filter(conversation=conversation).shown())
    start = {"question": conversation.subject, "body": _last_answer(conversation, shown)}
    form = PublishForm(request.municipality, request.POST or None, initial=start)
    made: list[Answer] = []

    def do(data: dict[str, Any]) -> None:
        made.append(
            answers.publish(
                conversation,
                question=data["question"],
                body=data["body"],
                by=request.actor,
                at=timezone.now(),
                valid_until=_end_of(data["valid_until"]),
                topics=data["topics"],
                confirmed=form.confirmed,
            )
        )

    looking = "look" in request.POST
    if not looking and done(request, form, do, _("Svaret er publisert."), at="body"):
        seen = Conversation.objects.visible_to(request.actor)
        if waiting_for(made[0], seen, at=timezone.now()):
            return redirect("desk:tell_answer", slug=made[0].slug)
        return redirect("desk:conversation", ref=conversation.ref)
    context = {"conversation": conversation, "said": shown, "form": form}
    context |= reviewed(form, conversation) | {"looked": looking}
    status = 422 if form.is_bound and not looking else 200
    return render(request, "answers/staff/publish.html", context, status=status)


def own(request: Any, slug: str) -> Answer:
    """The municipality's answer of that address; 404 otherwise."""
    answer: Answer = get_object_or_404(
        Answer.objects.select_related("unit", "municipality", "source", "translation_of"),
        municipality=request.municipality,
        slug=slug,
    )
    return answer


@requires("answers.publish")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def change(request: Any, slug: str) -> HttpResponse:
    """`/desk/svar/<slug>`: say it better."""
    answer = own(request, slug)
    start = {
        "question": answer.question,
        "body": answer.body,
        "valid_until": _last_day(answer),
        "topics": answer.topics.all(),
    }
    form = PublishForm(request.municipality, request.POST or None, initial=start)

    def do(data: dict[str, Any]) -> None:
        answers.change(
            answer,
            question=data["question"],
            body=data["body"],
            by=request.actor,
            at=timezone.now(),
            valid_until=_end_of(data["valid_until"]),
            topics=data["topics"],
            confirmed=form.confirmed,
        )

    looking = "look" in request.POST
    if not looking and done(request, form, do, _("Svaret er endret."), at="body"):
        return redirect("answers:detail", slug=answer.slug)
    seen = Conversation.objects.visible_to(request.actor)
    context = {
        "answer": answer,
        "form": form,
        "looked": looking,
        "noes": answer.ratings.filter(useful=False).order_by("-at")[:20],
        "waiting": len(waiting_for(answer, seen, at=timezone.now())),
        "lacking": languages_lacking(answer),
    }
    context |= reviewed(form, answer.source)
    status = 422 if form.is_bound and not looking else 200
    return render(request, "answers/staff/change_answer.html", context, status=status)


@requires("answers.publish")
@require_POST
def withdraw(request: Any, slug: str) -> HttpResponse:
    """Take a published answer down."""
    answers.withdraw(own(request, slug), by=request.actor, at=timezone.now())
    messages.success(request, _("Svaret er trukket tilbake."))
    return redirect("desk:answers")
