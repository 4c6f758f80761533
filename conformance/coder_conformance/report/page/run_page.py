"""The page about one run."""

from __future__ import annotations

from ...results import Run
from ..visible import in_html
from . import findings, tables
from .filters import filters
from .findings import has_deviations
from .markup import KINDS, UNJUDGED, VERDICTS, badge, brief, command, kind, sign
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
        tables.times(run),
        tables.results(run, numbers),
        findings.leftovers(run),
    ]
    body = "\n".join(
        [
            '<a class="skip" href="#content">Skip to the findings</a>',
            _header(run),
            _bar(run),
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
        for one in (*KINDS, *UNJUDGED)
        if (number := sum(kind(found) is one for found in run.entries))
    )
    trouble = f'<p class="note error">{brief(run.trouble)}</p>' if run.trouble else ""
    facts = "".join(
        f"<div><dt>{in_html(name)}</dt><dd>{brief(value)}</dd></div>" for name, value in _facts(run)
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


def _bar(run: Run) -> str:
    links = "".join(
        f'<a href="#{anchor}">{title}</a>'
        for anchor, title in (
            ("failures", "Failures"),
            ("deviations", "Known deviations"),
            ("untested", "Not tested"),
            ("matrix", "Matrix"),
            ("operations", "Statuses"),
            ("times", "Times"),
            ("results", "All results"),
            ("leftovers", "Leftovers"),
        )
        if (anchor != "deviations" or has_deviations(run)) and (anchor != "times" or run.timings)
    )
    return f'<div class="bar"><nav aria-label="Sections">{links}</nav>{filters(run.entries)}</div>'
