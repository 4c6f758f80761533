"""The agents of a workspace, which its template may give it or not."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def agents_of(workspace: Json) -> list[Json]:
    """The agents of a workspace, in no order."""
    resources: list[Json] = workspace["latest_build"]["resources"]
    return [agent for resource in resources for agent in resource.get("agents", [])]


def at_work(workspace: Json) -> bool:
    """Whether a workspace has agents and all of them are connected and ready."""
    agents = agents_of(workspace)
    states = {(agent.get("status"), agent.get("lifecycle_state")) for agent in agents}
    return states == {("connected", "ready")}
