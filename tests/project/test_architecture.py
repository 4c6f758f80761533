"""The law of imports in ARCHITECTURE.md."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = {"coder_spec", "coder_generator", "coder_workspaces", "coder_conformance"}
SUITE = "conformance/coder_conformance"
REFERENCE = f"{SUITE}/reference"
CLIENT_TESTS = f"{SUITE}/suite/client"


def modules(folder: str) -> list[Path]:
    """The Python files below a folder."""
    return sorted((ROOT / folder).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Full names of everything that a file imports, wherever in it the import stands."""
    parts = path.relative_to(ROOT).with_suffix("").parts[1:]
    package = parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            where = ".".join([*base, *([node.module] if node.module else [])])
            yield where
            yield from (f"{where}.{alias.name}" for alias in node.names)


def breaches(folder: str, allowed: set[str], *, without: tuple[str, ...] = ()) -> list[str]:
    """Imports of our own packages below a folder that are not allowed there."""
    found: list[str] = []
    for path in modules(folder):
        name = path.relative_to(ROOT).as_posix()
        if name.startswith(without):
            continue
        for module in imported(path):
            ours = module.split(".")[0] in OURS
            if ours and not any(module == a or module.startswith(f"{a}.") for a in allowed):
                found.append(f"{name} imports {module}")
    return found


@pytest.mark.parametrize(
    ("folder", "allowed", "without"),
    [
        ("spec", {"coder_spec"}, ()),
        ("generator", {"coder_spec", "coder_generator", "coder_workspaces"}, ()),
        ("generated", {"coder_workspaces"}, ()),
        (SUITE, {"coder_spec", "coder_conformance"}, (REFERENCE, CLIENT_TESTS)),
        (CLIENT_TESTS, {"coder_spec", "coder_conformance", "coder_workspaces"}, ()),
        (REFERENCE, {"coder_spec", "coder_conformance.reference"}, ()),
    ],
)
def test_only_allowed_imports(folder: str, allowed: set[str], without: tuple[str, ...]) -> None:
    """Nothing imports what the table does not allow."""
    assert modules(folder)
    assert breaches(folder, allowed, without=without) == []


def test_the_generator_imports_the_client_only_in_its_runtime() -> None:
    """The runtime is part of the package that it is copied into; the generator proper is not."""
    runtime = "generator/coder_generator/runtime"
    allowed = {"coder_spec", "coder_generator"}
    assert breaches("generator", allowed, without=(runtime,)) == []
    assert breaches(runtime, {"coder_workspaces"}) == []


def test_the_suite_does_not_import_the_reference_server() -> None:
    """The suite knows the server by its address alone; the console scripts meet nowhere."""
    found = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in modules(SUITE)
        if not path.relative_to(ROOT).as_posix().startswith(REFERENCE)
        for module in imported(path)
        if module.startswith("coder_conformance.reference")
    ]
    assert found == []


def test_breaches_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check itself sees absolute, relative and nested imports."""
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    package = tmp_path / "generated" / "coder_workspaces"
    package.mkdir(parents=True)
    (package / "a.py").write_text("def f():\n    import coder_spec.files\n")
    (package / "b.py").write_text("from coder_conformance import wire\n")
    (package / "c.py").write_text("from . import a\nfrom .a import f\nimport json\n")
    assert breaches("generated", {"coder_workspaces"}) == [
        "generated/coder_workspaces/a.py imports coder_spec.files",
        "generated/coder_workspaces/b.py imports coder_conformance",
        "generated/coder_workspaces/b.py imports coder_conformance.wire",
    ]
