"""Both kinds of streams alike: open one, wait for what it has to show."""

from __future__ import annotations

import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest

from ... import streams
from ...consistency import workspace as contradictions
from ...cycle import Holds, shows_deadline
from ...exchange import Exchange
from ...results import Mismatch
from ...streams import Stream
from ...wire import Wire
from .scenario import Scenario

Json = dict[str, Any]
EXTEND = "extendWorkspaceDeadlineById"
TRANSPORTS = {"watch": False, "watch-ws": True}
SCHEMAS = {"data": "Workspace", "error": "Response"}


def both(subject: str) -> pytest.MarkDecorator:
    """Judge a requirement for either stream."""
    return pytest.mark.parametrize(
        "websocket",
        [
            pytest.param(websocket, marks=pytest.mark.requirement(f"{kind}/{subject}"), id=kind)
            for kind, websocket in TRANSPORTS.items()
        ],
    )


def shaped(scenario: Scenario, kind: str, payload: Any, opened: Exchange | None) -> None:
    """The payload of an event fits the contract."""
    scenario.context.checked += 1
    schema = {"$ref": f"#/components/schemas/{SCHEMAS[kind]}"}
    for error in scenario.context.judge.schema_errors(schema, payload):
        raise Mismatch(f"a payload that fits {SCHEMAS[kind]}", error, opened)


def fits(scenario: Scenario, kind: str, payload: Any, opened: Exchange) -> None:
    """The payload of an event fits the contract and does not contradict itself."""
    shaped(scenario, kind, payload, opened)
    if kind == "data":
        for contradiction in contradictions(payload):
            raise Mismatch("a workspace whose fields agree", contradiction, opened)


class Watched:
    """An open stream about one workspace."""

    def __init__(self, scenario: Scenario, stream: Stream, workspace: str) -> None:
        self.scenario = scenario
        self.stream = stream
        self.workspace = workspace

    @property
    def opened(self) -> Exchange:
        """The request that opened it."""
        return self.stream.opened

    def next(self) -> Json:
        """Payload of the next data event, which is right and about the workspace."""
        return self._judged(self.stream.next_data())

    def until(self, what: str, holds: Holds) -> list[Json]:
        """All payloads up to the first one that shows something, that one included."""
        seen: list[Json] = []
        deadline = time.monotonic() + 2 * self.stream.limit
        while time.monotonic() < deadline:
            try:
                payload = self.stream.next_data()
            except Mismatch as error:
                raise Mismatch(f"an event with {what}", error.actual, self.opened) from None
            seen.append(self._judged(payload))
            if holds(seen[-1]):
                return seen
        raise Mismatch(f"an event with {what}", f"{len(seen)} others", self.opened)

    def _judged(self, payload: Any) -> Json:
        fits(self.scenario, "data", payload, self.opened)
        if payload["id"] != self.workspace:
            raise Mismatch(f"events of {self.workspace}", payload["id"], self.opened)
        seen: Json = payload
        return seen


@contextmanager
def watch(
    scenario: Scenario, workspace: Json, *, websocket: bool, wire: Wire | None = None
) -> Generator[Watched]:
    """Open a stream; the first data event has been read already."""
    limit = scenario.context.settings.timeouts.event
    sender = wire or scenario.wire
    scenario.context.checked += 1
    with streams.opening(sender, workspace["id"], limit, websocket=websocket) as stream:
        if websocket:
            scenario.context.note_status("watchWorkspaceByIdViaWebsockets", 101)
        else:
            scenario.context.expect("watchWorkspaceById", stream.opened, 200)
        watched = Watched(scenario, stream, workspace["id"])
        watched.next()
        yield watched


@contextmanager
def repeated(scenario: Scenario, workspace: Json, seconds: float = 5.0) -> Generator[None]:
    """Give a workspace a new deadline again and again as long as the block lasts."""
    over = Event()

    def work() -> None:
        turn = 0
        while not over.is_set():
            extend(scenario, workspace, 300 + turn)
            turn += 1
            over.wait(seconds)

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work)
        try:
            yield
        finally:
            over.set()
        working.result()


def extend(scenario: Scenario, workspace: Json, minutes: int) -> Holds:
    """Give a workspace a new deadline; whether a payload shows it."""
    deadline = scenario.world.later(minutes=minutes)
    scenario.on(workspace, EXTEND, 200, body={"deadline": deadline.isoformat()})
    return shows_deadline(deadline)
