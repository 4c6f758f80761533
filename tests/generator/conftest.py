from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from coder_generator.cli import main

from .contracts import contract, write


@dataclass
class Outcome:
    """What one run of the generator did.

    Attributes:
        status: Exit status.
        out: Standard output.
        err: Standard error.
        package: Folder of the package, which need not exist.
    """

    status: int
    out: str
    err: str
    package: Path


Generate = Callable[..., Outcome]


@pytest.fixture
def parts() -> dict[str, Any]:
    """A small contract, to be changed."""
    return contract()


@pytest.fixture
def generate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Generate:
    """Run the generator on a contract."""
    runs: list[Path] = []

    def run(parts: dict[str, Any], *options: str, out: Path | None = None) -> Outcome:
        # A folder of its own for each contract, since contracts are cached by folder.
        spec = write(parts, tmp_path / f"spec{len(runs)}")
        runs.append(spec)
        target = out or tmp_path / "out"
        status = main(["--spec", str(spec), "--out", str(target), *options])
        captured = capsys.readouterr()
        return Outcome(status, captured.out, captured.err, target / "coder_workspaces")

    return run
