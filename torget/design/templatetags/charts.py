"""Charts as template tags; available in all templates without `load`."""

from __future__ import annotations

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from torget.design import charts

register = template.Library()


@register.inclusion_tag("components/columns.html")
def columns(
    title: str, days: list[tuple[str, int, int]], first: str, second: str
) -> dict[str, object]:
    """A column chart of two series with its table.

    Args:
        title: what it shows, in words.
        days: (label, first value, second value), in order.
        first: what the filled columns are.
        second: what the outlined columns are.
    """
    drawn = charts.columns([(high, two) for _label, high, two in days])
    # Not in the template: there numbers would get the decimal comma of the reader's language.
    shapes = format_html_join(
        "",
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}"></rect>',
        (
            (
                "second" if column.second else "first",
                column.x,
                column.y,
                column.width,
                column.height,
            )
            for column in drawn.columns
        ),
    )
    return {
        "title": title,
        "rows": days,
        "first": first,
        "second": second,
        "width": drawn.width,
        "most": drawn.most,
        "shapes": shapes,
    }


@register.simple_tag
def bar(value: float, most: float) -> SafeString:
    """A bar inside a table cell beside its number; it says nothing the number does not."""
    return format_html(
        '<svg class="gauge" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        '<rect class="first" width="{}" height="10"></rect></svg>',
        charts.share(value, most),
    )
