"""Runs of the suite that are stopped as soon as one requirement has failed."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_LINE = re.compile(r"  (?P<id>[a-z0-9-]+/[a-z0-9-]+) +[.FsE]+")
# Characters of the output that are kept, for saying why a run broke.
_KEPT = 4000
# For the deletion of what the run made.
_GOODBYE_SECONDS = 90


@dataclass
class Watched:
    """What a run showed while it went on.

    Attributes:
        wanted: The requirement that is waited for; empty for the whole run.
        failed: Seconds at which each requirement failed first, in this order.
        errors: The same for those that could not be judged.
        seconds: How long the run took, until it was stopped.
        status: Exit status, also of a run that was stopped.
        said: The end of what it said.
    """

    wanted: str
    failed: dict[str, float] = field(default_factory=dict[str, float])
    errors: dict[str, float] = field(default_factory=dict[str, float])
    seconds: float = 0.0
    status: int = 0
    said: str = ""

    @property
    def stopped(self) -> bool:
        """Whether what was waited for has come."""
        return self.wanted in self.failed


def watch(
    reports: Path, arguments: list[str], environment: dict[str, str], wanted: str, limit: float
) -> Watched:
    """Run the suite until a requirement has failed, or to its end.

    Args:
        reports: Folder for its reports.
        arguments: What to tell it.
        environment: Additional variables.
        wanted: The requirement.
        limit: Seconds after which it is stopped in any case.

    Raises:
        ValueError: It broke, or did not end.
    """
    command = [sys.executable, "-m", "coder_conformance", "run", f"--reports={reports}", *arguments]
    seen = Watched(wanted)
    started = time.monotonic()
    process = subprocess.Popen(
        command,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    with process:
        try:
            _follow(process, seen, started, limit)
            if process.poll() is None:
                # It deletes what it made. Ctrl-C would be ignored by what a shell started with &.
                process.terminate()
            said, _ = process.communicate(timeout=_GOODBYE_SECONDS)
        except subprocess.TimeoutExpired:
            raise ValueError(
                f"the run did not end {_GOODBYE_SECONDS} s after it was told to"
            ) from None
        finally:
            process.kill()
    seen.said = (seen.said + said.decode(errors="replace"))[-_KEPT:]
    seen.status = process.returncode
    if "Traceback (most" in seen.said or seen.status not in {0, 1, 3, 4, 5}:
        raise ValueError(f"exit status {seen.status}: {' '.join(seen.said.split())[-300:]}")
    return seen


class Marks:
    """Reads the marks of failed and errored tests off the plain progress."""

    def __init__(self) -> None:
        self._line = ""

    def feed(self, text: str) -> Iterator[tuple[str, str]]:
        """The requirement and the mark of each test in the next piece of output."""
        for character in text:
            self._line = "" if character == "\n" else self._line + character
            if character in "FE" and (match := _LINE.fullmatch(self._line)):
                yield match["id"], character


def _follow(process: subprocess.Popen[bytes], seen: Watched, started: float, limit: float) -> None:
    marks = Marks()
    for text, now in _pieces(process, started, limit):
        seen.said = (seen.said + text)[-_KEPT:]
        for requirement, mark in marks.feed(text):
            (seen.failed if mark == "F" else seen.errors).setdefault(requirement, now)
        seen.seconds = now
        if seen.stopped:
            return
    seen.seconds = time.monotonic() - started


def _pieces(
    process: subprocess.Popen[bytes], started: float, limit: float
) -> Iterator[tuple[str, float]]:
    assert process.stdout is not None
    while (left := started + limit - time.monotonic()) > 0:
        if not select.select([process.stdout], [], [], left)[0]:
            return
        piece = os.read(process.stdout.fileno(), 65_536)
        if not piece:
            return
        yield piece.decode(errors="replace"), time.monotonic() - started
