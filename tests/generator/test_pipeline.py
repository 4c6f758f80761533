"""The pipeline as a whole: deterministic, atomic, and watchful for drift."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

from coder_generator import models, package
from coder_generator.cli import main
from coder_generator.errors import GenerationError
from coder_generator.formatting import format_sources
from coder_generator.output import read_package
from coder_spec import load

from .conftest import Generate
from .contracts import write


def _run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "coder_generator", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_committed_client_is_what_the_contract_generates() -> None:
    """The client in the repository follows from the contract beside it, byte for byte."""
    run = _run("--check")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "up to date" in run.stdout


def test_runs_give_the_same_bytes(parts: dict[str, Any], tmp_path: Path) -> None:
    """Neither the hash seed, nor the place, nor the locale, nor the time changes a byte."""
    results: list[dict[str, bytes]] = []
    for seed, zone in (("0", "UTC"), ("4711", "Asia/Tokyo")):
        spec = write(parts, tmp_path / f"somewhere{seed}")
        out = tmp_path / f"out{seed}"
        run = _run("--spec", str(spec), "--out", str(out), PYTHONHASHSEED=seed, TZ=zone, LC_ALL="C")
        assert run.returncode == 0, run.stderr
        assert run.stderr == ""
        results.append(read_package(out / "coder_workspaces"))
    assert results[0] == results[1]
    assert not any(str(tmp_path).encode() in content for content in results[0].values())


def test_the_manifest_says_what_it_was_made_from(generate: Generate, parts: dict[str, Any]) -> None:
    """Contract and tools are recorded, times and places are not."""
    run = generate(parts)
    manifest = json.loads((run.package / package.MANIFEST).read_text())
    assert set(manifest) == {"contract", "tools"}
    assert manifest["contract"]["operations"] == 3
    assert manifest["contract"]["schemas"] == len(parts["schemas"])
    assert len(manifest["contract"]["digest"]) == 64
    assert set(manifest["tools"]) >= {"datamodel-code-generator", "openapi-python-client", "ruff"}


def test_a_second_run_writes_nothing(generate: Generate, parts: dict[str, Any]) -> None:
    """What is up to date is left alone, down to its time stamps."""
    run = generate(parts)
    before = {path: path.stat().st_mtime_ns for path in run.package.rglob("*.py")}
    again = generate(parts)
    assert again.status == 0
    assert "already up to date" in again.out
    assert before == {path: path.stat().st_mtime_ns for path in run.package.rglob("*.py")}


def test_check_finds_every_kind_of_drift(generate: Generate, parts: dict[str, Any]) -> None:
    """Edited, missing and extra files are each reported with their name."""
    run = generate(parts)
    assert generate(parts, "--check").status == 0
    (run.package / "errors.py").write_text("# edited\n")
    (run.package / "client.py").unlink()
    (run.package / "api" / "extra.py").write_text("")
    before = read_package(run.package)
    check = generate(parts, "--check")
    assert check.status == 1
    assert "changed: errors.py" in check.out
    assert "-# edited" in check.out
    assert "missing: client.py" in check.out
    assert "extra: api/extra.py" in check.out
    assert "3 files differ" in check.err
    assert read_package(run.package) == before


def test_check_finds_a_changed_contract(generate: Generate, parts: dict[str, Any]) -> None:
    """A contract that went on without the client is drift, too."""
    generate(parts)
    parts["schemas"]["Widget"]["properties"]["size"] = {"type": "integer"}
    check = generate(parts, "--check")
    assert check.status == 1
    assert "changed: models/widget.py" in check.out
    assert "+    size: int | None = None" in check.out


def test_check_without_a_package(generate: Generate, parts: dict[str, Any]) -> None:
    """A package that does not exist differs, and checking does not create it."""
    check = generate(parts, "--check")
    assert check.status == 1
    assert not check.package.exists()


def test_caches_are_no_drift(generate: Generate, parts: dict[str, Any]) -> None:
    """What the interpreter leaves behind is passed over."""
    run = generate(parts)
    (run.package / "__pycache__").mkdir()
    (run.package / "__pycache__" / "errors.cpython-311.pyc").write_bytes(b"x")
    assert generate(parts, "--check").status == 0


def test_a_failing_run_leaves_the_old_package(generate: Generate, parts: dict[str, Any]) -> None:
    """When the contract has become unusable, the last good client stays as it was."""
    run = generate(parts)
    before = read_package(run.package)
    parts["schemas"]["bad name"] = {"type": "object", "properties": {}}
    parts["schemas"]["Widget"]["properties"]["bad"] = {"$ref": "#/bad name"}
    failed = generate(parts)
    assert failed.status == 2
    assert read_package(run.package) == before
    assert _names(run.package.parent) == ["coder_workspaces"]


def test_a_failing_swap_restores_the_old_package(
    generate: Generate, parts: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even when the very last step fails, the old client is there again."""
    run = generate(parts)
    before = read_package(run.package)
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(28, "No space left on device")
        return rename(self, target)

    parts["schemas"]["Widget"]["properties"]["size"] = {"type": "integer"}
    monkeypatch.setattr(Path, "rename", failing)
    failed = generate(parts)
    assert failed.status == 2
    assert "No space left on device" in failed.err
    assert read_package(run.package) == before
    assert _names(run.package.parent) == ["coder_workspaces"]


def test_a_failing_write_leaves_the_old_package(
    generate: Generate, parts: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fills up in the middle leaves no half of a client."""
    run = generate(parts)
    before = read_package(run.package)
    write_bytes, written = Path.write_bytes, [0]

    def failing(self: Path, data: bytes) -> int:
        written[0] += 1
        if written[0] > 10:
            raise OSError(28, "No space left on device")
        return write_bytes(self, data)

    parts["schemas"]["Widget"]["properties"]["size"] = {"type": "integer"}
    monkeypatch.setattr(Path, "write_bytes", failing)
    assert generate(parts).status == 2
    assert written[0] == 11
    assert read_package(run.package) == before
    assert _names(run.package.parent) == ["coder_workspaces"]


def test_an_unwritable_target_is_one_sentence(
    generate: Generate, parts: dict[str, Any], tmp_path: Path
) -> None:
    """A target below a file cannot be written, and that is said."""
    blocker = tmp_path / "blocker"
    blocker.write_text("")
    failed = generate(parts, out=blocker / "out")
    assert failed.status == 2
    assert failed.err.count("\n") == 1
    assert "cannot be written" in failed.err


def test_needs_no_network(
    generate: Generate, parts: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Generating opens no connection."""

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("the generator opened a socket")

    monkeypatch.setattr(socket, "socket", forbidden)
    monkeypatch.setattr(socket, "create_connection", forbidden)
    assert generate(parts).status == 0


def test_the_own_contract_is_complete() -> None:
    """Every operation of the contract has a module and a method, every schema a model."""
    contract = load()
    files = package.build_package(contract)
    modules = [path for path in files if path.startswith("api/") and path.count("/") == 2]
    functions = [path for path in modules if not path.endswith("__init__.py")]
    assert len(functions) == len(contract.operations) == 37
    assert sum(operation.in_scope for operation in contract.operations) == 19
    models = [path for path in files if path.startswith("models/")]
    assert len(models) == len(contract.document["components"]["schemas"]) + 1


def test_help_and_bad_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    """The command explains itself, and refuses what it does not know."""
    with pytest.raises(SystemExit) as done:
        main(["--help"])
    assert done.value.code == 0
    assert "--check" in capsys.readouterr().out
    with pytest.raises(SystemExit) as failed:
        main(["--chek"])
    assert failed.value.code == 2


def test_a_fault_of_a_tool_is_one_sentence(
    generate: Generate, parts: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception inside a tool, or a warning of it, ends in one sentence as well."""

    def broken(*_: object, **__: object) -> None:
        warnings.warn("something is odd", stacklevel=1)

    monkeypatch.setattr(models, "generate", broken)
    failed = generate(parts)
    assert failed.status == 2
    assert "something is odd" in failed.err
    assert failed.err.count("\n") == 1


def test_broken_python_is_never_written() -> None:
    """Source that is no Python stops the run before anything is written."""
    with pytest.raises(GenerationError, match=r"api/broken\.py"):
        format_sources({"api/broken.py": "def broken(:\n"})
