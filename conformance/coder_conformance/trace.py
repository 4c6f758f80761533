"""`python -m coder_conformance.trace`: every requirement has a test, every test a requirement.

It also compares the page of the documentation that lists them; `--write` writes that page.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pytest

import coder_spec

from . import catalogue, catalogue_page, runner
from .context import Context
from .plugin import SuitePlugin
from .report.progress import Silent
from .results import Run
from .settings import Settings, SettingsError

PAGE = Path(__file__).resolve().parents[2] / "docs" / "requirements.md"


class _Collected:
    """Notes which requirements the tests name."""

    def __init__(self) -> None:
        self.named: dict[str, list[str]] = {}

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Note the requirement of a test."""
        marker = item.get_closest_marker("requirement")
        if marker is not None:
            test = f"{item.path.stem}::{item.reportinfo()[2].partition('[')[0]}"
            self.named.setdefault(str(marker.args[0]), []).append(test)


def collected() -> dict[str, list[str]]:
    """The tests of each requirement.

    Raises:
        SettingsError: The suite cannot be collected.
    """
    requirements = catalogue.load()
    seen = _Collected()
    context = Context(
        Settings(profile="full"), coder_spec.load(), requirements, Run("none", "", 1, "")
    )
    code = pytest.main(
        [*runner.pytest_arguments(context.settings), "--collect-only"],
        plugins=[SuitePlugin(context, Silent()), seen],
    )
    if code not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
        name = pytest.ExitCode(code).name.lower()
        raise SettingsError(f"the suite cannot be collected ({name})")
    return seen.named


def problems(tests: dict[str, list[str]]) -> list[str]:
    """What is not traceable, one sentence each.

    Args:
        tests: The tests of each requirement.
    """
    found: list[str] = []
    requirements = catalogue.load()
    for requirement in requirements.values():
        tested = requirement.id in tests
        if not requirement.untestable and not tested:
            found.append(f"{requirement.id} has no test and does not say why")
        if requirement.untestable and tested:
            found.append(f"{requirement.id} is called untestable but has a test")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Say what is wrong; 0 when nothing is."""
    parser = argparse.ArgumentParser(
        prog="python -m coder_conformance.trace",
        description="Check that every requirement has a test and every test a requirement, and "
        f"that {PAGE.name} lists them.",
    )
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name} anew")
    given = parser.parse_args(arguments)
    try:
        tests = collected()
        found = problems(tests) or _page(tests, write=given.write)
    except (SettingsError, OSError) as error:
        found = [str(error)]
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


def _page(tests: dict[str, list[str]], *, write: bool) -> list[str]:
    """Write the page, or say that it is not what it would be."""
    content = catalogue_page.render(catalogue.load().values(), tests)
    if write:
        PAGE.write_text(content, encoding="utf-8", newline="\n")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != content:
        return [f"{PAGE} is out of date; run python -m coder_conformance.trace --write"]
    return []


if __name__ == "__main__":
    sys.exit(main())
