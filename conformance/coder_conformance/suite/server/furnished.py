"""Workspaces whose every setting differs from what a new one has, so that a lost one is noticed."""

from __future__ import annotations

from typing import Any

from ...formats import days_away
from .scenario import Scenario

Json = dict[str, Any]
DORMANT = "updateWorkspaceDormancyStatusById"


def furnish(scenario: Scenario, workspace: Json, *, dormant: bool = False) -> Json:
    """Give a workspace a value of every setting; how it is then."""
    schedule = days_away("CRON_TZ=Asia/Tokyo 15 7 * * 1-5")
    calls: dict[str, Json] = {
        "updateWorkspaceAutostartScheduleById": {"schedule": schedule},
        "updateWorkspaceTtlById": {"ttl_ms": 28_800_000},
        "updateWorkspaceAutomaticUpdatesById": {"automatic_updates": "always"},
    }
    for operation, body in calls.items():
        scenario.on(workspace, operation, 204, body=body)
    scenario.on(workspace, "favoriteWorkspaceById", 204)
    scenario.on(workspace, DORMANT, 200, 304, body={"dormant": dormant})
    return scenario.world.read(workspace["id"])
