"""Starting and stopping a workspace while it is watched in every way there is."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from typing import Any

from .agents import agents_of, at_work
from .evidence import Cycle, Turn
from .exchange import Exchange
from .formats import days_away
from .listening import Listener
from .world import World

Json = dict[str, Any]
Holds = Callable[[Json], bool]
TTL = "updateWorkspaceTtlById"
DORMANT = "updateWorkspaceDormancyStatusById"
EXTEND = "extendWorkspaceDeadlineById"
_TTL_MS = 5_400_000
# How long agents may take; they are waited for once in a run.
_AGENTS_SECONDS = 10.0


def turn_over(world: World, workspace: Json, other: Json) -> Cycle:
    """Stop a stopped workspace, and start and stop it with a time to stop and without one.

    Args:
        world: Whose workspaces they are.
        workspace: A stopped one.
        other: A running one with a deadline.
    """
    # Days away, since a deadline that would cross the next start is moved.
    schedule = days_away("CRON_TZ=Asia/Tokyo 7 3 * * 1")
    settings: Json = {
        "ttl_ms": _TTL_MS,
        "automatic_updates": "always",
        "autostart_schedule": schedule,
        "favorite": True,
    }
    path = {"workspace": workspace["id"]}
    given = {
        TTL: world.ask(TTL, path, body={"ttl_ms": _TTL_MS}),
        **_settle(world, path, {"schedule": schedule}, "always"),
        "favoriteWorkspaceById": world.ask("favoriteWorkspaceById", path),
    }
    # Waking up may leave the next start open, until the first build.
    if world.ask(DORMANT, path, body={"dormant": True}).status == 200:
        world.ask(DORMANT, path, body={"dormant": False})
    made = Cycle(workspace, settings, given, [], {}, {}, other["id"])
    going = _turn(world, made, "stop", _TTL_MS)
    with ExitStack() as stack:
        own, beside = (Listener(world, w["id"], stack) for w in (workspace, other))
        made.told, made.beside = own.told, beside.told
        going = going and _turn(world, made, "start", _TTL_MS)
        if going:
            made.agents = _agents_at_work(world, workspace["id"])
            if made.agents is not None:
                own.catch_up(at_work)  # before the stop, which would be shown in its place
        going = going and _turn(world, made, "stop", _TTL_MS)
        if going:
            last = made.turns[-1].said.json()["build_number"]
            own.listen(lambda seen: _has_ended(seen["latest_build"], last))
            beside.listen(_extend(world, other["id"]))
    world.ask(TTL, path, body={"ttl_ms": None})
    for transition in ("start", "stop"):
        going = going and _turn(world, made, transition, None, asks=transition == "start")
    _settle(world, path, {}, "never")
    world.ask("unfavoriteWorkspaceById", path)
    return made


def _settle(world: World, path: dict[str, str], schedule: Json, updates: str) -> Json:
    bodies: Json = {
        "updateWorkspaceAutostartScheduleById": schedule,
        "updateWorkspaceAutomaticUpdatesById": {"automatic_updates": updates},
    }
    return {name: world.ask(name, path, body=body) for name, body in bodies.items()}


def _turn(
    world: World, cycle: Cycle, transition: str, ttl: int | None, *, asks: bool = False
) -> bool:
    """One build, where asked for with tries to move its deadline; whether it was begun."""
    identifier, name = cycle.before["id"], cycle.before["name"]
    body = {"transition": transition}
    said = world.ask("createWorkspaceBuild", {"workspace": identifier}, body=body)
    turn = Turn(transition, ttl, said)
    cycle.turns.append(turn)
    if said.status != 201:
        return False
    if asks:
        # Too soon for a build that has ended by now, so it never moves the deadline.
        turn.early = world.ask(EXTEND, {"workspace": identifier}, body=_deadline(world, 0))
    turn.steps = world.follow(identifier)
    turn.views = world.views(identifier, name)
    turn.timings = world.ask("getWorkspaceTimingsById", {"workspace": identifier})
    if asks:
        for what, body in deadlines(world).items():
            turn.late[what] = world.ask(EXTEND, {"workspace": identifier}, body=body)
    return True


def deadlines(world: World) -> Json:
    """Bodies with a deadline that is good, or too soon, or wrong, by what they are."""
    wrong: Json = {"missing": {}, "null": {"deadline": None}, "no time": {"deadline": "soon"}}
    return {
        "good": _deadline(world, 180),
        "too soon": _deadline(world, 0),
        **wrong,
        "no object": ["x"],
    }


def _deadline(world: World, minutes: int) -> Json:
    return {"deadline": world.later(minutes=minutes).isoformat()}


def _agents_at_work(world: World, identifier: str) -> Exchange | None:
    """A read that shows agents at work; None if there are none, or they are slow."""
    limit = time.monotonic() + _AGENTS_SECONDS
    while time.monotonic() < limit:
        shown = world.read(identifier)
        try:
            if at_work(shown):
                return world.wire.last
            if not agents_of(shown):
                return None
        except (LookupError, TypeError):  # an answer against the contract, which others judge
            return None
        time.sleep(_AGENTS_SECONDS / 50)
    return None


def _has_ended(build: Json, number: int) -> bool:
    return bool(build["build_number"] == number and build["job"]["status"] == "succeeded")


def _extend(world: World, workspace: str) -> Holds:
    """Give a workspace a new deadline; what tells whether a payload shows it."""
    body = _deadline(world, 210)
    world.ask(EXTEND, {"workspace": workspace}, body=body)
    return shows_deadline(datetime.fromisoformat(body["deadline"]))


def shows_deadline(deadline: datetime) -> Holds:
    """What tells whether a payload shows a deadline."""

    def shows(seen: Json) -> bool:
        shown = seen["latest_build"]["deadline"]
        return shown is not None and datetime.fromisoformat(shown) == deadline

    return shows
