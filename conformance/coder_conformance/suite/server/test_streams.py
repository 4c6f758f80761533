"""The two ways to watch a workspace."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

import pytest
import websockets

from coder_conformance import streams
from coder_conformance.exchange import Exchange
from coder_conformance.results import Mismatch
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.watching import fits
from coder_conformance.wire import Token
from coder_spec.files import is_object

Json = dict[str, Any]
STEADY = (
    "id",
    "name",
    "ttl_ms",
    "autostart_schedule",
    "favorite",
    "dormant_at",
    "automatic_updates",
)


class Watch(Protocol):
    """What both streams have in common."""

    opened: Exchange

    def next_data(self) -> Any:
        """Payload of the next data event."""
        ...


def same(scenario: Scenario, workspace: Json, payload: Json, opened: Exchange) -> None:
    """The payload is the workspace as reading it shows it."""
    read = scenario.world.read(workspace["id"])
    for name in STEADY:
        if payload.get(name) != read.get(name):
            raise Mismatch(f"{name} = {read.get(name)!r}", f"{payload.get(name)!r}", opened)
    if payload["latest_build"]["id"] != read["latest_build"]["id"]:
        raise Mismatch("the latest build", payload["latest_build"]["id"], opened)


def announces(scenario: Scenario, watch: Watch, workspace: Json) -> None:
    """A new deadline and a build are each seen, with the values that they brought."""
    fits(scenario, "data", watch.next_data(), watch.opened)
    deadline = scenario.world.later(hours=5)
    body = {"deadline": deadline.isoformat()}
    scenario.on(workspace, "extendWorkspaceDeadlineById", 200, body=body)
    await_data(scenario, watch, workspace, "the new deadline", lambda w: _deadline(w) == deadline)
    before = workspace["latest_build"]["build_number"]
    scenario.world.build(workspace["id"], "stop")
    # It may be under way by the time that the first event of it is put together.
    await_data(scenario, watch, workspace, "the new build", _is_newer(before))
    await_data(scenario, watch, workspace, "the status stopped", _has_status("stopped"))
    read = scenario.world.read(workspace["id"])
    if read["latest_build"]["status"] != "stopped":
        raise Mismatch("a stopped workspace", read["latest_build"]["status"], scenario.wire.last)


def _has_status(status: str) -> Callable[[Json], bool]:
    return lambda workspace: bool(workspace["latest_build"]["status"] == status)


def _is_newer(number: int) -> Callable[[Json], bool]:
    return lambda workspace: bool(workspace["latest_build"]["build_number"] > number)


def _deadline(workspace: Json) -> datetime | None:
    shown = workspace["latest_build"]["deadline"]
    return datetime.fromisoformat(shown) if shown else None


def await_data(
    scenario: Scenario, watch: Watch, workspace: Json, what: str, holds: Callable[[Json], bool]
) -> None:
    """Read data events until one shows something; every one on the way must be right too."""
    for _ in range(60):
        try:
            payload = watch.next_data()
        except Mismatch as error:
            raise Mismatch(f"an event with {what}", error.actual, watch.opened) from None
        fits(scenario, "data", payload, watch.opened)
        if payload["id"] != workspace["id"]:
            raise Mismatch(f"events of {workspace['id']}", payload["id"], watch.opened)
        if holds(payload):
            return
    raise Mismatch(f"an event with {what}", "60 others", watch.opened)


@pytest.mark.requirement("watch/framing")
def test_sse_framing(scenario: Scenario, some: Json) -> None:
    """Headers, and the bytes of the first frames."""
    limit = scenario.context.settings.timeouts.event
    path = streams.watch_path(some["id"], websocket=False)
    with streams.event_stream(scenario.wire, path, limit) as stream:
        scenario.context.expect("watchWorkspaceById", stream.opened, 200)
        content_type = stream.opened.headers.get("content-type")
        if content_type != "text/event-stream":
            raise Mismatch("the content type text/event-stream", str(content_type), stream.opened)
        if "no-cache" not in stream.opened.headers.get("cache-control", ""):
            actual = stream.opened.headers.get("cache-control", "none")
            raise Mismatch("Cache-Control: no-cache", actual, stream.opened)
        ping = stream.frame()
        if ping.raw != b"event: ping\n\n":
            raise Mismatch("the bytes event: ping and an empty line", repr(ping.raw), stream.opened)
        data = stream.frame()
        payload = streams.parsed(data.data or "", stream.opened)
        if data.event != "data" or not isinstance(payload, dict):
            raise Mismatch("a data event with an object", repr(data.raw[:200]), stream.opened)


@pytest.mark.requirement("watch/first-events")
def test_sse_first_events(scenario: Scenario, some: Json) -> None:
    """Ping, then the workspace as it is."""
    limit = scenario.context.settings.timeouts.event
    path = streams.watch_path(some["id"], websocket=False)
    with streams.event_stream(scenario.wire, path, limit) as stream:
        first = stream.frame()
        if (first.event, first.data) != ("ping", None):
            raise Mismatch("a ping without data", repr(first.raw[:200]), stream.opened)
        payload = stream.next_data()
        fits(scenario, "data", payload, stream.opened)
        same(scenario, some, payload, stream.opened)


@pytest.mark.requirement("watch/announces-changes")
def test_sse_announces_changes(scenario: Scenario, running: Json) -> None:
    """What is changed over HTTP arrives."""
    workspace = running
    limit = scenario.context.settings.timeouts.event
    path = streams.watch_path(workspace["id"], websocket=False)
    with streams.event_stream(scenario.wire, path, limit) as stream:
        announces(scenario, stream, workspace)


@pytest.mark.requirement("watch/errors-before-the-stream")
def test_sse_errors_before_the_stream(scenario: Scenario) -> None:
    """Nothing to watch: an ordinary error."""
    unknown = {"workspace": "5f3a1c52-6f43-4a39-9d5a-0d6a53f0f001"}
    scenario.call("watchWorkspaceById", unknown, 404)
    scenario.call("watchWorkspaceById", {"workspace": "x"}, 400)


@pytest.mark.requirement("watch-ws/framing")
def test_ws_framing(scenario: Scenario, some: Json) -> None:
    """Each message is an object of type and data, and nothing is negotiated."""
    limit = scenario.context.settings.timeouts.event
    path = streams.watch_path(some["id"], websocket=True)
    with streams.socket(scenario.wire, path, limit) as socket:
        if socket.connection.subprotocol is not None:
            raise Mismatch("no subprotocol", str(socket.connection.subprotocol), socket.opened)
        schema = {"$ref": "#/components/schemas/ServerSentEvent"}
        for _ in range(2):
            message = socket.message()
            if not is_object(message) or set(message) != {"type", "data"}:
                raise Mismatch("an object of type and data", repr(message)[:300], socket.opened)
            for error in scenario.context.judge.schema_errors(schema, message):
                raise Mismatch("a message that fits ServerSentEvent", error, socket.opened)


@pytest.mark.requirement("watch-ws/first-messages")
def test_ws_first_messages(scenario: Scenario, some: Json) -> None:
    """Ping, then the workspace as it is."""
    limit = scenario.context.settings.timeouts.event
    path = streams.watch_path(some["id"], websocket=True)
    with streams.socket(scenario.wire, path, limit) as socket:
        first = socket.message()
        if first != {"type": "ping", "data": None}:
            raise Mismatch("a ping with data null", json.dumps(first)[:200], socket.opened)
        payload = socket.next_data()
        fits(scenario, "data", payload, socket.opened)
        same(scenario, some, payload, socket.opened)


@pytest.mark.requirement("watch-ws/announces-changes")
def test_ws_announces_changes(scenario: Scenario, running: Json) -> None:
    """What is changed over HTTP arrives."""
    workspace = running
    limit = scenario.context.settings.timeouts.event
    path = streams.watch_path(workspace["id"], websocket=True)
    with streams.socket(scenario.wire, path, limit) as socket:
        announces(scenario, socket, workspace)


@pytest.mark.requirement("watch-ws/one-way")
def test_ws_one_way(scenario: Scenario, some: Json) -> None:
    """A message from the client ends it with 1002."""
    limit = scenario.context.settings.timeouts.event
    path = streams.watch_path(some["id"], websocket=True)
    with streams.socket(scenario.wire, path, limit) as socket:
        socket.next_data()
        socket.connection.send("hello")
        try:
            while True:
                socket.connection.recv(timeout=limit)
        except TimeoutError:
            raise Mismatch("the connection to be closed", "it stays open", socket.opened) from None
        except websockets.ConnectionClosed as error:
            code = error.rcvd.code if error.rcvd else None
            if code != 1002:
                raise Mismatch("the close code 1002", str(code), socket.opened) from None


@pytest.mark.requirement("watch-ws/refused-handshakes")
def test_ws_refused_handshakes(scenario: Scenario, some: Json) -> None:
    """No handshake: 426. Nothing to watch: 404 and 400. Nobody who could watch: 401."""
    operation = "watchWorkspaceByIdViaWebsockets"
    scenario.on(some, operation, 426)
    for token in (None, Token("nonsense")):
        scenario.on(some, operation, 401, token=token)
    scenario.call(operation, {"workspace": "5f3a1c52-6f43-4a39-9d5a-0d6a53f0f001"}, 404)
    scenario.call(operation, {"workspace": "x"}, 400)
