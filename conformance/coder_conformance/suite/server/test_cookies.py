"""Cookies that come alone, as with a form of another site, and what proves that they were meant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from coder_conformance.exchange import Exchange
from coder_conformance.results import Mismatch
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.tokens import COOKIE, WRONG, accepted, both
from coder_conformance.suite.server.usual import Usual, attempt, telling
from coder_spec import Operation

Json = dict[str, Any]
MARK = pytest.mark.requirement
UNSAFE = ("DELETE", "PATCH", "POST", "PUT")


def unproven(what: str, answer: Exchange) -> None:
    """400 and a plain text, since nothing shows that the request was meant."""
    if answer.status != 400 or answer.media_type != "text/plain":
        raise Mismatch(f"400 with plain text for {what}", answer.answer(), answer)


@MARK("authentication/cookie-needs-proof")
def test_cookie_needs_proof(scenario: Scenario, operation: Operation, some: Json) -> None:
    """A forged form of another site would look like this."""
    before = scenario.world.read(some["id"])
    good = scenario.wire.token
    request = telling(scenario, operation, some)
    alone = attempt(scenario, request, **both(("cookie", good)))
    unproven("a cookie alone", alone)
    for what, more in _no_proofs(scenario):
        sent = both(("cookie", good))
        sent["headers"] |= more.get("headers", {})
        sent["query"] |= more.get("query", {})
        answer = attempt(scenario, request, **sent)
        if answer.status != 400:
            raise Mismatch(f"400, since {what} is no proof", answer.answer(), answer)
    scenario.unchanged(before, some)


def _no_proofs(scenario: Scenario) -> Iterator[tuple[str, Json]]:
    """What stands beside a cookie and does not confirm it."""
    yield "a header with another token", {"headers": {"coder-session-token": WRONG}}
    yield "a token of no session", {"headers": {"x-csrf-token": "nonsense"}}
    yield "a query with another token", {"query": {COOKIE: WRONG}}
    yield "an access token", {"query": {"access_token": scenario.wire.token}}
    yield "a password", {"headers": {"authorization": "Basic dXNlcjpzZWNyZXQ="}}
    if scenario.context.member is not None:
        theirs = {"coder-session-token": scenario.context.member.token}
        yield "the token of another user", {"headers": theirs}


@MARK("authentication/cookie-needs-proof-first")
def test_cookie_needs_proof_first(scenario: Scenario, request_: Usual) -> None:
    """Neither the cookie nor what the request is about is looked at before that."""
    for cookie in (scenario.wire.token, WRONG, "nonsense"):
        for what, request, method in _unfounded(scenario, request_):
            answer = attempt(scenario, request, method=method, **both(("cookie", cookie)))
            unproven(f"a cookie alone and {what}", answer)
        for path in ("/no-such-thing", "/workspaces/nonsense/no-such-thing"):
            answer = scenario.wire.send(request_.operation.method, path, **both(("cookie", cookie)))
            unproven("a cookie alone and an unknown route", answer)


def _unfounded(scenario: Scenario, request: Usual) -> Iterator[tuple[str, Usual, str]]:
    """Requests that would come to nothing: what they are, and their method."""
    operation = request.operation
    yield "all is well", request, operation.method
    for value in (str(uuid4()), "nonsense"):
        nowhere = replace(request, path=dict.fromkeys(request.path, value))
        yield f"{value} in the path", nowhere, operation.method
    known = scenario.context.contract.methods(operation.path)
    wrong = next(method for method in UNSAFE if method not in known)
    yield "a wrong method", request, wrong


@MARK("authentication/cookie-with-proof")
def test_cookie_with_proof(scenario: Scenario, request_: Usual) -> None:
    """Whoever knows the token apart from the cookie is no stranger's form."""
    good = scenario.wire.token
    for proof in ("header", "session-query", "bearer"):
        answer = attempt(scenario, request_, **both(("cookie", good), (proof, good)))
        accepted(request_, f"the {proof} confirms the cookie", answer)


@MARK("authentication/any-bearer-is-a-proof")
def test_any_bearer(scenario: Scenario, request_: Usual) -> None:
    """Forms of other sites send no such header; the token in it need not be that of the cookie."""
    good = scenario.wire.token
    for bearer in (WRONG, "nonsense"):
        answer = attempt(scenario, request_, **both(("cookie", good), ("bearer", bearer)))
        accepted(request_, "there is a bearer token beside the cookie", answer)


@MARK("authentication/cookie-reads-alone")
def test_cookie_reads_alone(scenario: Scenario, request_: Usual) -> None:
    """Reading needs no proof, and other cookies do not matter."""
    good = scenario.wire.token
    for cookie in (f"{COOKIE}={good}", f"a=b; {COOKIE}={good}; c=d"):
        answer = attempt(scenario, request_, token=None, headers={"cookie": cookie})
        accepted(request_, "a cookie is enough for reading", answer)
