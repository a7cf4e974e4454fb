"""The editors' pages: which answers need a look, what they said before, who waits for them, topics and frames."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from torget.answers import queries, rules
from torget.answers.compare import compare
from torget.answers.forms import EmbedForm, TopicForm, TranslationForm
from torget.answers.models import Answer, Policy, Topic
from torget.answers.rules import topics as topic_rules
from torget.answers.rules.asking import waiting_for
from torget.answers.rules.informing import inform_all, text_for
from torget.answers.views.publishing import own, reviewed
from torget.casework.rules.bulk_reply import BulkReply
from torget.conversations.models import Conversation
from torget.conversations.queries import recipients
from torget.conversations.rules import addressed
from torget.design.acting import done
from torget.errors import Refused
from torget.people.actor import requires
from torget.people.links import absolute


@requires("answers.publish")
@require_safe
@never_cache
def answers(request: Any) -> HttpResponse:
    """`/desk/svar`: what must be looked at, what did not help, what is asked without an answer, all, and withdrawn."""
    return render(
        request, "answers/staff/answers.html", queries.answers(request, at=timezone.now())
    )


@requires("answers.publish")
@require_safe
@never_cache
def editions(request: Any, slug: str) -> HttpResponse:
    """`/desk/svar/<slug>/utgaver`: each edition with what changed from the one before."""
    answer = own(request, slug)
    earlier = list(answer.editions.select_related("replaced_by").order_by("number"))
    texts = [(edition.question, edition.body) for edition in earlier] + [
        (answer.question, answer.body)
    ]
    steps = [
        {
            "number": edition.number + 1,
            "at": edition.replaced_at,
            "by": edition.replaced_by,
            "question": compare(texts[place][0], texts[place + 1][0]),
            "body": compare(texts[place][1], texts[place + 1][1]),
        }
        for place, edition in enumerate(earlier)
    ]
    context = {"answer": answer, "steps": steps[::-1]}
    return render(request, "answers/staff/answer_editions.html", context)


def _say(request: Any, outcome: BulkReply) -> None:
    if many := len(outcome.answered):
        sentence = ngettext("%(many)s har fått svaret.", "%(many)s har fått svaret.", many)
        messages.success(request, sentence % {"many": many})
    if many := len(outcome.to_approve):
        sentence = ngettext(
            "%(many)s svar venter på godkjenning.", "%(many)s svar venter på godkjenning.", many
        )
        messages.success(request, sentence % {"many": many})
    if outcome.left:
        sentence = _(
            "Disse fikk ikke svaret, fordi saken er besvart, slått sammen eller har et svar som venter: "
            "%(refs)s. Se på dem hver for seg."
        )
        messages.warning(
            request,
            sentence % {"refs": ", ".join(conversation.ref for conversation in outcome.left)},
        )
    if outcome.to_confirm:
        sentence = _("I disse sakene må mottakeren bekreftes: %(refs)s. Svar i hver av dem.")
        messages.warning(
            request,
            sentence % {"refs": ", ".join(conversation.ref for conversation in outcome.to_confirm)},
        )


@requires("answers.publish")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def tell(request: Any, slug: str) -> HttpResponse:
    """`/desk/svar/<slug>/gi`: those who wait for the same answer; one act gives it to all that are ticked."""
    answer, now = own(request, slug), timezone.now()
    waiting = waiting_for(answer, Conversation.objects.visible_to(request.actor), at=now)
    if request.method == "POST":
        chosen = set(request.POST.getlist("ref"))
        try:
            outcome = inform_all(
                answer,
                [conversation for conversation in waiting if conversation.ref in chosen],
                by=request.actor,
                at=now,
                marks={
                    conversation.pk: request.POST.get(f"til-{conversation.ref}", "")
                    for conversation in waiting
                },
            )
        except Refused as refusal:
            messages.error(request, refusal.message)
            return redirect("desk:tell_answer", slug=answer.slug)
        _say(request, outcome)
        return redirect("desk:answers")
    context = {
        "answer": answer,
        "waiting": [
            (
                conversation,
                recipients(conversation, addressed(conversation, conversation.visibility)),
            )
            for conversation in waiting
        ],
        "text": text_for(answer, answer.language, at=now),
    }
    return render(request, "answers/staff/tell_answer.html", context)


@requires("answers.publish")
@require_POST
def read(request: Any, slug: str) -> HttpResponse:
    """What visitors did not find useful has been read."""
    rules.note_read(own(request, slug), by=request.actor, at=timezone.now())
    messages.success(request, _("Tilbakemeldingene er merket som lest."))
    return redirect(f"{request.path.rpartition('/svar/')[0]}/svar?vis=no")


@requires("answers.publish")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def translate(request: Any, slug: str, language: str) -> HttpResponse:
    """`/desk/svar/<slug>/oversett/<language>`: the same answer in another language."""
    answer = own(request, slug)
    if language not in request.municipality.languages:
        raise Http404
    form = TranslationForm(request.POST or None)
    made: list[Answer] = []

    def do(data: dict[str, Any]) -> None:
        made.append(
            rules.translate(
                answer,
                language,
                question=data["question"],
                body=data["body"],
                by=request.actor,
                at=timezone.now(),
                confirmed=form.confirmed,
            )
        )

    looking = "look" in request.POST
    if not looking and done(request, form, do, _("Oversettelsen er publisert."), at="body"):
        return redirect("answers:detail", slug=made[0].slug)
    context = {"answer": answer, "form": form, "language": language, "looked": looking}
    context |= reviewed(form, answer.source)
    status = 422 if form.is_bound and not looking else 200
    return render(request, "answers/staff/translate_answer.html", context, status=status)


def _topics_page(request: Any, form: TopicForm, embed: EmbedForm) -> HttpResponse:
    municipality = request.municipality
    context = {
        "topics": Topic.objects.filter(municipality=municipality),
        "form": form,
        "embed": embed,
        "embed_url": absolute(municipality, "/embed/svar"),
    }
    status = 422 if form.errors or embed.errors else 200
    return render(request, "answers/staff/topics.html", context, status=status)


def _embed_form(request: Any, data: Any = None) -> EmbedForm:
    policy = Policy.objects.filter(municipality=request.municipality).first() or Policy()
    start = {"hosts": "\n".join(policy.embed_hosts), "remind_days": policy.remind_days}
    return EmbedForm(data, initial=start, prefix="visning")


@requires("answers.topics")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def topics(request: Any) -> HttpResponse:
    """`/desk/emner`: the municipality's topics, and where its answers may be shown."""
    form = TopicForm(request.POST or None)

    def do(data: dict[str, Any]) -> None:
        topic_rules.add_topic(request.municipality, **data, by=request.actor, at=timezone.now())

    if done(request, form, do, _("Emnet er lagt til."), at="name"):
        return redirect("desk:topics")
    return _topics_page(request, form, _embed_form(request))


@requires("answers.topics")
@require_POST
def close_topic(request: Any, pk: int) -> HttpResponse:
    """Take a topic out of use, or into use again."""
    topic = get_object_or_404(Topic, municipality=request.municipality, pk=pk)
    topic_rules.close_topic(topic, by=request.actor, at=timezone.now())
    messages.success(request, _("Emnet er endret."))
    return redirect("desk:topics")


@requires("answers.topics")
@require_POST
def embedding(request: Any) -> HttpResponse:
    """Which sites may show the answers in a frame, and how early units are reminded."""
    form = _embed_form(request, request.POST)

    def do(data: dict[str, Any]) -> None:
        topic_rules.set_embedding(
            request.municipality,
            hosts=data["hosts"].split(),
            remind_days=data["remind_days"],
            by=request.actor,
            at=timezone.now(),
        )

    if done(request, form, do, _("Lagret."), at="hosts"):
        return redirect("desk:topics")
    return _topics_page(request, TopicForm(), form)
