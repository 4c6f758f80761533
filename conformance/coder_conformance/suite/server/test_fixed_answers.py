"""What every answer of a kind has alike, also where requests are not about an identifier."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from coder_conformance.results import Mismatch
from coder_conformance.shared import Shared
from coder_conformance.suite.server.births import answer_of, furnished_birth_of, looks
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.usual import Usual, attempt, usual
from coder_spec import Operation

Json = dict[str, Any]
NOT_FOUND = {"message": "Resource not found or you do not have access to this resource"}
MOVED_BY_BUILDS = {"latest_build", "health", "latest_app_status", "next_start_at", "last_used_at"}
CACHED_BY = ("etag", "location", "expires", "last-modified", "cache-control")


@pytest.mark.requirement("envelope/not-found-by-name")
def test_not_found_by_name(scenario: Scenario, operation: Operation, some: Json) -> None:
    """Names that nothing has, as the name of a workspace and as that of an organization."""
    request = usual(scenario, operation, some)
    part = next(name for name in ("workspacename", "organization") if name in request.path)
    for unknown in (f"no-{uuid4().hex[:8]}", str(uuid4())):
        path = {**request.path, part: unknown}
        answer = attempt(scenario, Usual(operation, path, request.body, 404))
        scenario.context.expect(operation.id, answer, 404)
        if answer.json() != NOT_FOUND:
            raise Mismatch(repr(NOT_FOUND), answer.answer(), answer)


@pytest.mark.requirement("headers/no-caching-of-changes")
def test_no_caching_of_changes(
    scenario: Scenario, shared: Shared, operation: Operation, spare: Json
) -> None:
    """Neither a success nor an error says how to keep it or where to find what was made."""
    request = usual(scenario, operation, spare)
    answers = [attempt(scenario, request), attempt(scenario, request, token=None)]
    if operation.id.startswith("createUserWorkspace"):
        answers.append(answer_of(scenario, shared, operation.id))
    for answer in answers:
        for header in CACHED_BY:
            if header in answer.headers:
                raise Mismatch(f"no header {header}", answer.headers[header], answer)


@pytest.mark.requirement("create/answer-is-what-is-read")
def test_answer_is_what_is_read(scenario: Scenario, shared: Shared, operation: Operation) -> None:
    """Field by field, but for what the build has done since."""
    birth = furnished_birth_of(scenario, shared, operation.id)
    told = birth.answer.json()
    read, answer = looks(scenario, told["id"], birth.at_once)[0]
    for name in sorted((told.keys() | read.keys()) - MOVED_BY_BUILDS):
        if told.get(name) != read.get(name):
            expected = f"{name} = {told.get(name)!r}, as the answer to the creation says"
            raise Mismatch(expected, repr(read.get(name)), answer)
