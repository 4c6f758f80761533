"""`schemathesis run` alone on one fault, as somebody would use it who knows it well."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import coder_spec
from coder_conformance.reference.seed.default import OWNER
from tests.conformance.faulty import Fault
from tests.conformance.faulty_server import HEALTHY, Served, serving
from tests.conformance.selftest.records import Record, Verdict

Json = dict[str, Any]
# How often it looks at the healthy server first, each time with another seed: what it sends depends
# on the time as well, so that one look does not show all that it has to say.
LEARNING = 4
SOCKET = "watchWorkspaceByIdViaWebsockets"
# For starting, and for the example that is under way when the time is over.
_GRACE = 120
_FORMATS = '''"""Formats of the contract that schemathesis does not know."""

import schemathesis
from coder_conformance import formats

schemathesis.openapi.format("coder-schedule", formats.schedules())
schemathesis.openapi.format("coder-workspace-query", formats.queries())
'''


class Plain:
    """Looks for faults with schemathesis alone.

    Args:
        seed: Seed of its data.
        seconds: Its time for each server.
    """

    def __init__(self, seed: int, seconds: int) -> None:
        self.seed = seed
        self.seconds = seconds
        # What it also says of the healthy server; no fault is found by that.
        self.usual: set[str] = set()

    def learn(self) -> None:
        """Look at the healthy server first."""
        for more in range(LEARNING):
            failures, _ = self._failures(HEALTHY, self.seed + more)
            self.usual |= {name for name, _ in failures}

    def look_for(self, fault: Fault) -> Record:
        """Run it on a server with one fault.

        Raises:
            OSError: The server did not start.
            ValueError: The run broke.
        """
        failures, occasions = self._failures(fault.id, self.seed)
        fresh: dict[str, float] = {}
        for name, seconds in failures:
            if name not in self.usual:
                fresh.setdefault(name, round(seconds, 1))
        # What it says of operations that the fault does not touch is said by chance.
        to_the_point = [name for name in fresh if touches(fault, name)]
        verdict: Verdict = "elsewhere" if fresh else "missed"
        if occasions == 0 and fault.id != HEALTHY:
            verdict = "never"
        elif to_the_point:
            verdict = "found"
        return Record(
            fault.id,
            "schemathesis",
            verdict,
            fresh[to_the_point[0]] if to_the_point else float(self.seconds),
            [*to_the_point, *(name for name in fresh if name not in to_the_point)],
            first=min(fresh.values()) if fresh else None,
            occasions=occasions,
        )

    def _failures(self, fault: str, seed: int) -> tuple[list[tuple[str, float]], int]:
        with tempfile.TemporaryDirectory(prefix="selftest-") as name:
            folder = Path(name)
            with serving(fault, prepared=True) as served:
                write(folder, served)
                done = schemathesis(folder, served.url, seed, self.seconds)
            if done.returncode not in {0, 1}:
                raise ValueError(
                    f"schemathesis: {' '.join((done.stdout + done.stderr).split())[-400:]}"
                )
            return list(_read(folder / "out.ndjson")), served.occasions


def write(folder: Path, served: Served) -> None:
    """Write what it reads."""
    (folder / "openapi.json").write_text(json.dumps(document()), encoding="utf-8")
    (folder / "extra_formats.py").write_text(_FORMATS, encoding="utf-8")
    (folder / "schemathesis.toml").write_text(configuration(served.known), encoding="utf-8")


def schemathesis(
    folder: Path, url: str, seed: int, seconds: int
) -> subprocess.CompletedProcess[str]:
    """Run it on a server, as somebody would who knows it well; what it saw goes to out.ndjson."""
    return subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "--config-file=schemathesis.toml",
            "run", "openapi.json", f"--url={url}/api/v2",
            f"--seed={seed}", f"--max-time={seconds}", "--checks=all",
            "--continue-on-failure", "--max-response-time=2", "--no-color",
            "--report=ndjson", "--report-ndjson-path=out.ndjson",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=seconds + _GRACE,
        check=False,
    )  # fmt: skip


def document() -> Json:
    """The contract with just the operations that the suite judges, but the WebSocket."""
    contract = coder_spec.load()
    judged = {o.id for o in contract.operations if o.in_scope} - {SOCKET}
    paths: Json = {}
    for path, item in contract.document["paths"].items():
        kept = {
            key: value
            for key, value in item.items()
            if not isinstance(value, dict) or value.get("operationId") in judged
        }
        if any(isinstance(value, dict) for value in kept.values()):
            paths[path] = kept
    return {**contract.document, "paths": paths}


def configuration(known: Json) -> str:
    """Its configuration: a token, what exists on the server, and settings that hide nothing."""
    soon = datetime.now(UTC) + timedelta(hours=2)
    words: dict[str, list[Any]] = {
        "path.workspace": known["workspaces"],
        "path.workspacename": known["names"],
        "path.user": ["me", *known["user"]],
        "path.organization": ["default", known["organization"]],
        "body.template_id": [known["template"]],
        "body.template_version_id": [known["version"]],
        "body.name": [f"made-{number}" for number in range(20)],
        "body.deadline": [
            (soon + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ") for hours in (0, 5, 50)
        ],
        "body.ttl_ms": [0, 60_000, 90_000, 2_592_000_000, 2_592_059_999, 59_999, -60_000],
    }
    lines = [
        'hooks = "extra_formats"',
        "continue-on-failure = true",
        "max-stream-events = 1",
        "[headers]",
        f'Coder-Session-Token = "{OWNER.token}"',
        "[generation]",
        'database = "none"',
        "with-security-parameters = false",
        "[cache]",
        "enabled = false",
    ]
    for name, values in words.items():
        lines += [f"[dictionaries.{name.replace('.', '_')}]", f"values = {json.dumps(values)}"]
    lines.append("[parameters]")
    lines += [
        f'"{name}" = {{ dictionary = "{name.replace(".", "_")}", probability = 0.8 }}'
        for name in words
    ]
    return "\n".join(lines) + "\n"


def _read(path: Path) -> Iterator[tuple[str, float]]:
    """Every failure in a report, with the seconds since the start; the same one may come again."""
    started = 0.0
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            kind, event = next(iter(json.loads(line).items()))
            if kind == "LoadingStarted":
                started = event["timestamp"]
            if kind == "NonFatalError" and event["label"]:
                # Such as a connection that breaks, or an answer that does not come.
                yield f"{event['label']}: {event['value']['type']}", event["timestamp"] - started
            if kind != "ScenarioFinished":
                continue
            recorder = event["recorder"]
            for case, checks in recorder.get("checks", {}).items():
                interaction = recorder.get("interactions", {}).get(case, {})
                seconds = interaction.get("timestamp", event["timestamp"]) - started
                response = interaction.get("response") or {}
                for check in checks:
                    if check["status"] == "failure":
                        failure = check["failure_info"]["failure"]
                        yield _signature(failure, response.get("status_code")), seconds


def touches(fault: Fault, failure: str) -> bool:
    """Whether a failure is about an operation that a fault changes."""
    method, _, path = failure.split(": ", maxsplit=1)[0].partition(" ")
    filled = re.sub(r"\{\w+\}", "x", path)
    return bool(re.fullmatch(fault.method, method) and re.fullmatch(fault.path, filled))


def _signature(failure: Json, status: int | None) -> str:
    """What failed where, without what differs from run to run."""
    said = failure["message"].strip().split("\n")[0]
    said = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{4,}|\d+\.\d+", "#", said)
    return f"{failure['operation']}: {failure['title']} ({status}): {said}"
