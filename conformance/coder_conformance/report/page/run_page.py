"""The page about one run."""

from __future__ import annotations

from collections.abc import Iterable

from ...results import Run
from ..visible import in_html
from . import findings, tables
from .markup import KINDS, VERDICTS, badge, command, kind, sign
from .shell import document


def render(run: Run) -> str:
    """The run as one self-contained HTML page."""
    numbers = {id(result): number for number, result in enumerate(run.results)}
    sections = [
        findings.failures(run, numbers),
        findings.deviations(run, numbers),
        findings.skipped(run),
        tables.matrix(run, numbers),
        tables.operations(run),
        tables.results(run, numbers),
        findings.leftovers(run),
    ]
    body = "\n".join(
        [
            '<a class="skip" href="#content">Skip to the findings</a>',
            _header(run),
            _filters(run),
            '<main id="content" tabindex="-1">',
            *(section for section in sections if section),
            "</main>",
        ]
    )
    return document(f"{run.verdict.value.capitalize()}: conformance of {run.target}", body)


def _header(run: Run) -> str:
    of = VERDICTS[run.verdict]
    counts = " ".join(
        badge(one, f"{number} {one.label.lower()}")
        for one in KINDS
        if (number := sum(kind(result) is one for result in run.results))
    )
    trouble = f'<p class="note error">{in_html(run.trouble)}</p>' if run.trouble else ""
    facts = "".join(
        f"<div><dt>{in_html(name)}</dt><dd>{in_html(value)}</dd></div>"
        for name, value in _facts(run)
    )
    again = (
        '<div class="repeat"><h2>To repeat this run</h2>'
        + command(run.command, "the command that repeats the run")
        + "</div>"
        if run.command
        else ""
    )
    return (
        f'<header class="top {of.name}"><p class="what">Conformance to the Coder Workspaces API</p>'
        f"<h1>{sign(of)}{in_html(run.verdict.value.capitalize())}</h1>{trouble}"
        f'<p class="counts">{counts}</p><dl class="facts">{facts}</dl>{again}</header>'
    )


def _facts(run: Run) -> list[tuple[str, str]]:
    return [
        ("Target", run.target),
        ("Version", run.server_version or "not known"),
        ("Profile", run.profile),
        ("Seed", str(run.seed)),
        ("Features", ", ".join(run.features) or "none"),
        ("Started", run.started or "not known"),
        ("Took", f"{run.seconds:.1f} s"),
        ("Contract", run.contract[:12] or "not known"),
    ]


def _filters(run: Run) -> str:
    """The filters; they need the script, which shows them."""
    counts = {one: sum(kind(result) is one for result in run.results) for one in KINDS}
    outcomes = "".join(
        f'<button type="button" class="{one.name}" data-filter-outcome="{one.name}" '
        f'aria-pressed="false">{sign(one)}{in_html(one.label)} '
        f'<span class="count">{number}</span></button>'
        for one, number in counts.items()
        if number
    )
    selects = (
        _select("Role", "role", {result.requirement.role for result in run.results})
        + _select("Level", "level", {result.requirement.level for result in run.results})
        + _select("Operation", "operation", {result.operation for result in run.results})
    )
    links = "".join(
        f'<a href="#{anchor}">{title}</a>'
        for anchor, title in (
            ("failures", "Failures"),
            ("deviations", "Known deviations"),
            ("untested", "Not tested"),
            ("matrix", "Matrix"),
            ("operations", "Statuses"),
            ("results", "All results"),
            ("leftovers", "Leftovers"),
        )
        if anchor != "deviations" or run.deviation_problems or counts[KINDS[2]]
    )
    return (
        f'<div class="bar"><nav aria-label="Sections">{links}</nav>'
        '<form class="filters" role="search" aria-label="Filter the results" hidden data-script>'
        f'<label class="search">Search <input type="search" data-search autocomplete="off" '
        'placeholder="text, id, curl …"></label>'
        f'{selects}<div class="outcomes" role="group" aria-label="Outcome">{outcomes}</div>'
        '<button type="reset" data-reset disabled>Clear</button>'
        '<output data-count aria-live="polite"></output></form></div>'
    )


def _select(label: str, name: str, values: Iterable[str]) -> str:
    options = "".join(
        f'<option value="{in_html(value)}">{in_html(value)}</option>' for value in sorted(values)
    )
    return (
        f'<label>{in_html(label)} <select data-filter="{in_html(name)}">'
        f'<option value="">all</option>{options}</select></label>'
    )
