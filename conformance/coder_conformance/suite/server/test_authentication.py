"""Who is let in, by which token, and to what."""

from __future__ import annotations

from typing import Any

import pytest

from coder_conformance.context import Context
from coder_conformance.results import Mismatch
from coder_conformance.samples import sample_body, sample_path
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.usual import attempt, usual
from coder_conformance.wire import UNSET, Source, Token, Wire
from coder_spec import Operation

Json = dict[str, Any]
SOURCES: tuple[Source, ...] = ("header", "bearer", "cookie", "session-query", "access-query")


def _call(scenario: Scenario, operation: Operation, workspace: Json, **options: Any) -> Any:
    """A request that would be carried out, were it not for its token."""
    return attempt(scenario, usual(scenario, operation, workspace), **options)


@pytest.mark.requirement("authentication/token-required")
def test_token_required(scenario: Scenario, operation: Operation, some: Json) -> None:
    """No token, no answer but 401."""
    answer = _call(scenario, operation, some, token=None)
    scenario.context.expect(operation.id, answer, 401)
    scenario.unchanged(some, some)


@pytest.mark.requirement("authentication/token-checked")
def test_token_checked(scenario: Scenario, operation: Operation, some: Json) -> None:
    """A wrong token is refused from every source, and no later source is asked."""
    good = scenario.wire.token
    identifier, _, secret = good.partition("-")
    other = secret[::-1] if secret[::-1] != secret else "x" * len(secret)
    wrong = [
        "nonsense",
        f"{identifier}-{other}",
        f"{identifier[::-1]}-{secret}",
        f"{good}x",
        "-",
        "a-b-c",
    ]
    for value in wrong:
        if value != good:
            answer = _call(scenario, operation, some, token=Token(value))
            scenario.context.expect(operation.id, answer, 401)
    for source in SOURCES[1:]:
        answer = _call(scenario, operation, some, token=Token("nonsense", source))
        scenario.context.expect(operation.id, answer, 401)
    # A wrong query parameter comes before the right header.
    answer = _call(scenario, operation, some, query={"coder_session_token": "nonsense"})
    scenario.context.expect(operation.id, answer, 401)
    scenario.unchanged(some, some)


@pytest.mark.requirement("authentication/token-sources")
@pytest.mark.parametrize("source", SOURCES)
def test_token_sources(
    scenario: Scenario, operation: Operation, spare: Json, source: Source
) -> None:
    """The right token is accepted from each source."""
    # A create request without fields is refused for them, which shows that the token was accepted.
    creates = operation.id.startswith("createUserWorkspace")
    contract, world = scenario.context.contract, scenario.world
    body: Any = {} if creates else sample_body(contract, operation, world, spare)
    answer = scenario.wire.call(
        operation,
        sample_path(operation, scenario.world, spare),
        body=UNSET if body is None else body,
        token=Token(scenario.wire.token, source),
    )
    if answer.status == 401:
        raise Mismatch(f"a token from the {source} to be accepted", answer.answer(), answer)
    scenario.context.expect(operation.id, answer, *operation.statuses)


@pytest.mark.requirement("authentication/isolation")
def test_isolation(
    context: Context, scenario: Scenario, member: Wire, operation: Operation, some: Json
) -> None:
    """A stranger gets the answer that an unknown identifier gets, and changes nothing."""
    request = usual(scenario, operation, some)
    answer = attempt(scenario, request, wire=member)
    context.expect(operation.id, answer, 404)
    scenario.unchanged(some, some)
    other = attempt(scenario, request.on("00000000-0000-4000-8000-000000000000"), wire=member)
    if answer.json() != other.json():
        raise Mismatch(f"the same as for an unknown one: {other.answer()}", answer.answer(), answer)
