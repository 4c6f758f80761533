"""Fixtures of the client-role tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coder_conformance.client import ClientAdapter, load_factory
from coder_conformance.context import Context
from coder_conformance.payloads import Payloads
from coder_conformance.stub import Stub


@pytest.fixture(scope="session")
def client(request: pytest.FixtureRequest, context: Context) -> Iterator[ClientAdapter]:
    """Each client that is judged, in turn; the plug-in names them."""
    adapter = load_factory(request.param)(context.contract)
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
    return Payloads(context.contract, seed=context.settings.seed)


@pytest.fixture(scope="session")
def new_payloads(context: Context) -> Payloads:
    """The same with what a newer server adds."""
    return Payloads(context.contract, new=True, seed=context.settings.seed)
