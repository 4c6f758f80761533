"""What is repeated, how often, and after which wait."""

from __future__ import annotations

import logging
import random
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any

import anyio
import httpx2
import pytest

from coder_workspaces import (
    APIError,
    AsyncClient,
    ConnectionFailedError,
    RateLimitError,
    RequestOptions,
    RetryPolicy,
    ServerError,
)
from coder_workspaces import _async as async_module
from coder_workspaces.models import (
    CreateWorkspaceBuildRequest,
    UpdateWorkspaceTTLRequest,
    WorkspaceTransition,
)

from .payloads import WORKSPACE_ID, build, workspace
from .support import Runner, answers, json_answer

_BUILD = CreateWorkspaceBuildRequest(transition=WorkspaceTransition.START)
_OK = json_answer(200, workspace())


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits between attempts, which do not take place."""
    seconds: list[float] = []

    async def sleep(delay: float) -> None:
        seconds.append(delay)

    monkeypatch.setattr(async_module, "anyio", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr(time, "sleep", seconds.append)
    return seconds


def _get(client: Any) -> Any:
    return client.workspaces.get_workspace_metadata_by_id(WORKSPACE_ID)


def _put(client: Any) -> Any:
    body = UpdateWorkspaceTTLRequest(ttl_ms=None)
    return client.workspaces.update_workspace_ttl_by_id(WORKSPACE_ID, body=body)


def _post(client: Any) -> Any:
    return client.builds.create_workspace_build(WORKSPACE_ID, body=_BUILD)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_temporary_statuses_are_repeated(runner: Runner, waits: list[float], status: int) -> None:
    """A read survives what usually passes."""
    server = answers(httpx2.Response(status), httpx2.Response(status), _OK)
    assert runner.run(server, _get, retry=True).name == "dev"
    assert len(server.requests) == 3
    assert len(waits) == 2
    assert 0 <= waits[0] <= 0.5
    assert 0 <= waits[1] <= 1.0


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 418, 500, 501])
def test_other_statuses_are_not_repeated(runner: Runner, waits: list[float], status: int) -> None:
    """What repeating would not change is raised at once."""
    server = answers(httpx2.Response(status))
    with pytest.raises(APIError):
        runner.run(server, _get, retry=True)
    assert len(server.requests) == 1
    assert waits == []


def test_the_last_failure_is_raised(runner: Runner, waits: list[float]) -> None:
    """When no attempt is left, the caller gets the exception of the last one."""
    server = answers(httpx2.ReadError("first"), httpx2.Response(503), httpx2.Response(502))
    with pytest.raises(ServerError, match="502"):
        runner.run(server, _get, retry=RetryPolicy(attempts=3))
    assert len(server.requests) == 3
    assert len(waits) == 2


@pytest.mark.parametrize(
    ("failure", "call", "repeated"),
    [
        (httpx2.ConnectError("x"), _post, True),
        (httpx2.ConnectTimeout("x"), _post, True),
        (httpx2.PoolTimeout("x"), _post, True),
        (httpx2.Response(429), _post, True),
        (httpx2.ReadError("x"), _post, False),
        (httpx2.ReadTimeout("x"), _post, False),
        (httpx2.RemoteProtocolError("x"), _post, False),
        (httpx2.Response(503), _post, False),
        (httpx2.ReadError("x"), _get, True),
        (httpx2.ReadTimeout("x"), _get, True),
        (httpx2.ReadError("x"), _put, True),
        (httpx2.Response(503), _put, True),
    ],
)
@pytest.mark.usefixtures("waits")
def test_only_safe_requests_are_repeated(
    runner: Runner, failure: httpx2.Response | Exception, call: Any, repeated: bool
) -> None:
    """A request that may have had its effect is repeated only if its method allows that."""
    success = {_post: json_answer(201, build()), _put: httpx2.Response(204), _get: _OK}[call]
    server = answers(failure, success)
    if repeated:
        runner.run(server, call, retry=True)
        assert len(server.requests) == 2
        assert server.requests[0].content == server.requests[1].content
    else:
        with pytest.raises((ConnectionFailedError, ServerError)):
            runner.run(server, call, retry=True)
        assert len(server.requests) == 1


def test_retry_after_is_honoured(runner: Runner, waits: list[float]) -> None:
    """The server's wait is a lower bound, in seconds or as a date."""
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    server = answers(
        httpx2.Response(429, headers={"retry-after": "7"}),
        httpx2.Response(503, headers={"retry-after": moment}),
        _OK,
    )
    runner.run(server, _get, retry=True)
    assert waits[0] == 7
    assert 27 <= waits[1] <= 30


def test_a_wait_that_is_too_long_is_the_callers_decision(
    runner: Runner, waits: list[float]
) -> None:
    """A longer Retry-After than the policy honours raises at once, with the wait."""
    server = answers(httpx2.Response(429, headers={"retry-after": "3600"}))
    with pytest.raises(RateLimitError) as caught:
        runner.run(server, _get, retry=True)
    assert caught.value.retry_after == 3600
    assert waits == []


def test_repetition_can_be_switched_off(runner: Runner, waits: list[float]) -> None:
    """Per client and per call, in both directions."""
    server = answers(httpx2.Response(503))
    with pytest.raises(ServerError):
        runner.run(server, _get, retry=False)
    assert len(server.requests) == 1

    def call(value: RetryPolicy | bool) -> Any:
        return lambda c: c.workspaces.get_workspace_metadata_by_id(
            WORKSPACE_ID, options=RequestOptions(retry=value)
        )

    server = answers(httpx2.Response(503))
    with pytest.raises(ServerError):
        runner.run(server, call(False), retry=True)
    assert len(server.requests) == 1
    server = answers(httpx2.Response(503), _OK)
    runner.run(server, call(RetryPolicy(attempts=2)), retry=False)
    assert len(server.requests) == 2
    assert len(waits) == 1


def test_waits_are_spread_and_capped(
    runner: Runner, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wait is drawn between zero and a bound, which doubles up to the cap."""
    drawn: list[tuple[float, float]] = []

    def highest(low: float, high: float) -> float:
        drawn.append((low, high))
        return high

    monkeypatch.setattr(random, "uniform", highest)
    policy = RetryPolicy(attempts=6, base_delay=1, max_delay=4)
    with pytest.raises(ServerError):
        runner.run(answers(httpx2.Response(503)), _get, retry=policy)
    assert drawn == [(0, 1), (0, 2), (0, 4), (0, 4), (0, 4)]
    assert waits == [1, 2, 4, 4, 4]


@pytest.mark.usefixtures("waits")
def test_repetition_is_logged(runner: Runner, caplog: pytest.LogCaptureFixture) -> None:
    """An operator can see that and why a call was repeated."""
    caplog.set_level(logging.INFO, "coder_workspaces")
    runner.run(answers(httpx2.Response(503), _OK), _get, retry=True)
    messages = [record.getMessage() for record in caplog.records]
    assert any("attempt 1 of 3 failed" in text and "503" in text for text in messages)


def test_waiting_can_be_cancelled() -> None:
    """An asynchronous caller is not held up by a wait between attempts."""

    async def main() -> None:
        server = answers(httpx2.Response(429, headers={"retry-after": "50"}))
        transport = httpx2.MockTransport(server)
        async with AsyncClient("http://localhost", transport=transport) as client:
            with anyio.move_on_after(0.05) as scope:
                await _get(client)
            assert scope.cancelled_caught

    anyio.run(main)
