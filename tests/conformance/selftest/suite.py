"""The suite on one fault, until the requirement that the fault breaks has failed."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.conformance.faults.catalogue import mutated, narrow, server_arguments, tokens
from tests.conformance.faults.clients import ClientFault
from tests.conformance.faulty import Fault
from tests.conformance.faulty_server import serving
from tests.conformance.selftest.records import Record, Tool, Verdict
from tests.conformance.selftest.watching import Watched, watch

# Far above the time that a whole run takes, also beside another one.
LIMIT = 600.0


def look_for(fault: Fault | ClientFault, arguments: list[str], tool: Tool = "suite") -> Record:
    """Run the suite on a fault.

    Args:
        fault: The fault.
        arguments: Further arguments of the run, such as the seed.
        tool: "suite" for all of it, "requirement" for the tests of the broken requirement alone.

    Raises:
        OSError: The server did not start.
        ValueError: The run broke.
    """
    with tempfile.TemporaryDirectory(prefix="selftest-") as folder:
        if isinstance(fault, ClientFault):
            path = mutated(fault, Path(folder) / "generated")
            told = ["--role=client", *_part(fault, tool), *arguments]
            seen = watch(Path(folder), told, {"PYTHONPATH": path}, fault.requirement, LIMIT)
            return recorded(fault.id, seen, None, tool)
        with serving(fault.id) as served:
            told = [*server_arguments(fault, served.url), *_part(fault, tool), *arguments]
            seen = watch(Path(folder), told, tokens(fault), fault.requirement, LIMIT)
        return recorded(fault.id, seen, served.occasions, tool)


def _part(fault: Fault | ClientFault, tool: Tool) -> tuple[str, ...]:
    return narrow(fault) if tool == "requirement" else ()


def recorded(fault: str, seen: Watched, occasions: int | None, tool: Tool = "suite") -> Record:
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
        tool,
        verdict,
        round(seen.seconds, 1),
        list(seen.failed),
        first=round(min(seen.failed.values()), 1) if seen.failed else None,
        errors=list(seen.errors),
        occasions=occasions,
    )
