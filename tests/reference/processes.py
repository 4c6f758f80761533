"""Reference servers in processes of their own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-m", "coder_conformance.reference"]


class Process:
    """A server in a process of its own."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.ready_file = folder / "ready.json"
        self.ready_file.unlink(missing_ok=True)
        command = [*COMMAND, "--port", "0", "--ready-file", str(self.ready_file), *arguments]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def ready(self) -> dict[str, Any]:
        """Wait for the ready file and return its content."""
        deadline = time.monotonic() + 15
        while not self.ready_file.exists():
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < deadline, "not ready in time"
            time.sleep(0.01)
        content: dict[str, Any] = json.loads(self.ready_file.read_text())
        return content

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        """Send a signal and return exit code, output and error output."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=10)
        return self.process.returncode, out, err

    def kill(self) -> None:
        """End the process at once and forget its output."""
        self.process.kill()
        self.process.communicate()


def call(url: str, method: str, path: str, token: str, body: Any = None) -> Any:
    """Send a request and return the JSON of its answer."""
    request = urllib.request.Request(  # noqa: S310 - loopback
        f"{url}/api/v2{path}",
        method=method,
        headers={"Coder-Session-Token": token},
        data=None if body is None else json.dumps(body).encode(),
    )
    with urllib.request.urlopen(request, timeout=5) as response:  # noqa: S310 - loopback
        data = response.read()
    return json.loads(data) if data else None
