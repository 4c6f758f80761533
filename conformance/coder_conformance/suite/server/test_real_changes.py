"""Changes that are ones, made where every setting differs from what a new workspace has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from coder_conformance.results import DoesNotApplyError
from coder_conformance.suite.server.furnished import DORMANT, furnish
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.usual import attempt, usual
from coder_spec import Operation

Json = dict[str, Any]
RENAME = "updateWorkspaceMetadataById"
EXTEND = "extendWorkspaceDeadlineById"
# Another value for each setting, and the fields that may move with it.
NEW: dict[str, tuple[Json, tuple[str, ...]]] = {
    "updateWorkspaceAutostartScheduleById": (
        {"schedule": "10 4 * * 0"},
        ("autostart_schedule", "next_start_at"),
    ),
    "updateWorkspaceTtlById": ({"ttl_ms": 7_200_000}, ("ttl_ms",)),
    "updateWorkspaceAutomaticUpdatesById": ({"automatic_updates": "never"}, ("automatic_updates",)),
}
MOVED: dict[str, tuple[str, ...]] = {
    EXTEND: ("deadline",),
    "unfavoriteWorkspaceById": ("favorite",),
    DORMANT: ("dormant_at", "deleting_at", "next_start_at"),
    RENAME: ("name",),
}


def _change(scenario: Scenario, operation: Operation, workspace: Json) -> None:
    """Carry out an operation so that it changes what it is for, if anything."""
    if operation.id == RENAME:
        if not workspace["allow_renames"]:
            raise DoesNotApplyError("workspaces cannot be renamed on this server")
        scenario.on(workspace, RENAME, 204, body={"name": scenario.world.name()})
    elif operation.id == DORMANT:
        asleep = workspace["dormant_at"] is not None
        scenario.on(workspace, DORMANT, 200, body={"dormant": not asleep})
    elif operation.id == EXTEND:
        later = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=5)
        scenario.on(workspace, EXTEND, 200, body={"deadline": later.isoformat()})
    elif operation.id in NEW:
        scenario.on(workspace, operation.id, 204, body=NEW[operation.id][0])
    else:
        attempt(scenario, usual(scenario, operation, workspace))


@pytest.mark.requirement("settings/real-changes")
@pytest.mark.parametrize("dormant", [False, True], ids=["active", "dormant"])
def test_real_changes(
    scenario: Scenario, operation: Operation, running: Json, dormant: bool
) -> None:
    """Of an active and of a dormant workspace, nothing but what was asked for changes."""
    before = furnish(scenario, running, dormant=dormant)
    _change(scenario, operation, before)
    own = NEW[operation.id][1] if operation.id in NEW else MOVED.get(operation.id, ())
    try:
        scenario.unchanged(before, running, *own)
    finally:
        if operation.id == RENAME:
            scenario.on(running, RENAME, 204, body={"name": before["name"]})
