"""Pieces of HTML that several sections are made of. All arguments are text and get escaped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ...results import Outcome, Result, Unjudged, Verdict
from ..visible import in_html, shortened

# Shown by the script in place of a list whose entries are all filtered away.
NOTHING = '<p class="none" data-empty hidden>Nothing here fits the filters.</p>'
# What a browser shows without trouble; report.json has the whole.
LONGEST = 20_000
_BRIEF = 600


@dataclass(frozen=True, slots=True)
class Kind:
    """One way for a judgement to end, as pages show it: never by colour alone.

    Attributes:
        name: Its name in class names and filters.
        symbol: Its sign.
        word: Its name in a cell.
        label: Its name in a heading.
    """

    name: str
    symbol: str
    word: str
    label: str


PASSED = Kind("passed", "✓", "pass", "Passed")
FAILED = Kind("failed", "✗", "fail", "Failed")
KNOWN = Kind("known", "≈", "known", "Known deviation")
ERROR = Kind("error", "!", "error", "Could not be judged")
SKIPPED = Kind("skipped", "\N{EN DASH}", "skip", "Not tested")
TIMES = "\N{MULTIPLICATION SIGN}"
UNTESTABLE = Kind("untestable", "⊘", "no test", "Cannot be tested")
INAPPLICABLE = Kind("inapplicable", "∅", "n/a", "Not applicable")
# What a judgement can end as, and what stands in place of one.
KINDS = (FAILED, ERROR, KNOWN, SKIPPED, PASSED)
UNJUDGED = (UNTESTABLE, INAPPLICABLE)

_OF = {
    Outcome.PASSED: PASSED,
    Outcome.FAILED: FAILED,
    Outcome.SKIPPED: SKIPPED,
    Outcome.ERROR: ERROR,
}
VERDICTS = {
    Verdict.CONFORMANT: PASSED,
    Verdict.KNOWN_DEVIATIONS: KNOWN,
    Verdict.PARTIAL: SKIPPED,
    Verdict.NON_CONFORMANT: FAILED,
    Verdict.INCONCLUSIVE: ERROR,
}


def kind(result: Result | Unjudged) -> Kind:
    """How a judgement ended, or why there is none."""
    if isinstance(result, Unjudged):
        return UNTESTABLE if result.kind == "untestable" else INAPPLICABLE
    return KNOWN if result.deviation else _OF[result.outcome]


def badge(of: Kind, text: str = "") -> str:
    """An outcome in a row of text."""
    return f'<span class="badge {of.name}">{sign(of)}{in_html(text or of.label)}</span>'


def sign(of: Kind) -> str:
    """The symbol, which says nothing that the word beside it does not."""
    return f'<span class="sign" aria-hidden="true">{of.symbol}</span>'


def facts(result: Result | Unjudged) -> str:
    """The attributes that the filters look at."""
    return (
        f'data-item data-role="{in_html(result.requirement.role)}" '
        f'data-outcome="{kind(result).name}" data-level="{in_html(result.requirement.level)}" '
        f'data-operation="{in_html(result.operation)}" '
        f'data-key="{in_html(result.requirement.id)} {in_html(result.operation)}"'
    )


def brief(text: str) -> str:
    """Text that belongs on a line or two."""
    return in_html(shortened(text, _BRIEF))


def block(text: str) -> str:
    """Text of many lines or of any length; what is cut off is said to be."""
    shown = in_html(shortened(text, LONGEST))
    return f'<pre tabindex="0">{shown}</pre>'


def command(text: str, what: str) -> str:
    """A command line with a button that copies it.

    Args:
        text: The command line.
        what: What is copied, for users who do not see where the button stands.
    """
    label = in_html(f"Copy {what}")
    return (
        f'<div class="command"><pre tabindex="0">{in_html(shortened(text, LONGEST))}</pre>'
        f'<button type="button" data-copy hidden aria-label="{label}">Copy</button></div>'
    )


def broken_name(operation: str) -> str:
    """An operationId that may wrap at its humps."""
    parts: list[str] = []
    for n, letter in enumerate(operation):
        if n and letter.isupper() and not operation[n - 1].isupper():
            parts.append("<wbr>")
        parts.append(in_html(letter))
    return "".join(parts)


def section(anchor: str, title: str, body: Iterable[str], count: int | None = None) -> str:
    """A section of the page."""
    number = f' <span class="count">{count}</span>' if count is not None else ""
    content = "\n".join(body)
    return (
        f'<section id="{in_html(anchor)}" aria-labelledby="{in_html(anchor)}-title">\n'
        f'<h2 id="{in_html(anchor)}-title">{in_html(title)}{number}</h2>\n{content}\n</section>'
    )


def scrolled(table: str, label: str) -> str:
    """A table that is scrolled by itself where it is wider than the page."""
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{in_html(label)}">'
        f"{table}</div>"
    )
