"""What does not count as use of a workspace."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from coder_conformance.results import Mismatch
from coder_conformance.suite.server.scenario import Scenario
from coder_spec import Operation

Json = dict[str, Any]
MARK = pytest.mark.requirement
RENAME = "updateWorkspaceMetadataById"
BODIES: dict[str, tuple[Json, Json]] = {
    "updateWorkspaceTtlById": ({"ttl_ms": 5_400_000}, {"ttl_ms": None}),
    "updateWorkspaceAutostartScheduleById": ({"schedule": "1 2 * * 3"}, {}),
    "updateWorkspaceAutomaticUpdatesById": (
        {"automatic_updates": "always"},
        {"automatic_updates": "never"},
    ),
}


@MARK("settings/are-no-use")
def test_are_no_use(scenario: Scenario, operation: Operation, stopped: Json) -> None:
    """Use that was reported before may be noted in between, once; not with each of two changes."""
    names = [stopped["name"]] * 2
    if "renames" in scenario.context.features:
        names = [scenario.world.name(), stopped["name"]]
    bodies: tuple[Json, Json] | None = BODIES.get(operation.id)
    if operation.id == RENAME:
        bodies = {"name": names[0]}, {"name": names[1]}
    seen = [_last_used(scenario, stopped)]
    for body in bodies or (None, None):
        scenario.on(stopped, operation.id, 204, **({} if body is None else {"body": body}))
        seen.append(_last_used(scenario, stopped))
    moved = seen[0] < seen[1] < seen[2] and seen[2] - seen[1] < timedelta(seconds=30)
    if moved:
        told = ", ".join(str(moment) for moment in seen)
        raise Mismatch("last_used_at to stay", f"{told}, moved by each change", scenario.wire.last)


def _last_used(scenario: Scenario, workspace: Json) -> datetime:
    return datetime.fromisoformat(scenario.world.read(workspace["id"])["last_used_at"])
