"""The page of the documentation that lists all requirements with their tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

import coder_spec

from .catalogue import Requirement
from .report.markdown import code, prose

_HEAD = """\
# Requirements

<!-- Written by `python -m coder_conformance.trace --write`; edit spec/requirements/ instead. -->

What `coder-conformance` judges servers and clients by: each requirement with how binding it is, the
operations that it is about and the tests that judge it. `coder-conformance explain ID` tells more
of one, and `coder-conformance run --only ID` judges it alone.

A test stands in the module of `coder_conformance/suite/` that is named before it. *Needs* names
what a server or a run must have, since the requirement says nothing of others.
"""
_NEWER = "Nothing is judged for operations that a server is too old for: {}.\n"


def render(requirements: Iterable[Requirement], tests: Mapping[str, Iterable[str]]) -> str:
    """The page, in Markdown.

    Args:
        requirements: All requirements.
        tests: The tests of each, by its id, as `module::function`.
    """
    known = sorted(requirements, key=_subject)
    newer = [
        f"{code(operation.id)} is there {operation.versions}"
        for operation in coder_spec.load().operations
        if operation.in_scope and str(operation.versions)
    ]
    parts = [_HEAD, *([_NEWER.format(", ".join(newer))] if newer else []), *_numbers(known)]
    for subject, group in groupby(known, key=_subject):
        parts += [
            "",
            f"## {subject}",
            "",
            "| requirement | level | operations | tests |",
            "|---|---|---|---|",
            *(_row(entry, sorted(set(tests.get(entry.id, ())))) for entry in group),
        ]
    return "\n".join(parts) + "\n"


def _subject(entry: Requirement) -> str:
    return entry.id.partition("/")[0]


def _numbers(known: list[Requirement]) -> Iterator[str]:
    yield "| | MUST | SHOULD | MAY | cannot be tested |"
    yield "|---|--:|--:|--:|--:|"
    for role in ("server", "client"):
        entries = [entry for entry in known if entry.role == role]
        numbers = [
            sum(entry.level == level for entry in entries) for level in ("MUST", "SHOULD", "MAY")
        ]
        numbers.append(sum(bool(entry.untestable) for entry in entries))
        yield f"| {role}s | {' | '.join(str(number) for number in numbers)} |"


def _row(entry: Requirement, tests: list[str]) -> str:
    about = [f"{code(entry.id)}<br>{prose(entry.text)}"]
    if entry.features:
        about.append(f"*Needs* {', '.join(code(name) for name in entry.features)}.")
    if str(entry.versions):
        about.append(f"Servers {entry.versions}.")
    if entry.full:
        about.append("Only in the profile `full`.")
    if entry.untestable:
        judged = f"none: {prose(entry.untestable)}"
    else:
        judged = "<br>".join(code(test) for test in tests)
    cells = ("<br>".join(about), entry.level, _operations(entry), judged)
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


def _operations(entry: Requirement) -> str:
    total = sum(operation.in_scope for operation in coder_spec.load().operations)
    if len(entry.operations) == total:
        return f"all {total}"
    return "<br>".join(code(name) for name in entry.operations)
