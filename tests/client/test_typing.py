"""The public interface is understood by three type checkers, which also find what is wrong."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

_FOLDER = Path(__file__).parent
_ROOT = _FOLDER.parents[1]
_SAMPLE = _FOLDER / "typing_sample.py"
_MISTAKES = _FOLDER / "typing_mistakes.py"

# Arguments of each checker, and where its messages have the number of the line.
_CHECKERS = {
    "mypy": (["--strict", "--no-error-summary", "--hide-error-context"], r":(\d+): error:"),
    "basedpyright": (["--level", "error"], r":(\d+):\d+ - error:"),
    "pyrefly": (["check", "--output-format", "min-text"], r"ERROR .*?:(\d+):\d+"),
}


def _errors(checker: str, file: Path) -> tuple[set[int], str]:
    """Return the lines that a checker objects to, and all that it says."""
    program = Path(sys.executable).with_name(checker)
    if not program.exists():
        # The matrix of Pythons installs the client alone, without the tools of the project.
        pytest.skip(f"{checker} is not installed here")
    arguments, pattern = _CHECKERS[checker]
    done = subprocess.run(
        [str(program), *arguments, str(file)],
        cwd=_ROOT,
        env=os.environ | {"NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    said = done.stdout + done.stderr
    lines = {int(found) for found in re.findall(pattern, said)}
    assert bool(lines) is (done.returncode != 0), said
    return lines, said


@pytest.mark.parametrize("checker", _CHECKERS)
def test_good_code_is_accepted(checker: str) -> None:
    """Code as users write it has the types that it asserts."""
    lines, said = _errors(checker, _SAMPLE)
    assert not lines, said


@pytest.mark.parametrize("checker", _CHECKERS)
def test_mistakes_are_found(checker: str) -> None:
    """Every mistake is found, and nothing else is taken for one."""
    source = _MISTAKES.read_text(encoding="utf-8").splitlines()
    marked = {number for number, line in enumerate(source, 1) if "# mistake" in line}
    assert len(marked) == 13
    lines, said = _errors(checker, _MISTAKES)
    assert lines == marked, said
