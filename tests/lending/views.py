"""The room's pages."""

from __future__ import annotations

from django.shortcuts import get_object_or_404, render

from tests.lending.rules import loans, waiting
from torget.conversations.models import Message
from torget.people.actor import requires


def index(request):
    return render(request, "lending/index.html", {"loans": loans(request.municipality)})


def loan(request, ref):
    row = get_object_or_404(loans(request.municipality), ref=ref)
    said = Message.objects.filter(conversation=row).public_thread()
    return render(request, "lending/index.html", {"loans": [row], "said": said})


@requires("loans.lend")
def desk(request):
    return render(request, "lending/desk.html", {"loans": waiting(request)})
