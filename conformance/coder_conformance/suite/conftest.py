"""Fixtures of the suite's tests; those that come from the run itself are in the plug-in."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from typing import Any

import hypothesis
import pytest

from coder_conformance.context import Context
from coder_conformance.exchange import Exchange
from coder_conformance.results import CannotJudgeError, Mismatch
from coder_conformance.shared import MADE_BY, Shared
from coder_conformance.suite.server.effects import EXTEND, GET, Effect
from coder_conformance.suite.server.questions import Question, questions
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.search import Search
from coder_conformance.suite.server.several import Several, find_several
from coder_conformance.suite.server.usual import Usual, attempt, usual
from coder_conformance.wire import Wire
from coder_conformance.world import World
from coder_spec import Operation

Json = dict[str, Any]


@pytest.fixture(scope="session", autouse=True)
def _profile(context: Context) -> None:
    """Hypothesis as the run wants it: repeatable, and honest about slow servers."""
    hypothesis.settings.register_profile(
        "suite",
        max_examples=context.settings.examples,
        deadline=None,  # a live server may be slow without being wrong
        database=None,  # what an earlier run found must not change what this seed sends
        report_multiple_bugs=False,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[
            hypothesis.Phase.explicit,
            hypothesis.Phase.generate,
            hypothesis.Phase.shrink,
        ],
    )
    hypothesis.settings.load_profile("suite")


@pytest.fixture(scope="session", autouse=True)
def _unattended(request: pytest.FixtureRequest, context: Context) -> None:
    """Leave workspaces to themselves at once where a test will look at them in the end."""
    wanted = any("unattended" in getattr(i, "fixturenames", ()) for i in request.session.items)
    if wanted and context.shared is not None and context.member is not None:
        with suppress(CannotJudgeError, Mismatch):  # those tests will try again, and tell
            context.shared.unattended(context.theirs())


@pytest.fixture
def scenario(context: Context, wire: Wire, world: World) -> Scenario:
    """Steps for behaviour tests."""
    return Scenario(context, wire, world)


@pytest.fixture
def shared(context: Context) -> Shared:
    """The shared workspaces."""
    assert context.shared is not None
    return context.shared


@pytest.fixture
def effect(scenario: Scenario, operation: Operation, shared: Shared) -> Generator[Effect]:
    """Requests of the operation, each of which has an effect of its own."""
    effect = Effect(
        scenario, operation, shared.running() if operation.id == EXTEND else shared.spare()
    )
    yield effect
    effect.undo()


@pytest.fixture
def request_(scenario: Scenario, operation: Operation, some: Json) -> Usual:
    """A request of the operation that works."""
    return usual(scenario, operation, some)


@pytest.fixture
def questions_(scenario: Scenario, request_: Usual) -> dict[str, Question]:
    """Requests of the operation that get answers of all kinds."""
    return questions(scenario, request_)


@pytest.fixture
def answers(
    scenario: Scenario, shared: Shared, operation: Operation, questions_: dict[str, Question]
) -> list[Exchange]:
    """Answers of all kinds: right ones of the operation, and refusals."""
    seen = [ask({}) for ask in questions_.values()]
    scenario.context.checked += len(seen)
    if scenario.wire.readonly:
        return seen
    if operation.id == GET:
        seen.append(attempt(scenario, usual(scenario, operation, shared.deleted())))
    if operation.id.startswith("createUserWorkspace"):
        seen.append(shared.birth(MADE_BY[operation.id]).answer)
    return seen


@pytest.fixture
def their_request(scenario: Scenario, operation: Operation, member: Wire, shared: Shared) -> Usual:
    """A request about a workspace of the second user, or about all of them."""
    assert member is not scenario.wire
    return usual(scenario, operation, shared.theirs(scenario.context.theirs()))


@pytest.fixture
def other(scenario: Scenario, member: Wire) -> str:
    """Identifier of the second user."""
    operation = scenario.context.contract.operation("getUser")
    return str(member.call(operation, {"user": "me"}).json()["id"])


@pytest.fixture
def several(scenario: Scenario, shared: Shared) -> Several:
    """At least five workspaces in different states."""
    return find_several(scenario, shared)


@pytest.fixture
def search(scenario: Scenario, several: Several) -> Search:
    """Queries over these workspaces."""
    return Search(scenario, several)


@pytest.fixture
def some(shared: Shared) -> Json:
    """A workspace that a request can be about, as it is now; tests must leave it alone."""
    return shared.any()


@pytest.fixture
def spare(shared: Shared) -> Json:
    """A workspace that writing requests may be about, as it is now."""
    return shared.spare()


@pytest.fixture
def running(shared: Shared) -> Json:
    """A running workspace with a deadline, as it is now; tests may change its settings."""
    return shared.running()


@pytest.fixture
def stopped(shared: Shared) -> Json:
    """A stopped workspace, as it is now; tests may change its settings."""
    return shared.stopped()


@pytest.fixture
def deleted(shared: Shared) -> Json:
    """A deleted workspace."""
    return shared.deleted()
