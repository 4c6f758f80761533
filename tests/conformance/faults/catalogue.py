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
    announcements,
    authentication,
    bodies,
    build_facts,
    builds,
    checks,
    clients,
    clients_streams,
    clients_wire,
    conflicts,
    connections,
    contradictions,
    cookies,
    creation,
    creation_refused,
    deadlines,
    deadlines_refused,
    deleted,
    dormancy,
    encoding,
    envelopes,
    events,
    fields,
    first_builds,
    handshakes,
    headers,
    interruptions,
    isolation,
    kinds,
    kinds_of_answers,
    later_builds,
    leftovers,
    lists,
    load,
    marks,
    names,
    observers,
    other_forms,
    paging,
    parameters,
    paths,
    races,
    reading,
    reading_by_name,
    renaming,
    routes,
    schedule_grammar,
    schedules,
    search_errors,
    search_keys,
    search_states,
    search_words,
    sessions,
    settings,
    sharing,
    site_owner,
    sockets,
    statuses,
    stream_content,
    stream_framing,
    texts,
    timings,
    token_order,
    token_refusals,
    ttl,
    ttl_limits,
    unattended,
    unknown_routes,
    updates,
    usage,
    watchers,
)
from tests.conformance.faults.clients import ClientFault
from tests.conformance.faulty import Fault
from tests.conformance.faulty_server import serving

Json = dict[str, Any]
__all__ = [
    "ALL_FAULTS",
    "CLIENT_FAULTS",
    "SERVER_FAULTS",
    "Found",
    "judge",
    "judge_client",
    "judge_server",
]
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
    *sessions.FAULTS,
    *isolation.FAULTS,
    *deleted.FAULTS,
    *observers.FAULTS,
    *token_order.FAULTS,
    *authentication.FAULTS,
    *cookies.FAULTS,
    *token_refusals.FAULTS,
    *paths.FAULTS,
    *routes.FAULTS,
    *unknown_routes.FAULTS,
    *parameters.FAULTS,
    *kinds.FAULTS,
    *kinds_of_answers.FAULTS,
    *bodies.FAULTS,
    *envelopes.FAULTS,
    *encoding.FAULTS,
    *headers.FAULTS,
    *fields.FAULTS,
    *contradictions.FAULTS,
    *statuses.FAULTS,
    *ttl_limits.FAULTS,
    *ttl.FAULTS,
    *deadlines_refused.FAULTS,
    *deadlines.FAULTS,
    *conflicts.FAULTS,
    *schedule_grammar.FAULTS,
    *schedules.FAULTS,
    *dormancy.FAULTS,
    *updates.FAULTS,
    *marks.FAULTS,
    *settings.FAULTS,
    *unattended.FAULTS,
    *usage.FAULTS,
    *renaming.FAULTS,
    *names.FAULTS,
    *other_forms.FAULTS,
    *leftovers.FAULTS,
    *creation_refused.FAULTS,
    *checks.FAULTS,
    *creation.FAULTS,
    *first_builds.FAULTS,
    *build_facts.FAULTS,
    *builds.FAULTS,
    *later_builds.FAULTS,
    *timings.FAULTS,
    *races.FAULTS,
    *load.FAULTS,
    *reading_by_name.FAULTS,
    *reading.FAULTS,
    *sharing.FAULTS,
    *texts.FAULTS,
    *site_owner.FAULTS,
    *search_errors.FAULTS,
    *search_words.FAULTS,
    *search_states.FAULTS,
    *search_keys.FAULTS,
    *paging.FAULTS,
    *lists.FAULTS,
    *sockets.FAULTS,
    *handshakes.FAULTS,
    *stream_framing.FAULTS,
    *watchers.FAULTS,
    *announcements.FAULTS,
    *stream_content.FAULTS,
    *events.FAULTS,
    *interruptions.FAULTS,
    *connections.FAULTS,
]
ALL_FAULTS: list[Fault | ClientFault] = [*SERVER_FAULTS, *CLIENT_FAULTS]


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
        told = server_arguments(fault, served.url)
        found = judge(reports, *told, *arguments, **tokens(fault))
    return replace(found, occasions=served.occasions)


def tokens(fault: Fault) -> dict[str, str]:
    """The tokens that the suite gets, as environment variables."""
    return TOKENS | {"CODER_OTHER_TOKEN": ""} if fault.alone else TOKENS


def server_arguments(fault: Fault, url: str) -> list[str]:
    """What the suite is told to judge such a server."""
    told = ["--role=server", f"--url={url}", "--event-timeout=3", f"--profile={fault.profile}"]
    return [*told, *fault.arguments]


def narrow(fault: Fault | ClientFault) -> tuple[str, ...]:
    """Arguments with which the suite judges just the requirement that a fault breaks."""
    only = f"--only={fault.requirement}"
    return ("--examples=10", only, f"--operation={fault.operation}")


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
