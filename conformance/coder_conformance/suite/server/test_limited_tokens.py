"""Tokens that are limited in time or in what they are for, made for a user whom the run deletes."""

from __future__ import annotations

import time
from typing import Any, get_args

import pytest

from coder_conformance.context import Context
from coder_conformance.results import DoesNotApplyError, Mismatch
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.usual import Usual, attempt
from coder_conformance.wire import Source, Token

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
    time.sleep(1.2)
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
