"""The components every page is made of, as template tags; available in all templates without `load`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any, Final

from django import template
from django.forms import (
    BaseForm,
    BoundField,
    CheckboxInput,
    CheckboxSelectMultiple,
    FileInput,
    RadioSelect,
    Select,
    Textarea,
)
from django.http import HttpRequest
from django.template.context import Context
from django.template.loader import get_template
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from torget.design import text, times

register = template.Library()

COLOURS: Final = {"accent", "neutral", "info", "success", "warning", "danger", "brand1", "brand2"}


# Forms -----------------------------------------------------------------------------------------


@register.inclusion_tag("components/field.html")
def field(
    bound: BoundField,
    *,
    label: str = "",
    description: str = "",
    autocomplete: str = "",
    counter: bool = False,
    rows: int = 0,
    optional: bool = True,
    **about: str,
) -> dict[str, Any]:
    """One form field: label, explanation, control, error.

    Args:
        bound: `form.name`.
        label: instead of the field's own label.
        description: instead of the field's own help text; a space for none.
        autocomplete: the HTML token, for example `email` (WCAG 2.2 §1.3.5).
        counter: show how many characters are left of `max_length`.
        rows: height of a textarea.
        optional: write "(valgfritt)" when the field is not required.
        about: for radio buttons and check boxes, an explanation per choice, named by the choice's value.
    """
    widget = bound.field.widget
    helped = str(description or bound.help_text or "").strip()
    name = bound.auto_id or bound.html_name
    described = [f"{name}-om"] if helped else []
    described += [f"{name}-feil"] if bound.errors else []
    attrs: dict[str, Any] = {"class": "ds-input"}
    if described:
        attrs["aria-describedby"] = " ".join(described)
    if bound.errors:
        attrs["aria-invalid"] = "true"
    if autocomplete:
        attrs["autocomplete"] = autocomplete
    if isinstance(widget, Textarea):
        attrs |= {"cols": False} | (
            {"rows": rows} if rows else {}
        )  # the style sheet decides the width
    kind = _kind(bound)
    limit = getattr(bound.field, "max_length", None) if counter else None
    return {
        "bound": bound,
        "id": name,
        "kind": kind,
        "label": label or bound.label,
        "description": helped,
        "errors": bound.errors,
        "control": "" if kind == "choices" else bound.as_widget(attrs=attrs),
        "options": list(_options(bound, about)) if kind == "choices" else [],
        "option_type": "checkbox" if isinstance(widget, CheckboxSelectMultiple) else "radio",
        "optional": optional and not bound.field.required and kind != "checkbox",
        "limit": limit,
        "described": " ".join(described),
    }


def _kind(bound: BoundField) -> str:
    widget = bound.field.widget
    if isinstance(widget, RadioSelect | CheckboxSelectMultiple):
        return "choices"
    if isinstance(widget, CheckboxInput):
        return "checkbox"
    if isinstance(widget, FileInput):
        return "file"
    return "select" if isinstance(widget, Select) else "text"


def _options(bound: BoundField, about: dict[str, str]) -> Iterator[dict[str, Any]]:
    for number, option in enumerate(bound.subwidgets):
        value = str(option.data["value"])
        yield {
            "id": f"{bound.auto_id or bound.html_name}_{number}",
            "name": bound.html_name,
            "value": value,
            "label": option.choice_label,
            "checked": option.data["selected"],
            "about": about.get(value, ""),
        }


@register.inclusion_tag("components/error_summary.html")
def error_summary(*forms: BaseForm | None) -> dict[str, Any]:
    """What must be put right, on top of the page, in focus, with a link to each field. Nothing when all is well."""
    lines = [
        {"id": bound.id_for_label or bound.auto_id, "message": message}
        for form in forms
        if form is not None and form.is_bound
        for bound in form
        for message in bound.errors
    ]
    general = [
        str(message)
        for form in forms
        if form is not None and form.is_bound
        for message in form.non_field_errors()
    ]
    return {"lines": lines, "general": general, "count": len(lines)}


# Lists -----------------------------------------------------------------------------------------


@register.inclusion_tag("components/pager.html", takes_context=True)
def pager(context: Context, page: Any, parameter: str = "side") -> dict[str, Any]:
    """Links to other pages, rendered on the server.

    `page` is a Django `Page` (numbered), or anything with `previous` and `next`: query strings without `?`,
    or empty (keyset). The rest of the address's query is kept for numbered pages.
    """
    if not hasattr(page, "paginator"):
        return {
            "previous": getattr(page, "previous", ""),
            "next": getattr(page, "next", ""),
            "numbers": [],
        }
    request: HttpRequest = context["request"]

    def address(number: int) -> str:
        query = request.GET.copy()
        query[parameter] = str(number)
        return query.urlencode()

    last, here = page.paginator.num_pages, page.number
    shown = sorted({1, here - 1, here, here + 1, last} & set(range(1, last + 1)))
    numbers = [
        {
            "number": number,
            "query": address(number),
            "here": number == here,
            "gap": at > 0 and number - shown[at - 1] > 1,
        }
        for at, number in enumerate(shown)
    ]
    return {
        "previous": address(here - 1) if page.has_previous() else "",
        "next": address(here + 1) if page.has_next() else "",
        "numbers": numbers if last > 1 else [],
    }


@register.simple_tag
def tag(words: Any, colour: str = "neutral") -> SafeString:
    """A short word about something. The words carry the meaning; the colour only helps."""
    return _tag(str(words), colour)


@lru_cache(maxsize=1000)
def _tag(words: str, colour: str) -> SafeString:
    return format_html(
        '<span class="ds-tag" data-color="{}">{}</span>',
        colour if colour in COLOURS else "neutral",
        words,
    )


@register.inclusion_tag("components/empty.html")
def empty(words: str, url: str = "", link: str = "") -> dict[str, str]:
    """Why there is nothing here, and the next step."""
    return {"words": words, "url": url, "link": link}


# Time ------------------------------------------------------------------------------------------


def _for_machines(at: datetime) -> str:
    # HTML knows no more than thousandths of a second.
    return at.isoformat(timespec="seconds")


@register.simple_tag
def when(at: datetime | None, style: str = "moment") -> SafeString | str:
    """A time in Oslo, marked up for machines.

    `style`: `moment` ("20. nov. kl. 09.10"), `day` ("20. nov."), `clock` ("kl. 09.10"),
    `weekday` ("mandag 24. nov. kl. 08.00"). Nothing for None.
    """
    if at is None:
        return ""
    now = timezone.now()
    words = {
        "day": lambda: times.day(at, now=now),
        "clock": lambda: times.clock(at),
        "weekday": lambda: times.weekday_moment(at, now=now),
    }.get(style, lambda: times.moment(at, now=now))()
    # The longest of them is too long to stand on one line of a phone.
    wraps = mark_safe(' class="wraps"') if style == "weekday" else ""
    return format_html('<time datetime="{}"{}>{}</time>', _for_machines(at), wraps, words)


@register.simple_tag
def waiting(since: datetime | None) -> SafeString | str:
    """How long something has waited: "2 t", "1 dag og 4 t"; the exact time is in the title and the markup."""
    if since is None:
        return ""
    now = timezone.now()
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        _for_machines(since),
        times.moment(since, now=now),
        times.length(now - since),
    )


# Text ------------------------------------------------------------------------------------------


@register.simple_tag
def prose(words: str | None, by: str = "municipality") -> SafeString:
    """Markdown as safe HTML. `by="resident"`: its links give nobody credit."""
    html = text.markdown(words or "", by_resident=by == "resident")
    return format_html('<div class="prose" dir="auto">{}</div>', html)


@register.simple_tag
def plain(words: str | None) -> SafeString:
    """Residents' words as they stand: escaped, in paragraphs, addresses as links; isolated from the text around."""
    return format_html('<div class="prose" dir="auto">{}</div>', text.plain(words or ""))


@register.simple_tag
def highlight(words: str | None, query: str, most: int = 0) -> SafeString:
    """Words with those of the query marked; with `most`, an extract around the first hit, at whole words."""
    shown = " ".join(text.visible(words or "").split())
    return text.highlighted(shown, query, most)


@register.simple_tag
def seconds(count: float) -> str:
    """How long a number of seconds is, in words."""
    return times.length(timedelta(seconds=count))


@register.filter
def safe_words(words: str | None) -> str:
    """One line of residents' words (a title, a name) without what cannot be seen or turns the text around."""
    return " ".join(text.visible(words or "").split())


@register.filter
def alert_colour(level: str) -> str:
    """Designsystemet's colour for the level of one of Django's messages."""
    return {"error": "danger", "warning": "warning", "success": "success"}.get(level, "info")


@register.filter
def capped(count: int | None, most: int = 99) -> str:
    """A number that was counted no further than needed: "99+" beyond `most`, nothing for none."""
    if not count:
        return ""
    return f"{most}+" if count > most else str(count)


@register.inclusion_tag("components/rail_count.html")
def rail_count(counter: Any, counts: Mapping[str, int]) -> dict[str, Any]:
    """The number beside an entry of the desk's rail: `counter` (rooms.Counter) and all counts by name."""
    return {"counter": counter, "count": counts.get(counter.name, 0)}


# Pieces ----------------------------------------------------------------------------------------


@cache
def _shape(name: str) -> SafeString:
    return mark_safe(get_template(f"icons/{name}.svg").render())  # noqa: S308 - our own file


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon: silent beside words, spoken when it stands alone with a `label`.

    Args:
        name: of `icons/<name>.svg`; or `mark:<name>` for a network's own mark (`torget.design.vendor`).
        label: what it stands for, when no words stand beside it.
    """
    return _icon(name, str(label))


@lru_cache(maxsize=1000)
def _icon(name: str, label: str) -> SafeString:
    spoken = (
        format_html('role="img" aria-label="{}"', label)
        if label
        else mark_safe('aria-hidden="true"')
    )
    if name.startswith("mark:"):
        mark = name.removeprefix("mark:")
        return format_html('<span class="icon mark-of" data-mark="{}" {}></span>', mark, spoken)
    shape = _shape(name)
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" focusable="false" {}>{}</svg>', spoken, shape
    )


@register.filter
def opening_lines(unit: Any) -> list[dict[str, str]]:
    """A unit's opening hours, or its parent's, as few lines: {"days": "Mandag–fredag", "hours": "08.00–15.30"}."""
    rows: list[Any] = []
    while unit and not rows:
        rows, unit = list(unit.opening_hours.all()), unit.parent
    week: dict[int, list[str]] = {}
    for row in rows:
        week.setdefault(row.weekday, []).append(f"{row.opens:%H.%M}–{row.closes:%H.%M}")
    runs: list[list[int]] = []
    for weekday in sorted(week):
        if runs and runs[-1][-1] == weekday - 1 and week[runs[-1][-1]] == week[weekday]:
            runs[-1].append(weekday)
        else:
            runs.append([weekday])
    names = {day: str(name) for day, name in WEEKDAYS.items()}
    return [
        {
            "days": (
                names[run[0]] if len(run) == 1 else f"{names[run[0]]}–{names[run[-1]].lower()}"
            ).capitalize(),
            "hours": _(" og ").join(week[run[0]]),
        }
        for run in runs
    ]


def _asked_for(context: Context, name: str) -> Any:
    """A value of the context, found out now when it is a function."""
    value = context.get(name)
    return value() if callable(value) else value


@register.inclusion_tag("components/duty_line.html", takes_context=True)
def duty_line(context: Context) -> dict[str, Any]:
    """Who answers now, by first name and unit, and until when; or when an answer can be expected.

    Reads `duty` (a list of first_name, unit, until) and `next_answer_at` from the context; either may be a function.
    """
    duty = list(_asked_for(context, "duty") or [])
    back_at = _asked_for(context, "next_answer_at") or None
    return {
        "open_now": bool(back_at and back_at <= timezone.now()),
        "duty": duty[:2],
        "others": max(0, len(duty) - 2),
        "next_answer_at": back_at,
        "phone": getattr(context.get("municipality"), "phone", ""),
    }
