"""Fixtures of the client-role tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from coder_conformance.client import load_factory
from coder_conformance.context import Context
from coder_conformance.patience import Patient
from coder_conformance.payloads import Payloads
from coder_conformance.stub import Stub


class Stubs:
    """The server that clients talk to, and a new one where a client does not leave it alone."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self.current = self._open.enter_context(Stub())

    def replace(self) -> None:
        """Stop the server, and start another one."""
        self._open.close()
        self.current = self._open.enter_context(Stub())

    def close(self) -> None:
        """Stop the server."""
        self._open.close()


@pytest.fixture(scope="session")
def stubs() -> Iterator[Stubs]:
    """Where the server comes from."""
    made = Stubs()
    yield made
    made.close()


@pytest.fixture
def stub(stubs: Stubs) -> Stub:
    """The server that the client talks to."""
    return stubs.current


@pytest.fixture(scope="session")
def client(request: pytest.FixtureRequest, context: Context, stubs: Stubs) -> Iterator[Patient]:
    """Each client that is judged, in turn; the plug-in names them."""
    adapter = load_factory(request.param)(context.contract)
    patient = Patient(adapter, context.settings.timeouts.request, stubs.replace)
    yield patient
    patient.close()


@pytest.fixture(scope="session")
def payloads(context: Context) -> Payloads:
    """Values of the contract's schemas."""
    return Payloads(context.contract, seed=context.settings.seed)


@pytest.fixture(scope="session")
def new_payloads(context: Context) -> Payloads:
    """The same with what a newer server adds."""
    return Payloads(context.contract, new=True, seed=context.settings.seed)
