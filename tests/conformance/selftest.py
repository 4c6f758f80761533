"""Run the suite on every fault and tell which ones it finds."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from tests.conformance.faults.catalogue import (
    CLIENT_FAULTS,
    SERVER_FAULTS,
    Found,
    judge_client,
    judge_server,
)
from tests.conformance.faults.clients import ClientFault
from tests.conformance.faulty import Fault

_WIDTHS = (6, 44, 9, 6, 0)


@dataclass(frozen=True)
class Line:
    """One line of the table.

    Attributes:
        fault: The fault.
        found: What the suite found; None when the run itself broke.
        trouble: Why it broke.
    """

    fault: Fault | ClientFault
    found: Found | None
    trouble: str = ""

    @property
    def verdict(self) -> str:
        """Found by the requirement that it breaks, by others only, or not at all."""
        if self.found is None:
            return "broken"
        if self.fault.requirement in self.found.failed:
            return "found"
        return "elsewhere" if self.found.failed else "MISSED"

    def cells(self) -> tuple[str, ...]:
        """What the table shows."""
        seconds = "" if self.found is None else f"{self.found.seconds:.1f}"
        by = self.trouble
        if self.found is not None:
            others = [name for name in self.found.failed if name != self.fault.requirement]
            first = [self.fault.requirement] if self.verdict == "found" else []
            shown = [*first, *others]
            by = ", ".join(shown[:3]) + (f" and {len(shown) - 3} more" if len(shown) > 3 else "")
        role = "server" if isinstance(self.fault, Fault) else "client"
        return role, self.fault.id, self.verdict, seconds, by


def main() -> int:
    """Judge the faults that were asked for; 0 when every one of them was found."""
    options = _parser().parse_args()
    chosen = [
        fault
        for fault in [*SERVER_FAULTS, *CLIENT_FAULTS]
        if not options.only or any(fnmatch(fault.id, pattern) for pattern in options.only)
    ]
    if options.sample:
        chosen = chosen[:: max(1, len(chosen) // options.sample)][: options.sample]
    if not chosen:
        print("selftest: no fault of that name", file=sys.stderr)
        return 2
    lines: list[Line] = []
    for line in _run(chosen, options.jobs, options.whole):
        lines.append(line)
        cells = zip(line.cells(), _WIDTHS, strict=True)
        print("  ".join(f"{cell:<{width}}" for cell, width in cells).rstrip(), flush=True)
    return _conclude(lines)


def _run(chosen: list[Fault | ClientFault], jobs: int, whole: bool) -> Iterator[Line]:
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(lambda fault: _judge(fault, whole), chosen)


def _judge(fault: Fault | ClientFault, whole: bool) -> Line:
    with tempfile.TemporaryDirectory(prefix="selftest-") as folder:
        reports = Path(folder)
        try:
            if isinstance(fault, ClientFault):
                return Line(fault, judge_client(fault, reports))
            return Line(fault, judge_server(fault, reports, *(() if whole else narrow(fault))))
        except (AssertionError, OSError, ValueError, subprocess.SubprocessError) as error:
            return Line(fault, None, f"{type(error).__name__}: {error}"[:300])


def narrow(fault: Fault, *, exact: bool = False) -> tuple[str, ...]:
    """Arguments that leave out what has nothing to do with a fault.

    Args:
        fault: The fault.
        exact: Judge the one requirement that it breaks, not all of the same subject.
    """
    subject = fault.requirement.split("/")[0]
    only = fault.requirement if exact else f"{subject}/*"
    return ("--examples=10", f"--only={only}", f"--operation={fault.operation}")


def _conclude(lines: list[Line]) -> int:
    counts = {verdict: sum(line.verdict == verdict for line in lines)
              for verdict in ("found", "elsewhere", "MISSED", "broken")}  # fmt: skip
    times = [line.found.seconds for line in lines if line.found is not None]
    median = statistics.median(times) if times else 0.0
    parts = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    print(f"{len(lines)} faults: {parts}; median {median:.1f} s")
    return 0 if counts["found"] + counts["elsewhere"] == len(lines) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="selftest", description=__doc__)
    parser.add_argument("--only", action="append", default=[], metavar="PATTERN", help="ids")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="only N of them")
    parser.add_argument("--jobs", type=int, default=2, help="runs at the same time")
    parser.add_argument(
        "--whole", action="store_true", help="the whole suite on each, not its part about the fault"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
