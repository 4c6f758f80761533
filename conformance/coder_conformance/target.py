"""The server that is judged: the embedded reference server, or one that already runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .results import CannotJudgeError
from .settings import Settings


@dataclass(frozen=True, slots=True)
class Login:
    """What a user signs in with."""

    email: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Target:
    """A server and the users that the suite knows there.

    Attributes:
        url: Address without `/api/v2`.
        token: Session token of the user that the suite works as.
        other_token: Session token of a second, ordinary user, or empty.
        embedded: Whether it is the embedded reference server.
        login: How the second user signs in, where that is known.
    """

    url: str
    token: str = field(repr=False)
    other_token: str = field(repr=False)
    embedded: bool
    login: Login | None = None


@contextmanager
def target(settings: Settings) -> Generator[Target]:
    """The server to judge; an embedded one is stopped afterwards.

    Raises:
        CannotJudgeError: The embedded server did not start.
    """
    if settings.url is not None:
        yield Target(settings.url, settings.token, settings.other_token, embedded=False)
        return
    with tempfile.TemporaryDirectory(prefix="coder-conformance-") as folder:
        ready = Path(folder) / "ready.json"
        log = Path(folder) / "server.log"
        with log.open("wb") as output:
            process = _start(ready, output.fileno())
        try:
            yield _await(process, ready, log, settings.timeouts.start)
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _start(ready: Path, output: int) -> subprocess.Popen[bytes]:
    command = [
        sys.executable, "-m", "coder_conformance.reference",
        "--host", "127.0.0.1", "--port", "0",
        "--ready-file", str(ready),
        "--build-seconds", "0.15",
        "--allow-renames",
        "--experiment", "workspace-sharing",
        "--experiment", "workspace-usage",
    ]  # fmt: skip
    # A session of its own: Ctrl-C is for the suite, which needs the server to clean up.
    return subprocess.Popen(  # noqa: S603 -- our own module
        command, stdout=output, stderr=output, env=os.environ.copy(), start_new_session=True
    )


def _await(process: subprocess.Popen[bytes], ready: Path, log: Path, limit: float) -> Target:
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        if ready.exists():
            facts = json.loads(ready.read_text(encoding="utf-8"))
            owner, member = facts["owner"], facts["member"]
            login = Login(member["email"], member["password"])
            return Target(facts["url"], owner["token"], member["token"], embedded=True, login=login)
        if process.poll() is not None:
            break
        time.sleep(0.02)
    said = log.read_text(encoding="utf-8", errors="replace").strip()[-600:] or "it said nothing"
    raise CannotJudgeError(f"the embedded reference server did not start: {said}")
