"""What the client makes of answers: documented ones, newer ones, and odd ones."""

from __future__ import annotations

import json
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder_conformance.client import Raised
from coder_conformance.context import Context
from coder_conformance.exchange import shorten
from coder_conformance.patience import Patient
from coder_conformance.payloads import Payloads
from coder_conformance.results import Mismatch
from coder_conformance.stub import Answer, Stub
from coder_conformance.suite.client.calls import (
    COMMON,
    JSON,
    as_found,
    call,
    example,
    few,
    play,
    play_json,
    same,
    some_arguments,
    success,
    without_one,
)
from coder_spec import Operation

Json = dict[str, Any]
ENVELOPE = {"$ref": "#/components/schemas/Response"}
# Everything that an error can say, as few generated ones may.
_WHOLE: Json = {
    "message": "Validation failed.",
    "detail": "Two fields were refused.",
    "validations": [
        {"field": "name", "detail": "It is taken."},
        {"field": "ttl_ms", "detail": "It is too short."},
        {"field": "ttl_ms", "detail": "It is no whole minute."},
    ],
}


def _decodes(
    context: Context, client: Patient, stub: Stub, payloads: Payloads, operation: Operation
) -> None:
    """Every success comes back as it was sent."""
    arguments = some_arguments(operation)
    for status, schema in success(context.contract, operation):
        bodies = st.none() if schema is None else payloads.ready(schema)

        @as_found()
        @given(st.just(status), bodies)
        def check(status: int, body: Any) -> None:
            context.checked += 1
            if body is None:
                play(stub, Answer(status, COMMON))
            else:
                play_json(stub, status, body)
            same(body, call(client, stub, operation, arguments), stub.received[-1])

        check()


@pytest.mark.late
@pytest.mark.requirement("client/decodes-answers")
def test_decodes_answers(
    context: Context, client: Patient, stub: Stub, payloads: Payloads, operation: Operation
) -> None:
    """What the contract documents comes back with every field."""
    _decodes(context, client, stub, payloads, operation)


@pytest.mark.late
@pytest.mark.requirement("client/keeps-what-is-new")
def test_keeps_what_is_new(
    context: Context,
    client: Patient,
    stub: Stub,
    new_payloads: Payloads,
    operation: Operation,
) -> None:
    """What a newer server adds comes back too."""
    _decodes(context, client, stub, new_payloads, operation)


@pytest.mark.late
@pytest.mark.requirement("client/raises-documented-errors")
def test_raises_documented_errors(
    context: Context, client: Patient, stub: Stub, payloads: Payloads, operation: Operation
) -> None:
    """Every documented error is an error with the envelope in it."""
    arguments = some_arguments(operation)
    for status in operation.statuses:
        if status < 400:
            continue
        response = context.contract.resolve(operation.raw["responses"][str(status)])
        if "application/json" not in response["content"]:
            play(
                stub, Answer(status, {**COMMON, "Content-Type": "text/plain"}, [b"no handshake\n"])
            )
            got = call(client, stub, operation, arguments)
            _expect(got, stub, "api", status)
            continue

        @few()
        @hypothesis.example(status, _WHOLE)
        @given(st.just(status), payloads.of(ENVELOPE))
        def check(status: int, envelope: Json) -> None:
            context.checked += 1
            play_json(stub, status, envelope, **_extra(status))
            raised = _expect(call(client, stub, operation, arguments), stub, "api", status)
            expected = (
                envelope["message"],
                envelope.get("detail"),
                tuple((v["field"], v["detail"]) for v in envelope.get("validations", [])),
            )
            actual = (raised.message, raised.detail, raised.validations)
            # An empty detail is as good as none.
            if (actual[0], actual[1] or None, actual[2]) != (
                expected[0],
                expected[1] or None,
                expected[2],
            ):
                raise Mismatch(f"an error with {expected}", f"{actual}", stub.received[-1])

        check()


def _extra(status: int) -> dict[str, str]:
    match status:
        case 401:
            return {"WWW-Authenticate": 'Bearer realm="coder"'}
        case 429:
            return {"Retry-After": "60"}
        case _:
            return {}


def _expect(got: Any, stub: Stub, kind: str, status: int | None = None) -> Raised:
    """Check that a call raised an error of a kind, with a status where it should have one."""
    seen = stub.received[-1] if stub.received else None
    if not isinstance(got, Raised):
        raise Mismatch(f"an error of the kind {kind}", f"the value {shorten(repr(got))}", seen)
    if got.kind != kind or (status is not None and got.status != status):
        actual = f"{got.kind} with {got.status}: {shorten(got.shown)}"
        raise Mismatch(f"an error of the kind {kind} with the status {status}", actual, seen)
    return got


@pytest.mark.requirement("client/survives-odd-answers")
def test_survives_odd_answers(
    context: Context, client: Patient, stub: Stub, payloads: Payloads, operation: Operation
) -> None:
    """Nothing that a proxy or a broken server may say is taken for a value."""
    arguments = some_arguments(operation)
    html = [b"<html><body>Bad gateway</body></html>"]
    for status in (202, 203, 302, 402, 418, 499, 502, 503, 599):
        if status in operation.statuses:
            continue
        for headers, chunks in (
            (JSON, [b'{"message": "odd"}']),
            ({"Content-Type": "text/html"}, html),
        ):
            context.checked += 1
            play(stub, Answer(status, {**headers, "Location": "/elsewhere"}, chunks))
            _expect(call(client, stub, operation, arguments), stub, "api", status)
    play(stub, Answer(404, {"Content-Type": "text/html"}, html))
    _expect(call(client, stub, operation, arguments), stub, "api", 404)
    play(stub, Answer(500, {}, []))
    _expect(call(client, stub, operation, arguments), stub, "api", 500)
    if operation.stream is not None:
        play(stub, Answer(200, {"Content-Type": "text/html"}, html))
        _expect_no_value(client, stub, operation)
    for status, schema in success(context.contract, operation):
        if schema is not None:
            _unreadable(context, client, stub, operation, status, payloads.ready(schema))
            _incomplete(context, client, stub, payloads, operation, status, schema)


def _expect_no_value(client: Patient, stub: Stub, operation: Operation) -> None:
    """Check that a call raises any error."""
    got = call(client, stub, operation, some_arguments(operation))
    if not isinstance(got, Raised):
        raise Mismatch("an error", f"the value {shorten(repr(got))}", stub.received[-1])


def _unreadable(
    context: Context,
    client: Patient,
    stub: Stub,
    operation: Operation,
    status: int,
    bodies: st.SearchStrategy[Any],
) -> None:
    """What is no JSON, or no object, or breaks off is refused, even behind the last brace."""
    for body in (b"", b"{", b"[]", b"null", b'"x"', b"<html>", b"\xff"):
        context.checked += 1
        play(stub, Answer(status, JSON, [body]))
        _expect(call(client, stub, operation, some_arguments(operation)), stub, "decoding")
    whole = json.dumps(example(bodies)).encode()
    for body in (whole, whole[: len(whole) // 2]):
        context.checked += 1
        play(stub, Answer(status, JSON, [body], broken=True))
        _expect_no_value(client, stub, operation)


def _incomplete(
    context: Context,
    client: Patient,
    stub: Stub,
    payloads: Payloads,
    operation: Operation,
    status: int,
    schema: Json,
) -> None:
    """A body without a field that the contract requires is refused, at any depth."""
    arguments = some_arguments(operation)

    @as_found()
    @given(payloads.ready(schema), st.randoms(use_true_random=False))
    def check(payload: Any, chance: Any) -> None:
        context.checked += 1
        broken, name = without_one(context, schema, payload, chance)
        play(stub, Answer(status, JSON, [json.dumps(broken).encode()]))
        raised = _expect(call(client, stub, operation, arguments), stub, "decoding")
        if name not in raised.shown:
            expected = f"an error that names the missing field {name}"
            raise Mismatch(expected, shorten(raised.shown), stub.received[-1])

    check()
