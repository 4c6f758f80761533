"""Whether every operation answers to the end, and as documented: a first look, a few requests each.

What thousands of generated requests show besides comes last, in `test_contract.py`.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from coder_conformance.exchange import Exchange
from coder_conformance.results import CannotJudgeError, Mismatch
from coder_conformance.shared import Shared
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.usual import attempt, usual
from coder_spec import Operation

Json = dict[str, Any]
MARK = pytest.mark.requirement
Seen = dict[str, list[Exchange]]


@pytest.fixture(scope="module")
def seen() -> Seen:
    """The answers of each operation, as long as these tests need them."""
    return {}


def _answers(
    scenario: Scenario, shared: Shared, operation: Operation, seen: Seen
) -> list[Exchange]:
    """Answers to usual requests, to one about nothing and to one of nobody."""
    if operation.id not in seen:
        about = [shared.spare()]
        if operation.method == "GET" and not shared.readonly:
            about.append(shared.running())
        requests = [usual(scenario, operation, workspace) for workspace in about]
        seen[operation.id] = [attempt(scenario, request) for request in requests]
        seen[operation.id].append(attempt(scenario, requests[0], token=None))
        if "workspace" in requests[0].path:
            seen[operation.id].append(attempt(scenario, requests[0].on(str(uuid4()))))
    return seen[operation.id]


@MARK("contract/is-answered")
def test_is_answered(scenario: Scenario, operation: Operation, spare: Json) -> None:
    """A whole answer within the time limit, where another operation gives one at the same time."""
    try:
        attempt(scenario, usual(scenario, operation, spare))
    except CannotJudgeError as error:
        # When nothing else is answered either the server is gone, which is no finding about it.
        wire = scenario.wire
        asked = wire.last
        wire.call(scenario.context.contract.operation("getBuildInfo"))
        expected = f"a whole answer within {wire.timeout:g} s"
        raise Mismatch(expected, str(error), asked) from None


def _judged(
    scenario: Scenario, shared: Shared, operation: Operation, seen: Seen, aspect: str
) -> None:
    context = scenario.context
    for answer in _answers(scenario, shared, operation, seen):
        context.checked += 1
        context.note_status(operation.id, answer.status)
        for finding in context.judge.findings(operation, answer):
            if finding.aspect == aspect:
                raise Mismatch(finding.expected, finding.actual, answer)


@MARK("contract/documented-status")
def test_documented_status(
    scenario: Scenario, shared: Shared, operation: Operation, seen: Seen
) -> None:
    """Every status is a documented one."""
    _judged(scenario, shared, operation, seen, "documented-status")


@MARK("contract/content-type")
def test_content_type(scenario: Scenario, shared: Shared, operation: Operation, seen: Seen) -> None:
    """Every content type is a documented one."""
    _judged(scenario, shared, operation, seen, "content-type")


@MARK("contract/headers")
def test_headers(scenario: Scenario, shared: Shared, operation: Operation, seen: Seen) -> None:
    """Every required header is there and well-formed."""
    _judged(scenario, shared, operation, seen, "headers")


@MARK("contract/response-schema")
def test_response_schema(
    scenario: Scenario, shared: Shared, operation: Operation, seen: Seen
) -> None:
    """Every body fits its schema."""
    _judged(scenario, shared, operation, seen, "response-schema")


@MARK("contract/consistent-body")
def test_consistent_body(
    scenario: Scenario, shared: Shared, operation: Operation, seen: Seen
) -> None:
    """No body contradicts itself or the request."""
    _judged(scenario, shared, operation, seen, "consistent-body")
