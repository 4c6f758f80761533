"""What schemathesis saw on every operation, one verdict for each thing that the contract asks."""

from __future__ import annotations

import pytest

from coder_conformance.context import Context
from coder_conformance.results import CannotJudgeError, DoesNotApplyError
from coder_spec import Operation

# Thousands of generated requests are sent first.
pytestmark = pytest.mark.late


def _verdict(context: Context, operation: Operation, requirement: str) -> None:
    """Fail with what was seen, or complain that nothing was."""
    seen = context.observations.of(operation.id)
    context.checked = seen.examples[requirement]
    found = seen.mismatches[requirement]
    if found:
        raise ExceptionGroup(f"{requirement} on {operation.id}", found[:10])
    if not seen.examples[requirement]:
        if requirement in seen.excused:
            raise DoesNotApplyError(seen.excused[requirement])
        raise CannotJudgeError("no generated request could show it")


@pytest.mark.requirement("contract/documented-status")
def test_documented_status(context: Context, operation: Operation) -> None:
    """Every status is a documented one."""
    _verdict(context, operation, "contract/documented-status")


@pytest.mark.requirement("contract/content-type")
def test_content_type(context: Context, operation: Operation) -> None:
    """Every content type is a documented one."""
    _verdict(context, operation, "contract/content-type")


@pytest.mark.requirement("contract/headers")
def test_headers(context: Context, operation: Operation) -> None:
    """Every required header is there and well-formed."""
    _verdict(context, operation, "contract/headers")


@pytest.mark.requirement("contract/response-schema")
def test_response_schema(context: Context, operation: Operation) -> None:
    """Every body fits its schema."""
    _verdict(context, operation, "contract/response-schema")


@pytest.mark.requirement("contract/consistent-body")
def test_consistent_body(context: Context, operation: Operation) -> None:
    """No body contradicts itself or the request."""
    _verdict(context, operation, "contract/consistent-body")


@pytest.mark.requirement("contract/no-server-error")
def test_no_server_error(context: Context, operation: Operation) -> None:
    """Nothing is answered with a 5xx status."""
    _verdict(context, operation, "contract/no-server-error")


@pytest.mark.requirement("contract/accepts-valid-input")
def test_accepts_valid_input(context: Context, operation: Operation) -> None:
    """What the contract allows is carried out."""
    _verdict(context, operation, "contract/accepts-valid-input")


@pytest.mark.requirement("contract/refuses-invalid-input")
def test_refuses_invalid_input(context: Context, operation: Operation) -> None:
    """What the contract forbids is refused."""
    _verdict(context, operation, "contract/refuses-invalid-input")
