"""The report that a person reads in a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from ..results import Outcome, Result, Run

_ROLES = ("server", "client")
# Findings that a person needs to see of one failed requirement.
_SHOWN = 2
_COLUMNS = (Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED, Outcome.ERROR)


def render(run: Run, limit: int = 20) -> str:
    """Table, failures, what was skipped, what was left behind, and the verdict.

    Args:
        run: The results.
        limit: Failures to show in full; the others are in the JSON report.
    """
    return "\n".join(
        [*_table(run), *_failures(run, limit), *_skipped(run), *_leftovers(run), run.sentence()]
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


def _failures(run: Run, limit: int) -> Iterator[str]:
    bad = [r for r in run.results if r.outcome in {Outcome.FAILED, Outcome.ERROR}]
    for result in bad[:limit]:
        yield from describe(result)
        yield ""
    if len(bad) > limit:
        yield f"… and {len(bad) - limit} more; report.json has them all."
        yield ""


def describe(result: Result) -> Iterator[str]:
    """One failed or unfinished judgement in full."""
    requirement = result.requirement
    yield f"{result.outcome.upper()} {requirement.id} · {result.operation}"
    yield f"  {requirement.level}: {requirement.text}"
    if result.outcome is Outcome.ERROR:
        yield f"  could not be judged: {result.reason}"
    for failure in result.failures[:_SHOWN]:
        if failure.curl:
            yield f"  request:  {failure.curl}"
        yield f"  expected: {failure.expected}"
        yield f"  got:      {failure.actual}"
        if failure.answer and failure.answer != failure.actual:
            yield f"  answer:   {failure.answer}"
    if len(result.failures) > _SHOWN:
        yield f"  … and {len(result.failures) - _SHOWN} more; report.json has them"


def _skipped(run: Run) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for result in run.results:
        if result.outcome is Outcome.SKIPPED:
            reasons.setdefault(result.reason, []).append(result.requirement.id)
    for reason, ids in reasons.items():
        yield f"Not tested ({reason}): {', '.join(dict.fromkeys(ids))}"
    if reasons:
        yield ""


def _leftovers(run: Run) -> Iterator[str]:
    for leftover in run.leftovers:
        yield f"Left on the server: {leftover}"
    if run.leftovers:
        yield ""
