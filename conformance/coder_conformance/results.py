"""What a run finds out: one result for each requirement and operation."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

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
        if exchange is not None:
            self.add_note(f"request: {exchange.curl()}")


class DoesNotApplyError(Exception):
    """A requirement says nothing of this server; `str()` says why."""


class CannotJudgeError(Exception):
    """The suite could not find out, through no proven fault of what it judges."""


class NotThereError(CannotJudgeError):
    """A run that changes nothing did not find what a judgement needs, so that it is not tested."""


@dataclass(slots=True)
class Failure:
    """Evidence of a failed requirement, ready to be shown."""

    expected: str
    actual: str
    curl: str = ""
    answer: str = ""


class Verdict(StrEnum):
    """What a whole run says of what it judged."""

    CONFORMANT = "conformant"
    KNOWN_DEVIATIONS = "conformant with known deviations"
    PARTIAL = "partial"
    NON_CONFORMANT = "non-conformant"
    INCONCLUSIVE = "inconclusive"


# Exit status of each verdict; 2 is for wrong commands.
EXIT_STATUS = {
    Verdict.CONFORMANT: 0,
    Verdict.KNOWN_DEVIATIONS: 0,
    Verdict.NON_CONFORMANT: 1,
    Verdict.INCONCLUSIVE: 3,
    Verdict.PARTIAL: 4,
}
# Exit status of a run that is conformant and could not delete what it created.
LEFTOVERS_STATUS = 5


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
        deviation: Why this failure is known and accepted; empty when it is not.
    """

    requirement: Requirement
    operation: str
    outcome: Outcome
    seconds: float = 0.0
    reason: str = ""
    failures: list[Failure] = field(default_factory=list[Failure])
    checked: int = 0
    deviation: str = ""

    @property
    def counts_against(self) -> bool:
        """Whether it makes the judged non-conformant: a MUST that failed, and not as is known."""
        failed = self.outcome is Outcome.FAILED and self.requirement.level == "MUST"
        return failed and not self.deviation


@dataclass(frozen=True, slots=True)
class Unjudged:
    """A requirement that the run is about and that it does not judge; the verdict ignores it.

    Attributes:
        requirement: What is not judged.
        operation: The operationId that it is not judged for.
        kind: Whether no test can judge it, or it says nothing of this server.
        reason: Why.
    """

    requirement: Requirement
    operation: str
    kind: Literal["untestable", "not applicable"]
    reason: str


@dataclass(frozen=True, slots=True)
class Timing:
    """How long the answers of an operation took.

    Attributes:
        operation: The operationId.
        load: Whether many requests were under way at once.
        answers: How many answers were awaited.
        failed: How many of them failed.
        per_second: How many were awaited each second.
        percentiles: Milliseconds by percentile, of the answers that did not fail.
    """

    operation: str
    load: bool
    answers: int
    failed: int
    per_second: float
    percentiles: dict[int, float]


@dataclass(slots=True)
class Run:
    """Everything that the reports tell.

    Attributes:
        target: Address of the judged server.
        server_version: Version that the server states.
        seed: Seed of all generated data; the same seed sends the same data.
        started: When the run began, RFC 3339.
        profile: How far the run was allowed to go.
        features: What the server and the run have, by the names that requirements use.
        results: The judgements.
        timings: How long answers took, where the run was asked to judge that.
        statuses: For each operation how often each status was seen, over all requests.
        created: How many workspaces the run created.
        unjudged: What the run is about and cannot judge: no test can, or it does not apply.
        leftovers: What could not be deleted from the server, with the reason.
        deviation_problems: What is wrong with the list of known deviations.
        trouble: Why the run as a whole is no verdict; empty when it is.
        seconds: How long the run took.
        command: Command line that repeats the run, without tokens; empty when not known.
        contract: SHA-256 of the contract that was judged by.
        documented: For each operation the statuses that this contract documents.
    """

    target: str
    server_version: str
    seed: int
    started: str
    profile: str = "standard"
    features: list[str] = field(default_factory=list[str])
    results: list[Result] = field(default_factory=list[Result])
    statuses: dict[str, dict[int, int]] = field(default_factory=dict[str, dict[int, int]])
    timings: list[Timing] = field(default_factory=list[Timing])
    created: int = 0
    unjudged: list[Unjudged] = field(default_factory=list[Unjudged])
    leftovers: list[str] = field(default_factory=list[str])
    deviation_problems: list[str] = field(default_factory=list[str])
    trouble: str = ""
    seconds: float = 0.0
    command: str = ""
    contract: str = ""
    documented: dict[str, list[int]] = field(default_factory=dict[str, list[int]])

    @property
    def entries(self) -> list[Result | Unjudged]:
        """The judgements, and what cannot be judged."""
        return [*self.results, *self.unjudged]

    def count(self, outcome: Outcome, operation: str | None = None, role: str | None = None) -> int:
        """Number of results, optionally of one operation and one role."""
        return sum(
            result.outcome is outcome
            and operation in {None, result.operation}
            and role in {None, result.requirement.role}
            for result in self.results
        )

    @property
    def verdict(self) -> Verdict:
        """The verdict; the worst thing that was found decides."""
        if self.trouble or not self.count(Outcome.PASSED) + self.count(Outcome.FAILED):
            return Verdict.INCONCLUSIVE
        if self.deviation_problems or any(result.counts_against for result in self.results):
            return Verdict.NON_CONFORMANT
        musts = [r for r in self.results if r.requirement.level == "MUST"]
        if any(result.outcome is Outcome.ERROR for result in musts):
            return Verdict.INCONCLUSIVE
        if any(result.outcome is Outcome.SKIPPED for result in musts):
            return Verdict.PARTIAL
        known = any(result.deviation for result in self.results)
        return Verdict.KNOWN_DEVIATIONS if known else Verdict.CONFORMANT

    @property
    def exit_status(self) -> int:
        """The exit status that goes with the run."""
        status = EXIT_STATUS[self.verdict]
        return LEFTOVERS_STATUS if status == 0 and self.leftovers else status

    def counts(self) -> str:
        """How many judgements ended how, and how many could not be made."""
        counts = ", ".join(f"{self.count(outcome)} {outcome}" for outcome in Outcome)
        kinds = Counter(entry.kind for entry in self.unjudged)
        more = "".join(f", {number} {kind}" for kind, number in sorted(kinds.items(), reverse=True))
        return counts + more

    def sentence(self) -> str:
        """The verdict in one line, with the counts behind it."""
        why = f" ({self.trouble})" if self.trouble else ""
        return f"{self.verdict.value.upper()}{why}: {self.counts()}"
