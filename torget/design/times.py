"""Times as people read them: Oslo time, in the reader's language. Pure but for the language, which may be given."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

OSLO = ZoneInfo("Europe/Oslo")


def _locale(language: str | None) -> str:
    code = (language or get_language() or "nb").split("-")[0]
    return {"nn": "nn_NO", "en": "en_GB"}.get(code, "nb_NO")


def moment(at: datetime, *, now: datetime, language: str | None = None) -> str:
    """Day and clock, "20. nov. kl. 09.10"; with the year when it is not this one."""
    local, locale = at.astimezone(OSLO), _locale(language)
    year = "" if local.year == now.astimezone(OSLO).year else " y"
    pattern = f"d MMM{year} 'at' HH:mm" if locale == "en_GB" else f"d. MMM{year} 'kl.' HH.mm"
    return format_datetime(local, pattern, tzinfo=OSLO, locale=locale)


def day(at: datetime, *, now: datetime, language: str | None = None) -> str:
    """The day, "20. nov."; with the year when it is not this one."""
    local, locale = at.astimezone(OSLO), _locale(language)
    year = "" if local.year == now.astimezone(OSLO).year else " y"
    pattern = f"d MMM{year}" if locale == "en_GB" else f"d. MMM{year}"
    return format_datetime(local, pattern, tzinfo=OSLO, locale=locale)


def clock(at: datetime, *, language: str | None = None) -> str:
    """The clock alone: "kl. 09.10"."""
    locale = _locale(language)
    pattern = "HH:mm" if locale == "en_GB" else "'kl.' HH.mm"
    return format_datetime(at.astimezone(OSLO), pattern, tzinfo=OSLO, locale=locale)


def whole(at: datetime, *, language: str | None = None) -> str:
    """A moment that is read at any time later: "mandag 23. november 2026 kl. 18.00"."""
    locale = _locale(language)
    pattern = "EEEE d MMMM y 'at' HH:mm" if locale == "en_GB" else "EEEE d. MMMM y 'kl.' HH.mm"
    return format_datetime(at.astimezone(OSLO), pattern, tzinfo=OSLO, locale=locale)


def whole_day(on: date, *, language: str | None = None) -> str:
    """A day that is read at any time later: "mandag 23. november 2026"."""
    locale = _locale(language)
    return format_date(
        on, "EEEE d MMMM y" if locale == "en_GB" else "EEEE d. MMMM y", locale=locale
    )


def weekday_moment(at: datetime, *, now: datetime, language: str | None = None) -> str:
    """With the weekday, "mandag 24. nov. kl. 08.00"; today only the clock, "i dag kl. 14.00"."""
    local, locale = at.astimezone(OSLO), _locale(language)
    if local.date() == now.astimezone(OSLO).date():
        return _("i dag %(clock)s") % {"clock": clock(at, language=language)}
    name = format_datetime(local, "EEEE", tzinfo=OSLO, locale=locale)
    return f"{name} {moment(at, now=now, language=language)}"


def length(span: timedelta) -> str:
    """How long, in at most two parts: "12 min", "2 t", "1 dag og 4 t"."""
    minutes = max(0, int(span.total_seconds() // 60))
    days, rest = divmod(minutes, 24 * 60)
    hours = rest // 60
    if days >= 7 or (days and not hours):
        return _days(days)
    if days:
        return _("%(days)s og %(hours)s") % {"days": _days(days), "hours": _hours(hours)}
    if hours:
        return _hours(hours)
    return _("%(n)s min") % {"n": minutes}


def _days(n: int) -> str:
    return ngettext("%(n)s dag", "%(n)s dager", n) % {"n": n}


def _hours(n: int) -> str:
    return _("%(n)s t") % {"n": n}
