"""A server that is wrong in one way, as a process: `python -m tests.conformance.faulty_server ID`.

It says where it listens in a line of JSON, and how often it was wrong in another one when its
input ends.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx2

from coder_conformance.reference import Settings, create_app
from coder_conformance.reference.pytest_plugin import start_server
from coder_conformance.reference.seed.default import OWNER
from tests.conformance.faulty_app import Faulty, Tally
from tests.conformance.faulty_wire import between

Json = dict[str, Any]
HEALTHY = "healthy"
_START_SECONDS = 60


@dataclass
class Served:
    """A faulty server that runs.

    Attributes:
        url: Its address.
        known: What was made on it before it became faulty.
        occasions: How often it was wrong; known once it has stopped.
    """

    url: str
    known: Json
    occasions: int = 0


def settings(**others: Any) -> Settings:
    """Quick builds, and everything that a deployment can allow, but for other settings."""
    usual = Settings(
        build_seconds=0.15,
        allow_renames=True,
        experiments=frozenset({"workspace-sharing", "workspace-usage"}),
    )
    return replace(usual, **others)


@contextmanager
def serving(name: str, *, prepared: bool = False) -> Generator[Served]:
    """Run a faulty server while the block lasts.

    Args:
        name: The id of its fault, or `healthy`.
        prepared: Whether two workspaces are made before it becomes faulty.
    """
    command = [sys.executable, "-m", "tests.conformance.faulty_server", name]
    process = subprocess.Popen(
        command + ["--prepared"] * prepared,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # What it logs about answers that it cut off itself is of no use.
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        said = process.stdout.readline()
        if not said:
            raise OSError(f"the faulty server {name} did not start")
        started: Json = json.loads(said)
        served = Served(started.pop("url"), started)
        yield served
        process.stdin.close()
        served.occasions = json.loads(process.stdout.readline() or '{"occasions": 0}')["occasions"]
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def main() -> None:
    """Serve until the input ends."""
    # Imported late: the catalogue serves faults itself.
    from tests.conformance.faults.catalogue import SERVER_FAULTS  # noqa: PLC0415

    parser = argparse.ArgumentParser(prog="faulty_server", description=__doc__)
    parser.add_argument("fault", choices=[HEALTHY, *(fault.id for fault in SERVER_FAULTS)])
    parser.add_argument("--prepared", action="store_true", help="make two workspaces first")
    options = parser.parse_args()
    fault = next((fault for fault in SERVER_FAULTS if fault.id == options.fault), None)
    tally = Tally(armed=not options.prepared)
    app = create_app(settings(**(fault.deployment if fault else {})))
    if fault is not None:
        app.add_middleware(Faulty, fault=fault, tally=tally)
    for server in start_server(app):
        made = _prepare(server.url) if options.prepared else {}
        tally.armed = True
        url = server.url
        if fault is not None and fault.wire is not None:
            url = between(url, fault.wire, tally)
        print(json.dumps({"url": url, **made}), flush=True)
        sys.stdin.read()
        print(json.dumps({"occasions": tally.occasions}), flush=True)


def _prepare(url: str) -> Json:
    """A running and a stopped workspace, and what they are made of."""
    headers = {"coder-session-token": str(OWNER.token)}
    with httpx2.Client(base_url=f"{url}/api/v2", headers=headers) as http:
        template = http.get("/templates").json()[0]
        made = [
            http.post(
                "/users/me/workspaces", json={"name": name, "template_id": template["id"]}
            ).json()
            for name in ("sample-1", "sample-2")
        ]
        for workspace in made:
            _settle(http, workspace["id"])
        stop = {"transition": "stop"}
        http.post(f"/workspaces/{made[1]['id']}/builds", json=stop).raise_for_status()
        _settle(http, made[1]["id"])
        return {
            "workspaces": [workspace["id"] for workspace in made],
            "names": [workspace["name"] for workspace in made],
            "user": [made[0]["owner_id"], made[0]["owner_name"]],
            "organization": made[0]["organization_id"],
            "template": template["id"],
            "version": template["active_version_id"],
        }


def _settle(http: httpx2.Client, workspace: str) -> None:
    while True:
        build = http.get(f"/workspaces/{workspace}").json()["latest_build"]
        if build["status"] in {"running", "stopped"}:
            return
        time.sleep(0.05)


if __name__ == "__main__":
    main()
