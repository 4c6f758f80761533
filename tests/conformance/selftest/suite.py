"""The whole suite on one fault, until the requirement that the fault breaks has failed."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.conformance.faults.catalogue import mutated, server_arguments, tokens
from tests.conformance.faults.clients import ClientFault
from tests.conformance.faulty import Fault
from tests.conformance.faulty_server import serving
from tests.conformance.selftest.records import Record, Verdict
from tests.conformance.selftest.watching import Watched, watch

# Far above the time that a whole run takes, also beside another one.
LIMIT = 600.0


def look_for(fault: Fault | ClientFault, arguments: list[str]) -> Record:
    """Run the suite on a fault.

    Args:
        fault: The fault.
        arguments: Further arguments of the run, such as the seed.

    Raises:
        OSError: The server did not start.
        ValueError: The run broke.
    """
    with tempfile.TemporaryDirectory(prefix="selftest-") as folder:
        if isinstance(fault, ClientFault):
            path = mutated(fault, Path(folder) / "generated")
            told = ["--role=client", *arguments]
            seen = watch(Path(folder), told, {"PYTHONPATH": path}, fault.requirement, LIMIT)
            return recorded(fault.id, seen, None)
        told = [f"--profile={fault.profile}", *fault.arguments, *arguments]
        with serving(fault.id) as served:
            told = [*server_arguments(served.url), *told]
            seen = watch(Path(folder), told, tokens(fault), fault.requirement, LIMIT)
        return recorded(fault.id, seen, served.occasions)


def recorded(fault: str, seen: Watched, occasions: int | None) -> Record:
    """What a run showed, as a record."""
    verdict: Verdict = "missed"
    if occasions == 0:
        verdict = "never"
    elif seen.stopped:
        verdict = "found"
    elif seen.failed:
        verdict = "elsewhere"
    elif seen.status == 3:
        verdict = "inconclusive"
    return Record(
        fault,
        "suite",
        verdict,
        round(seen.seconds, 1),
        list(seen.failed),
        first=round(min(seen.failed.values()), 1) if seen.failed else None,
        errors=list(seen.errors),
        occasions=occasions,
    )
