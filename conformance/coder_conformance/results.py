"""What a run finds out: one result for each requirement and operation."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from .exchange import redact

if TYPE_CHECKING:
    from .catalogue import Requirement
    from .exchange import Exchange


class Outcome(StrEnum):
    """How a judgement ended.

    `failed` means that the server or the client is wrong, `error` that the suite could not judge.
    """

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    ERROR = "error"


class Mismatch(AssertionError):  # noqa: N818 -- a finding about the judged, not an error of the suite
    """A requirement is not met.

    Attributes:
        expected: What the requirement asks for.
        actual: What came instead.
        exchange: The request and answer that show it, where there is one.
    """

    def __init__(self, expected: str, actual: str, exchange: Exchange | None = None) -> None:
        self.expected = redact(expected)
        self.actual = redact(actual)
        self.exchange = exchange
        super().__init__(f"expected {self.expected}; got {self.actual}")


class CannotJudgeError(Exception):
    """The suite could not find out, through no proven fault of what it judges."""


@dataclass(slots=True)
class Failure:
    """Evidence of a failed requirement, ready to be shown."""

    expected: str
    actual: str
    curl: str = ""
    answer: str = ""


@dataclass(slots=True)
class Result:
    """One judgement.

    Attributes:
        requirement: What was judged.
        operation: The operationId that it was judged for.
        outcome: How it ended.
        seconds: How long it took.
        reason: Why it was skipped or could not be judged.
        failures: Evidence, for a failed one.
        checked: How many requests or examples stand behind it.
    """

    requirement: Requirement
    operation: str
    outcome: Outcome
    seconds: float = 0.0
    reason: str = ""
    failures: list[Failure] = field(default_factory=list[Failure])
    checked: int = 0


@dataclass(slots=True)
class Run:
    """Everything that the reports tell.

    Attributes:
        target: Address of the judged server.
        server_version: Version that the server states.
        seed: Seed of all generated data; the same seed sends the same data.
        started: When the run began, RFC 3339.
        results: The judgements.
        leftovers: What could not be deleted from the server, with the reason.
        trouble: Why the run as a whole is no verdict; empty when it is.
        seconds: How long the run took.
    """

    target: str
    server_version: str
    seed: int
    started: str
    results: list[Result] = field(default_factory=list[Result])
    leftovers: list[str] = field(default_factory=list[str])
    trouble: str = ""
    seconds: float = 0.0

    def count(self, outcome: Outcome, operation: str | None = None, role: str | None = None) -> int:
        """Number of results, optionally of one operation and one role."""
        return sum(
            result.outcome is outcome
            and operation in {None, result.operation}
            and role in {None, result.requirement.role}
            for result in self.results
        )

    @property
    def conformant(self) -> bool:
        """Whether everything that was judged is right and there was something to judge."""
        bad = self.count(Outcome.FAILED) + self.count(Outcome.ERROR)
        return not self.trouble and bad == 0 and self.count(Outcome.PASSED) > 0

    def verdict(self) -> str:
        """The run in one line."""
        counts = ", ".join(f"{self.count(outcome)} {outcome}" for outcome in Outcome)
        if self.trouble:
            return f"NO VERDICT: {self.trouble} ({counts})"
        if not self.conformant:
            return f"NOT CONFORMANT: {counts}"
        untested = self.count(Outcome.SKIPPED)
        limits = f", {untested} requirement(s) not tested" if untested else ""
        return f"CONFORMANT{limits}: {counts}"
