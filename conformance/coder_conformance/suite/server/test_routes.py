"""Paths, methods, identifiers and bodies that are wrong."""

from __future__ import annotations

from typing import Any

import pytest

from coder_conformance.results import DoesNotApplyError, Mismatch
from coder_conformance.samples import sample_body, sample_path
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.wire import UNSET
from coder_spec import Operation
from coder_spec.files import is_array

Json = dict[str, Any]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@pytest.mark.requirement("routes/method-not-allowed")
def test_method_not_allowed(scenario: Scenario, operation: Operation, some: Json) -> None:
    """405, the methods that there are, and no body."""
    contract = scenario.context.contract
    known = {other.method for other in contract.operations if other.path == operation.path}
    if operation.id == "updateWorkspaceAcl":
        if "workspace-sharing" not in scenario.context.features:
            raise DoesNotApplyError("without workspace sharing every method is answered with 403")
        known |= {"GET", "DELETE"}  # later releases have these
    for method in METHODS:
        if method in known:
            continue
        path = sample_path(operation, scenario.world, some)
        answer = scenario.wire.call(operation, path, method=method)
        scenario.context.checked += 1
        if answer.status != 405 or answer.body or answer.media_type:
            expected = f"405 without a body and a content type for {method}"
            raise Mismatch(expected, answer.answer(), answer)
        allowed = {name.strip() for name in answer.headers.get("allow", "").split(",")}
        if not {operation.method} <= allowed or method in allowed:
            raise Mismatch(
                f"Allow with {operation.method}, not {method}", f"Allow: {allowed}", answer
            )
    scenario.unchanged(some, some)


@pytest.mark.requirement("routes/unknown-workspace")
@pytest.mark.parametrize(
    "identifier", ["5f3a1c52-6f43-4a39-9d5a-0d6a53f0f001", "00000000-0000-0000-0000-000000000000"]
)
def test_unknown_workspace(scenario: Scenario, operation: Operation, identifier: str) -> None:
    """404 with the envelope, whatever the operation."""
    body = sample_body(scenario.context.contract, operation, scenario.world)
    answer = scenario.wire.call(
        operation, {"workspace": identifier}, body=UNSET if body is None else body
    )
    scenario.context.expect(operation.id, answer, 404)


@pytest.mark.requirement("routes/malformed-identifier")
@pytest.mark.parametrize(
    "identifier",
    ["x", "me", "5f3a1c52-6f43-4a39-9d5a-0d6a53f0f00", "zf3a1c52-6f43-4a39-9d5a-0d6a53f0f001", "ü"],
)
def test_malformed_identifier(scenario: Scenario, operation: Operation, identifier: str) -> None:
    """400 with the envelope, whatever the operation."""
    body = sample_body(scenario.context.contract, operation, scenario.world)
    answer = scenario.wire.call(
        operation, {"workspace": identifier}, body=UNSET if body is None else body
    )
    scenario.context.expect(operation.id, answer, 400)


@pytest.mark.requirement("routes/malformed-body")
def test_malformed_body(scenario: Scenario, operation: Operation, some: Json) -> None:
    """400 with the envelope, and nothing is changed or created."""
    if (
        operation.id == "updateWorkspaceAcl"
        and "workspace-sharing" not in scenario.context.features
    ):
        raise DoesNotApplyError("without workspace sharing every body is answered with 403")
    contract = scenario.context.contract
    schema = contract.resolve(operation.raw["requestBody"]["content"]["application/json"]["schema"])
    bodies: list[bytes] = [b"", b"{", b'{"a"', b"[]", b'"x"', b"1", b"nonsense", b"\xff\xfe"]
    for name, described in schema["properties"].items():
        wrong = _wrong_types(contract.resolve(described))
        bodies.extend(f'{{"{name}": {value}}}'.encode() for value in wrong)
    path = sample_path(operation, scenario.world, some)
    for content in bodies:
        answer = scenario.wire.call(operation, path, content=content)
        scenario.context.expect(operation.id, answer, 400)
    scenario.unchanged(some, some)


def _wrong_types(schema: Json) -> list[str]:
    """JSON values of other types than the schema's, as text."""
    kinds: list[str] = schema["type"] if is_array(schema["type"]) else [schema["type"]]
    wrong = {
        "string": '"x"',
        "integer": "1",
        "boolean": "true",
        "array": "[1]",
        "object": '{"x": 1}',
    }
    found = [text for kind, text in wrong.items() if kind not in kinds]
    if "integer" in kinds:
        found += ["1.5", "60000.0", "1e400", "99999999999999999999"]
    return found
