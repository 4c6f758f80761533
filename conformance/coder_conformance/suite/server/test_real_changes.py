"""Changes that are ones, made where every setting differs from what a new workspace has."""

from __future__ import annotations

from typing import Any

import pytest

from coder_conformance.results import DoesNotApplyError
from coder_conformance.suite.server.furnished import DORMANT, furnish
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.usual import attempt, telling
from coder_spec import Operation

Json = dict[str, Any]
RENAME = "updateWorkspaceMetadataById"
EXTEND = "extendWorkspaceDeadlineById"
# The fields that may move with what an operation is for.
MOVED: dict[str, tuple[str, ...]] = {
    "updateWorkspaceAutostartScheduleById": ("autostart_schedule", "next_start_at"),
    "updateWorkspaceTtlById": ("ttl_ms",),
    "updateWorkspaceAutomaticUpdatesById": ("automatic_updates",),
    EXTEND: ("deadline",),
    "unfavoriteWorkspaceById": ("favorite",),
    DORMANT: ("dormant_at", "deleting_at", "next_start_at"),
    RENAME: ("name",),
}


def _change(scenario: Scenario, operation: Operation, workspace: Json) -> None:
    """Carry out an operation so that it changes what it is for, if anything."""
    if operation.id == RENAME and not workspace["allow_renames"]:
        raise DoesNotApplyError("workspaces cannot be renamed on this server")
    request = telling(scenario, operation, workspace)
    answer = attempt(scenario, request)
    if operation.id in MOVED:
        scenario.context.expect(operation.id, answer, request.status)


@pytest.mark.requirement("settings/real-changes")
@pytest.mark.parametrize("dormant", [False, True], ids=["active", "dormant"])
def test_real_changes(
    scenario: Scenario, operation: Operation, running: Json, dormant: bool
) -> None:
    """Of an active and of a dormant workspace, nothing but what was asked for changes."""
    before = furnish(scenario, running, dormant=dormant)
    _change(scenario, operation, before)
    own = MOVED.get(operation.id, ())
    try:
        scenario.unchanged(before, running, *own)
    finally:
        if operation.id == RENAME:
            scenario.on(running, RENAME, 204, body={"name": before["name"]})
