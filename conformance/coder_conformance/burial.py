"""Deleting a workspace while it is watched in every way there is."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, ExitStack
from threading import Event
from typing import Any

from . import streams
from .evidence import Burial, Told
from .exchange import Exchange
from .results import CannotJudgeError, Mismatch
from .streams import EventStream, Socket
from .together import together
from .wire import Wire
from .world import World

Json = dict[str, Any]
GET = "getWorkspaceMetadataById"
_HOUR = 3_600_000


def bury(world: World, workspace: str) -> Burial:
    """Give a workspace settings, make it dormant, stop it and delete it.

    Raises:
        CannotJudgeError: It could not be deleted.
    """
    path = {"workspace": workspace}
    for operation, body in (
        ("updateWorkspaceTtlById", {"ttl_ms": _HOUR}),
        ("updateWorkspaceAutomaticUpdatesById", {"automatic_updates": "always"}),
    ):
        world.ask(operation, path, body=body)
    sleep = world.ask("updateWorkspaceDormancyStatusById", path, body={"dormant": True})
    stop = world.ask("createWorkspaceBuild", path, body={"transition": "stop"})
    stop_steps = world.follow(workspace)
    before = world.read(workspace)
    with ExitStack() as stack:
        told = {websocket: Told() for websocket in (False, True)}
        opened = {w: _open(world, workspace, w, told[w], stack) for w in told}
        delete = world.ask("createWorkspaceBuild", path, body={"transition": "delete"})
        if delete.status != 201:
            raise CannotJudgeError(f"the deletion of {workspace} was refused: {delete.answer()}")
        steps, reads = _watch(world, workspace)
        by_id = world.ask(GET, path)
        named = {"user": "me", "workspacename": before["name"]}
        by_name = world.ask("getWorkspaceMetadataByUserAndWorkspaceName", named)
        queries = (None, {"q": f"id:{workspace}"}, {"q": f"name:{before['name']}"})
        lists = [world.ask("listWorkspaces", query=query) for query in queries]
        for websocket, stream in opened.items():
            if stream is not None:
                _listen(stream, told[websocket])
    return Burial(
        sleep, stop, stop_steps, before, delete, steps, reads, by_id, by_name, lists, told
    )


def _open(
    world: World, workspace: str, websocket: bool, told: Told, stack: ExitStack
) -> EventStream | Socket | None:
    path = streams.watch_path(workspace, websocket=websocket)
    limit = world.settings.timeouts.event
    opening = streams.socket if websocket else streams.event_stream
    opened: AbstractContextManager[EventStream | Socket] = opening(world.wire, path, limit)
    try:
        stream = stack.enter_context(opened)
        told.opened = stream.opened
        stream.next_data()
    except (Mismatch, CannotJudgeError) as error:
        told.error = error
        return None
    return stream


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


def _listen(stream: EventStream | Socket, told: Told) -> None:
    """Take down what has come, up to the end of the workspace, and what comes a moment later."""
    deadline = time.monotonic() + 2 * stream.limit
    try:
        while time.monotonic() < deadline:
            told.payloads.append(stream.next_data())
            if told.payloads[-1]["latest_build"]["status"] == "deleted":
                told.ended = stream.ends_within(0.5)
                return
    except Mismatch as error:
        told.error = error
    except (LookupError, TypeError) as error:
        told.error = Mismatch("a workspace", repr(error), told.opened)
