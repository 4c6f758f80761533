"""`python -m coder_conformance.trace`: every requirement has a test, every test a requirement."""

from __future__ import annotations

import sys

import pytest

import coder_spec

from . import catalogue, runner
from .context import Context
from .plugin import SuitePlugin
from .report.progress import Silent
from .results import Run
from .settings import Settings


class _Collected:
    """Notes which requirements the tests name."""

    def __init__(self) -> None:
        self.named: set[str] = set()

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Note the requirement of a test."""
        marker = item.get_closest_marker("requirement")
        if marker is not None:
            self.named.add(str(marker.args[0]))


def problems() -> list[str]:
    """What is not traceable, one sentence each."""
    requirements = catalogue.load()
    collected = _Collected()
    context = Context(
        Settings(profile="full"), coder_spec.load(), requirements, Run("none", "", 1, "")
    )
    code = pytest.main(
        [*runner.pytest_arguments(context.settings), "--collect-only"],
        plugins=[SuitePlugin(context, Silent()), collected],
    )
    if code not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
        return [f"the suite cannot be collected ({pytest.ExitCode(code).name.lower()})"]
    found: list[str] = []
    for requirement in requirements.values():
        tested = requirement.id in collected.named
        if not requirement.untestable and not tested:
            found.append(f"{requirement.id} has no test and does not say why")
        if requirement.untestable and tested:
            found.append(f"{requirement.id} is called untestable but has a test")
    return found


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
