"""Workspaces that are left to themselves, for seeing what the server does with them in time.

They are the second user's, so that they disturb none of the lists that other tests look at, and
are made when the run begins, as what happens to them takes minutes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from .exchange import Exchange
from .world import World

Json = dict[str, Any]
AUTOSTART = "updateWorkspaceAutostartScheduleById"
# Until the schedule fires, at least: it has to lie ahead when the server gets it.
_AHEAD = timedelta(seconds=45)


@dataclass(frozen=True)
class Unattended:
    """What was left to itself.

    Attributes:
        world: The second user's.
        starter: A stopped workspace with a schedule, before it fires; it has been used.
        sleeper: A dormant one with the same schedule.
        stopper: A running one with a minute to stop, once it had started.
        due: When the schedule fires.
        rested: What the starter showed as its last use before.
        used: When the use of the starter was reported.
        answers: Those to the requests that set the schedules.
    """

    world: World
    starter: Json
    sleeper: Json
    stopper: Json
    due: datetime
    rested: datetime
    used: datetime
    answers: list[Exchange]


def leave_alone(world: World) -> Unattended:
    """Make three workspaces and give them what they need to start and stop by themselves.

    Args:
        world: The second user's.

    Raises:
        CannotJudgeError: One of them could not be made.
    """
    starter, sleeper = (world.build(world.create()["id"], "stop") for _ in range(2))
    stopper = world.create(ttl_ms=60_000)
    due = next_minute(world.now() + _AHEAD)
    body = {"schedule": f"CRON_TZ=UTC {due.minute} {due.hour} * * *"}
    paths = [{"workspace": workspace["id"]} for workspace in (starter, sleeper)]
    answers = [world.ask(AUTOSTART, path, body=body) for path in paths]
    world.ask("updateWorkspaceDormancyStatusById", paths[1], body={"dormant": True})
    rested = datetime.fromisoformat(world.read(starter["id"])["last_used_at"])
    used = world.now()
    world.ask("postWorkspaceUsageById", paths[0])
    seen = world.read(starter["id"]), world.read(sleeper["id"])
    return Unattended(world, *seen, stopper, due, rested, used, answers)


def next_minute(moment: datetime) -> datetime:
    """The first whole minute from a moment on."""
    return datetime.fromtimestamp(math.ceil(moment.timestamp() / 60) * 60, UTC)
