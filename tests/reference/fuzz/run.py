"""The course of the fuzzing and its report."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from . import contract, wire
from .target import Target, running

# How many times the server is looked at; a short run has no time for more than a few.
SLICES, FEW_SLICES = 20, 4
SHORT = 10_000
LEECHES = 30
# What the server may grow by in the later half, in MiB: the allocator's own, and what the
# requests really created (every build and workspace is kept, like in the original).
GROWTH = 12.0
GROWTH_PER_RECORD = 0.02


@dataclass(frozen=True)
class Sample:
    """The server at one moment."""

    sent: int
    memory: float
    records: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Attack a server; return 0 if it took everything as it should, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.reference.fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000, metavar="N")
    parser.add_argument("--seconds", type=float, default=1800.0, help="stop after that time")
    parser.add_argument("--seed", type=int, default=1, help="makes a run repeatable")
    options = parser.parse_args(arguments)
    source = random.Random(options.seed)  # noqa: S311 - repeatable on purpose
    start = time.monotonic()
    with running() as target:
        samples = asyncio.run(_attack(target, options.requests, source, start + options.seconds))
        problems = _judge(target, samples, options.requests)
        _report(target, samples, time.monotonic() - start)
    for problem in problems:
        sys.stdout.write(f"FAILED {problem}\n")
    return 1 if problems else 0


async def _attack(
    target: Target, count: int, source: random.Random, deadline: float
) -> list[Sample]:
    """Attack in slices of both kinds, and look at the server after each."""

    def goes_on() -> bool:
        return time.monotonic() < deadline and len(target.failures) < 50

    sent, slices = 0, SLICES if count > SHORT else FEW_SLICES
    samples: list[Sample] = []
    by_contract = contract.Attack(target, source)
    async with wire.leeches(target, LEECHES):
        for _ in range(slices):
            half = -(-count // slices // 2)  # rounded up
            sent += await asyncio.to_thread(by_contract, half, goes_on)
            sent += await wire.attack(target, half, source, goes_on)
            if not goes_on() and len(target.failures) >= 50:
                break
            samples.append(Sample(sent, target.memory(), target.records()))
            target.refresh()
    return samples


def _judge(target: Target, samples: Sequence[Sample], count: int) -> list[str]:
    problems = target.failures[:20]
    tracebacks = target.tracebacks()
    if tracebacks:
        problems.append(f"the server logged {tracebacks} exceptions:")
        log = target.errors.read_text(errors="replace")
        problems += log[log.index("Traceback") - 200 :].splitlines()[:60]
    try:
        target.call("GET", "/workspaces")
    except OSError as error:
        problems.append(f"the server does not answer any more: {error}")
    if not samples or samples[-1].sent < count:
        problems.append("the attack was broken off before its end")
    else:
        middle, end = samples[len(samples) // 2], samples[-1]
        growth = end.memory - middle.memory
        allowed = GROWTH + GROWTH_PER_RECORD * (end.records - middle.records)
        if growth > allowed:
            problems.append(
                f"the memory grew by {growth:.1f} MiB in the later half, {allowed:.1f} are allowed"
            )
    return problems


def _report(target: Target, samples: Sequence[Sample], seconds: float) -> None:
    lines = [f"{samples[-1].sent if samples else 0:,} requests in {seconds:.0f} s"]
    kinds = sorted({kind for kind, _ in target.answers} | set(target.unanswered))
    for kind in kinds:
        statuses = Counter({s: n for (k, s), n in target.answers.items() if k == kind})
        shown = ", ".join(f"{status}: {number:,}" for status, number in sorted(statuses.items()))
        lines.append(f"  {kind:10} {shown or '-'}; no answer: {target.unanswered[kind]:,}")
    bad = sum(number for (_, status), number in target.answers.items() if status >= 500)
    lines.append(f"server errors: {bad}; exceptions in the log: {target.tracebacks()}")
    lines += [
        f"  after {s.sent:>7,}: {s.memory:6.1f} MiB, {s.records:,} workspaces and builds"
        for s in samples
    ]
    sys.stdout.write("\n".join(lines) + "\n")
