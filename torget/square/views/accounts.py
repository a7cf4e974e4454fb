"""Which accounts are ours: the register of official accounts, for people and for machines."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from torget.channels import register
from torget.design.ready import ready


@require_safe
def accounts(request: Any) -> HttpResponse:
    """`/kontoer`: every official account, with `rel="me"` so that networks can show that the account is ours."""
    context = {"accounts": register.official(request.municipality)}
    return ready(render(request, "square/accounts.html", context))


def _open(response: HttpResponse) -> HttpResponse:
    response["Access-Control-Allow-Origin"] = "*"  # anybody may verify it from anywhere
    response["Cache-Control"] = "public, max-age=300"
    return response


@require_safe
def signed(request: Any) -> HttpResponse:
    """`/.well-known/official-accounts`: the same list signed (JWS); the key stands beside it."""
    text = register.signed_list(request.municipality, at=timezone.now())
    return _open(HttpResponse(text, content_type="application/jose"))


@require_safe
def keys(request: Any) -> HttpResponse:
    """`/.well-known/official-accounts.jwks.json`: the key the list is signed with."""
    return _open(JsonResponse(register.public_keys(request.municipality, at=timezone.now())))
