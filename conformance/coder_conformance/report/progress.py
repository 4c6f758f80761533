"""What a run shows while it goes on: a bar on a terminal, plain lines everywhere else."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, TextIO

from ..results import Outcome
from .visible import shortened, visible

if TYPE_CHECKING:
    from ..catalogue import Requirement
    from ..results import Result

_MARKS = {Outcome.PASSED: ".", Outcome.FAILED: "F", Outcome.SKIPPED: "s", Outcome.ERROR: "E"}


class Progress(Protocol):
    """Is told what a run does, in this order: notes, started, (judging, judged)…, finished."""

    def note(self, text: str) -> None:
        """Something to read before the judging begins, in whole lines."""
        ...

    def started(self, total: int) -> None:
        """The judging begins, with this many tests."""
        ...

    def judging(self, requirement: Requirement, operation: str) -> None:
        """A test begins."""
        ...

    def judged(self, outcome: Outcome, result: Result) -> None:
        """A test ended so; the result is what all tests of the pair have found so far."""
        ...

    def finished(self) -> None:
        """The judging ended or was given up; the last call, perhaps the only one."""
        ...


def to(stream: TextIO | None) -> Progress:
    """The progress that fits a stream, which is None where it was closed.

    The stream is written to through a descriptor of its own, because pytest takes the usual one
    away while a test runs. What has no descriptor is written to as it is.
    """
    if stream is None:
        return Silent()
    try:
        number = os.dup(stream.fileno())
        own = os.fdopen(number, "w", encoding=stream.encoding, errors="backslashreplace")
    except (OSError, ValueError):
        return Lines(stream)
    if own.isatty() and os.environ.get("TERM", "dumb") != "dumb":
        # Imported late: it is of no use where nobody watches.
        from .bar import Bar  # noqa: PLC0415

        return Bar(own)
    return Lines(own, close=True)


class Silent:
    """Says nothing, where something else does the telling."""

    def note(self, text: str) -> None:
        """Say nothing."""

    def started(self, total: int) -> None:
        """Say nothing."""

    def judging(self, requirement: Requirement, operation: str) -> None:
        """Say nothing."""

    def judged(self, outcome: Outcome, result: Result) -> None:
        """Say nothing."""

    def finished(self) -> None:
        """Say nothing."""


class Lines:
    """One line for each requirement, with a mark for each of its tests.

    Args:
        stream: Where the lines go.
        close: Whether to close it in the end.
    """

    def __init__(self, stream: TextIO, *, close: bool = False) -> None:
        self._stream = stream
        self._close = close
        self._shown = ""
        self._is_heard = True

    def note(self, text: str) -> None:
        """Write it as it is."""
        self._say(text if text.endswith("\n") else f"{text}\n")

    def started(self, total: int) -> None:
        """Say how much there is to do."""
        self._say(f"{total} tests; . passed, F failed, s skipped, E could not be judged")

    def judging(
        self,
        requirement: Requirement,
        operation: str,  # noqa: ARG002 -- of no use here, part of the protocol
    ) -> None:
        """Begin the requirement's line, so that one that hangs can be seen."""
        if self._shown != requirement.id:
            self._shown = requirement.id
            self._say(f"\n  {requirement.id:<46} ")

    def judged(
        self,
        outcome: Outcome,
        result: Result,  # noqa: ARG002 -- likewise
    ) -> None:
        """Add a mark."""
        self._say(_MARKS[outcome])

    def finished(self) -> None:
        """End the last line; nothing can be shown any more."""
        self._say("\n")
        if self._close:
            with suppress(OSError):
                self._stream.close()

    def _say(self, text: str) -> None:
        """Write it, unless nobody reads any more: that is no reason to end a run."""
        if self._is_heard:
            try:
                self._stream.write(text)
                self._stream.flush()
            except OSError:
                self._is_heard = False


def headline(outcome: Outcome, result: Result) -> str:
    """What went wrong, in one line."""
    said = result.reason
    if outcome is Outcome.FAILED and result.failures:
        failure = result.failures[-1]
        said = f"expected {failure.expected}; got {failure.actual}"
    line = " ".join(visible(said).split())
    return f"{outcome.upper()} {result.requirement.id} · {result.operation}: {shortened(line, 300)}"
