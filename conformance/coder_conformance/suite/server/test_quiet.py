"""What streams say nothing of, the same for both kinds of streams."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from coder_conformance.results import Mismatch
from coder_conformance.shared import Shared
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.watching import both, extend, watch

Json = dict[str, Any]


def silent(
    scenario: Scenario,
    shared: Shared,
    websocket: bool,
    change: Callable[[Json, int], None],
    shows: Callable[[Json, int], bool],
) -> None:
    """A change is seen by the next event of another cause at the earliest.

    An agent may report at any moment and cause an event that shows the change by chance, so only
    a server that announces every one of three changes is found guilty.
    """
    workspace = shared.running()
    with watch(scenario, workspace, websocket=websocket) as watched:
        early = 0
        for turn in range(3):
            change(workspace, turn)
            fresh = extend(scenario, workspace, 240 + turn)
            seen = watched.until("the new deadline", fresh)
            early += any(shows(payload, turn) for payload in seen[:-1])
            if not shows(seen[-1], turn):
                raise Mismatch("a payload with the change", repr(seen[-1])[:300], watched.opened)
        if early == 3:
            raise Mismatch("no event of its own", "one for each change", watched.opened)


@both("quiet-about-autostart")
def test_quiet_autostart(scenario: Scenario, shared: Shared, websocket: bool) -> None:
    """A plan for later."""

    def change(workspace: Json, turn: int) -> None:
        body = {"schedule": f"{turn} 9 * * 1"}
        scenario.on(workspace, "updateWorkspaceAutostartScheduleById", 204, body=body)

    def shows(seen: Json, turn: int) -> bool:
        return bool(seen.get("autostart_schedule") == f"{turn} 9 * * 1")

    silent(scenario, shared, websocket, change, shows)


@both("quiet-about-ttl")
def test_quiet_ttl(scenario: Scenario, shared: Shared, websocket: bool) -> None:
    """A plan for later."""

    def change(workspace: Json, turn: int) -> None:
        body = {"ttl_ms": (turn + 500) * 60_000}
        scenario.on(workspace, "updateWorkspaceTtlById", 204, body=body)

    def shows(seen: Json, turn: int) -> bool:
        return bool(seen.get("ttl_ms") == (turn + 500) * 60_000)

    silent(scenario, shared, websocket, change, shows)


@both("quiet-about-dormancy")
def test_quiet_dormancy(scenario: Scenario, shared: Shared, websocket: bool) -> None:
    """On and off."""

    def change(workspace: Json, turn: int) -> None:
        body = {"dormant": turn % 2 == 0}
        scenario.on(workspace, "updateWorkspaceDormancyStatusById", 200, body=body)

    def shows(seen: Json, turn: int) -> bool:
        return (seen["dormant_at"] is not None) == (turn % 2 == 0)

    silent(scenario, shared, websocket, change, shows)


@both("quiet-about-favorites")
def test_quiet_favorites(scenario: Scenario, shared: Shared, websocket: bool) -> None:
    """On and off."""

    def change(workspace: Json, turn: int) -> None:
        marked = turn % 2 == 0
        operation = "favoriteWorkspaceById" if marked else "unfavoriteWorkspaceById"
        scenario.on(workspace, operation, 204)

    def shows(seen: Json, turn: int) -> bool:
        return bool(seen["favorite"] == (turn % 2 == 0))

    silent(scenario, shared, websocket, change, shows)


@both("quiet-about-autoupdates")
def test_quiet_updates(scenario: Scenario, shared: Shared, websocket: bool) -> None:
    """On and off."""

    def value(turn: int) -> str:
        return "always" if turn % 2 == 0 else "never"

    def change(workspace: Json, turn: int) -> None:
        body = {"automatic_updates": value(turn)}
        scenario.on(workspace, "updateWorkspaceAutomaticUpdatesById", 204, body=body)

    def shows(seen: Json, turn: int) -> bool:
        return bool(seen["automatic_updates"] == value(turn))

    silent(scenario, shared, websocket, change, shows)
