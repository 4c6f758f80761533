"""Paths that nothing has, below the API and below workspaces, and gates before methods."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from coder_conformance.exchange import Exchange
from coder_conformance.results import Mismatch
from coder_conformance.suite.server.dead_ends import UNKNOWN, unknown
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.tokens import WRONG
from coder_conformance.wire import Source, Token, Wire

Json = dict[str, Any]
MARK = pytest.mark.requirement
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
TAILS = ("no-such-thing", "ttl/more")


def methods(scenario: Scenario) -> tuple[str, ...]:
    """The methods that the run may send."""
    return ("GET",) if scenario.wire.readonly else METHODS


def has_status(answer: Exchange, status: int, why: str) -> None:
    """The answer is an error with this status and the envelope."""
    is_json = answer.media_type == "application/json"
    if answer.status != status or not is_json or "message" not in answer.json():
        raise Mismatch(f"{status}, since {why}", answer.answer(), answer)


@MARK("routes/unknown-route")
def test_unknown_route(scenario: Scenario) -> None:
    """With a right token, with a wrong one and without, whatever the method would be."""
    good = scenario.wire.token
    sources: tuple[Source, ...] = ("header", "bearer", "session-query")
    wrong = [Token(value, source) for source in sources for value in (WRONG, "nonsense")]
    for path in ("/no-such-thing", "/no-such-thing/at/all", "/workspacez"):
        for method in methods(scenario):
            for token in (Token(good), None, wrong[0]):
                unknown(scenario.wire.send(method, path, token=token))
    for token in wrong[1:]:
        unknown(scenario.wire.send("GET", "/no-such-thing", token=token))
    scenario.context.checked += 1


@MARK("routes/unknown-route-of-a-workspace")
def test_unknown_route_of_a_workspace(scenario: Scenario, some: Json) -> None:
    """Token first, then the identifier, and the route only then."""
    for method in methods(scenario):
        for tail in (*TAILS, "watch/more"):
            unknown(scenario.wire.send(method, f"/workspaces/{some['id']}/{tail}"))
            for identifier, status, why in (
                (str(uuid4()), 404, "there is no such workspace"),
                ("nonsense", 400, "that is no identifier"),
            ):
                answer = scenario.wire.send(method, f"/workspaces/{identifier}/{tail}")
                has_status(answer, status, why)
                if answer.json() == UNKNOWN:
                    raise Mismatch(f"an error that says that {why}", answer.answer(), answer)
        for identifier in (some["id"], str(uuid4()), "nonsense"):
            for token in (None, Token(WRONG)):
                path = f"/workspaces/{identifier}/no-such-thing"
                answer = scenario.wire.send(method, path, token=token)
                has_status(answer, 401, "the token comes before anything else")
    scenario.unchanged(some, some)


@MARK("isolation/unknown-routes-of-hidden-workspaces")
def test_hidden_workspace(scenario: Scenario, member: Wire, some: Json) -> None:
    """Nothing below a workspace tells that it is there."""
    for method in methods(scenario):
        for tail in TAILS:
            hidden, nothing = (
                member.send(method, f"/workspaces/{identifier}/{tail}")
                for identifier in (some["id"], str(uuid4()))
            )
            if (hidden.status, hidden.body) != (nothing.status, nothing.body):
                expected = f"the same as for an unknown one: {nothing.answer()}"
                raise Mismatch(expected, hidden.answer(), hidden)
            has_status(hidden, 404, "the workspace is another user's")
    scenario.context.checked += 1


@MARK("acl/gate-before-the-method")
def test_gate_before_the_method(scenario: Scenario, some: Json) -> None:
    """Who is let in and asks for a workspace that is there learns that sharing is off."""
    for method in METHODS:
        answer = scenario.wire.send(method, f"/workspaces/{some['id']}/acl")
        has_status(answer, 403, f"sharing is off, also for {method}")
        for identifier, status in ((str(uuid4()), 404), ("nonsense", 400)):
            answer = scenario.wire.send(method, f"/workspaces/{identifier}/acl")
            has_status(answer, status, "the workspace comes before sharing")
        answer = scenario.wire.send(method, f"/workspaces/{some['id']}/acl", token=None)
        has_status(answer, 401, "the token comes before sharing")
    scenario.context.checked += 1
