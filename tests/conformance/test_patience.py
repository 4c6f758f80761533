"""A client that does not end its calls cannot hold up a run."""
# ruff: noqa: ARG002 -- a client that does nothing needs no arguments

from __future__ import annotations

import threading
import time

import pytest

from coder_conformance.client import Arguments, Raised, Returned
from coder_conformance.patience import Patient
from coder_conformance.results import CannotJudgeError, DoesNotApplyError, Mismatch
from coder_spec import Contract, Operation, load

GET = load().operation("getWorkspaceMetadataById")


class Slow:
    """Does not end calls to one address, and raises what it should not on calls to another."""

    name = "slow"

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.threads: set[int] = set()
        self.closed = False

    def call(
        self, url: str, token: str, operation: Operation, given: Arguments
    ) -> Returned | Raised:
        """Wait for ever, or as long as asked."""
        self.threads.add(threading.get_ident())
        if url == "endless":
            threading.Event().wait()
        if url == "late":
            raise TimeoutError("of its own")
        return Returned(url)

    def stream(
        self, url: str, token: str, operation: Operation, given: Arguments, limit: int
    ) -> Returned | Raised:
        """The same."""
        return self.call(url, token, operation, given)

    def shown(self, url: str, token: str) -> str:
        """Nothing."""
        return ""

    def close(self) -> None:
        """Note it."""
        self.closed = True


@pytest.fixture
def left() -> list[str]:
    """What was done about calls that did not end."""
    return []


def patient(adapter: Slow, left: list[str]) -> Patient:
    """The client with a little patience."""
    return Patient(adapter, 0.2, lambda: left.append("replaced"))


def test_calls_come_back_from_one_thread(left: list[str]) -> None:
    """What a client returns or raises is passed on; a loop of its own stays on one thread."""
    adapter = Slow(load())
    client = patient(adapter, left)
    assert client.call("here", "", GET, Arguments()) == Returned("here")
    assert client.stream("there", "", GET, Arguments(), 1) == Returned("there")
    with pytest.raises(TimeoutError, match="of its own"):
        client.call("late", "", GET, Arguments())
    client.close()
    assert adapter.closed
    assert left == []
    assert len(adapter.threads) == 1
    assert threading.get_ident() not in adapter.threads


def test_a_call_without_end_is_a_mismatch(left: list[str]) -> None:
    """It is given up soon, once, and nothing is judged by a client that still hangs."""
    adapter = Slow(load())
    client = patient(adapter, left)
    started = time.monotonic()
    with pytest.raises(Mismatch) as raised:
        client.call("endless", "", GET, Arguments())
    assert (raised.value.expected, raised.value.actual) == (
        "a call that ends",
        "no end within 0.2 s",
    )
    assert left == ["replaced"]
    with pytest.raises(CannotJudgeError, match="still has not ended"):
        client.call("here", "", GET, Arguments())
    client.close()
    assert not adapter.closed
    assert time.monotonic() - started < 5


def test_what_a_client_does_not_offer_does_not_apply(left: list[str]) -> None:
    """No repetition, lists, watches or queries are no fault of a client."""
    client = patient(Slow(load()), left)
    for ask in (
        lambda: client.repeated("", "", GET, Arguments()),
        lambda: client.listed("", "", 1),
        lambda: client.watched("", "", GET, Arguments(), 1),
        lambda: client.query({}),
    ):
        with pytest.raises(DoesNotApplyError):
            ask()
    client.close()
