"""The report files of a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..results import Run
from . import form, junit, markdown
from .coverage import note_contract
from .page import run_page

# What each file is made by.
_FILES: dict[str, Callable[[Run], str]] = {
    "report.json": form.as_text,
    "junit.xml": junit.as_text,
    "report.md": markdown.render,
    "report.html": run_page.render,
}


def write(run: Run, folder: Path) -> list[Path]:
    """Write `report.json`, `junit.xml`, `report.md` and `report.html`; the files written.

    Raises:
        OSError: The folder cannot be written to.
    """
    note_contract(run)
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for name, render in _FILES.items():
        path = folder / name
        write_text(path, render(run))
        written.append(path)
    return written


def write_text(path: Path, text: str) -> None:
    """Write a file as a whole or not at all, so that no reader finds half of a report.

    Raises:
        OSError: It cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        # Only JSON can hold halves of surrogate pairs here, and has the same escape for them.
        part.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
