"""What a stream announces and what it does not, the same for both kinds of streams."""

from __future__ import annotations

import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import pairwise
from typing import Any

import pytest

from coder_conformance import streams
from coder_conformance.evidence import Cycle, Told
from coder_conformance.results import Mismatch
from coder_conformance.shared import Shared
from coder_conformance.suite.server.scenario import Scenario, without_resources
from coder_conformance.suite.server.usual import attempt, usual
from coder_conformance.suite.server.watching import Watched, both, extend, repeated, watch

Json = dict[str, Any]
ORDER = {"pending": 0, "starting": 1, "stopping": 1, "deleting": 1,
         "running": 2, "stopped": 2, "deleted": 2}  # fmt: skip
# A new build, a provisioner that takes its job, and the end of that.
CHANGES = 3


@both("announces-a-deadline")
def test_deadline(scenario: Scenario, running: Json, websocket: bool) -> None:
    """Each of several, in their order."""
    with watch(scenario, running, websocket=websocket) as watched:
        for minutes in (200, 300, 100):
            watched.until("the new deadline", extend(scenario, running, minutes))


@both("announces-a-rename")
def test_rename(scenario: Scenario, stopped: Json, websocket: bool) -> None:
    """There and back."""
    with watch(scenario, stopped, websocket=websocket) as watched:
        for name in (scenario.world.name(), stopped["name"]):
            scenario.on(stopped, "updateWorkspaceMetadataById", 204, body={"name": name})

            def shows(seen: Json, name: str = name) -> bool:
                return bool(seen["name"] == name)

            watched.until(f"the name {name}", shows)


@both("announces-each-step")
def test_steps(scenario: Scenario, shared: Shared, websocket: bool) -> None:
    """Forwards only, from its beginning to the end, first for a start and then for a stop."""
    cycle = shared.cycle()
    told = cycle.told[websocket]
    seen = payloads(scenario, told, cycle.before["id"], "the end of the stop")
    for transition in ("start", "stop"):
        builds = [s["latest_build"] for s in seen if s["latest_build"]["transition"] == transition]
        steps = [build["status"] for build in builds]
        ranks = [ORDER.get(step, -1) for step in steps]
        if ranks != sorted(ranks) or -1 in ranks or ranks[-1:] != [2] or ranks[0] == 2:
            raise Mismatch("steps up to the end, none of them back", repr(steps), told.opened)
        missing = lasting(cycle, transition) - set(steps)
        # A provisioner may have taken the job before the event of a new build was put together;
        # then there are still one for the new build, one for that, and one for its end.
        if len(steps[: ranks.index(2) + 1]) >= CHANGES:
            missing.discard("pending")
        if missing:
            raise Mismatch(f"an event of {sorted(missing)}", repr(steps), told.opened)
    numbers = [s["latest_build"]["build_number"] for s in seen]
    if numbers != sorted(numbers):
        raise Mismatch("build numbers that grow", repr(numbers), told.opened)


def lasting(cycle: Cycle, transition: str) -> set[str]:
    """Steps of the build that was watched which were read several times, so that they lasted."""
    turns = [t for t in cycle.turns if t.transition == transition]
    watched = turns[0] if transition == "start" else turns[1]
    seen = Counter(read.json()["latest_build"]["status"] for read in watched.steps)
    return {step for step, times in seen.items() if times > 1}


def payloads(scenario: Scenario, told: Told, workspace: str, what: str) -> list[Json]:
    """What a stream told of a workspace, and of no other, up to what was waited for."""
    scenario.context.checked += 1
    if told.error is not None and not isinstance(told.error, Mismatch):
        raise told.error
    if told.error is not None:
        raise Mismatch(f"an event with {what}", told.error.actual, told.opened)
    for payload in told.payloads:
        if payload["id"] != workspace:
            raise Mismatch(f"events of {workspace}", payload["id"], told.opened)
    if not told.complete:
        raise Mismatch(f"an event with {what}", f"{len(told.payloads)} others", told.opened)
    return told.payloads


@both("only-this-workspace")
def test_only_this(scenario: Scenario, shared: Shared, websocket: bool) -> None:
    """A neighbour is built while one is watched; every event is about the one."""
    cycle = shared.cycle()
    payloads(scenario, cycle.beside[websocket], cycle.other, "the new deadline")


@both("many-watchers")
def test_many(scenario: Scenario, running: Json, websocket: bool) -> None:
    """Ten of them, and each one sees it."""
    with ExitStack() as stack:
        watchers = [
            stack.enter_context(watch(scenario, running, websocket=websocket)) for _ in range(10)
        ]
        shows = extend(scenario, running, 220)
        for watched in watchers:
            watched.until("the new deadline", shows)


@both("survives-closed-watchers")
def test_closed_watchers(scenario: Scenario, running: Json, websocket: bool) -> None:
    """Some go away, properly or not, and the last one still sees what happens."""
    with watch(scenario, running, websocket=websocket) as watched:
        for turn in range(3):
            with watch(scenario, running, websocket=websocket) as other:
                if turn == 0:
                    abandon(other)
            watched.until("the new deadline", extend(scenario, running, 230 + turn))


def abandon(watched: Watched) -> None:
    """Drop the connection without a word."""
    if isinstance(watched.stream, streams.Socket):
        watched.stream.connection.socket.close()


@both("deletion")
def test_deletion(scenario: Scenario, shared: Shared, websocket: bool) -> None:
    """Announced, and afterwards nothing is closed."""
    burial = shared.burial()
    told = burial.told[websocket]
    payloads(scenario, told, burial.before["id"], "the status deleted")
    if told.ended:
        raise Mismatch("the stream to stay open", "its end", told.opened)


@both("of-a-deleted-one")
def test_of_a_deleted_one(scenario: Scenario, deleted: Json, websocket: bool) -> None:
    """It is shown as it was left."""
    limit = scenario.context.settings.timeouts.event
    with streams.opening(scenario.wire, deleted["id"], limit, websocket=websocket) as stream:
        seen = stream.next_data()
        status = seen["latest_build"]["status"]
        if (seen["id"], status) != (deleted["id"], "deleted"):
            raise Mismatch("the deleted workspace", f"{seen['id']} {status}", stream.opened)


@both("same-as-reading")
def test_same_as_reading(scenario: Scenario, some: Json, websocket: bool) -> None:
    """All fields, but for what agents do meanwhile."""
    limit = scenario.context.settings.timeouts.event
    with streams.opening(scenario.wire, some["id"], limit, websocket=websocket) as stream:
        seen = stream.next_data()
        read = scenario.world.read(some["id"])
        for name in sorted((seen.keys() | read.keys()) - {"health", "last_used_at"}):
            one, two = read.get(name), seen.get(name)
            if name == "latest_build":
                one, two = without_resources(one), without_resources(two)
            if one != two:
                raise Mismatch(f"{name} = {one!r}", repr(two), stream.opened)
        one, two = (len(w["latest_build"]["resources"]) for w in (read, seen))
        if one != two:
            raise Mismatch(f"{one} resources", str(two), stream.opened)


@pytest.mark.requirement("watch/headers")
def test_headers(scenario: Scenario, some: Json) -> None:
    """Nothing on the way may keep events back."""
    path = streams.watch_path(some["id"], websocket=False)
    limit = scenario.context.settings.timeouts.event
    with streams.event_stream(scenario.wire, path, limit) as stream:
        scenario.context.expect("watchWorkspaceById", stream.opened, 200)
        for header, value in (("cache-control", "no-cache"), ("x-accel-buffering", "no")):
            shown = stream.opened.headers.get(header, "none")
            if value not in shown:
                raise Mismatch(f"{header}: {value}", shown, stream.opened)
        if "content-length" in stream.opened.headers:
            raise Mismatch("no Content-Length", "one", stream.opened)


@pytest.mark.requirement("watch/one-line-of-data")
def test_one_line(scenario: Scenario, some: Json) -> None:
    """Byte for byte."""
    path = streams.watch_path(some["id"], websocket=False)
    limit = scenario.context.settings.timeouts.event
    with streams.event_stream(scenario.wire, path, limit) as stream:
        stream.frame()
        frame = stream.frame()
        text = frame.data or ""
        if b"\r" in frame.raw or frame.raw != f"event: data\ndata: {text}\n\n".encode():
            raise Mismatch("an event line, a data line, an empty line", repr(frame.raw[:200]))
        if re.search(r"\s", re.sub(r'"(?:[^"\\]|\\.)*"', "", text)):
            raise Mismatch("compact JSON", shorter(text), stream.opened)


def shorter(text: str) -> str:
    """The beginning of a text."""
    return repr(text[:200])


@pytest.mark.requirement("watch/needs-a-token")
def test_needs_a_token(scenario: Scenario, some: Json) -> None:
    """An ordinary answer instead of a stream."""
    operation = scenario.context.contract.operation("watchWorkspaceById")
    answer = attempt(scenario, usual(scenario, operation, some), token=None)
    scenario.context.expect(operation.id, answer, 401)


@pytest.mark.requirement("watch/heartbeat")
def test_heartbeat(scenario: Scenario, shared: Shared) -> None:
    """Two of them, as far apart as they should be, whether or not something happens."""
    with ExitStack() as stack:
        watched = [shared.stopped()]
        if not scenario.wire.readonly:
            watched.append(shared.running())
            stack.enter_context(repeated(scenario, watched[-1]))
        pool = stack.enter_context(ThreadPoolExecutor(len(watched)))
        for one in [pool.submit(heartbeats, scenario, workspace) for workspace in watched]:
            one.result()


def heartbeats(scenario: Scenario, workspace: Json) -> None:
    """Wait for two pings after the first one."""
    path = streams.watch_path(workspace["id"], websocket=False)
    with streams.event_stream(scenario.wire, path, 40) as stream:
        times: list[float] = []
        while len(times) < 3:
            if stream.frame().event == "ping":
                times.append(time.monotonic())
            elif times and time.monotonic() > times[-1] + 40:
                raise Mismatch("a ping within 15 seconds", "other events only", stream.opened)
        gaps = [b - a for a, b in pairwise(times)]
        if any(not 12 <= gap <= 18 for gap in gaps):
            raise Mismatch("15 seconds between pings", repr(gaps), stream.opened)
