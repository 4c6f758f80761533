"""Tokens that are limited in time or in what they are for, made for a user whom the run deletes."""

from __future__ import annotations

import time
from typing import Any, get_args

import pytest

from coder_conformance.context import Context
from coder_conformance.results import DoesNotApplyError, Mismatch
from coder_conformance.shared import Shared
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.tokens import challenged, described, says
from coder_conformance.suite.server.usual import Usual, attempt, usual
from coder_conformance.wire import Source, Token
from coder_spec import Operation

Json = dict[str, Any]
MARK = pytest.mark.requirement
SECOND = 10**9  # lifetimes are given in nanoseconds


def make(context: Context, **limits: Any) -> str:
    """A token of the second user with some limits, which goes when that user does."""
    member = context.member
    assert member is not None
    if context.login is None:
        reason = "the run was given its second user, and limits tokens of users of its own only"
        raise DoesNotApplyError(reason)
    operation = context.contract.operation("createToken")
    answer = member.call(operation, {"user": "me"}, body=limits)
    return str(context.expect("createToken", answer, 201).json()["key"])


@pytest.fixture(scope="module")
def expired(context: Context) -> str:
    """A token of the second user that was valid for a second."""
    limits = {"lifetime": SECOND, "token_name": "conformance-short"}
    token = make(context, **limits)
    time.sleep(3)  # clocks and stores of tokens need not be exact
    return token


@pytest.fixture(scope="module")
def scoped(context: Context) -> str:
    """A token of the second user that is for applications alone."""
    limits = {"scope": "application_connect", "token_name": "conformance-scoped"}
    return make(context, **limits)


@pytest.mark.late
@MARK("authentication/expired-token")
def test_expired_token(scenario: Scenario, their_request: Usual, expired: str) -> None:
    """Wherever it stands, it is no better than none; an unlimited one of the same user works."""
    for source in get_args(Source):
        answer = attempt(scenario, their_request, token=Token(expired, source))
        if answer.status != 401:
            expected = f"401, since the token in the {source} was valid for a second"
            raise Mismatch(expected, answer.answer(), answer)
        scenario.context.expect(their_request.operation.id, answer, 401)
        challenged(answer)


@pytest.mark.late
@MARK("authentication/detail-expired")
def test_detail_expired(scenario: Scenario, their_request: Usual, expired: str) -> None:
    """It is not taken for an unknown one."""
    answer = attempt(scenario, their_request, token=Token(expired))
    says(scenario, their_request, answer, 'API key expired at "')
    described(answer)


@MARK("authentication/scoped-token")
def test_scoped_token(scenario: Scenario, their_request: Usual, scoped: str) -> None:
    """The user's own workspace is not there with it, and it is with any other token."""
    unscoped = attempt(scenario, their_request, wire=scenario.context.member)
    if unscoped.status in {401, 404}:
        raise Mismatch("the workspace, with a usual token", unscoped.answer(), unscoped)
    answer = attempt(scenario, their_request, token=Token(scoped))
    if answer.status != 404:
        expected = "404, since the token is for applications alone"
        raise Mismatch(expected, answer.answer(), answer)
    scenario.context.expect(their_request.operation.id, answer, 404)


@MARK("authentication/scoped-token-finds-nothing")
def test_scoped_token_finds_nothing(
    scenario: Scenario, operation: Operation, shared: Shared, scoped: str
) -> None:
    """Neither by its name nor in a list; the server may refuse to list anything."""
    workspace = shared.theirs(scenario.context.theirs())
    request = usual(scenario, operation, workspace)
    queries = [{}, {"include_deleted": "true"}]
    if not request.path:
        queries = [{}, *({"q": q} for q in ("owner:me", f"id:{workspace['id']}"))]
    for query in queries:
        answer = attempt(scenario, request, token=Token(scoped), query=query)
        if request.path and answer.status != 404:
            raise Mismatch("404, since the token is for applications", answer.answer(), answer)
        if answer.status == 200 and workspace["id"] in answer.body.decode("utf-8", "replace"):
            expected = "nothing of the workspace, since the token is for applications alone"
            raise Mismatch(expected, answer.answer(), answer)
