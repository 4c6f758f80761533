"""Failures, known deviations, what was not tested, and what was left behind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...results import Failure, Outcome, Result, Run, Unjudged
from .. import repeat
from ..text import TITLES, unexpected, unjudged, untested
from ..visible import in_html
from .difference import difference
from .markup import NOTHING, badge, block, brief, broken_name, command, facts, kind, section

# More findings of one requirement than this tell nothing new.
_FINDINGS = 10
# With more failures than this a list to choose from is of more use than all of them unfolded.
_UNFOLDED = 8


def failures(run: Run, numbers: dict[int, int]) -> str:
    """What failed or could not be judged.

    Args:
        run: The results.
        numbers: Number of each result, by its identity, for links.
    """
    bad = unexpected(run)
    if not bad:
        return section("failures", "Failures", ['<p class="none">Nothing failed.</p>'], 0)
    unfolded = len(bad) <= _UNFOLDED
    found = [_finding(result, run, numbers[id(result)], unfolded=unfolded) for result in bad]
    buttons = (
        '<p class="tools" hidden data-script><button type="button" data-unfold="true">Unfold all'
        '</button> <button type="button" data-unfold="false">Fold all</button></p>'
    )
    return section("failures", "Failures", [buttons, *found, NOTHING], len(bad))


def has_deviations(run: Run) -> bool:
    """Whether the page has a section on known deviations."""
    return bool(run.deviation_problems) or any(result.deviation for result in run.results)


def deviations(run: Run, numbers: dict[int, int]) -> str:
    """Failures that are known and accepted, and what is wrong with the list of them."""
    if not has_deviations(run):
        return ""
    known = [result for result in run.results if result.deviation]
    body: list[str] = []
    if run.deviation_problems:
        items = "".join(f"<li>{brief(problem)}</li>" for problem in run.deviation_problems)
        body.append(
            '<div class="note failed"><p>The list of known deviations is not right, and that '
            f"counts against the verdict:</p><ul>{items}</ul></div>"
        )
    body += [_finding(result, run, numbers[id(result)], unfolded=False) for result in known]
    body.append(NOTHING)
    return section("deviations", "Known deviations", body, len(known))


def _finding(result: Result, run: Run, number: int, *, unfolded: bool) -> str:
    requirement = result.requirement
    state = " open" if unfolded else ""
    body = "\n".join(_body(result, run))
    return (
        f'<details class="finding {kind(result).name}" id="f{number}" {facts(result)}{state}>\n'
        f"<summary>{badge(kind(result))} <code>{in_html(requirement.id)}</code> "
        f'<code class="operation">{broken_name(result.operation)}</code> '
        f'<span class="muted">{in_html(requirement.role)} · {in_html(requirement.level)}</span>'
        f'</summary>\n<div class="body">\n{body}\n</div>\n</details>'
    )


def _body(result: Result, run: Run) -> Iterator[str]:
    requirement = result.requirement
    yield f'<p class="requirement">{in_html(requirement.text)}</p>'
    if result.deviation:
        yield f'<p class="note known">Known and accepted: {brief(result.deviation)}</p>'
    if result.outcome is Outcome.ERROR:
        yield "<h3>Could not be judged</h3>" + block(result.reason)
    for failure in result.failures[:_FINDINGS]:
        yield _evidence(failure)
    if len(result.failures) > _FINDINGS:
        more = len(result.failures) - _FINDINGS
        yield f'<p class="muted">… and {more} more findings, which report.json has.</p>'
    yield "<h3>Judge it alone</h3>"
    yield command(repeat.one(requirement.id, result.operation, run), "the command")


def _evidence(failure: Failure) -> str:
    parts: list[str] = []
    if failure.curl:
        parts.append("<h3>Request</h3>" + command(failure.curl, "the request"))
    marked = difference(failure.expected, failure.actual)
    if marked is None:
        expected, actual = block(failure.expected), block(failure.actual)
    else:
        expected, actual = (f'<pre tabindex="0">{text}</pre>' for text in marked)
    parts.append(
        f'<div class="pair"><div><h3>Expected</h3>{expected}</div>'
        f"<div><h3>Got</h3>{actual}</div></div>"
    )
    if failure.answer and failure.answer != failure.actual:
        parts.append("<h3>Answer</h3>" + block(failure.answer))
    return f'<div class="evidence">{"".join(parts)}</div>'


def skipped(run: Run) -> str:
    """What was not tested, by reason, also what no test can judge and what does not apply."""
    groups = untested(run)
    body = [_group(reason, results) for reason, results in groups.items()]
    if not body:
        body = ['<p class="none">Everything that can be tested and was asked for was tested.</p>']
    others = unjudged(run)
    for of, title in TITLES.items():
        found = [_group(why, entries) for (one, why), entries in others.items() if one == of]
        if found:
            number = sum(entry.kind == of for entry in run.unjudged)
            body += [f'<h3>{in_html(title)} <span class="count">{number}</span></h3>', *found]
    count = sum(len(results) for results in groups.values()) + len(run.unjudged)
    if count:
        body.append(NOTHING)
    return section("untested", "Not tested", body, count)


def _group(reason: str, results: Sequence[Result | Unjudged]) -> str:
    rows = [
        f"<li {facts(result)}><code>{in_html(result.requirement.id)}</code> "
        f'<code class="operation">{broken_name(result.operation)}</code></li>'
        for result in results
    ]
    return (
        f'<details class="group" data-group><summary>{brief(reason)} '
        f'<span class="count">{len(results)}</span></summary><ul class="columns">'
        f"{''.join(rows)}</ul></details>"
    )


def leftovers(run: Run) -> str:
    """What could not be deleted from the server."""
    if not run.leftovers:
        said = "The run created nothing."
        if run.created:
            kept = "--keep" in run.command.split()
            fate = "left them there, as it was told to" if kept else "deleted them all"
            said = f"The run created {run.created} workspaces and {fate}."
        return section("leftovers", "Left on the server", [f'<p class="none">{said}</p>'], 0)
    items = "".join(f"<li>{brief(leftover)}</li>" for leftover in run.leftovers)
    hint = (
        "<p>The verdict is not touched by this. Delete it by hand, or with "
        "<code>coder-conformance sweep</code>.</p>"
    )
    body = [hint, f'<ul class="leftovers">{items}</ul>']
    return section("leftovers", "Left on the server", body, len(run.leftovers))
