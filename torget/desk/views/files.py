"""Files and originals, for staff who may read the conversation."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from torget.conversations.files import serve
from torget.conversations.models import Attachment, Conversation, Message
from torget.errors import Refused
from torget.people.actor import requires


@requires("conversations.read")
@require_safe
def file(request: Any, public_id: str) -> HttpResponseBase:
    """An attachment, for staff who may read the conversation; one taken away since then, too."""
    readable = Conversation.objects.visible_to(request.actor)
    attachments = Attachment.everything.filter(message__conversation__in=readable)
    return serve(get_object_or_404(attachments, public_id=public_id))


@requires("conversations.read")
@require_safe
def original(request: Any, public_id: str) -> HttpResponse:
    """A message as it came, byte for byte."""
    readable = Conversation.objects.visible_to(request.actor)
    message = get_object_or_404(
        Message.objects.select_related("envelope"),
        public_id=public_id,
        conversation__in=readable,
        envelope__isnull=False,
    )
    return raw(message.envelope)


def raw(envelope: Any) -> HttpResponse:
    """An envelope's bytes, for download only.

    Raises:
        Refused: they have been forgotten.
    """
    if envelope.is_forgotten:
        raise Refused(
            _("Originalen er slettet, slik reglene sier. Meldingen og vedleggene er her fortsatt."),
            "forgotten",
        )
    response = HttpResponse(bytes(envelope.body), content_type="application/octet-stream")
    suffix = "eml" if envelope.media_type == "message/rfc822" else "bin"
    response["Content-Disposition"] = f'attachment; filename="{envelope.public_id}.{suffix}"'
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
