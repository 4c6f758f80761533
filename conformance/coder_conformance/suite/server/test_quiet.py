"""What streams say nothing of, the same for both kinds of streams."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from coder_conformance.cycle import Holds
from coder_conformance.formats import days_away
from coder_conformance.results import DoesNotApplyError, Mismatch
from coder_conformance.shared import Shared
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.sharing import ACL, sharing
from coder_conformance.suite.server.watching import EXTEND, both, extend, watch
from coder_conformance.wire import Wire

Json = dict[str, Any]
AUTOSTART = "updateWorkspaceAutostartScheduleById"
TTL, USAGE = "updateWorkspaceTtlById", "postWorkspaceUsageById"
# Changes in a row, and how many more events than without them are too many.
MANY, TOO_MANY = 6, 4


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


def unheard(
    scenario: Scenario,
    workspace: Json,
    websocket: bool,
    change: Callable[[int], None],
    mark: Callable[[int], Holds],
) -> None:
    """Changes that no payload shows cause no more events than no changes.

    Up to a mark that is announced it is counted what comes, without changes and with many, in
    turn; so neither agents that report nor events that come twice are taken for announcements.
    """
    with watch(scenario, workspace, websocket=websocket) as watched:
        without: list[int] = []
        with_changes: list[int] = []
        for turn in range(3):
            without.append(len(watched.until("the mark", mark(2 * turn))))
            for number in range(MANY):
                change(number)
            with_changes.append(len(watched.until("the mark", mark(2 * turn + 1))))
        if min(with_changes) - max(without) >= TOO_MANY:
            expected = f"{max(without)} events, as many as without {MANY} changes"
            raise Mismatch(expected, f"{min(with_changes)}", watched.opened)


@both("quiet-about-usage")
def test_quiet_usage(scenario: Scenario, running: Json, websocket: bool) -> None:
    """Use without an app."""

    def change(_: int) -> None:
        scenario.on(running, USAGE, 204, body={})

    def mark(turn: int) -> Holds:
        return extend(scenario, running, 320 + turn)

    unheard(scenario, running, websocket, change, mark)


@both("quiet-about-sharing")
def test_quiet_sharing(
    scenario: Scenario, running: Json, member: Wire, other: str, websocket: bool
) -> None:
    """On and off, for the second user."""
    assert member is not scenario.wire
    with sharing(scenario, running, other):

        def change(number: int) -> None:
            role = "" if number % 2 else "use"
            scenario.on(running, ACL, 204, body={"user_roles": {other: role}})

        def mark(turn: int) -> Holds:
            return extend(scenario, running, 330 + turn)

        unheard(scenario, running, websocket, change, mark)


@both("quiet-about-no-ttl")
def test_quiet_no_ttl(scenario: Scenario, stopped: Json, websocket: bool) -> None:
    """Set and cleared again, of a stopped one, since a running one would lose its deadline."""

    def change(_: int) -> None:
        for ttl in (3_600_000, None):
            scenario.on(stopped, TTL, 204, body={"ttl_ms": ttl})

    def mark(turn: int) -> Holds:
        schedule = days_away(f"{turn} 8 * * 3")
        scenario.on(stopped, AUTOSTART, 204, body={"schedule": schedule})
        refused(scenario, stopped)
        return lambda seen: bool(seen.get("autostart_schedule") == schedule)

    try:
        with watch(scenario, stopped, websocket=websocket) as watched:
            watched.until("the mark", mark(59))
    except Mismatch:
        reason = "an extension that is refused is not announced, so no end can be seen"
        raise DoesNotApplyError(reason) from None
    unheard(scenario, stopped, websocket, change, mark)
    scenario.on(stopped, AUTOSTART, 204, body={})


def refused(scenario: Scenario, stopped: Json) -> None:
    """Try to extend a workspace that does not run."""
    later = scenario.world.later(hours=3)
    scenario.on(stopped, EXTEND, 409, body={"deadline": later.isoformat()})


@both("announces-refused-extensions")
def test_refused_extensions(scenario: Scenario, stopped: Json, websocket: bool) -> None:
    """Each of two; nothing else happens to a stopped workspace."""
    with watch(scenario, stopped, websocket=websocket) as watched:
        for _ in range(2):
            refused(scenario, stopped)
            watched.until("the workspace as it is", lambda _: True)
