"""Writes the package in one step, or compares it with what is there."""

from __future__ import annotations

import difflib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from coder_generator.errors import GenerationError

_LINES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Difference:
    """A file that is not as it should be.

    Attributes:
        path: Path below the package.
        kind: ``changed``, ``missing`` or ``extra``.
        lines: The first lines of the difference; from what is there to what should be.
        more: Number of further lines.
    """

    path: str
    kind: str
    lines: tuple[str, ...] = ()
    more: int = 0

    def __str__(self) -> str:
        text = f"{self.kind}: {self.path}"
        if self.lines:
            text += "\n" + "\n".join(f"    {line}" for line in self.lines)
        if self.more:
            text += f"\n    … and {self.more} more lines"
        return text


def read_package(folder: Path) -> dict[str, bytes]:
    """Read what is there; caches of the interpreter are passed over."""
    if not folder.is_dir():
        return {}
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def compare(expected: dict[str, bytes], folder: Path) -> list[Difference]:
    """Compare a package with a folder, file by file."""
    present = read_package(folder)
    differences: list[Difference] = []
    for path in sorted(expected.keys() | present.keys()):
        if path not in present:
            differences.append(Difference(path, "missing"))
        elif path not in expected:
            differences.append(Difference(path, "extra"))
        elif present[path] != expected[path]:
            differences.append(_changed(path, present[path], expected[path]))
    return differences


def _changed(path: str, present: bytes, expected: bytes) -> Difference:
    lines = list(
        difflib.unified_diff(
            present.decode(errors="replace").splitlines(),
            expected.decode(errors="replace").splitlines(),
            "there",
            "generated",
            n=1,
            lineterm="",
        )
    )
    return Difference(
        path, "changed", tuple(lines[:_LINES_SHOWN]), max(0, len(lines) - _LINES_SHOWN)
    )


def write_package(files: dict[str, bytes], folder: Path) -> bool:
    """Put a package in the place of a folder.

    The new files are complete beside the old ones before they take their place, so that nobody
    ever sees a mixture, and whatever fails leaves the old ones as they are.

    Returns:
        Whether anything had to be written.

    Raises:
        GenerationError: The folder cannot be written.
    """
    try:
        if not compare(files, folder):
            return False
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
            new, old = Path(scratch) / "new", Path(scratch) / "old"
            for path, content in files.items():
                target = new / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            _swap(new, folder, old)
    except OSError as error:
        raise GenerationError(
            f"The folder {folder} cannot be written ({error.strerror or error}); check its "
            "permissions and the space left."
        ) from error
    return True


def _swap(new: Path, folder: Path, old: Path) -> None:
    had_one = folder.exists()
    if had_one:
        folder.rename(old)
    try:
        new.rename(folder)
    except OSError:
        if had_one:
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)
