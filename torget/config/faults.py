"""What nobody foresaw: told in the log by kind and place, counted, and answered so that nothing typed is lost."""

from __future__ import annotations

import errno
import logging
import sys
import traceback
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, DataError, IntegrityError, ProgrammingError, transaction
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from torget.channels.rules import note_fault
from torget.design import cookies
from torget.design.unsent import give_back, looks

log = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 20
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}
_OURS = Path(__file__).resolve().parents[1]
_MOST_FRAMES = 25


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler of whatever a view raised: 503 when the database or the disk is away, otherwise 500.

    What was sent is given back to be sent again.
    """
    fault = sys.exc_info()[1]
    away = is_away(fault)
    if away:  # nobody's slip, and the log must stay readable while it lasts
        log.warning("%s in %s: nothing can be taken now", type(fault).__name__, view_of(request))
    else:
        tell(fault, view_of(request))
    chosen = request.COOKIES.get(cookies.LANGUAGE, "")
    language = chosen if chosen in dict(settings.LANGUAGES) else translation.get_language()
    with translation.override(language or settings.LANGUAGE_CODE):
        return _answer(request, away=away)


def _answer(request: HttpRequest, *, away: bool) -> HttpResponse:
    if request.method == "POST":
        if away:
            advice = _(
                "Torget kan ikke ta imot akkurat nå. Her er alt du skrev. Vent et minutt, og send på nytt."
            )
            return give_back(request, advice=advice, retry_after_seconds=RETRY_AFTER_SECONDS)
        advice = _(
            "Feilen er vår, ikke din. Her er alt du skrev. Prøv å sende på nytt, eller ring oss."
        )
        return give_back(request, title=_("Noe gikk galt hos oss"), advice=advice, status=500)
    context = looks(request) | {
        "title": _("Noe gikk galt hos oss"),
        "advice": _("Feilen er vår, ikke din. Prøv igjen om litt. Hjelper det ikke, ring oss."),
    }
    if away:
        context |= {
            "title": _("Torget er ikke tilgjengelig akkurat nå"),
            "advice": _("Vi arbeider med saken. Vent et minutt, og last siden på nytt."),
        }
    response = HttpResponse(render_to_string("away.html", context), status=503 if away else 500)
    response["Cache-Control"] = "no-store"
    if away:
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def is_away(fault: BaseException | None) -> bool:
    """Whether the fault is that the database or the disk cannot take anything now, and may later."""
    while fault is not None:
        if isinstance(fault, DatabaseError):
            return not isinstance(fault, DataError | IntegrityError | ProgrammingError)
        if isinstance(fault, OSError) and fault.errno in _NO_ROOM:
            return True
        fault = fault.__cause__ or fault.__context__
    return False


def view_of(request: HttpRequest) -> str:
    """The view's name, which holds nothing of what was asked for."""
    match = getattr(request, "resolver_match", None)
    return str(match.view_name or match._func_path) if match else "-"


def tell(fault: BaseException | None, place: str) -> None:
    """Write kind, place and stack to the log, and count it. No path, no value, no words: they may be somebody's."""
    kind = type(fault).__name__
    log.error("%s in %s\n%s", kind, place, stack_of(fault))
    try:
        with transaction.atomic():
            note_fault(kind, place, at=timezone.now())
    except DatabaseError as uncounted:
        log.warning("A fault was not counted: %s", type(uncounted).__name__)


def stack_of(fault: BaseException | None) -> str:
    """Where it was: modules, lines and functions, the innermost last; causes after it."""
    lines: list[str] = []
    seen: set[int] = set()
    while fault is not None and id(fault) not in seen:
        seen.add(id(fault))
        lines += [f"  {type(fault).__name__}"] if len(seen) > 1 else []
        for frame in traceback.extract_tb(fault.__traceback__)[-_MOST_FRAMES:]:
            path = Path(frame.filename)
            inside = path.relative_to(_OURS) if path.is_relative_to(_OURS) else None
            where = f"torget/{inside}" if inside else "/".join(path.parts[-3:])
            lines.append(f"    {where}:{frame.lineno} {frame.name}")
        fault = fault.__cause__ or fault.__context__
    return "\n".join(lines)
