"""Both kinds of streams alike: open one, wait for what it has to show."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from ... import streams
from ...exchange import Exchange
from ...results import CannotJudgeError, Mismatch
from ...streams import EventStream, Socket
from ...wire import Wire
from .scenario import Scenario

Json = dict[str, Any]
Holds = Callable[[Json], bool]


class Watched:
    """An open stream about one workspace."""

    def __init__(self, stream: EventStream | Socket, workspace: str) -> None:
        self.stream = stream
        self.workspace = workspace

    @property
    def opened(self) -> Exchange:
        """The request that opened it."""
        return self.stream.opened

    def next(self) -> Json:
        """Payload of the next data event, which is about the workspace that is watched."""
        seen: Json = self.stream.next_data()
        if seen["id"] != self.workspace:
            raise Mismatch(f"events of {self.workspace}", seen["id"], self.opened)
        return seen

    def until(self, what: str, holds: Holds) -> list[Json]:
        """All payloads up to the first one that shows something, that one included."""
        seen: list[Json] = []
        deadline = time.monotonic() + 2 * self.stream.limit
        while time.monotonic() < deadline:
            try:
                seen.append(self.next())
            except Mismatch as error:
                if "events of" in error.expected:
                    raise
                raise Mismatch(f"an event with {what}", error.actual, self.opened) from None
            if holds(seen[-1]):
                return seen
        raise Mismatch(f"an event with {what}", f"{len(seen)} others", self.opened)


@contextmanager
def watch(
    scenario: Scenario, workspace: Json, *, websocket: bool, wire: Wire | None = None
) -> Generator[Watched]:
    """Open a stream; the first data event has been read already."""
    path = streams.watch_path(workspace["id"], websocket=websocket)
    limit = scenario.context.settings.timeouts.event
    sender = wire or scenario.wire
    scenario.context.checked += 1
    if websocket:
        with streams.socket(sender, path, limit) as socket:
            scenario.context.note_status("watchWorkspaceByIdViaWebsockets", 101)
            watched = Watched(socket, workspace["id"])
            watched.next()
            yield watched
        return
    with streams.event_stream(sender, path, limit) as stream:
        scenario.context.expect("watchWorkspaceById", stream.opened, 200)
        watched = Watched(stream, workspace["id"])
        watched.next()
        yield watched


def busy(workspace: Json) -> bool:
    """Whether a build is under way."""
    return workspace["latest_build"]["job"]["status"] in {"pending", "running", "canceling"}


def quiet(workspace: Json) -> None:
    """A workspace whose agents have nothing more to tell; else no silence could be judged."""
    if busy(workspace):
        raise CannotJudgeError("a build is under way")
