"""`Dette ble ikke sendt`: what somebody wrote, given back whole when it cannot be taken now. Needs no database."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from torget.design import cookies

# A text this long, or of several lines, was thought about: it is shown, and can be changed before it is sent again.
SHOWN_CHARS = 25
_OURS = {"csrfmiddlewaretoken", "nonce", "website"}


@dataclass(frozen=True, slots=True)
class Typed:
    """One field as it was sent."""

    name: str
    value: str

    @property
    def is_text(self) -> bool:
        """Whether somebody wrote it, rather than chose or was given it."""
        long = len(self.value) >= SHOWN_CHARS or "\n" in self.value
        return long and self.name not in _OURS


def give_back(
    request: HttpRequest,
    *,
    title: str = "",
    advice: str,
    status: int = 503,
    retry_after_seconds: int = 20,
    more: str = "",
) -> HttpResponse:
    """Answer with a page that says it was not sent and holds everything typed, ready to be sent again.

    `title` is what happened ("Dette ble ikke sendt" when empty), `advice` why and what to do, in a sentence or two, and
    `more` safe HTML for the form: what the next try must bring (a ticket, proof of work).
    """
    fields, files = typed(request)
    context = {
        "title": title or _("Dette ble ikke sendt"),
        "advice": advice,
        "action": request.get_full_path(),
        "texts": [field for field in fields if field.is_text],
        "others": [field for field in fields if not field.is_text],
        "files": files,
        "more": more,
        "retry_after_seconds": retry_after_seconds,
        **looks(request),
    }
    response = HttpResponse(render_to_string("unsent.html", context), status=status)
    response["Retry-After"] = str(max(1, math.ceil(retry_after_seconds)))
    response["Cache-Control"] = "no-store"
    return response


def looks(request: HttpRequest) -> dict[str, Any]:
    """What a page without a database knows of its reader: language, light or dark, and whose square it is."""
    theme = request.COOKIES.get(cookies.THEME, "auto")
    return {
        "municipality": getattr(request, "municipality", None),
        "theme": theme if theme in {"light", "dark"} else "auto",
        "language": translation.get_language() or settings.LANGUAGE_CODE,
    }


class _NoFiles(FileUploadHandler):
    """Lets files go by: what could not be stored once cannot be stored now."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        return None

    def file_complete(self, file_size: int) -> None:
        return None


def typed(request: HttpRequest) -> tuple[list[Typed], list[tuple[str, str]]]:
    """Every field as it was sent, and the files by field and name: those must be chosen once more."""
    try:
        content: QueryDict = request.POST
        files = request.FILES
        names = [(field, file.name or "") for field, uploads in files.lists() for file in uploads]
    except Exception:  # noqa: BLE001 - a full disk, a client that left: the words may still be there
        content, names = _words_only(request), []
    fields = [Typed(name, str(value)) for name, values in content.lists() for value in values]
    return fields, names


def _words_only(request: HttpRequest) -> QueryDict:
    """The fields without the files, read once more from the beginning."""
    try:
        environ = request.META
        environ["wsgi.input"].seek(0)
        again = WSGIRequest(environ)
        again.upload_handlers = [_NoFiles(again)]
        return again.POST
    except Exception:  # noqa: BLE001 - nothing more to be had
        return QueryDict()
