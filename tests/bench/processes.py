"""Servers in processes of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .measure import BenchError

_HERE = Path(__file__).parent
_STOP_SECONDS = 5


@contextmanager
def python(
    arguments: Sequence[str], environment: dict[str, str] | None = None
) -> Generator[subprocess.Popen[str]]:
    """Run the interpreter with ``arguments``; it is stopped at the end."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    with process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def server(script: str, body: Path) -> Generator[int]:
    """Run a server script of this folder that answers with ``body``; yields its port."""
    with python([str(_HERE / script), str(body)]) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.strip().isdigit():
            raise BenchError(f"{script} did not start")
        yield int(line)
