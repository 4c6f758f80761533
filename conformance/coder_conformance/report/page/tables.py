"""The tables: requirements by operation, operations with their statuses, and all results."""

from __future__ import annotations

from collections.abc import Iterator

from ...results import Result, Run, Unjudged
from ..coverage import Coverage, coverage, sentence
from ..text import times as table_of_times
from ..visible import in_html, shortened
from .markup import (
    KINDS,
    SKIPPED,
    TIMES,
    UNJUDGED,
    badge,
    broken_name,
    facts,
    kind,
    scrolled,
    section,
    sign,
)


def matrix(run: Run, numbers: dict[int, int]) -> str:
    """Requirements in rows, operations in columns, outcomes in cells.

    Args:
        run: The results.
        numbers: Number of each result, by its identity, for links.
    """
    operations = sorted({entry.operation for entry in run.entries})
    rows: dict[str, dict[str, Result | Unjudged]] = {}
    for result in run.entries:
        rows.setdefault(result.requirement.id, {})[result.operation] = result
    heads = "".join(
        f'<th scope="col" data-column="{in_html(name)}"><span>{broken_name(name)}</span></th>'
        for name in operations
    )
    body: list[str] = []
    subject = ""
    # What cannot be judged stands among its like.
    subjects = list(dict.fromkeys(name.partition("/")[0] for name in rows))
    for name in sorted(rows, key=lambda name: subjects.index(name.partition("/")[0])):
        found = rows[name]
        first = next(iter(found.values())).requirement
        if first.id.partition("/")[0] != subject:
            subject = first.id.partition("/")[0]
            body.append(
                f'<tr class="subject" data-subject><th colspan="{len(operations) + 1}" '
                f'scope="rowgroup">{in_html(subject)}</th></tr>'
            )
        cells = "".join(_cell(found.get(name), name, numbers) for name in operations)
        body.append(
            f'<tr data-row><th scope="row"><code>{in_html(first.id)}</code> '
            f'<span class="muted">{in_html(first.level)}</span>'
            f"<small>{in_html(first.text)}</small></th>{cells}</tr>"
        )
    table = (
        f'<table class="matrix"><thead><tr><th scope="col">Requirement</th>{heads}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table>"
    )
    legend = (
        f'<p class="legend">{" ".join(badge(one) for one in (*KINDS, *UNJUDGED))} '
        '<span class="muted">An empty cell: the requirement is not about the operation, or the '
        "run was not asked for it.</span></p>"
    )
    shown = scrolled(table, "Requirements by operation")
    return section("matrix", "Requirements by operation", [legend, shown])


def _cell(result: Result | Unjudged | None, operation: str, numbers: dict[int, int]) -> str:
    if result is None:
        return f'<td data-column="{in_html(operation)}"></td>'
    of = kind(result)
    if isinstance(result, Unjudged):
        return (
            f'<td class="{of.name}" data-column="{in_html(operation)}" {facts(result)}>'
            f'<a title="{in_html(shortened(result.reason, 300))}" href="#untested">{sign(of)}'
            f'<span class="word">{of.word}</span></a></td>'
        )
    number = numbers[id(result)]
    anchor = f"f{number}" if of.name in {"failed", "error", "known"} else f"r{number}"
    return (
        f'<td class="{of.name}" data-column="{in_html(operation)}" {facts(result)}>'
        f'<a href="#{anchor}">{sign(of)}<span class="word">{of.word}</span></a></td>'
    )


def operations(run: Run) -> str:
    """Each operation: outcomes, time, and which documented statuses were seen."""
    covered = coverage(run)
    statuses = {one.operation: one for one in covered}
    names = sorted({*statuses, *(result.operation for result in run.results)})
    body = "".join(_operation(run, name, statuses.get(name)) for name in names)
    heads = (
        _head("Operation", "text")
        + "".join(_head(of.word.capitalize(), "number") for of in KINDS)
        + _head("Seconds", "number")
        + '<th scope="col">Documented statuses, and how often each was seen</th>'
    )
    table = (
        f'<table class="operations" data-sortable><thead><tr>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )
    said = sentence(covered) if covered else "No server was judged, so no status was seen."
    return section(
        "operations",
        "Operations and statuses",
        [f"<p>{in_html(said)}</p>", scrolled(table, "Operations and statuses")],
    )


def _operation(run: Run, name: str, covered: Coverage | None) -> str:
    results = [result for result in run.results if result.operation == name]
    counts: list[str] = []
    for of in KINDS:
        number = sum(kind(result) is of for result in results)
        css = f"number {of.name if number else 'zero'}"
        counts.append(f'<td class="{css}" data-value="{number}">{number or "·"}</td>')
    seconds = sum(result.seconds for result in results)
    chips = "".join(_chips(covered)) if covered is not None else ""
    return (
        f'<tr data-operation-row="{in_html(name)}"><th scope="row"><code>{broken_name(name)}</code>'
        f"</th>{''.join(counts)}"
        f'<td class="number" data-value="{seconds:.3f}">{seconds:.2f}</td>'
        f'<td class="chips">{chips}</td></tr>'
    )


def _chips(covered: Coverage) -> Iterator[str]:
    for status in covered.documented:
        number = covered.seen.get(status, 0)
        if number:
            yield f'<span class="chip seen"><b>{status}</b> {TIMES}{number}</span> '
        else:
            yield f'<span class="chip never"><b>{status}</b> never</span> '
    for status in covered.undocumented:
        number = covered.seen[status]
        yield f'<span class="chip failed"><b>{status}</b> {TIMES}{number} undocumented</span> '


def times(run: Run) -> str:
    """How long answers took; empty where the run was not asked to judge that."""
    if not run.timings:
        return ""
    (_, _, *names), *rows = table_of_times(run)
    heads = _head("Operation", "text") + _head("When", "text")
    heads += "".join(_head(name, "number") for name in names)
    body = "".join(
        f'<tr data-operation-row="{in_html(operation)}"><th scope="row"><code>'
        f"{broken_name(operation)}</code></th><td>{in_html(when)}</td>"
        + "".join(
            f'<td class="number" data-value="{text if text != "-" else -1}">{in_html(text)}</td>'
            for text in cells
        )
        + "</tr>"
        for operation, when, *cells in rows
    )
    table = (
        f'<table class="times" data-sortable><thead><tr>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )
    hint = (
        '<p class="muted">Milliseconds within which so many of a hundred answers came, one request '
        "after the other or with several under way at once.</p>"
    )
    return section("times", "Milliseconds to answer", [hint, scrolled(table, "Times to answer")])


def results(run: Run, numbers: dict[int, int]) -> str:
    """Every judgement with its time, to be sorted and filtered."""
    body = "".join(_row(result, numbers[id(result)]) for result in run.results)
    heads = (
        "".join(
            _head(title, "text")
            for title in ("Requirement", "Operation", "Role", "Level", "Outcome")
        )
        + _head("Checked", "number")
        + _head("Seconds", "number")
    )
    table = (
        f'<table class="results" data-sortable><thead><tr>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )
    hint = (
        '<p class="muted">Checked: how many requests or examples stand behind a judgement.</p>'
        '<p class="none" data-nothing hidden>No result fits the filters.</p>'
    )
    return section(
        "results", "All results", [hint, scrolled(table, "All results")], len(run.results)
    )


def _row(result: Result, number: int) -> str:
    requirement, of = result.requirement, kind(result)
    rank = KINDS.index(of)
    shown = badge(of)
    if of.name in {"failed", "error", "known"}:
        shown = f'<a href="#f{number}">{shown}</a>'
    elif of is SKIPPED:
        shown += f' <span class="muted">{in_html(shortened(result.reason, 160))}</span>'
    return (
        f'<tr id="r{number}" data-counted {facts(result)}>'
        f'<th scope="row" title="{in_html(requirement.text)}">'
        f"<code>{in_html(requirement.id)}</code></th>"
        f"<td><code>{broken_name(result.operation)}</code></td><td>{in_html(requirement.role)}</td>"
        f'<td>{in_html(requirement.level)}</td><td data-value="{rank}">{shown}</td>'
        f'<td class="number" data-value="{result.checked}">{result.checked or "·"}</td>'
        f'<td class="number" data-value="{result.seconds:.4f}">{result.seconds:.2f}</td></tr>'
    )


def _head(title: str, sort: str) -> str:
    """A column head; the script makes a button of it."""
    return (
        f'<th scope="col" class="{"number" if sort == "number" else ""}" data-sort="{sort}">'
        f"{in_html(title)}</th>"
    )
