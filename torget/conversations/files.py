"""Handing out attachments so that nothing in them can run."""

from __future__ import annotations

from django.http import FileResponse, Http404
from django.utils.translation import gettext as _

from torget.channels.files import path_of
from torget.conversations.models import Attachment


def serve(attachment: Attachment) -> FileResponse:
    """An attachment: pictures we cleaned are shown, everything else is offered for download and can run nothing.

    Raises:
        Http404: the file is gone from the disk (the doctor finds such).
    """
    path = path_of(attachment.sha256)
    if not path.exists():
        raise Http404(_("Filen er borte."))
    response = FileResponse(
        path.open("rb"),
        as_attachment=not attachment.is_image,
        filename=attachment.name,
        content_type=attachment.media_type if attachment.is_image else "application/octet-stream",
    )
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, max-age=3600"
    return response
