from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_short_attack() -> None:
    """Two thousand valid, broken and senseless requests: no 5xx, no exception, no memory lost.

    The long attack is ``python -m tests.reference.fuzz``.
    """
    command = [sys.executable, "-m", "tests.reference.fuzz", "--requests", "2000"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=110, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2,000 requests in" in done.stdout
    assert "server errors: 0" in done.stdout
