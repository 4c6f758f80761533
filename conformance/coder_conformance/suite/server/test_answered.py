"""Whether every operation answers, and to the end, while the server has its wits about it."""

from __future__ import annotations

from typing import Any

import pytest

from coder_conformance.results import CannotJudgeError, Mismatch
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.usual import attempt, usual
from coder_spec import Operation

Json = dict[str, Any]


@pytest.mark.requirement("contract/is-answered")
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
