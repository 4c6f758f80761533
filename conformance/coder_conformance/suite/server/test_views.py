"""Workspaces in rare states: each operation shows all of them, down to their agents.

What moves by itself is no list of fields here. A value is judged when it was the same before and
after the view that is looked at, and is wrong when it differs time and again.
"""

from __future__ import annotations

from functools import partial

import pytest

from coder_conformance.exchange import Exchange
from coder_conformance.results import Mismatch
from coder_conformance.shared import Shared
from coder_conformance.suite.server.furnished import furnish
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.sights import (
    TRIES,
    Json,
    Look,
    View,
    agrees,
    by_id,
    by_name,
    event,
    leaves_of,
    listed,
    message,
)
from coder_conformance.suite.server.watching import both, extend, watch


def later(scenario: Scenario, workspace: Json, *, websocket: bool) -> View:
    """What is told of a change, which is put together in another place than what comes first."""
    with watch(scenario, workspace, websocket=websocket) as watched:
        seen = watched.until("the new deadline", extend(scenario, workspace, 270))
        return seen[-1], watched.opened


MARK = pytest.mark.requirement
LOOKS = [
    pytest.param(listed, marks=MARK("list/in-depth"), id="list"),
    pytest.param(by_name, marks=MARK("get-by-name/in-depth"), id="get-by-name"),
    pytest.param(event, marks=MARK("watch/in-depth"), id="watch"),
    pytest.param(message, marks=MARK("watch-ws/in-depth"), id="watch-ws"),
]


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("state", ["running", "dormant", "dormant and running"])
def test_in_depth(scenario: Scenario, shared: Shared, look: Look, state: str) -> None:
    """Every value at every depth, with every setting made and in more than one state."""
    workspace = shared.stopped() if state == "dormant" else shared.running()
    furnish(scenario, workspace, dormant=state != "running")
    agrees(scenario, workspace, look)


@both("changes-in-depth")
@pytest.mark.parametrize("dormant", [False, True], ids=["running", "dormant and running"])
def test_changes_in_depth(
    scenario: Scenario, running: Json, websocket: bool, dormant: bool
) -> None:
    """The event that a new deadline causes, with every setting made."""
    furnish(scenario, running, dormant=dormant)
    agrees(scenario, running, partial(later, websocket=websocket))


@pytest.mark.requirement("get/lasting-identifiers")
def test_lasting_identifiers(scenario: Scenario, running: Json) -> None:
    """As long as the build is the same, so is everything that has an identifier in it."""
    seen: dict[str, tuple[set[str], Exchange]] = {}
    for _ in range(TRIES):
        workspace, answer = by_id(scenario, running)
        build = workspace["latest_build"]
        known = {at for at, _ in leaves_of(build["resources"]) if at.endswith("].id")}
        first, _ = seen.setdefault(build["id"], (known, answer))
        if known != first:
            raise Mismatch(f"{sorted(first)}", f"{sorted(known)}", answer)
