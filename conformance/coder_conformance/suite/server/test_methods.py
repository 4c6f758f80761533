"""Methods that a path does not have, slashes at its end, and paths that do not exist."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from coder_conformance.exchange import Exchange
from coder_conformance.results import DoesNotApplyError, Mismatch
from coder_conformance.suite.server import raw
from coder_conformance.suite.server.dead_ends import unknown
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.usual import Usual, attempt, telling, usual
from coder_spec import Operation

Json = dict[str, Any]
MARK = pytest.mark.requirement
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def refused(answer: Exchange, allowed: str) -> None:
    """405, nothing in it, and the methods that there are."""
    if answer.status != 405 or answer.body or answer.media_type:
        raise Mismatch("405 without a body and a content type", answer.answer(), answer)
    named = {name.strip() for name in answer.headers.get("allow", "").split(",")}
    if allowed and allowed not in named:
        raise Mismatch(f"Allow with {allowed}", f"Allow: {sorted(named)}", answer)


def skip_gated(scenario: Scenario, operation: Operation) -> None:
    """Without workspace sharing its path answers every method alike."""
    if operation.id == "updateWorkspaceAcl" and (
        "workspace-sharing" not in scenario.context.features
    ):
        raise DoesNotApplyError("without workspace sharing every method is answered with 403")


@MARK("routes/no-head")
def test_no_head(scenario: Scenario, operation: Operation, some: Json) -> None:
    """Not even where GET is there."""
    skip_gated(scenario, operation)
    request = usual(scenario, operation, some)
    refused(raw.send(scenario.wire, "HEAD", request.target), operation.method)


@MARK("routes/allow-is-true")
def test_allow_is_true(scenario: Scenario, operation: Operation, some: Json) -> None:
    """Nothing that was refused is named, as frameworks name HEAD and OPTIONS.

    Newer servers may have more methods than the contract, which are then not refused.
    """
    if operation.id == "updateWorkspaceAcl":
        raise DoesNotApplyError("servers differ in the methods of its path")
    known = scenario.context.contract.methods(operation.path)
    path = usual(scenario, operation, some).target
    tried = sorted((METHODS | {"HEAD"}) - known)
    answers = [raw.send(scenario.wire, method, path) for method in tried]
    refusals = {a.method: a for a in answers if a.status == 405}
    for answer in refusals.values():
        scenario.context.checked += 1
        named = {name.strip() for name in answer.headers.get("allow", "").split(",")}
        if known - named or named & refusals.keys():
            expected = f"Allow: {', '.join(sorted(known))}"
            raise Mismatch(expected, f"Allow: {', '.join(sorted(named))}", answer)


@MARK("routes/no-options")
def test_no_options(scenario: Scenario, operation: Operation, some: Json) -> None:
    """Without the headers of a preflight it is a method like any other."""
    skip_gated(scenario, operation)
    request = usual(scenario, operation, some)
    refused(raw.send(scenario.wire, "OPTIONS", request.target), operation.method)


@MARK("routes/unknown-verbs")
def test_unknown_verbs(scenario: Scenario, operation: Operation, some: Json) -> None:
    """Words that no path knows."""
    skip_gated(scenario, operation)
    request = usual(scenario, operation, some)
    for verb in ("FROB", "get", "PROPFIND"):
        answer = raw.send(scenario.wire, verb, request.target)
        refused(answer, "")


@MARK("routes/path-before-method")
def test_path_before_method(scenario: Scenario, operation: Operation, some: Json) -> None:
    """What is not there has no methods."""
    wrong = METHODS - scenario.context.contract.methods(operation.path)
    for identifier, status in ((str(uuid4()), 404), ("nonsense", 400)):
        request = usual(scenario, operation, some).on(identifier)
        for method in sorted(wrong):
            answer = attempt(scenario, request, method=method)
            if answer.status != status:
                wanted = f"{status} for {method} on {identifier}"
                raise Mismatch(wanted, answer.answer(), answer)


@MARK("routes/preflight")
def test_preflight(scenario: Scenario, operation: Operation, some: Json) -> None:
    """Answered at once, and nothing is allowed to strangers."""
    headers = [
        ("Origin", "https://elsewhere.example"),
        ("Access-Control-Request-Method", operation.method),
    ]
    request = usual(scenario, operation, some)
    answer = raw.send(scenario.wire, "OPTIONS", request.target, headers=headers, token=False)
    allowed = answer.headers.get("access-control-allow-origin", "")
    if answer.status != 200 or answer.body or allowed not in {"", "*"}:
        raise Mismatch("200 without a body", answer.answer(), answer)


@MARK("routes/trailing-slash-accepted")
def test_slash_accepted(scenario: Scenario, operation: Operation, running: Json) -> None:
    """The same with a slash."""
    request = usual(scenario, operation, running)
    answer = attempt_at(scenario, request, request.target + "/")
    if answer.status != request.status:
        raise Mismatch(f"{request.status}", answer.answer(), answer)
    scenario.context.expect(operation.id, answer, request.status)


@MARK("routes/trailing-slash-refused")
def test_slash_refused(scenario: Scenario, operation: Operation, running: Json) -> None:
    """Another path, which is not there, even if something would change."""
    request = telling(scenario, operation, running)
    answer = attempt_at(scenario, request, request.target + "/")
    unknown(answer)
    scenario.unchanged(running, running)


def attempt_at(scenario: Scenario, request: Usual, path: str) -> Exchange:
    """The request at another path."""
    content = None if request.body is None else json.dumps(request.body).encode()
    return scenario.wire.send(request.operation.method, path, content=content)
