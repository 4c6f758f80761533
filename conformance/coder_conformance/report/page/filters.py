"""The filters of a page. They need the script, which shows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...results import Result, Unjudged
from ..visible import in_html
from .markup import KINDS, UNJUDGED, kind, sign


def filters(results: Sequence[Result | Unjudged], extra: str = "") -> str:
    """A form that narrows down what the page shows.

    Args:
        results: Everything that the page shows.
        extra: HTML of more fields.
    """
    counts = {one: sum(kind(result) is one for result in results) for one in (*KINDS, *UNJUDGED)}
    outcomes = "".join(
        f'<button type="button" class="{one.name}" data-filter-outcome="{one.name}" '
        f'aria-pressed="false">{sign(one)}{in_html(one.label)} '
        f'<span class="count">{number}</span></button>'
        for one, number in counts.items()
        if number
    )
    selects = (
        _select("Role", "role", {result.requirement.role for result in results})
        + _select("Level", "level", {result.requirement.level for result in results})
        + _select("Operation", "operation", {result.operation for result in results})
    )
    return (
        '<form class="filters" role="search" aria-label="Filter the results" hidden data-script>'
        f'<label class="search">Search <input type="search" data-search autocomplete="off" '
        'placeholder="text, id, curl …"></label>'
        f'{selects}<div class="outcomes" role="group" aria-label="Outcome">{outcomes}</div>{extra}'
        '<button type="reset" data-reset disabled>Clear</button>'
        '<output data-count aria-live="polite"></output></form>'
    )


def _select(label: str, name: str, values: Iterable[str]) -> str:
    options = "".join(
        f'<option value="{in_html(value)}">{in_html(value)}</option>' for value in sorted(values)
    )
    return (
        f'<label>{in_html(label)} <select data-filter="{in_html(name)}">'
        f'<option value="">all</option>{options}</select></label>'
    )
