from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "conformance" / "coder_conformance" / "reference" / "README.md"
HEADING = "| the original's behaviour | requirement | test |"


def rows() -> list[tuple[str, str, str]]:
    """Return the lines of the table that says what is tested where."""
    text = README.read_text(encoding="utf-8")
    table = text.partition(HEADING)[2].partition("\n\n")[0].strip().splitlines()[1:]
    found: list[tuple[str, str, str]] = []
    for line in table:
        _, what, requirement, test, _ = line.split("|")
        found.append((what.strip(), requirement, test))
    return found


def names(cell: str) -> list[str]:
    """Return what stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)


@cache
def functions(file: str) -> frozenset[str]:
    """Return the names of the functions in a file of these tests."""
    tree = ast.parse((Path(__file__).parent / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@cache
def requirements() -> frozenset[str]:
    """Return the ids of all requirements."""
    found: set[str] = set()
    for path in (ROOT / "spec" / "requirements").glob("*.yaml"):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        found |= {entry["id"] for entry in content["requirements"]}
    return frozenset(found)


def test_there_is_a_table() -> None:
    """The README has the table, and no line of it twice."""
    whats = [what for what, _, _ in rows()]
    assert len(whats) > 80
    assert len(set(whats)) == len(whats)


@pytest.mark.parametrize(("what", "requirement", "test"), rows())
def test_every_line_names_what_exists(what: str, requirement: str, test: str) -> None:
    """Each behaviour names at least one test, and all tests and requirements there are."""
    assert names(test), what
    for name in names(test):
        file, _, function = name.partition("::")
        assert function in functions(file), name
    missing = [name for name in names(requirement) if name not in requirements()]
    assert missing == []
