"""All faults of servers and clients, and how to judge one of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import coder_workspaces
from coder_conformance.reference import Settings, create_app
from coder_conformance.reference.pytest_plugin import start_server
from coder_conformance.reference.seed.default import MEMBER, OWNER
from tests.conformance.faults import access, answers, effects, streams
from tests.conformance.faults.clients import FAULTS as CLIENT_FAULTS
from tests.conformance.faults.clients import ClientFault
from tests.conformance.faulty import Fault, Faulty

Json = dict[str, Any]
__all__ = ["CLIENT_FAULTS", "SERVER_FAULTS", "Found", "judge", "judge_client", "judge_server"]
SERVER_FAULTS: list[Fault] = [*answers.FAULTS, *effects.FAULTS, *access.FAULTS, *streams.FAULTS]


@dataclass(frozen=True)
class Found:
    """What the suite found of a fault.

    Attributes:
        failed: Requirements that were found broken.
        errors: Requirements that could not be judged.
        seconds: How long the run took.
        leftovers: What was left on the server.
    """

    failed: list[str]
    errors: list[str]
    seconds: float
    leftovers: list[str]


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
    settings = Settings(
        build_seconds=0.15,
        allow_renames=True,
        experiments=frozenset({"workspace-sharing", "workspace-usage"}),
    )
    app = create_app(settings)
    app.add_middleware(Faulty, fault=fault)
    for server in start_server(app):
        return judge(
            reports,
            "--role=server",
            f"--url={server.url}",
            "--event-timeout=3",
            *arguments,
            CODER_SESSION_TOKEN=str(OWNER.token),
            CODER_OTHER_TOKEN=str(MEMBER.token),
            CODER_MEMBER_TOKEN=str(MEMBER.token),
        )
    raise AssertionError("the server did not start")


def judge_client(fault: ClientFault, reports: Path, *arguments: str) -> Found:
    """Run the suite on a copy of the client with one fault."""
    copy = reports / "generated" / "coder_workspaces"
    shutil.copytree(Path(coder_workspaces.__file__).parent, copy)
    file = copy / fault.file
    text = file.read_text(encoding="utf-8")
    assert fault.was in text, f"{fault.id}: {fault.file} has no {fault.was!r} any more"
    file.write_text(text.replace(fault.was, fault.becomes, fault.count), encoding="utf-8")
    path = os.pathsep.join(
        part for part in (str(copy.parent), os.environ.get("PYTHONPATH", "")) if part
    )
    return judge(
        reports, "--role=client", f"--operation={fault.operation}", *arguments, PYTHONPATH=path
    )
