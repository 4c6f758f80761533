"""Markdown, for the summary page of a CI job."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from ..results import Failure, Outcome, Result, Run, Verdict
from . import coverage, repeat
from .text import TITLES, times, unexpected, unjudged, untested
from .visible import in_html, shortened, visible

# GitHub refuses summaries of more than 1 MiB.
_FAILURES = 50
_FINDINGS = 2
_LONGEST = 2000
_SYMBOLS = {
    Verdict.CONFORMANT: "✅",
    Verdict.KNOWN_DEVIATIONS: "✅",
    Verdict.PARTIAL: "⚠️",
    Verdict.NON_CONFORMANT: "❌",
    Verdict.INCONCLUSIVE: "❔",
}


def render(run: Run) -> str:
    """Verdict, table by operation, failures, what was not tested, what was left behind."""
    parts = [
        *_head(run),
        *_failures(run),
        *_deviations(run),
        *_skipped(run),
        *_unjudged(run),
        *_leftovers(run),
        *_table(run),
        *_times(run),
    ]
    return "\n".join(parts).rstrip("\n") + "\n"


def _head(run: Run) -> Iterator[str]:
    yield f"## {_SYMBOLS[run.verdict]} Conformance: {run.verdict.value}"
    yield ""
    yield f"**{run.counts()}**" + (f" — {code(run.trouble)}" if run.trouble else "")
    yield ""
    yield "| | |"
    yield "|---|---|"
    yield f"| target | {cell(run.target)} |"
    yield f"| version | {cell(run.server_version or 'none')} |"
    yield f"| profile | {cell(run.profile)} |"
    yield f"| seed | {run.seed} |"
    yield f"| started | {cell(run.started)}, took {run.seconds:.0f} s |"
    if run.command:
        yield f"| repeat | {cell(run.command)} |"
    yield ""


def _failures(run: Run) -> Iterator[str]:
    bad = unexpected(run)
    if not bad:
        return
    yield "### Failures"
    yield ""
    for result in bad[:_FAILURES]:
        yield from _failure(result, run)
    if len(bad) > _FAILURES:
        yield f"… and {len(bad) - _FAILURES} more; `report.html` and `report.json` have them all."
        yield ""


def _failure(result: Result, run: Run) -> Iterator[str]:
    requirement = result.requirement
    word = "failed" if result.outcome is Outcome.FAILED else "could not be judged"
    name, operation = in_html(requirement.id), in_html(result.operation)
    about = f"<code>{name}</code> · <code>{operation}</code>"
    yield f"<details><summary><b>{word}</b> {about}</summary>"
    yield ""
    yield f"{requirement.level}: {prose(requirement.text)}"
    yield ""
    if result.outcome is Outcome.ERROR:
        yield from _block("Could not be judged", result.reason)
    for failure in result.failures[:_FINDINGS]:
        yield from _evidence(failure)
    if len(result.failures) > _FINDINGS:
        yield f"… and {len(result.failures) - _FINDINGS} more findings."
        yield ""
    yield from _block("Judge it alone", repeat.one(requirement.id, result.operation, run), "sh")
    yield "</details>"
    yield ""


def _evidence(failure: Failure) -> Iterator[str]:
    if failure.curl:
        yield from _block("Request", failure.curl, "sh")
    yield from _block("Expected", failure.expected)
    yield from _block("Got", failure.actual)
    if failure.answer and failure.answer != failure.actual:
        yield from _block("Answer", failure.answer)


def _deviations(run: Run) -> Iterator[str]:
    known = [result for result in run.results if result.deviation]
    if known:
        yield "### Known deviations"
        yield ""
        for result in known:
            name = f"{code(result.requirement.id)} · {code(result.operation)}"
            yield f"- {name}: {code(result.deviation)}"
        yield ""
    if run.deviation_problems:
        yield "### Wrong in the list of known deviations"
        yield ""
        yield from (f"- {code(problem)}" for problem in run.deviation_problems)
        yield ""


def _skipped(run: Run) -> Iterator[str]:
    groups = untested(run)
    if not groups:
        return
    yield "### Not tested"
    yield ""
    for reason, results in groups.items():
        ids = dict.fromkeys(result.requirement.id for result in results)
        yield f"- {code(reason)}: {', '.join(code(name) for name in ids)}"
    yield ""


def _unjudged(run: Run) -> Iterator[str]:
    groups = unjudged(run)
    for kind, title in TITLES.items():
        found = {reason: entries for (of, reason), entries in groups.items() if of == kind}
        if not found:
            continue
        yield f"### {title}"
        yield ""
        for reason, entries in found.items():
            ids = dict.fromkeys(entry.requirement.id for entry in entries)
            yield f"- {code(reason)}: {', '.join(code(name) for name in ids)}"
        yield ""


def _leftovers(run: Run) -> Iterator[str]:
    if run.leftovers:
        yield "### Left on the server"
        yield ""
        yield "The verdict is not touched by this; delete it by hand or with `sweep`."
        yield ""
        yield from (f"- {code(leftover)}" for leftover in run.leftovers)
        yield ""


def _table(run: Run) -> Iterator[str]:
    operations = sorted({result.operation for result in run.results})
    covered = coverage.coverage(run)
    statuses = {one.operation: one for one in covered}
    yield "### Operations"
    yield ""
    if covered:
        yield coverage.sentence(covered)
        yield ""
    yield "| operation | passed | failed | skipped | error | statuses never seen |"
    yield "|---|--:|--:|--:|--:|---|"
    for operation in operations:
        counts = " | ".join(str(run.count(outcome, operation) or "") for outcome in Outcome)
        one = statuses.get(operation)
        never = [str(s) for s in one.documented if s not in one.met] if one is not None else []
        yield f"| {cell(operation)} | {counts} | {', '.join(never)} |"
    totals = " | ".join(f"**{run.count(outcome)}**" for outcome in Outcome)
    yield f"| **all** | {totals} | |"
    yield ""


def _times(run: Run) -> Iterator[str]:
    if not run.timings:
        return
    (_, _, *names), *rows = times(run)
    yield "### Milliseconds to answer"
    yield ""
    yield f"| operation | | {' | '.join(names)} |"
    yield f"|---|---|{'--:|' * len(names)}"
    for operation, *cells in rows:
        yield f"| {cell(operation)} | {' | '.join(prose(text) for text in cells)} |"
    yield ""


def code(text: str) -> str:
    """The text as a code span, whatever is in it."""
    shown = " ".join(visible(shortened(text, _LONGEST)).split()) or " "
    fence = _fence(shown, 1)
    space = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{space}{shown}{space}{fence}"


def cell(text: str) -> str:
    """The text as code in a table; a bar would end the cell even in a code span."""
    return f"<code>{prose(text).replace('|', '&#124;')}</code>"


def prose(text: str) -> str:
    """The text as text: nothing in it is read as Markdown or HTML."""
    shown = html.escape(" ".join(visible(shortened(text, _LONGEST)).split()))
    return re.sub(r"[\\`*_\[\]~@]", lambda found: f"&#{ord(found[0])};", shown)


def _block(title: str, text: str, language: str = "text") -> Iterator[str]:
    shown = visible(shortened(text, _LONGEST))
    fence = _fence(shown, 3)
    yield f"{title}:"
    yield ""
    yield f"{fence}{language}"
    yield shown
    yield fence
    yield ""


def _fence(text: str, least: int) -> str:
    """A row of backticks that the text does not hold."""
    longest = max((len(row) for row in re.findall("`+", text)), default=0)
    return "`" * max(least, longest + 1)
