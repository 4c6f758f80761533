"""The conformance suite against `schemathesis run`: requests in the same time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Final

from coder_conformance.reference.seed.default import OWNER
from tests.conformance.faulty_server import HEALTHY, Served, serving
from tests.conformance.selftest import plain

from .measure import BenchError, Contender, Effort, Sample, interleave, rate, wall
from .report import Section, speed_row
from .setup import Setup

# About what the suite takes.
_SECONDS: Final = 45
_QUICK_SECONDS: Final = 4


def run(setup: Setup) -> Section:
    """Compare the server's role of a standard run with schemathesis, each on a new server."""
    section = Section("suite against schemathesis run, same contract and server (clock)")
    seeds = count(1)
    seconds = _QUICK_SECONDS if setup.quick else _SECONDS
    profile = "smoke" if setup.quick else "standard"
    samples = interleave(
        {
            "ours": _contender(lambda folder, served: _ours(folder, served, profile, next(seeds))),
            "theirs": _contender(
                lambda folder, served: _theirs(folder, served, seconds, next(seeds))
            ),
        },
        setup.effort(Effort(0, rounds=3)),
    )
    rates = f"{rate(samples['ours']):,.0f} and {rate(samples['theirs']):,.0f} requests/s"
    name = f"a request, profile {profile}, start and clean-up included"
    ours, theirs = wall(samples["ours"]), wall(samples["theirs"])
    section.rows.append(speed_row(name, ours, "schemathesis", theirs, target=1.0, remark=rates))
    return section


def _contender(look: Callable[[Path, Served], int]) -> Contender:
    """What runs something on a server of its own and returns how many requests that sent."""

    def sample() -> Sample:
        with (
            tempfile.TemporaryDirectory(prefix="bench-") as folder,
            serving(HEALTHY, prepared=True) as served,
        ):
            started = perf_counter()
            requests = look(Path(folder), served)
            took = perf_counter() - started
        return Sample(took / requests, took / requests)

    return sample


def _ours(folder: Path, served: Served, profile: str, seed: int) -> int:
    done = subprocess.run(
        [
            sys.executable, "-m", "coder_conformance", "run", "--role=server",
            f"--url={served.url}", f"--profile={profile}", f"--seed={seed}", f"--reports={folder}",
        ],
        env={**os.environ, "CODER_SESSION_TOKEN": str(OWNER.token)},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        raise BenchError(f"the suite is not content with the server: {done.stdout[-600:]}")
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return sum(sum(seen.values()) for seen in report["statuses"].values())


def _theirs(folder: Path, served: Served, seconds: int, seed: int) -> int:
    plain.write(folder, served)
    done = plain.schemathesis(folder, served.url, seed, seconds)
    if done.returncode not in {0, 1}:
        raise BenchError(f"schemathesis does not run: {done.stderr[-600:]}")
    return sum(_interactions(folder / "out.ndjson"))


def _interactions(path: Path) -> Iterator[int]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line).get("ScenarioFinished")
            if event:
                yield len(event["recorder"].get("interactions", {}))
