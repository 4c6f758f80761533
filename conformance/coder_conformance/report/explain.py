"""What one requirement is, how it is tested, and how to judge it alone."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import coder_spec

from .. import catalogue
from ..catalogue import Requirement
from ..results import Outcome, Run
from ..settings import SettingsError
from . import repeat
from .compare import KNOWN
from .text import TITLES
from .visible import shortened, visible

_SUITE = Path(__file__).resolve().parent.parent / "suite"
NO_PROMISE = "(no docstring)"


@dataclass(frozen=True, slots=True)
class Test:
    """A test of the suite.

    Attributes:
        name: Name of the function.
        path: Its file.
        line: Line that it begins at.
        promise: Its docstring.
    """

    name: str
    path: Path
    line: int
    promise: str


def explain(name: str, reports: list[tuple[str, Run]]) -> str:
    """Everything that there is to say about a requirement.

    Args:
        name: Its id.
        reports: Name and content of reports to look it up in.

    Raises:
        SettingsError: There is no such requirement.
    """
    requirements = catalogue.load()
    requirement = requirements.get(name)
    if requirement is None:
        close = get_close_matches(name, requirements, n=3, cutoff=0.6)
        hint = f"did you mean {' or '.join(close)}?" if close else "see coder-conformance list"
        raise SettingsError(f"{name!r} is no requirement; {hint}")
    lines = [*_about(requirement), *_tests(requirement)]
    lines += ["", "Judge it alone:", f"  {repeat.one(requirement.id)}"]
    for report, run in reports:
        lines += ["", *_found(report, run, requirement)]
    return "\n".join(lines)


def _about(requirement: Requirement) -> Iterator[str]:
    yield f"{requirement.id}  [{requirement.role}, {requirement.level}]"
    yield from textwrap.wrap(
        requirement.text, 96, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False
    )
    yield ""
    yield f"Operations ({len(requirement.operations)}):"
    shown = ", ".join(requirement.operations)
    yield from textwrap.wrap(shown, 96, initial_indent="  ", subsequent_indent="  ")
    yield f"Needs: {', '.join(requirement.features) or 'nothing in particular'}"
    if str(requirement.versions):
        yield f"Servers: {requirement.versions}"
    contract = coder_spec.load()
    for name in requirement.operations:
        if requirement.role == "server" and str(contract.operation(name).versions):
            yield f"Servers with {name}: {contract.operation(name).versions}"
    if requirement.untestable:
        yield f"Cannot be tested: {requirement.untestable}"
    yield f"Changes things on the server: {'yes' if requirement.writes else 'no'}"


def _tests(requirement: Requirement) -> Iterator[str]:
    for test in all_tests().get(requirement.id, []):
        yield ""
        yield f"Test: {test.path}:{test.line} {test.name}"
        yield textwrap.indent(test.promise, "  ")


def all_tests() -> dict[str, list[Test]]:
    """The tests by the requirement that they judge, found without running any of the suite."""
    found: dict[str, list[Test]] = {}
    for path in sorted(_SUITE.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                test = Test(node.name, path, node.lineno, ast.get_docstring(node) or NO_PROMISE)
                for requirement in _named(node):
                    found.setdefault(requirement, []).append(test)
    return found


def _named(function: ast.FunctionDef) -> Iterator[str]:
    """What a test's markers name; more than requirements, which does no harm."""
    for decorator in function.decorator_list:
        for node in ast.walk(decorator):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
                if "/" not in node.value:  # a test of either stream
                    yield from (f"watch/{node.value}", f"watch-ws/{node.value}")


def _found(report: str, run: Run, requirement: Requirement) -> Iterator[str]:
    results = [result for result in run.results if result.requirement.id == requirement.id]
    yield visible(f"In {report} ({run.target}, version {run.server_version or 'not known'}):")
    unjudged = [entry for entry in run.unjudged if entry.requirement.id == requirement.id]
    if not results and not unjudged:
        yield "  not judged"
    for entry in unjudged:
        yield visible(f"  {TITLES[entry.kind].lower()}: {entry.operation} ({entry.reason})")
    for outcome in Outcome:
        group = [result for result in results if result.outcome is outcome]
        if outcome is Outcome.PASSED and group:
            yield f"  passed for {len(group)} of {len(results)} operations"
            continue
        for result in group:
            standing = f"{KNOWN} ({result.deviation})" if result.deviation else outcome.value
            yield visible(f"  {standing}: {result.operation}")
            said = result.reason
            if result.failures and outcome is Outcome.FAILED:
                said = f"expected {result.failures[0].expected}; got {result.failures[0].actual}"
            if said:
                yield f"    {visible(shortened(' '.join(said.split()), 400))}"
