"""The report that a person reads in a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from ..results import Outcome, Result, Run, Unjudged
from ..service import SHOWN
from .visible import visible

_ROLES = ("server", "client")
# Findings that a person needs to see of one failed requirement.
_SHOWN = 2
# How reports call what a run cannot judge.
TITLES = {"untestable": "Cannot be tested", "not applicable": "Not applicable"}
_COLUMNS = (Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED, Outcome.ERROR)


def render(run: Run, limit: int = 20) -> str:
    """Table, failures, what was skipped, what was left behind, and the verdict.

    Args:
        run: The results.
        limit: Failures to show in full; the others are in the JSON report.
    """
    return "\n".join(
        [
            *_table(run),
            *_times(run),
            *_failures(run, limit),
            *_deviations(run),
            *_skipped(run),
            *_unjudged(run),
            *_leftovers(run),
            visible(run.sentence()),
        ]
    )


def _table(run: Run) -> Iterator[str]:
    operations = list(dict.fromkeys(result.operation for result in run.results))
    width = max([len(name) for name in operations] + [len("operation")])
    heads = "".join(f"  {role:^31}" for role in _ROLES)
    yield ""
    yield f"{'':<{width}}{heads}"
    yield f"{'operation':<{width}}" + ("  " + " ".join(f"{c.value:>7}" for c in _COLUMNS)) * 2
    for operation in sorted(operations):
        cells = "".join(
            "  " + " ".join(f"{run.count(c, operation, role) or '-':>7}" for c in _COLUMNS)
            for role in _ROLES
        )
        yield f"{operation:<{width}}{cells}"
    totals = "".join(
        "  " + " ".join(f"{run.count(c, None, role):>7}" for c in _COLUMNS) for role in _ROLES
    )
    yield f"{'all':<{width}}{totals}"
    yield ""


def _times(run: Run) -> Iterator[str]:
    if not run.timings:
        return
    rows = times(run)
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    for operation, when, *numbers in rows:
        cells = "  ".join(
            f"{text:>{width}}" for text, width in zip(numbers, widths[2:], strict=True)
        )
        yield f"{visible(operation):<{widths[0]}}  {visible(when):<{widths[1]}}  {cells}"
    yield ""


def times(run: Run) -> list[tuple[str, ...]]:
    """How long answers took, as a table with a head; milliseconds."""
    rows: list[tuple[str, ...]] = [
        ("ms to answer", "", "answers", "failed", "per second", *(f"p{p}" for p in SHOWN))
    ]
    for one in sorted(run.timings, key=lambda timing: (timing.load, timing.operation)):
        shown = (f"{one.percentiles[p]:.1f}" if one.percentiles else "-" for p in SHOWN)
        when = "under load" if one.load else "alone"
        counts = (str(one.answers), str(one.failed), f"{one.per_second:.1f}")
        rows.append((one.operation, when, *counts, *shown))
    return rows


def _failures(run: Run, limit: int) -> Iterator[str]:
    bad = unexpected(run)
    for result in bad[:limit]:
        yield from describe(result)
        yield ""
    if len(bad) > limit:
        yield f"… and {len(bad) - limit} more; report.json has them all."
        yield ""


def unexpected(run: Run) -> list[Result]:
    """What failed or could not be judged and is no known deviation, failures first."""
    failed = [r for r in run.results if r.outcome is Outcome.FAILED and not r.deviation]
    return failed + [r for r in run.results if r.outcome is Outcome.ERROR]


def describe(result: Result) -> Iterator[str]:
    """One failed or unfinished judgement in full."""
    requirement = result.requirement
    yield f"{result.outcome.upper()} {requirement.id} · {result.operation}"
    yield f"  {requirement.level}: {requirement.text}"
    if result.outcome is Outcome.ERROR:
        yield f"  could not be judged: {_lines(result.reason)}"
    for failure in result.failures[:_SHOWN]:
        if failure.curl:
            yield f"  request:  {_lines(failure.curl)}"
        yield f"  expected: {_lines(failure.expected)}"
        yield f"  got:      {_lines(failure.actual)}"
        if failure.answer and failure.answer != failure.actual:
            yield f"  answer:   {_lines(failure.answer)}"
    if len(result.failures) > _SHOWN:
        yield f"  … and {len(result.failures) - _SHOWN} more; report.json has them"


def _lines(text: str) -> str:
    """A server's text that can neither steer the terminal nor pass for a line of the report."""
    return "\n            | ".join(visible(text).split("\n"))


def _deviations(run: Run) -> Iterator[str]:
    known = [result for result in run.results if result.deviation]
    for result in known:
        about = f"{result.requirement.id} · {result.operation}"
        yield f"Known deviation: {about}: {_lines(result.deviation)}"
    for problem in run.deviation_problems:
        yield f"List of known deviations: {_lines(problem)}"
    if known or run.deviation_problems:
        yield ""


def _skipped(run: Run) -> Iterator[str]:
    groups = untested(run)
    for reason, results in groups.items():
        ids = ", ".join(dict.fromkeys(result.requirement.id for result in results))
        yield f"Not tested ({_lines(reason)}): {ids}"
    if groups:
        yield ""


def untested(run: Run) -> dict[str, list[Result]]:
    """What was skipped, by the reason for it."""
    groups: dict[str, list[Result]] = {}
    for result in run.results:
        if result.outcome is Outcome.SKIPPED:
            groups.setdefault(result.reason or "no reason was given", []).append(result)
    return groups


def _unjudged(run: Run) -> Iterator[str]:
    groups = unjudged(run)
    for (kind, reason), entries in groups.items():
        ids = ", ".join(dict.fromkeys(entry.requirement.id for entry in entries))
        yield f"{TITLES[kind]} ({_lines(reason)}): {ids}"
    if groups:
        yield ""


def unjudged(run: Run) -> dict[tuple[str, str], list[Unjudged]]:
    """What the run cannot judge, by kind and reason; what no test can judge comes first."""
    groups: dict[tuple[str, str], list[Unjudged]] = {}
    for kind in TITLES:
        for entry in run.unjudged:
            if entry.kind == kind:
                groups.setdefault((kind, entry.reason), []).append(entry)
    return groups


def _leftovers(run: Run) -> Iterator[str]:
    for leftover in run.leftovers:
        yield f"Left on the server: {_lines(leftover)}"
    if run.leftovers:
        yield ""
