"""Formats generated sources with ruff."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from ruff import find_ruff_bin  # type: ignore[import-untyped] # pyright: ignore[reportMissingTypeStubs] -- ships no types

from coder_generator.errors import GenerationError

_LENGTH = "100"
# Only what generated code needs: sorted imports, none unused, one style of quotes and blank lines.
_RULES = "F401,I"


def format_sources(sources: dict[str, str]) -> dict[str, str]:
    """Return the sources formatted.

    Args:
        sources: Source by path below the package.

    Raises:
        GenerationError: A source is no valid Python, which is a fault of the generator.
    """
    with tempfile.TemporaryDirectory(prefix="coder-generator-") as folder:
        root = Path(folder) / "coder_workspaces"
        for path, source in sources.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(source, encoding="utf-8", newline="\n")
        _ruff(root, "check", "--select", _RULES, "--fix", "--quiet")
        _ruff(root, "format", "--quiet")
        return {path: (root / path).read_text(encoding="utf-8") for path in sources}


def _ruff(root: Path, command: str, *options: str) -> None:
    run = subprocess.run(  # noqa: S603 - our own tool with fixed arguments
        [
            find_ruff_bin(),
            command,
            "--isolated",
            "--no-cache",
            "--line-length",
            _LENGTH,
            "--target-version",
            "py311",
            *options,
            str(root),
        ],
        cwd=root.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode != 0:
        said = (run.stdout.strip() or run.stderr.strip()).replace(f"{root.parent}/", "")
        first = " ".join(said.splitlines()[:4])
        raise GenerationError(
            f"Formatting the generated code failed ({first}); this is a fault of the generator or "
            "of a text in the contract."
        )
