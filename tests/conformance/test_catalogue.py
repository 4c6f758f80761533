"""Requirements and tests belong together, and every documented status belongs to a requirement."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import coder_conformance
import coder_spec
from coder_conformance import catalogue
from coder_conformance.settings import Settings
from tests.conformance.faults.catalogue import ALL_FAULTS

SUITE = Path(coder_conformance.__file__).parent / "suite"


def named(tree: ast.AST) -> Iterator[str]:
    """The requirements that a module of tests names in its markers."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = node.func
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        value = node.args[0].value if isinstance(node.args[0], ast.Constant) else None
        if not isinstance(value, str):
            continue
        if name in {"requirement", "MARK"}:
            yield value
        elif name == "both":  # a test of either stream
            yield from (f"watch/{value}", f"watch-ws/{value}")


def test_each_requirement_has_a_test_and_each_test_a_requirement() -> None:
    """Only what says why it cannot be tested has no test."""
    judged: set[str] = set()
    for path in SUITE.rglob("test_*.py"):
        judged.update(named(ast.parse(path.read_text(encoding="utf-8"))))
    known = catalogue.load()
    testable = {name for name, entry in known.items() if not entry.untestable}
    assert judged == testable


def test_each_requirement_has_a_fault() -> None:
    """Every test can fail: the self-test knows a server or a client that breaks its requirement."""
    broken = {fault.requirement for fault in ALL_FAULTS}
    testable = {name for name, entry in catalogue.load().items() if not entry.untestable}
    assert testable - broken == set()


def test_each_documented_status_belongs_to_a_requirement() -> None:
    """Be it one that no test can bring about."""
    brought = {
        (operation, status)
        for entry in catalogue.load().values()
        for operation in entry.operations
        for status in entry.statuses
    }
    documented = {
        (operation.id, status)
        for operation in coder_spec.load().operations
        if operation.in_scope
        for status in operation.statuses
    }
    assert documented - brought == set()


def test_requirements_are_sentences() -> None:
    """One sentence each, in a file that is named for it or for its operation."""
    for entry in catalogue.load().values():
        assert entry.text.endswith("."), entry.id
        assert entry.text.count(". ") == 0, entry.id
        assert entry.operations, entry.id


def test_untestable_requirements_are_reported_and_not_judged() -> None:
    """They count for no verdict, and nobody can overlook them."""
    untestable = [entry for entry in catalogue.load().values() if entry.untestable]
    assert untestable
    contract, settings = coder_spec.load(), Settings()
    for entry in untestable:
        operation = contract.operation(entry.operations[0])
        assert not catalogue.chosen(entry, operation, settings, None)
        assert catalogue.wanted(entry, operation, settings, None)
