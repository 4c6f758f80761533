"""Service levels: the limits that a run was given, and the times that are judged by them."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from .results import CannotJudgeError, Timing

FEATURE = "service-levels"
# The percentiles that reports show.
SHOWN = (50, 90, 95, 99)
_LIMIT = re.compile(r"(?:(?P<operation>\w+):)?p(?P<percentile>[1-9]\d?|100)=(?P<ms>\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class Limit:
    """The time that some part of all answers may take at most.

    Attributes:
        percentile: The part, in percent.
        ms: The time in milliseconds.
        operation: The operationId that it is for; empty for all that have no limit of their own.
    """

    percentile: int
    ms: float
    operation: str = ""

    @classmethod
    def parse(cls, text: str) -> Limit:
        """A limit from its text, such as `p95=300` or `listWorkspaces:p99=500`.

        Raises:
            ValueError: It is none.
        """
        found = _LIMIT.fullmatch(text.strip())
        if found is None or not float(found["ms"]):
            message = f"{text!r} is not of the form p95=300 or listWorkspaces:p99=500"
            raise ValueError(message)
        return cls(int(found["percentile"]), float(found["ms"]), found["operation"] or "")

    def __str__(self) -> str:
        about = f"{self.operation}:" if self.operation else ""
        return f"{about}p{self.percentile}={self.ms:g}"


@dataclass(frozen=True, slots=True)
class ServiceLevels:
    """What a run was told about service levels.

    Attributes:
        latency: Limits of the time to answer.
        error_rate: The part of the answers under load that may fail, from 0 to 1.
        asked: Whether any limit was given.
        seconds: How long the load lasts.
        workers: How many requests of the load are under way at once, at most.
        rate: Requests per second of the load; None for as many as the workers can send.
    """

    latency: tuple[Limit, ...] = ()
    error_rate: float = 0.0
    asked: bool = False
    seconds: float = 10.0
    workers: int = 4
    rate: float | None = None

    def of(self, operation: str) -> list[Limit]:
        """The limits of an operation: its own, and those of percentiles that it has none for."""
        own = [limit for limit in self.latency if limit.operation == operation]
        named = {limit.percentile for limit in own}
        general = (limit for limit in self.latency if not limit.operation)
        return own + [limit for limit in general if limit.percentile not in named]


NO_LEVELS = ServiceLevels()


@dataclass(slots=True)
class Sample:
    """The answers of one operation.

    Attributes:
        seconds: How long each right answer took.
        failures: What came instead of the others.
        statuses: How often each status came.
    """

    seconds: list[float] = field(default_factory=list[float])
    failures: list[str] = field(default_factory=list[str])
    statuses: Counter[int] = field(default_factory=Counter[int])

    @property
    def count(self) -> int:
        """How many answers were awaited."""
        return len(self.seconds) + len(self.failures)

    def percentile(self, percent: int) -> float:
        """Milliseconds within which so much of the right answers came, by nearest rank."""
        ordered = sorted(self.seconds)
        return 1000 * ordered[max(math.ceil(len(ordered) * percent / 100), 1) - 1]

    def timing(self, operation: str, *, load: bool, duration: float) -> Timing:
        """The numbers that reports show."""
        shown = {percent: self.percentile(percent) for percent in SHOWN} if self.seconds else {}
        per_second = self.count / duration if duration else 0.0
        return Timing(operation, load, self.count, len(self.failures), per_second, shown)

    def beyond(self, limits: Iterable[Limit]) -> list[tuple[str, str]]:
        """What was expected and what came, for each limit that does not hold."""
        found: list[tuple[str, str]] = []
        for limit in limits:
            expected = f"p{limit.percentile} of at most {limit.ms:g} ms"
            if not self.seconds:
                found.append((expected, "no answer that did not fail"))
            elif (took := self.percentile(limit.percentile)) > limit.ms:
                actual = f"p{limit.percentile} = {took:.1f} ms over {len(self.seconds)} answers"
                found.append((expected, actual))
        return found


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer.

    Attributes:
        seconds: How long it took.
        status: Its status.
        right: Whether that is the status of a request that was carried out.
    """

    seconds: float
    status: int
    right: bool = True


# Sends one request.
Probe = Callable[[], Answer]


def take(sample: Sample, probe: Probe) -> None:
    """Add one answer to a sample; one that does not come is a failed one."""
    try:
        answer = probe()
    except CannotJudgeError as error:
        sample.failures.append(str(error))
        return
    sample.statuses[answer.status] += 1
    if answer.right:
        sample.seconds.append(answer.seconds)
    else:
        sample.failures.append(f"the status {answer.status}")
