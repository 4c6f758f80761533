"""`python -m coder_conformance.trace`: every requirement has a test, every test a requirement."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

from . import catalogue
from .report.explain import all_tests

_ID = re.compile(r"[a-z-]+/[a-z0-9-]+")


def problems() -> list[str]:
    """What is not traceable, one sentence each."""
    requirements = catalogue.load()
    tests = all_tests()
    found = [
        f"{requirement.id} has no test and does not say why"
        for requirement in requirements.values()
        if not requirement.untestable and requirement.id not in tests
    ]
    found += [
        f"{requirement.id} is called untestable but has a test"
        for requirement in requirements.values()
        if requirement.untestable and requirement.id in tests
    ]
    for path in sorted((Path(__file__).parent / "suite").rglob("test_*.py")):
        named = _marked(path)
        found += [
            f"{path.name} names {name}, which is not catalogued"
            for name in sorted(named - requirements.keys())
        ]
    return found


def _marked(path: Path) -> set[str]:
    """The ids in markers of a file: arguments of calls that name a requirement."""
    calls = (
        n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Call)
    )
    return {
        argument.value
        for call in calls
        if ast.unparse(call.func).rsplit(".", 1)[-1] in {"requirement", "MARK"}
        for argument in call.args
        if isinstance(argument, ast.Constant)
        and isinstance(argument.value, str)
        and _ID.fullmatch(argument.value)
    }


def main() -> int:
    """Say what is wrong; 0 when nothing is."""
    found = problems()
    for problem in found:
        print(problem, file=sys.stderr)
    if found:
        return 1
    requirements = catalogue.load().values()
    without = sum(bool(requirement.untestable) for requirement in requirements)
    print(
        f"The catalogue is traceable: {len(requirements)} requirements, {without} of them "
        "untestable over HTTP, each with its reason."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
