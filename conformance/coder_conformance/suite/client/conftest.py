"""Fixtures of the client-role tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coder_conformance.client import ClientAdapter
from coder_conformance.context import Context
from coder_conformance.payloads import Payloads
from coder_conformance.stub import Stub
from coder_conformance.suite.client.generated import Asynchronous, Blocking


@pytest.fixture(scope="session", params=[Blocking, Asynchronous], ids=lambda adapter: adapter.name)
def client(request: pytest.FixtureRequest, context: Context) -> Iterator[ClientAdapter]:
    """The client that is judged, in each of its flavours."""
    adapter: ClientAdapter = request.param(context.contract)
    yield adapter
    adapter.close()


@pytest.fixture(scope="session")
def stub() -> Iterator[Stub]:
    """The server that the client talks to."""
    with Stub() as running:
        yield running


@pytest.fixture(scope="session")
def payloads(context: Context) -> Payloads:
    """Values of the contract's schemas."""
    return Payloads(context.contract)


@pytest.fixture(scope="session")
def new_payloads(context: Context) -> Payloads:
    """The same with what a newer server adds."""
    return Payloads(context.contract, new=True)
