"""Several workspaces in different states, for judging lists."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

from ...exchange import Exchange
from ...results import Mismatch
from ...shared import Shared
from .scenario import Scenario

Json = dict[str, Any]


@dataclass(frozen=True)
class Several:
    """Live workspaces of the user, and the query that finds just them."""

    query: str
    workspaces: list[Json]


def find_several(scenario: Scenario, shared: Shared) -> Several:
    """At least five workspaces in different states, or those that are there already.

    The shortest run has two.
    """
    if shared.readonly:
        shared.any()
        return Several("owner:me", listed(scenario, "owner:me"))
    world = scenario.world
    query = f"owner:me name:{world.prefix}"
    shared.running()
    scenario.on(shared.stopped(), "favoriteWorkspaceById", 204)
    if scenario.context.settings.profile != "smoke":
        shared.pair()
        room = shared.room()
        if room["dormant_at"] is None:
            scenario.on(room, "updateWorkspaceDormancyStatusById", 200, body={"dormant": True})
    found = listed(scenario, query)
    if not {shared.running()["id"], shared.stopped()["id"]} <= {w["id"] for w in found}:
        wanted = f"{query!r} to find the workspaces of this run"
        raise Mismatch(wanted, f"{[w['name'] for w in found]}", scenario.wire.last)
    return Several(query, found)


def in_order(found: list[Json], answer: Exchange | None) -> None:
    """Check that these stand in the order of lists: marked, running, by owner, by name.

    Texts are compared as the server's database does it. Some pass over hyphens and some do not,
    so only what is the same either way is judged.
    """
    for one, other in combinations(found[:100], 2):
        if _comes_before(other, one):
            expected = f"{other['owner_name']}/{other['name']} before {one['owner_name']}/"
            raise Mismatch(f"{expected}{one['name']}", "the other way round", answer)


def _comes_before(one: Json, other: Json) -> bool:
    states = [(not w["favorite"], w["latest_build"]["status"] != "running") for w in (one, other)]
    if states[0] != states[1]:
        return states[0] < states[1]
    for name in ("owner_name", "name"):
        left, right = one[name].lower(), other[name].lower()
        if left != right:
            return bool(left < right and left.replace("-", "") < right.replace("-", ""))
    return False


def listed(scenario: Scenario, query: str, **options: str) -> list[Json]:
    """The workspaces that a query finds, in the server's order."""
    answer = scenario.call("listWorkspaces", {}, 200, query={"q": query, **options})
    found: list[Json] = answer.json()["workspaces"]
    return found
