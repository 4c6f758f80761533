"""The server under attack, and what it has become of it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

OPTIONS = ["--build-seconds", "0.05", "--allow-renames"]
EXPERIMENTS = ["--experiment", "workspace-sharing", "--experiment", "workspace-usage"]


@dataclass
class Target:
    """A running server, and a tally of its answers.

    Attributes:
        host: Where it listens, as ``address:port``.
        token: Token of the owner.
        names: A real identifier for each path parameter of the contract.
        answers: How many answers there were, by kind of request and status.
        unanswered: Requests without an answer, by kind; raw garbage need not get one.
    """

    host: str
    token: str
    pid: int
    errors: Path
    names: dict[str, str] = field(default_factory=dict[str, str])
    answers: Counter[tuple[str, int]] = field(default_factory=Counter[tuple[str, int]])
    unanswered: Counter[str] = field(default_factory=Counter[str])
    failures: list[str] = field(default_factory=list[str])

    def count(self, kind: str, status: int, what: str) -> None:
        """Note an answer; one that blames the server is a failure."""
        self.answers[kind, status] += 1
        if status >= 500:
            self.failures.append(f"{status}: {what}"[:500])

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Send a proper request and return the JSON of its answer."""
        request = urllib.request.Request(
            f"http://{self.host}/api/v2{path}",
            method=method,
            headers={"Coder-Session-Token": self.token},
            data=None if body is None else json.dumps(body).encode(),
        )
        with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310 - loopback
            data = response.read()
        return json.loads(data) if data else None

    def refresh(self) -> None:
        """Make another workspace if the known one was deleted by some request."""
        workspace = self.names.get("workspace")
        path = f"/workspaces/{workspace}?include_deleted=true"
        if workspace and self.call("GET", path)["latest_build"]["transition"] != "delete":
            return
        template = self.call("GET", "/templates")[0]
        name = f"known-{time.monotonic_ns()}"
        body = {"name": name, "template_id": template["id"], "ttl_ms": 3_600_000}
        made = self.call("POST", "/users/me/workspaces", body)
        self.names = {
            "workspace": made["id"],
            "workspacebuild": made["latest_build"]["id"],
            "workspacename": name,
            "template": template["id"],
            "templateversion": template["active_version_id"],
            "organization": "default",
            "user": "me",
        }

    def memory(self) -> float:
        """Return how much memory the server has in use, in MiB."""
        command = ["ps", "-o", "rss=", "-p", str(self.pid)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return int(done.stdout) / 1024

    def records(self) -> int:
        """Return how many workspaces and builds of the known one there are, which is growth."""
        builds = self.call("GET", f"/workspaces/{self.names['workspace']}/builds")
        return int(self.call("GET", "/workspaces?limit=1")["count"]) + len(builds)

    def tracebacks(self) -> int:
        """Return how often the server logged an exception."""
        return self.errors.read_text(errors="replace").count("Traceback (most recent call last)")


@contextmanager
def running() -> Generator[Target]:
    """Start a server with a workspace in it and stop it at the end."""
    with TemporaryDirectory() as folder:
        ready, errors = Path(folder, "ready.json"), Path(folder, "errors.txt")
        command = [sys.executable, "-m", "coder_conformance.reference", "--port", "0"]
        command += ["--ready-file", str(ready), *OPTIONS, *EXPERIMENTS]
        with errors.open("w") as log:
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)
            try:
                yield _prepared(process, ready, errors)
            finally:
                process.terminate()
                process.wait(10)


def _prepared(process: subprocess.Popen[bytes], ready: Path, errors: Path) -> Target:
    deadline = time.monotonic() + 20
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the server did not start: {errors.read_text()}")
        time.sleep(0.02)
    content = json.loads(ready.read_text())
    host = content["url"].removeprefix("http://")
    target = Target(host, content["owner"]["token"], process.pid, errors)
    target.refresh()
    return target
