"""Deleting a workspace while it is watched in every way there is."""

from __future__ import annotations

import time
from contextlib import ExitStack
from threading import Event
from typing import Any

from .evidence import Burial
from .exchange import Exchange
from .formats import days_away
from .listening import Listener
from .results import CannotJudgeError
from .together import together
from .wire import Wire
from .world import BY_NAME, GET, World

Json = dict[str, Any]
_HOUR = 3_600_000


class DeletionRefusedError(CannotJudgeError):
    """A dormant workspace could not be deleted.

    Attributes:
        answer: What was answered.
    """

    def __init__(self, workspace: str, answer: Exchange) -> None:
        super().__init__(f"the deletion of {workspace} was refused: {answer.answer()}")
        self.answer = answer


def bury(world: World, workspace: str) -> Burial:
    """Give a workspace settings, make it dormant, stop it and delete it.

    Raises:
        DeletionRefusedError: It could not be deleted.
    """
    path = {"workspace": workspace}
    # Days away, and of no effect on what is dormant.
    schedule = days_away("CRON_TZ=Asia/Tokyo 7 3 * * 1")
    bodies: dict[str, Json] = {
        "updateWorkspaceTtlById": {"ttl_ms": _HOUR},
        "updateWorkspaceAutomaticUpdatesById": {"automatic_updates": "always"},
        "updateWorkspaceAutostartScheduleById": {"schedule": schedule},
    }
    for operation, body in bodies.items():
        world.ask(operation, path, body=body)
    world.ask("favoriteWorkspaceById", path)
    sleep = world.ask("updateWorkspaceDormancyStatusById", path, body={"dormant": True})
    stop = world.ask("createWorkspaceBuild", path, body={"transition": "stop"})
    stop_steps = world.follow(workspace)
    before = world.read(workspace)
    with ExitStack() as stack:
        listener = Listener(world, workspace, stack)
        delete = world.ask("createWorkspaceBuild", path, body={"transition": "delete"})
        if delete.status != 201:
            raise DeletionRefusedError(workspace, delete)
        steps, reads = _watch(world, workspace)
        by_id = world.ask(GET, path)
        named = {"user": "me", "workspacename": before["name"]}
        by_name = world.ask(BY_NAME, named)
        found = world.ask(BY_NAME, named, query={"include_deleted": "true"})
        queries = (None, {"q": f"id:{workspace}"}, {"q": f"name:{before['name']}"})
        lists = [world.ask("listWorkspaces", query=query) for query in queries]
        listener.listen(lambda seen: bool(seen["latest_build"]["status"] == "deleted"))
    told = listener.told
    return Burial(
        sleep, stop, stop_steps, before, delete, steps, reads, by_id, by_name, found, lists, told
    )


def _watch(world: World, workspace: str) -> tuple[list[Exchange], list[list[Exchange]]]:
    """The deletion as it is seen by whoever asks for deleted ones, and by two who do not."""
    over = Event()
    operation = world.contract.operation(GET)

    def read(wire: Wire) -> list[Exchange]:
        seen: list[Exchange] = []
        more = 3
        while more and [answer.status for answer in seen[-3:]] != [410] * 3:
            more -= over.is_set()
            seen.append(wire.call(operation, {"workspace": workspace}))
            if len(seen) > 200:
                time.sleep(0.2)  # slow builds need no thousands of reads
        return seen

    def follow(_: Wire) -> list[Exchange]:
        try:
            return world.follow(workspace, include_deleted=True)
        finally:
            over.set()

    steps, *reads = together(world.wire, follow, read, read)
    return steps, reads
