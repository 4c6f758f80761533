"""Clients that are slow, break off, or write what others do not: none of them does any harm."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from typing import Any

import pytest

from coder_conformance.exchange import Exchange
from coder_conformance.results import CannotJudgeError, Mismatch
from coder_conformance.suite.server.effects import Effect
from coder_conformance.suite.server.piecemeal import Connection, Request, request
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.usual import Usual, telling, usual
from coder_conformance.suite.server.watching import watch
from coder_spec import Operation

Json = dict[str, Any]
MARK = pytest.mark.requirement
GET = "getWorkspaceMetadataById"
TTL = "updateWorkspaceTtlById"
MINUTE = 60_000
# How long the traces of a connection that broke off may go on to show.
SETTLED = 0.3
# How long a change may take of which nobody waits for the answer.
LATEST = 2.0
MANY = 40


def as_bytes(scenario: Scenario, good: Usual, **more: Any) -> Request:
    """A request that works, for sending it in another way."""
    scenario.context.checked += 1
    return request(scenario.wire, good.operation, good.path, good.body, **more)


def works(effect: Effect, good: Usual, what: str, sent: Request, answer: Exchange | None) -> None:
    """The answer is the usual one, and something has come of it."""
    if answer is None:
        raise Mismatch(f"{good.status} for {what}", "no answer", broken_off(sent))
    effect.seen(good, what, answer)


def broken_off(sent: Request) -> Exchange:
    """A request without an answer, as evidence."""
    headers = {name.lower(): value for name, value in sent.headers}
    return Exchange(sent.method, sent.url, headers, sent.content, 0, {}, b"")


def cut(whole: bytes, count: int) -> list[bytes]:
    """Bytes in about so many pieces of the same size."""
    size = max(1, len(whole) // count)
    return [whole[n : n + size] for n in range(0, len(whole), size)]


# Slow clients


@pytest.mark.late
@MARK("robustness/slow-request")
def test_slow_request(scenario: Scenario, effect: Effect) -> None:
    """A dozen pieces, cut without regard to lines, with a pause after each of them."""
    good = effect.fresh()
    sent = as_bytes(scenario, good)
    with Connection(scenario.wire) as connection:
        connection.send(*cut(sent.whole, 12), pause=0.04)
        works(effect, good, "a request in pieces", sent, connection.answer(sent))


@MARK("robustness/slow-chunks")
def test_slow_chunks(scenario: Scenario, effect: Effect) -> None:
    """Each byte is a chunk of its own, with an extension that nobody knows, and pauses."""
    good = effect.fresh()
    plain = as_bytes(scenario, good)
    pieces = [b"1;unknown=x\r\n%c\r\n" % byte for byte in plain.content or b""]
    sent = as_bytes(scenario, good, chunks=b"".join([*pieces, b"0\r\n\r\n"]))
    with Connection(scenario.wire) as connection:
        connection.send(sent.head, *pieces[:8], pause=0.02)
        connection.send(*pieces[8:], b"0\r\n\r\n")
        works(effect, good, "a body in small chunks", sent, connection.answer(sent))


@MARK("robustness/expect-continue")
def test_expect_continue(scenario: Scenario, effect: Effect) -> None:
    """The body is sent only after the server has said something."""
    good = effect.fresh()
    sent = as_bytes(scenario, good, more=[("Expect", "100-continue")])
    with Connection(scenario.wire) as connection:
        connection.send(sent.head)
        if connection.waits(scenario.context.settings.timeouts.event):
            raise Mismatch("100 or the answer before the body", "nothing", broken_off(sent))
        connection.send(sent.content or b"")
        works(effect, good, "a body that was asked for", sent, connection.answer(sent))


# Requests that do not come to their end


def changing(scenario: Scenario, operation: Operation, workspace: Json) -> Request:
    """A request that would change something."""
    usually = telling(scenario, operation, workspace)
    path, body = usually.path, usually.body
    if operation.id.startswith("createUserWorkspace"):
        body = {"name": scenario.world.name(), "template_id": scenario.world.template["id"]}
    scenario.context.checked += 1
    return request(scenario.wire, operation, path, body)


def nothing_came_of_it(scenario: Scenario, before: Json, sent: Request) -> None:
    """The workspace is as it was, and no other one has come into being."""
    scenario.unchanged(before, before)
    body = (sent.content or b"").decode()
    if "template_id" in body:
        name = body.split('"')[3]
        page = scenario.call("listWorkspaces", {}, 200, query={"q": f"owner:me name:{name}"})
        if page.json()["count"]:
            raise Mismatch("no new workspace", page.answer(), page)


@pytest.mark.late
@MARK("robustness/half-sent")
def test_half_sent(scenario: Scenario, operation: Operation, running: Json) -> None:
    """Broken off in the first line, among the headers, before the body and within it."""
    before = scenario.world.read(running["id"])
    sent = changing(scenario, operation, running)
    ends = (9, len(sent.head) // 2, len(sent.head), len(sent.whole) - len(sent.content or b"") // 2)
    for abort in (Connection.abort, Connection.close):
        for end in ends:
            with Connection(scenario.wire) as connection:
                connection.send(sent.whole[:end], pause=0.01)
                abort(connection)
    time.sleep(SETTLED)
    try:
        scenario.wire.call(scenario.context.contract.operation("getBuildInfo"))
    except CannotJudgeError as error:
        what = "an answer after requests that broke off"
        raise Mismatch(what, str(error), broken_off(sent)) from None
    nothing_came_of_it(scenario, before, sent)


@MARK("robustness/cut-off-body")
def test_cut_off_body(scenario: Scenario, operation: Operation, running: Json) -> None:
    """Half of what Content-Length says, and then the end of the client's side."""
    before = scenario.world.read(running["id"])
    sent = changing(scenario, operation, running)
    with Connection(scenario.wire) as connection:
        connection.send(sent.whole[: -(len(sent.content or b"") // 2)])
        connection.end()
        answer = connection.answer(sent)
    if answer is not None and answer.status < 400:
        raise Mismatch("a refusal or no answer", answer.answer(), answer)
    nothing_came_of_it(scenario, before, sent)


@MARK("robustness/unread-answer")
def test_unread_answer(scenario: Scenario, stopped: Json) -> None:
    """A whole change, and nobody there for the answer: it has happened or it has not."""
    operation = scenario.context.contract.operation(TTL)
    path = {"workspace": stopped["id"]}
    for n, leave in enumerate([Connection.abort, Connection.close] * 2):
        was, becomes = stopped.get("ttl_ms"), (700 + n) * MINUTE
        scenario.context.checked += 1
        with Connection(scenario.wire) as connection:
            connection.send(request(scenario.wire, operation, path, {"ttl_ms": becomes}).whole)
            leave(connection)
        deadline, changed, more = time.monotonic() + LATEST, False, 4
        while more and time.monotonic() < deadline:
            answer = scenario.on(stopped, GET, 200)
            found = answer.json().get("ttl_ms")
            if found not in ({becomes} if changed else {was, becomes}):
                possible = f"{becomes}" if changed else f"{was} or {becomes}"
                raise Mismatch(f"ttl_ms = {possible}", f"ttl_ms = {found}", answer)
            changed = found == becomes
            more -= changed
        if not changed:
            return  # it may still come, so that of a next one nothing could be said
        stopped = scenario.shows(stopped, ttl_ms=becomes)


@MARK("robustness/unread-creation")
def test_unread_creation(scenario: Scenario, operation: Operation, some: Json) -> None:
    """The workspace is there as a whole, once, or not at all."""
    scenario.world.left.check()
    name = scenario.world.name()
    body = {"name": name, "template_id": scenario.world.template["id"]}
    scenario.context.checked += 1
    path = usual(scenario, operation, some).path
    with Connection(scenario.wire) as connection:
        connection.send(request(scenario.wire, operation, path, body).whole)
        connection.abort()
    time.sleep(SETTLED)
    page = scenario.call("listWorkspaces", {}, 200, query={"q": f"owner:me name:{name}"})
    found = [w for w in page.json()["workspaces"] if w["name"] == name]
    if not found:
        return
    for workspace in found:
        scenario.world.own(workspace["id"])
    if len(found) > 1:
        raise Mismatch("one workspace", f"{len(found)} of the same name", page)
    made = scenario.world.settled(found[0]["id"])
    if made["latest_build"]["status"] != "running":
        actual = f"the status {made['latest_build']['status']}"
        raise Mismatch("a workspace that starts", actual, scenario.wire.last)
    scenario.world.build(made["id"], "delete")


# Streams


def watching(scenario: Scenario, workspace: Json, operation: Operation) -> Connection:
    """A stream that has begun."""
    more: list[tuple[str, str]] = []
    if operation.stream is not None and operation.stream.transport != "sse":
        key = base64.b64encode(bytes(range(16))).decode()
        more = [
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", key),
        ]
    sent = request(scenario.wire, operation, {"workspace": workspace["id"]}, more=more)
    connection = Connection(scenario.wire)
    connection.send(sent.whole)
    began = connection.begins()
    if began[9:12] not in {b"101", b"200"}:
        connection.close()
        raise Mismatch("the beginning of a stream", repr(began), broken_off(sent))
    return connection


@MARK("robustness/aborted-watch")
def test_aborted_watch(scenario: Scenario, operation: Operation, running: Json) -> None:
    """Six watchers break off; the one who stays is told of the next change, a new one begins."""
    websocket = operation.stream is not None and operation.stream.transport != "sse"
    scenario.context.checked += 1
    with watch(scenario, running, websocket=websocket) as stays:
        for leave in [Connection.abort, Connection.close] * 3:
            with watching(scenario, running, operation) as connection:
                leave(connection)
        later = scenario.world.later(hours=9)
        body = {"deadline": later.isoformat()}
        scenario.on(running, "extendWorkspaceDeadlineById", 200, body=body)

        def is_later(seen: Json) -> bool:
            deadline = seen["latest_build"]["deadline"]
            return deadline is not None and datetime.fromisoformat(deadline) == later

        stays.until(f"the deadline {later}", is_later)
        with watch(scenario, running, websocket=websocket):
            pass


# What others write otherwise


def _mixed(name: str) -> str:
    return "".join(c.upper() if n % 2 else c.lower() for n, c in enumerate(name))


@pytest.mark.parametrize("spelled", [str.lower, str.upper, _mixed], ids=["lower", "upper", "mixed"])
@MARK("robustness/header-names-in-any-case")
def test_header_names(scenario: Scenario, effect: Effect, spelled: Callable[[str], str]) -> None:
    """The token, the length and the type of the body are found under each spelling."""
    good = effect.fresh()
    sent = as_bytes(scenario, good, name=spelled)
    with Connection(scenario.wire) as connection:
        connection.send(sent.whole)
        works(effect, good, "header names in another case", sent, connection.answer(sent))


@MARK("robustness/pipelining")
def test_pipelining(scenario: Scenario, operation: Operation, running: Json, stopped: Json) -> None:
    """Requests that do not wait for each other, over one connection."""
    order = [running, stopped, stopped, running]
    sent = [request(scenario.wire, operation, {"workspace": w["id"]}) for w in order]
    scenario.context.checked += len(sent)
    with Connection(scenario.wire) as connection:
        connection.send(b"".join(one.whole for one in sent))
        for workspace, one in zip(order, sent, strict=True):
            answer = connection.answer(one)
            if answer is None:
                raise Mismatch("an answer to each request", "the end", broken_off(one))
            scenario.context.expect(operation.id, answer, 200)
            if answer.json()["id"] != workspace["id"]:
                raise Mismatch(f"the workspace {workspace['id']}", answer.json()["id"], answer)


@MARK("robustness/many-connections")
def test_many_connections(scenario: Scenario, effect: Effect) -> None:
    """Idle ones and half requests first; all others, and the late halves, are answered."""
    good = effect.fresh()
    sent = as_bytes(scenario, good)
    half = len(sent.whole) // 2
    with ExitStack() as stack:
        connections = [stack.enter_context(Connection(scenario.wire)) for _ in range(MANY)]
        late, others = connections[::2], connections[1::2]
        for connection in late[::2]:
            connection.send(sent.whole[:half])
        for connection in others:
            connection.send(sent.whole)
        for connection in others:
            works(effect, good, "one of many connections", sent, connection.answer(sent))
        for n, connection in enumerate(late):
            connection.send(sent.whole[half:] if n % 2 == 0 else sent.whole)
            works(effect, good, "a late one of many connections", sent, connection.answer(sent))
