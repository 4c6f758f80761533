"""What a client says about itself must not come back as what the server says."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from coder_conformance.results import Mismatch
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.usual import attempt, usual
from coder_spec import Operation

Json = dict[str, Any]
# The others may be those of gateways, which hand on what marks a request.
_THE_SERVERS = ("x-coder-", "access-control-")
# They tell how the message is sent or who sends it, so they cannot have any value.
_OF_THE_CONNECTION = frozenset({"connection", "content-length", "set-cookie", "transfer-encoding"})


@pytest.mark.requirement("headers/nothing-is-echoed")
def test_nothing_is_echoed(scenario: Scenario, operation: Operation, some: Json) -> None:
    """Every header of an answer is sent back with another value, and an origin with them."""
    request = usual(scenario, operation, some)
    plain = attempt(scenario, request)
    marker = str(uuid4())
    names = {name.lower() for name in plain.headers} - _OF_THE_CONNECTION
    sent = dict.fromkeys(sorted(names), marker) | {"origin": f"https://{marker}.invalid"}
    answer = attempt(scenario, request, headers=sent)
    for name, value in answer.headers.items():
        if name.lower().startswith(_THE_SERVERS) and marker in value:
            raise Mismatch(f"no {name} of the client's", f"{name}: {value}", answer)
