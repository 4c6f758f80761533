"""Blocking clients in the process of the server, without a socket."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Generator, Iterator
from typing import Any

import httpx2
import pytest

from coder_conformance.reference import InProcessTransport, ManualClock, Settings, create_app
from coder_conformance.reference.seed.default import OWNER

BASE = "http://coder.test/api/v2"
HEADERS = {"Coder-Session-Token": OWNER.token}


@pytest.fixture
def clock() -> ManualClock:
    """A clock that the test moves."""
    return ManualClock()


@pytest.fixture
def transport(clock: ManualClock) -> Generator[InProcessTransport]:
    """A transport to a deployment of its own."""
    transport = InProcessTransport(create_app(Settings(build_seconds=5), clock=clock))
    yield transport
    transport.close()


@pytest.fixture
def client(transport: InProcessTransport) -> Generator[httpx2.Client]:
    """A blocking client on the transport, signed in."""
    with httpx2.Client(base_url=BASE, headers=HEADERS, transport=transport) as client:
        yield client


def _make(client: httpx2.Client) -> str:
    template = client.get("/templates").json()[0]["id"]
    body = {"name": "dev", "template_id": template}
    made: str = client.post("/users/me/workspaces", json=body).raise_for_status().json()["id"]
    return made


def _statuses(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if line.startswith('data: {"id"'):
            yield json.loads(line.removeprefix("data: "))["latest_build"]["status"]


def test_calls_change_the_deployment(
    client: httpx2.Client, transport: InProcessTransport, clock: ManualClock
) -> None:
    """Requests have their bodies, query and token, and time passes where the server runs."""
    path = f"/workspaces/{_make(client)}"
    assert client.get(path).json()["latest_build"]["status"] != "running"
    transport.call(lambda: clock.advance(60))
    assert client.get(path).json()["latest_build"]["status"] == "running"
    assert client.get("/workspaces", params={"q": "name:dev"}).json()["count"] == 1
    assert client.get("/workspaces", params={"q": "name:other"}).json()["count"] == 0
    assert httpx2.Client(transport=transport).get(f"{BASE}/users/me").status_code == 401


def test_event_streams_arrive_as_they_are_sent(
    client: httpx2.Client, transport: InProcessTransport, clock: ManualClock
) -> None:
    """A stream gives what there is, waits for more, and leaves nothing behind when it is left."""
    path = f"/workspaces/{_make(client)}/watch"
    with client.stream("GET", path, timeout=10) as response:
        statuses = _statuses(response.iter_lines())
        first = next(statuses)
        transport.call(lambda: clock.advance(60))
        assert first != "running"
        assert "running" in statuses
    started = time.monotonic()
    transport.close()
    assert time.monotonic() - started < 1
    assert not [t for t in threading.enumerate() if t.name == "in-process-application"]


def test_limits_for_reading_hold(client: httpx2.Client) -> None:
    """A stream on which nothing happens ends in the client's time-out."""
    path = f"/workspaces/{_make(client)}/watch"
    limits = httpx2.Timeout(30, read=1)
    started = time.monotonic()
    with client.stream("GET", path, timeout=limits) as response, pytest.raises(httpx2.ReadTimeout):
        list(response.iter_bytes())
    assert time.monotonic() - started < 4


def test_what_the_application_fails_with_is_raised() -> None:
    """An exception of the application arrives where the request was made."""

    async def app(*_: Any) -> None:
        raise LookupError("nothing here")

    async def silent(*_: Any) -> None:
        return

    with httpx2.Client(transport=InProcessTransport(app)) as client, pytest.raises(LookupError):
        client.get(BASE)
    with (
        httpx2.Client(transport=InProcessTransport(silent)) as client,
        pytest.raises(RuntimeError, match="without an answer"),
    ):
        client.get(BASE)


def test_a_closed_transport_says_so(transport: InProcessTransport) -> None:
    """Nothing starts again behind the back of a program that has closed it."""
    transport.close()
    with pytest.raises(RuntimeError, match="was closed"):
        transport.call(lambda: None)
