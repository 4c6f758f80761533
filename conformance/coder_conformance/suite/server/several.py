"""Several workspaces in different states, for judging lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...shared import Shared
from .scenario import Scenario

Json = dict[str, Any]


@dataclass(frozen=True)
class Several:
    """Live workspaces of the user, and the query that finds just them."""

    query: str
    workspaces: list[Json]


def find_several(scenario: Scenario, shared: Shared) -> Several:
    """At least five workspaces in different states, or those that are there already."""
    if shared.readonly:
        shared.any()
        return Several("owner:me", listed(scenario, "owner:me"))
    world = scenario.world
    query = f"owner:me name:{world.prefix}"
    stopped = shared.stopped()
    mine = listed(scenario, query)
    if not any(w["name"].endswith("-B") for w in mine):
        # Letters of either case at the place that decides about their order.
        base = world.name()
        mine += [world.create(name=f"{base}{ending}") for ending in ("-B", "-a")]
    while len(mine) < 5:
        mine.append(world.create())
    kept = {stopped["id"], shared.running()["id"]}
    others = [w for w in mine if w["id"] not in kept and w["name"][-2:] not in {"-B", "-a"}]
    if not any(w["dormant_at"] for w in others):
        scenario.on(others[0], "updateWorkspaceDormancyStatusById", 200, body={"dormant": True})
    scenario.on(stopped, "favoriteWorkspaceById", 204)
    for workspace in mine:
        world.settled(workspace["id"])
    return Several(query, listed(scenario, query))


def listed(scenario: Scenario, query: str, **options: str) -> list[Json]:
    """The workspaces that a query finds, in the server's order."""
    answer = scenario.call("listWorkspaces", {}, 200, query={"q": query, **options})
    found: list[Json] = answer.json()["workspaces"]
    return found
