"""The page about several runs: each a column, each judgement a row."""

from __future__ import annotations

from ...results import Result, Run
from ..compare import Key, by_key
from ..visible import in_html
from .filters import filters
from .markup import VERDICTS, badge, brief, broken_name, facts, kind, scrolled, section, sign
from .shell import document


def render(runs: list[tuple[str, Run]]) -> str:
    """The runs side by side as one self-contained HTML page.

    Args:
        runs: Name and content of each report, in the order of the columns.
    """
    tables = [by_key(run) for _, run in runs]
    keys = list(dict.fromkeys(key for table in tables for key in table))
    rows: list[str] = []
    differing = 0
    subject = ""
    for key in sorted(keys):
        if key[0].partition("/")[0] != subject:
            subject = key[0].partition("/")[0]
            rows.append(
                f'<tr class="subject" data-subject><th colspan="{len(runs) + 1}" scope="rowgroup">'
                f"{in_html(subject)}</th></tr>"
            )
        found = [table.get(key) for table in tables]
        kinds = {kind(result).name if result is not None else "" for result in found}
        differing += len(kinds) > 1
        rows.append(_row(key, found, same=len(kinds) == 1))
    heads = "".join(_column(name, run) for name, run in runs)
    table = (
        '<table class="matrix runs"><thead><tr><th scope="col">Requirement and operation</th>'
        f"{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )
    title = f"{len(runs)} runs compared"
    toggle = (
        '<button type="button" data-differing aria-pressed="false">Only what differs '
        f'<span class="count">{differing}</span></button>'
    )
    everything = [result for _, run in runs for result in run.results]
    nothing = '<p class="none" data-nothing hidden>No judgement fits the filters.</p>'
    hint = '<p class="muted">An empty cell: this run did not judge it.</p>'
    header = (
        '<header class="top skipped"><p class="what">Conformance to the Coder Workspaces API'
        f"</p><h1>{in_html(title)}</h1></header>"
    )
    body = "\n".join(
        [
            '<a class="skip" href="#content">Skip to the comparison</a>',
            header,
            f'<div class="bar">{filters(everything, toggle)}</div>',
            '<main id="content" tabindex="-1">',
            section("matrix", "Judgements by run", [hint, nothing, scrolled(table, title)]),
            "</main>",
        ]
    )
    return document(title, body)


def _column(name: str, run: Run) -> str:
    shown = [run.server_version or "version not known", run.target, f"profile {run.profile}"]
    lines = "".join(f"<small>{brief(text)}</small>" for text in [*shown, run.started])
    verdict = badge(VERDICTS[run.verdict], run.verdict.value)
    return f'<th scope="col"><b>{brief(name)}</b>{verdict}{lines}</th>'


def _row(key: Key, found: list[Result | None], *, same: bool) -> str:
    requirement = next(result for result in found if result is not None).requirement
    cells = "".join(_cell(result) for result in found)
    mark = " data-same" if same else ""
    return (
        f'<tr data-row data-counted data-key="{in_html(" ".join(key))}"{mark}>'
        f'<th scope="row"><code>{in_html(key[0])}</code> '
        f'<code class="muted">{broken_name(key[1])}</code>'
        f"<small>{in_html(requirement.text)}</small></th>{cells}</tr>"
    )


def _cell(result: Result | None) -> str:
    if result is None:
        return "<td></td>"
    of = kind(result)
    said = result.reason or (result.failures[0].actual if result.failures else "")
    title = f' title="{in_html(said[:300])}"' if said else ""
    return (
        f'<td class="{of.name}" {facts(result)}><span class="cell"{title}>{sign(of)}'
        f'<span class="word">{of.word}</span></span></td>'
    )
