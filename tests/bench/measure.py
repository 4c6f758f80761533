"""Timing of several contenders in turn, so that a noisy moment of the machine hits them all."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median, quantiles
from time import perf_counter, process_time


class BenchError(Exception):
    """A benchmark cannot run; ``str()`` is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one operation took, in seconds: of this process's CPU, and on the clock."""

    cpu: float
    wall: float


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure one comparison: at least ``rounds``, and then until the time is over."""

    seconds: float
    rounds: int = 5

    def shorter(self) -> Effort:
        """Return the effort of a quick run."""
        return Effort(self.seconds / 8, min(self.rounds, 3))


Contender = Callable[[], Sample]


def timed(action: Callable[[], object], *, repeat: int = 1, operations: int = 1) -> Contender:
    """Return a contender that runs ``action`` ``repeat`` times.

    The garbage collector works as in any program; it only starts from a clean heap, so that
    nobody pays for what the contender before has left behind. A collection that is due when the
    action ends belongs to it, wherever it would have happened. The last result is freed after the
    clock has stopped.

    Args:
        action: What to time.
        repeat: Runs of it in one sample.
        operations: Operations that one run of it does.
    """

    def sample() -> Sample:
        gc.collect()
        result: object = None
        wall, cpu = perf_counter(), process_time()
        for _ in range(repeat):
            result = action()
        _collect_what_is_due()
        cpu, wall = process_time() - cpu, perf_counter() - wall
        del result
        count = repeat * operations
        return Sample(cpu / count, wall / count)

    return sample


def _collect_what_is_due() -> None:
    """Make a few containers, which starts the collector if it is waiting."""
    containers: list[list[object]] = [[] for _ in range(3)]
    containers.clear()


def interleave(contenders: Mapping[str, Contender], effort: Effort) -> dict[str, list[Sample]]:
    """Warm every contender up, then take one sample of each per round.

    The order rotates, so that nobody always runs after the same neighbour.
    """
    order = list(contenders)
    for name in order:
        contenders[name]()
    samples: dict[str, list[Sample]] = {name: [] for name in order}
    end = perf_counter() + effort.seconds
    rounds = 0
    while rounds < effort.rounds or perf_counter() < end:
        for name in order:
            samples[name].append(contenders[name]())
        order = [*order[1:], order[0]]
        rounds += 1
    return samples


@dataclass(frozen=True, slots=True)
class Ratio:
    """Median of the rounds' ratios, and the quartiles around it."""

    middle: float
    low: float
    high: float

    @staticmethod
    def of(above: list[float], below: list[float]) -> Ratio:
        """Compare the two values of each round, which shared the machine's mood."""
        ratios = [a / b for a, b in zip(above, below, strict=True)]
        low, middle, high = quantiles(ratios, n=4, method="inclusive")
        return Ratio(middle, low, high)


def cpu(samples: list[Sample]) -> list[float]:
    """Return the CPU seconds of samples."""
    return [sample.cpu for sample in samples]


def wall(samples: list[Sample]) -> list[float]:
    """Return the seconds on the clock of samples."""
    return [sample.wall for sample in samples]


def rate(samples: list[Sample]) -> float:
    """Return operations per second on the clock."""
    return 1 / median(wall(samples))
