"""Run the suite, or schemathesis alone, on every fault, and tell which ones it finds.

With --narrow only the tests of the requirement that a fault breaks are run, which takes minutes
where the whole takes hours.

What is found goes to build/selftest/ at once, so that a self-test that was interrupted goes on with
--resume, and so that the published page is made of it with --page.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from fnmatch import fnmatch
from pathlib import Path

from tests.conformance.faults.catalogue import ALL_FAULTS, SERVER_FAULTS
from tests.conformance.faults.clients import ClientFault
from tests.conformance.faulty import Fault
from tests.conformance.faulty_server import HEALTHY
from tests.conformance.selftest import page, suite
from tests.conformance.selftest.plain import LEARNING, Plain
from tests.conformance.selftest.records import FOLDER, TOOLS, VERDICTS, Journal, Record, Tool, facts
from tests.conformance.selftest.specimens import SPECIMENS, Specimen

AnyFault = Fault | ClientFault | Specimen
Look = Callable[[AnyFault], Record]
# Not faulty at all: what is detected here is detected by mistake.
CONTROL = Fault(HEALTHY, "", "", ".*", ".*")
_WIDTHS = (13, 44, 13, 7, 0)
_BROKEN = (AssertionError, OSError, ValueError, subprocess.SubprocessError)


def main() -> int:
    """Judge the faults that were asked for; 0 when every one of them was found."""
    options = _parser().parse_args()
    tool = _tool(options)
    journal = Journal(FOLDER / f"{tool}.jsonl")
    chosen = _chosen(options)
    if not chosen:
        print("selftest: there is no such fault", file=sys.stderr)
        return 2
    if options.page is not None:
        known = {tool: Journal(FOLDER / f"{tool}.jsonl").read() for tool in TOOLS}
        options.page.write_text(page.render(known), encoding="utf-8")
        return 0
    names = [fault.id for fault in chosen]
    done = journal.read() if options.resume else {}
    done = {name: record for name, record in done.items() if record.verdict != "broken"}
    journal.forget([name for name in names if name not in done])
    records = [done[name] for name in names if name in done]
    for record in _run([fault for fault in chosen if fault.id not in done], options):
        journal.add(record)
        records.append(record)
        _show(record)
    return _conclude(records)


def _tool(options: argparse.Namespace) -> Tool:
    if options.schemathesis:
        return "schemathesis"
    return "requirement" if options.narrow else "suite"


def _chosen(options: argparse.Namespace) -> list[AnyFault]:
    every: list[AnyFault] = [*ALL_FAULTS, *SPECIMENS]
    if options.schemathesis:
        every = [CONTROL, *SERVER_FAULTS]  # it judges no clients
    elif options.narrow:
        every = [*ALL_FAULTS]  # the specimens break more than one requirement
    if options.role:
        every = [fault for fault in every if isinstance(fault, Fault) == (options.role == "server")]
    patterns = options.only or ["*"]
    chosen = [fault for fault in every if any(fnmatch(fault.id, p) for p in patterns)]
    if options.sample:
        chosen = chosen[:: max(1, len(chosen) // options.sample)][: options.sample]
    return chosen


def _run(chosen: list[AnyFault], options: argparse.Namespace) -> Iterator[Record]:
    """Judge faults, several at a time; records come as they are ready."""
    if not chosen:
        return
    tool = _tool(options)
    look = _with_schemathesis(options) if tool == "schemathesis" else _with_suite(options, tool)
    measured = facts(options.jobs) | {"seed": str(options.seed)}
    if options.schemathesis:
        measured["budget"] = str(options.seconds)

    def one(fault: AnyFault) -> Record:
        started = time.monotonic()
        try:
            record = look(fault)
        except _BROKEN as error:
            seconds = round(time.monotonic() - started, 1)
            trouble = f"{type(error).__name__}: {error}"[:300]
            record = Record(fault.id, tool, "broken", seconds, trouble=trouble)
        record.facts = measured
        return record

    with ThreadPoolExecutor(options.jobs) as pool:
        waiting = [pool.submit(one, fault) for fault in chosen]
        try:
            for ready in as_completed(waiting):
                yield ready.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _with_suite(options: argparse.Namespace, tool: Tool) -> Look:
    told = [f"--seed={options.seed}"]

    def look(fault: AnyFault) -> Record:
        if isinstance(fault, Specimen):
            return fault.judge(told)
        return suite.look_for(fault, told, tool)

    return look


def _with_schemathesis(options: argparse.Namespace) -> Look:
    plain = Plain(options.seed, options.seconds)
    known = Journal(FOLDER / "schemathesis-healthy.jsonl")
    name = f"{HEALTHY}-{options.seed}-{options.seconds}"
    if options.resume and name in known.read():
        plain.usual = set(known.read()[name].by)
    else:
        print(f"looking at the healthy server first, for {LEARNING * options.seconds} s")
        plain.learn()
        known.add(Record(name, "schemathesis", "found", 0.0, sorted(plain.usual)))

    def look(fault: AnyFault) -> Record:
        assert isinstance(fault, Fault)
        return plain.look_for(fault)

    return look


def _show(record: Record) -> None:
    by = record.trouble or ", ".join(record.by[-3:])
    seconds = f"{record.seconds:.1f}"
    cells = (record.tool, record.fault, record.verdict, seconds, by)
    shown = (f"{cell:<{width}}" for cell, width in zip(cells, _WIDTHS, strict=True))
    print("  ".join(shown).rstrip(), flush=True)


def _conclude(records: list[Record]) -> int:
    counts = {verdict: sum(r.verdict == verdict for r in records) for verdict in VERDICTS}
    times = [record.seconds for record in records if record.verdict == "found"]
    median = f"{statistics.median(times):.1f} s" if times else "unknown"
    parts = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    print(f"{len(records)} faults: {parts}; median to detection {median}")
    return 0 if counts["found"] == sum(r.fault != HEALTHY for r in records) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="selftest", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", default=[], metavar="PATTERN", help="ids")
    parser.add_argument("--role", choices=("server", "client"), help="faults of these alone")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="only N of them")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="runs at the same time"
    )
    parser.add_argument("--seed", type=int, default=1, help="seed of all data")
    parser.add_argument(
        "--resume", action="store_true", help="pass over faults that are recorded already"
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--narrow", action="store_true", help="only the tests of the requirement that is broken"
    )
    what.add_argument(
        "--schemathesis", action="store_true", help="schemathesis alone instead of the suite"
    )
    parser.add_argument(
        "--seconds", type=int, default=60, help="time of schemathesis for each server"
    )
    parser.add_argument(
        "--page", type=Path, metavar="FILE", help="write the page of what is recorded; run nothing"
    )
    return parser


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("selftest: interrupted; --resume goes on from here", file=sys.stderr)
        sys.exit(130)
