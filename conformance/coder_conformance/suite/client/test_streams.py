"""What the client makes of the two streams."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder_conformance.client import Raised, Returned
from coder_conformance.context import Context
from coder_conformance.exchange import shorten
from coder_conformance.patience import Patient
from coder_conformance.payloads import Payloads
from coder_conformance.results import Mismatch
from coder_conformance.stub import Answer, Stub
from coder_conformance.suite.client.calls import (
    COMMON,
    TOKEN,
    as_found,
    example,
    play,
    same,
    some_arguments,
    without_one,
)
from coder_spec import Operation

WORKSPACE = {"$ref": "#/components/schemas/Workspace"}
ENVELOPE = {"$ref": "#/components/schemas/Response"}
Event = tuple[str, Any]


def _play(
    stub: Stub, operation: Operation, events: list[Event], cuts: list[int], *, broken: bool = False
) -> None:
    """Let the server send these events, the bytes cut into pieces where told."""
    play(stub, stream_answer(operation, events, cuts, broken=broken))


def stream_answer(
    operation: Operation, events: list[Event], cuts: list[int], *, broken: bool = False
) -> Answer:
    """A stream of these events, which ends behind them in an orderly way or breaks off."""
    if operation.stream is not None and operation.stream.transport == "websocket":
        messages = [
            json.dumps({"type": kind, "data": data}).encode() + b"\n" for kind, data in events
        ]
        return Answer(101, {}, messages, broken=broken, cuts=cuts)
    whole = b"".join(
        f"event: {kind}\n".encode()
        + (b"" if kind == "ping" else b"data: " + json.dumps(data).encode() + b"\n")
        + b"\n"
        for kind, data in events
    )
    edges = [0, *sorted({cut % (len(whole) + 1) for cut in cuts}), len(whole)]
    pieces = [whole[a:b] for a, b in pairwise(edges) if a < b]
    headers = {**COMMON, "Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
    return Answer(200, headers, pieces, open_ended=True, broken=broken)


def _read(client: Patient, stub: Stub, operation: Operation, limit: int) -> Returned | Raised:
    assert operation.stream is not None
    url = stub.websocket_url if operation.stream.transport == "websocket" else stub.url
    return client.stream(url, TOKEN, operation, some_arguments(operation), limit)


@pytest.mark.late
@pytest.mark.requirement("client/streams-events")
@pytest.mark.parametrize("new", [False, True], ids=["known", "new"])
def test_streams_events(
    context: Context,
    client: Patient,
    stub: Stub,
    payloads: Payloads,
    new_payloads: Payloads,
    operation: Operation,
    new: bool,
) -> None:
    """Every data event arrives whole and in order, however the bytes are cut and pinged."""
    workspaces = (new_payloads if new else payloads).ready(WORKSPACE)

    @as_found()
    @given(
        st.lists(workspaces, min_size=1, max_size=3),
        st.lists(st.integers(0, 100_000), max_size=4),
        st.booleans(),
    )
    def check(sent: list[Any], cuts: list[int], pings: bool) -> None:
        context.checked += 1
        events: list[Event] = [("ping", None)]
        for workspace in sent:
            events.append(("data", workspace))
            if pings:
                events.append(("ping", None))
        _play(stub, operation, events, cuts)
        same(sent, _read(client, stub, operation, len(sent)), stub.received[-1])

    check()
    large = {**example(workspaces), "template_display_name": "long " * 30_000}
    _play(stub, operation, [("ping", None), ("data", large), ("data", large)], [])
    same([large, large], _read(client, stub, operation, 2), stub.received[-1])


@pytest.mark.requirement("client/stream-errors")
def test_stream_errors(
    context: Context, client: Patient, stub: Stub, payloads: Payloads, operation: Operation
) -> None:
    """An error event is raised with its message, after what came before it."""

    @as_found()
    @given(payloads.ready(WORKSPACE), payloads.of(ENVELOPE))
    def check(workspace: Any, envelope: Any) -> None:
        context.checked += 1
        _play(stub, operation, [("ping", None), ("data", workspace), ("error", envelope)], [])
        got = _read(client, stub, operation, 2)
        seen = stub.received[-1]
        if not isinstance(got, Raised) or got.kind != "stream":
            raise Mismatch("an error for an error event", shorten(repr(got)), seen)
        if got.message != envelope["message"]:
            raise Mismatch(f"the message {envelope['message']!r}", repr(got.message), seen)
        same([workspace], Returned(list(got.before)), seen)

    check()


@pytest.mark.requirement("client/survives-odd-events")
def test_odd_events(
    context: Context, client: Patient, stub: Stub, payloads: Payloads, operation: Operation
) -> None:
    """Data without a required field, of another kind, or that breaks off; after a good event."""
    workspaces = payloads.ready(WORKSPACE)

    def refuses(good: Any, answer: Answer, what: str) -> None:
        context.checked += 1
        play(stub, answer)
        got = _read(client, stub, operation, 2)
        if not isinstance(got, Raised) or got.kind != "decoding":
            expected = f"a decoding error for an event {what}"
            raise Mismatch(expected, shorten(repr(got)), stub.received[-1])
        same([good], Returned(list(got.before)), stub.received[-1])

    @as_found()
    @given(workspaces, st.randoms(use_true_random=False))
    def check(good: Any, chance: Any) -> None:
        broken, name = without_one(context, WORKSPACE, good, chance)
        events: list[Event] = [("ping", None), ("data", good), ("data", broken)]
        refuses(good, stream_answer(operation, events, []), f"without {name}")

    check()
    good = example(workspaces)
    others: list[Any] = [None, [], "x", 5, {}]
    for odd in others:
        events = [("data", good), ("data", odd)]
        refuses(good, stream_answer(operation, events, []), f"with {odd!r} for a workspace")
    begun = stream_answer(operation, [("data", good), ("data", good)], [])
    *before, last = begun.chunks if len(begun.chunks) > 1 else halves(begun.chunks[0])
    cut = last.rstrip()[:-9] + last[len(last.rstrip()) :]
    refuses(good, replace(begun, chunks=[*before, cut]), "that breaks off")


def halves(events: bytes) -> tuple[bytes, bytes]:
    """Two server-sent events, one by one."""
    first, end, second = events.partition(b"\n\n")
    return first + end, second


@pytest.mark.requirement("client/stream-ends")
def test_stream_ends(
    context: Context, client: Patient, stub: Stub, payloads: Payloads, operation: Operation
) -> None:
    """What came before is there in any case; what breaks off is no end like any other."""
    workspace = example(payloads.ready(WORKSPACE))
    events: list[Event] = [("ping", None), ("data", workspace)]
    context.checked += 2
    _play(stub, operation, events, [])
    same([workspace], _read(client, stub, operation, 2), stub.received[-1])
    _play(stub, operation, events, [], broken=True)
    got = _read(client, stub, operation, 2)
    if not isinstance(got, Raised):
        raise Mismatch(
            "an error for a stream that broke off", shorten(repr(got)), stub.received[-1]
        )
    same([workspace], Returned(list(got.before)), stub.received[-1])
