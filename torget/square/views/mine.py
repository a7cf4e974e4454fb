"""A resident's own pages: sign in by e-mail link, see one's cases, stop and confirm what one follows."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from torget import rooms
from torget.conversations.models import Conversation, Identity
from torget.conversations.rules import case_path, resident_signin
from torget.people.limits import gated
from torget.people.signin import PROOF, bind_session, residents_may_use_idporten
from torget.square.forms import AddressForm
from torget.subscriptions.models import Subscription


@require_safe
@never_cache
def mine(request: Any) -> HttpResponse:
    """`/min-side`: one's own cases and what one follows."""
    actor = request.actor
    if actor.staff is None and actor.id is None:
        return redirect("square:signin")
    context: dict[str, Any] = {"cases": [], "following": []}
    if actor.staff is None:
        own = Conversation.objects.visible_to(actor).order_by("-last_message_at")[:100]
        context["cases"] = [{"conversation": case, "url": case_path(case)} for case in own]
        following = Subscription.objects.current().filter(identity__person_id=actor.id)
        topics = rooms.topics()
        context["following"] = [
            (row, topics[row.topic_type].label if row.topic_type in topics else "")
            for row in following
        ]
    return render(request, "square/mine.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@gated
def signin(request: Any) -> HttpResponse:
    """`/min-side/inn`: ask for a sign-in link."""
    form = AddressForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        resident_signin.send_signin_link(
            request.municipality, form.cleaned_data["email"], at=timezone.now()
        )
        return render(request, "square/signin_sent.html", {"email": form.cleaned_data["email"]})
    return render(
        request,
        "square/signin.html",
        {"form": form, "idporten": residents_may_use_idporten()},
        status=422 if request.method == "POST" else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@gated
def signin_link(request: Any, token: str) -> HttpResponse:
    """`/min-side/inn/<token>`: the link in the mail. It is spent by a button, for mail scanners open links."""
    if request.method != "POST":
        response = render(request, "square/signin_confirm.html", {"token": token})
        # Nobody else sees the address. Not "no-referrer": with it browsers send the button's POST from origin "null",
        # which the guard against forged requests refuses.
        response["Referrer-Policy"] = "same-origin"
        return response
    _enter(request, resident_signin.sign_in(request.municipality, token, at=timezone.now()), "link")
    return redirect("square:mine")


@require_safe
@never_cache
def signin_idporten(request: Any) -> HttpResponse:
    """`/min-side/inn/id-porten`: where people.signin leads on to when ID-porten has told who it is."""
    proof = request.session.pop(PROOF, None)
    if proof is None:
        return redirect("square:signin")
    identity = resident_signin.sign_in_idporten(
        request.municipality, proof["sub"], at=timezone.now()
    )
    _enter(request, identity, "idporten")
    bind_session(request, proof)
    return redirect("square:mine")


def _enter(request: Any, identity: Identity, proof: str) -> None:
    request.session.cycle_key()
    request.session["resident"] = {
        "municipality": request.municipality.pk,
        "person": identity.person_id,
        "proof": proof,
    }


@require_POST
def signout(request: Any) -> HttpResponse:
    """Sign out."""
    request.session.flush()
    return redirect("square:home")
