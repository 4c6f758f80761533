"""All faults of servers and clients, and how to judge one of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import coder_workspaces
from coder_conformance.reference.seed.default import MEMBER, OWNER
from tests.conformance.faults import (
    access,
    answers,
    asking,
    clients,
    clients_streams,
    clients_wire,
    creating,
    doing,
    durations,
    effects,
    endurance,
    forms,
    grammar,
    kinds,
    lists,
    more_access,
    more_creating,
    more_deadlines,
    more_forms,
    more_lifecycle,
    more_races,
    more_reading,
    more_refusing,
    more_settings,
    more_sharing,
    names,
    pages,
    robust,
    routing,
    schedules,
    searches,
    sequences,
    sessions,
    sockets,
    states,
    streams,
    switches,
    unattended,
    watching,
)
from tests.conformance.faults.clients import ClientFault
from tests.conformance.faulty import Fault
from tests.conformance.faulty_server import serving

Json = dict[str, Any]
__all__ = ["CLIENT_FAULTS", "SERVER_FAULTS", "Found", "judge", "judge_client", "judge_server"]
TOKENS = {
    "CODER_SESSION_TOKEN": str(OWNER.token),
    "CODER_OTHER_TOKEN": str(MEMBER.token),
    "CODER_MEMBER_TOKEN": str(MEMBER.token),
}
CLIENT_FAULTS: list[ClientFault] = [
    *clients.FAULTS,
    *clients_wire.FAULTS,
    *clients_streams.FAULTS,
]
SERVER_FAULTS: list[Fault] = [
    *answers.FAULTS,
    *effects.FAULTS,
    *access.FAULTS,
    *streams.FAULTS,
    *robust.FAULTS,
    *names.FAULTS,
    *creating.FAULTS,
    *durations.FAULTS,
    *schedules.FAULTS,
    *switches.FAULTS,
    *searches.FAULTS,
    *grammar.FAULTS,
    *pages.FAULTS,
    *forms.FAULTS,
    *asking.FAULTS,
    *doing.FAULTS,
    *sessions.FAULTS,
    *more_access.FAULTS,
    *more_settings.FAULTS,
    *more_deadlines.FAULTS,
    *more_creating.FAULTS,
    *more_refusing.FAULTS,
    *more_forms.FAULTS,
    *more_reading.FAULTS,
    *more_lifecycle.FAULTS,
    *more_races.FAULTS,
    *more_sharing.FAULTS,
    *lists.FAULTS,
    *routing.FAULTS,
    *states.FAULTS,
    *watching.FAULTS,
    *sockets.FAULTS,
    *endurance.FAULTS,
    *sequences.FAULTS,
    *kinds.FAULTS,
    *unattended.FAULTS,
]


@dataclass(frozen=True)
class Found:
    """What the suite found of a fault.

    Attributes:
        failed: Requirements that were found broken.
        errors: Requirements that could not be judged.
        seconds: How long the run took.
        leftovers: What was left on the server.
        occasions: How often the server was wrong.
    """

    failed: list[str]
    errors: list[str]
    seconds: float
    leftovers: list[str]
    occasions: int = 0


def judge(reports: Path, *arguments: str, **environment: str) -> Found:
    """Run the suite as a user would.

    Raises:
        AssertionError: It broke, or its exit status does not go with its report.
    """
    command = [sys.executable, "-m", "coder_conformance", "run", f"--reports={reports}"]
    done = subprocess.run(
        [*command, *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    report: Json = json.loads((reports / "report.json").read_text(encoding="utf-8"))
    assert done.returncode == report["exit_status"], report["sentence"]
    results = report["results"]
    return Found(
        sorted({r["requirement"] for r in results if r["outcome"] == "failed"}),
        sorted({r["requirement"] for r in results if r["outcome"] == "error"}),
        report["seconds"],
        report["leftovers"],
    )


def judge_server(fault: Fault, reports: Path, *arguments: str) -> Found:
    """Run the suite on a server with one fault."""
    with serving(fault.id) as served:
        arguments = (*server_arguments(served.url), *arguments)
        found = judge(reports, *arguments, **tokens(fault))
    return replace(found, occasions=served.occasions)


def tokens(fault: Fault) -> dict[str, str]:
    """The tokens that the suite gets, as environment variables."""
    return TOKENS | {"CODER_OTHER_TOKEN": ""} if fault.alone else TOKENS


def server_arguments(url: str) -> list[str]:
    """What the suite is told to judge such a server."""
    return ["--role=server", f"--url={url}", "--event-timeout=3"]


def narrow(fault: Fault) -> tuple[str, ...]:
    """Arguments with which the suite judges just the requirement that a fault breaks."""
    only = f"--only={fault.requirement}"
    part = ("--examples=10", only, f"--operation={fault.operation}")
    return (*part, f"--profile={fault.profile}", *fault.arguments)


def judge_client(fault: ClientFault, reports: Path, *arguments: str) -> Found:
    """Run the suite on a copy of the client with one fault."""
    path = mutated(fault, reports / "generated")
    return judge(
        reports, "--role=client", f"--operation={fault.operation}", *arguments, PYTHONPATH=path
    )


def mutated(fault: ClientFault, folder: Path) -> str:
    """Make a copy of the client with one fault; the module path that leads to it."""
    copy = folder / "coder_workspaces"
    shutil.copytree(Path(coder_workspaces.__file__).parent, copy)
    for name in (fault.file, *fault.more):
        file = copy / name
        text = file.read_text(encoding="utf-8")
        assert fault.was in text, f"{fault.id}: {name} has no {fault.was!r} any more"
        file.write_text(text.replace(fault.was, fault.becomes, fault.count), encoding="utf-8")
    return os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH", ""))))
