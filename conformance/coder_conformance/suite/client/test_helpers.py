"""What some clients offer besides the operations: repetition, whole lists, watches, search."""

from __future__ import annotations

import json
import re
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

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
    JSON,
    TOKEN,
    example,
    play,
    same,
    some_arguments,
    success,
)
from coder_conformance.suite.client.test_streams import WORKSPACE, stream_answer
from coder_spec import Operation

# Repeating these does no harm, whatever became of the first attempt.
_HARMLESS = frozenset({"GET", "PUT", "DELETE"})
# Above what any client needs for the lists of these tests.
_MOST_PAGES = 30
# Seconds after which a client counts as one that waits for a day.
_LONG_WAIT = 5.0
_TEXT = st.text("aB1-_:/, '%ü", min_size=1, max_size=8).map(str.strip).filter(len)
# Each of them within a value and at its ends; a quotation mark cannot be part of one.
_SPECIAL = (*"!#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \t\u00a0ü", "or", "and")
_WORD = re.compile(r'([a-z_-]+):("[^"]*"|[^ ":]+)(?: +|$)')


def _failure(status: int, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {**JSON, **named}, [b'{"message": "Not now."}'])


def _success(context: Context, payloads: Payloads, operation: Operation) -> tuple[Answer, Any]:
    """An answer of a success, and its value."""
    status, schema = success(context.contract, operation)[0]
    if schema is None:
        return Answer(status, JSON), None
    value = example(payloads.of(schema))
    return Answer(status, JSON, [json.dumps(value).encode()]), value


def _play_in_turn(stub: Stub, *answers: Answer) -> None:
    play(stub, answers[-1])
    stub.respond = lambda _: answers[min(len(stub.received), len(answers) - 1)]


@pytest.mark.requirement("client/repeats-safely")
def test_repeats_safely(
    context: Context, client: Patient, stub: Stub, payloads: Payloads, operation: Operation
) -> None:
    """After a temporary failure only, and only where nothing is carried out twice."""
    given_arguments = some_arguments(operation)
    answer, value = _success(context, payloads, operation)
    harmless = operation.method in _HARMLESS
    for status in (503, 429, 500, 400):
        context.checked += 1
        _play_in_turn(stub, _failure(status, Retry_After="0"), answer)
        got = client.repeated(stub.url, TOKEN, operation, given_arguments)
        if status == 429 or (status == 503 and harmless):
            same(value, got, stub.received[-1])
        elif not isinstance(got, Raised) or len(stub.received) != 1:
            expected = f"one {operation.method} request and an error after {status}"
            actual = f"{len(stub.received)} requests and {shorten(repr(got))}"
            raise Mismatch(expected, actual, stub.received[-1])


@pytest.mark.requirement("client/retry-after")
def test_retry_after(
    context: Context, client: Patient, stub: Stub, payloads: Payloads, operation: Operation
) -> None:
    """Not sooner than the server asks for, and no endless wait."""
    answer, value = _success(context, payloads, operation)
    for status in (429, 503):
        context.checked += 1
        _play_in_turn(stub, _failure(status, Retry_After="1"), answer)
        started = time.monotonic()
        got = client.repeated(stub.url, TOKEN, operation, some_arguments(operation))
        waited = time.monotonic() - started
        same(value, got, stub.received[-1])
        if waited < 1:
            actual = f"the next attempt after {waited:.2f} s"
            raise Mismatch(
                "a second of waiting, as Retry-After asks for", actual, stub.received[-1]
            )
    play(stub, _failure(429, Retry_After="86400"))
    arguments = some_arguments(operation)
    got = client.repeated(stub.url, TOKEN, operation, arguments, seconds=_LONG_WAIT)
    if not isinstance(got, Raised) or len(stub.received) != 1:
        actual = f"{len(stub.received)} requests and {shorten(repr(got))}"
        raise Mismatch("an error instead of a wait for a day", actual, stub.received[-1])


@pytest.mark.requirement("client/reads-whole-lists")
def test_reads_whole_lists(
    context: Context, client: Patient, stub: Stub, payloads: Payloads
) -> None:
    """Every workspace once and in order, also when pages leave some out."""
    one = example(payloads.of(WORKSPACE))
    ids = [str(UUID(int=number + 1)) for number in range(7)]

    @given(st.integers(0, 7), st.integers(1, 8), st.sets(st.integers(0, 6), max_size=2))
    def check(count: int, page_size: int, hidden: set[int]) -> None:
        context.checked += 1
        every = [{**one, "id": name} for name in ids[:count]]

        def respond(target: str) -> Answer:
            query = {k: int(v[0]) for k, v in parse_qs(urlsplit(target).query).items() if k != "q"}
            start, limit = query.get("offset", 0), query.get("limit", 0)
            page = every[start : start + limit if limit else None]
            shown = [w for w in page if ids.index(w["id"]) not in hidden]
            if len(stub.received) > _MOST_PAGES:
                return _failure(500)
            value = {"workspaces": shown, "count": count}
            return Answer(200, JSON, [json.dumps(value).encode()])

        play(stub, Answer(500))
        stub.respond = respond
        got = client.listed(stub.url, TOKEN, page_size)
        same([w for w in every if ids.index(w["id"]) not in hidden], got, stub.received[-1])

    check()


@pytest.mark.requirement("client/reconnects")
def test_reconnects(
    context: Context, client: Patient, stub: Stub, payloads: Payloads, operation: Operation
) -> None:
    """A lost connection is replaced, and what came again is told once."""
    first = example(payloads.of(WORKSPACE))
    second = {**first, "name": "changed"}
    assert operation.stream is not None
    websocket = operation.stream.transport == "websocket"
    for broken in (True, False):
        context.checked += 1
        _play_in_turn(
            stub,
            stream_answer(operation, [("ping", None), ("data", first)], [], broken=broken),
            stream_answer(operation, [("ping", None), ("data", first), ("data", second)], []),
        )
        got = client.watched(
            stub.websocket_url if websocket else stub.url,
            TOKEN,
            operation,
            some_arguments(operation),
            2,
        )
        same([first, second], got, stub.received[-1])
    play(stub, _failure(401))
    got = client.watched(
        stub.websocket_url if websocket else stub.url,
        TOKEN,
        operation,
        some_arguments(operation),
        1,
    )
    if not isinstance(got, Raised) or len(stub.received) != 1:
        actual = f"{len(stub.received)} requests and {shorten(repr(got))}"
        raise Mismatch("an error at once when the watch is refused", actual, stub.received[-1])


@pytest.mark.requirement("client/builds-queries")
def test_builds_queries(context: Context, client: Patient) -> None:
    """Reading a query by the rules of the grammar gives what was put into it."""

    @given(
        st.fixed_dictionaries(
            {},
            optional={
                "name": _TEXT,
                "owner": _TEXT,
                "template": _TEXT,
                "status": st.sampled_from(["running", "stopped"]),
            },
        )
    )
    def check(terms: dict[str, str]) -> None:
        context.checked += 1
        written = client.query(terms)
        if _parsed(written) != terms:
            raise Mismatch(f"a query for {terms}", repr(written))

    for name in ("name", "owner", "template"):
        for character in _SPECIAL:
            for text in (f"a{character}b", f"{character}b", f"a{character}"):
                if text == text.strip():
                    check.hypothesis.inner_test({name: text, "status": "running"})  # type: ignore[attr-defined]
    check()


def _parsed(query: str) -> dict[str, str] | None:
    """The terms of a query; None when it is not of the grammar or names one of them twice."""
    found: dict[str, str] = {}
    place = 0
    while place < len(query):
        match = _WORD.match(query, place)
        if match is None or match[1] in found:
            return None
        found[match[1]] = match[2].strip('"')
        place = match.end()
    return found
