"""Conveniences in people's terms: names, times, counts, staying in use."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import httpx2
import pytest

from coder_workspaces import (
    AsyncClient,
    Client,
    ConnectionFailedError,
    GoneError,
    InvalidArgumentError,
    NotFoundError,
)

from .payloads import WORKSPACE_ID, workspace
from .support import Recorder, Runner, answers, json_answer

_NO_CONTENT = httpx2.Response(204)
_TICK = 0.01


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("alice/dev", "/api/v2/users/alice/workspace/dev"),
        ("dev", "/api/v2/users/me/workspace/dev"),
    ],
)
def test_workspaces_are_found_by_name(runner: Runner, name: str, path: str) -> None:
    """A workspace is found by what people call it."""
    server = answers(json_answer(200, workspace()))
    found = runner.run(server, lambda c: c.workspaces.find_workspace(name))
    assert found.name == "dev"
    assert server.request.url.path == path
    assert "include_deleted" not in server.request.url.params


@pytest.mark.parametrize("name", ["", "/", "alice/", "/dev", "a/b/c"])
def test_what_is_no_name(runner: Runner, name: str) -> None:
    """Another form is refused before anything is sent."""
    server = answers(json_answer(200, workspace()))
    with pytest.raises(InvalidArgumentError, match="owner/name"):
        runner.run(server, lambda c: c.workspaces.find_workspace(name))
    assert server.requests == []


@pytest.mark.parametrize(
    ("ttl", "sent"),
    [
        (timedelta(hours=8), 28_800_000),
        (timedelta(minutes=1), 60_000),
        (timedelta(days=30), 2_592_000_000),
        (None, None),
    ],
)
def test_a_time_to_live_is_a_timedelta(
    runner: Runner, ttl: timedelta | None, sent: int | None
) -> None:
    """The API's milliseconds are the client's business."""
    server = answers(_NO_CONTENT)
    runner.run(server, lambda c: c.workspaces.set_workspace_ttl(WORKSPACE_ID, ttl))
    assert json.loads(server.request.content) == {"ttl_ms": sent}


@pytest.mark.parametrize("ttl", [timedelta(0), timedelta(seconds=59), timedelta(days=31)])
def test_times_to_live_have_bounds(runner: Runner, ttl: timedelta) -> None:
    """What the server would refuse is refused at once."""
    with pytest.raises(InvalidArgumentError, match="from one minute to 30 days"):
        runner.run(
            answers(_NO_CONTENT), lambda c: c.workspaces.set_workspace_ttl(WORKSPACE_ID, ttl)
        )


def _extended(by: datetime | timedelta) -> Callable[[Any], Any]:
    return lambda c: c.workspaces.extend_workspace(WORKSPACE_ID, by)


def test_deadlines(runner: Runner) -> None:
    """A deadline is a moment, or how long it is until then."""
    server = answers(json_answer(200, {"message": "Deadline updated."}))
    moment = datetime(2030, 1, 2, 3, 4, tzinfo=UTC)
    runner.run(server, lambda c: c.workspaces.extend_workspace(WORKSPACE_ID, moment))
    runner.run(server, lambda c: c.workspaces.extend_workspace(WORKSPACE_ID, timedelta(hours=2)))
    first, second = (
        datetime.fromisoformat(json.loads(request.content)["deadline"])
        for request in server.requests
    )
    assert first == moment
    assert timedelta(minutes=119) < second - datetime.now(UTC) <= timedelta(hours=2)
    for bad, text in (
        (datetime(2030, 1, 1), "time zone"),  # noqa: DTZ001 - which is what is wrong with it
        (timedelta.max, "no calendar"),
    ):
        with pytest.raises(InvalidArgumentError, match=text):
            runner.run(server, _extended(bad))


def _use(client: Any, seconds: float = 20 * _TICK, interval: float = _TICK) -> Any:
    """Keep the workspace in use for a while."""

    async def asynchronous() -> None:
        async with client.workspaces.keep_workspace_in_use(WORKSPACE_ID, interval=interval):
            await anyio.sleep(seconds)

    if isinstance(client, AsyncClient):
        return asynchronous()
    with client.workspaces.keep_workspace_in_use(WORKSPACE_ID, interval=interval):
        time.sleep(seconds)
    return None


def test_a_workspace_is_kept_in_use(runner: Runner) -> None:
    """Use is reported at the beginning, again and again, and no more after the block."""
    server = answers(_NO_CONTENT)
    before = threading.active_count()
    runner.run(server, _use)
    reports = len(server.requests)
    assert reports >= 3
    assert {request.url.path for request in server.requests} == {
        f"/api/v2/workspaces/{WORKSPACE_ID}/usage"
    }
    time.sleep(3 * _TICK)
    assert len(server.requests) == reports
    assert threading.active_count() == before


def test_one_report_is_enough_for_a_short_block(runner: Runner) -> None:
    """With the default interval of a minute a short block sends one, and ends at once."""
    server = answers(_NO_CONTENT)
    started = time.monotonic()
    runner.run(server, lambda c: _use(c, seconds=0, interval=60.0))
    assert len(server.requests) == 1
    assert time.monotonic() - started < 1


def test_a_refused_first_report(runner: Runner) -> None:
    """A workspace that does not exist is told on entering."""
    with pytest.raises(NotFoundError):
        runner.run(answers(json_answer(404, {"message": "Resource not found."})), _use)


def test_reports_that_fail_for_a_while(runner: Runner, caplog: pytest.LogCaptureFixture) -> None:
    """Lost connections and busy servers are logged, and the reports go on."""
    server = answers(_NO_CONTENT, httpx2.ConnectError("down"), httpx2.Response(503), _NO_CONTENT)
    with caplog.at_level(logging.WARNING, "coder_workspaces"):
        runner.run(server, _use)
    assert len(server.requests) >= 4
    assert len([record for record in caplog.records if "usage" in record.message]) == 2


def test_a_refusal_later_on(runner: Runner) -> None:
    """When the workspace goes, reporting stops, and the end of the block tells."""
    server = answers(_NO_CONTENT, json_answer(410, {"message": "Deleted."}))
    with pytest.raises(GoneError):
        runner.run(server, _use)
    assert len(server.requests) == 2


def test_the_block_own_exception_wins(runner: Runner) -> None:
    """An exception of the block comes out as it is, in no group."""

    def sync(client: Client) -> None:
        with client.workspaces.keep_workspace_in_use(WORKSPACE_ID, interval=_TICK):
            time.sleep(5 * _TICK)
            raise LookupError("mine")

    async def asynchronous(client: AsyncClient) -> None:
        async with client.workspaces.keep_workspace_in_use(WORKSPACE_ID, interval=_TICK):
            await anyio.sleep(5 * _TICK)
            raise LookupError("mine")

    server = answers(_NO_CONTENT, json_answer(410, {"message": "Deleted."}))
    with pytest.raises(LookupError, match="mine"):
        runner.run(server, asynchronous if runner.is_async else sync)


def test_cancelling_the_block() -> None:
    """A cancelled task ends at once, without a group around it and without a task left behind."""

    async def main() -> str:
        transport = httpx2.MockTransport(answers(_NO_CONTENT))
        async with AsyncClient("http://localhost", "t", transport=transport) as client:
            with anyio.move_on_after(5 * _TICK) as scope:
                async with client.workspaces.keep_workspace_in_use(WORKSPACE_ID):
                    await anyio.sleep_forever()
            return "cancelled" if scope.cancelled_caught else "not"

    assert anyio.run(main) == "cancelled"


@pytest.mark.parametrize("interval", [0, -1, float("nan")])
def test_intervals_are_positive(runner: Runner, interval: float) -> None:
    """An interval that would report without a pause is refused."""
    server = answers(_NO_CONTENT)
    with pytest.raises(InvalidArgumentError, match="interval"):
        runner.run(server, lambda c: _use(c, interval=interval))
    assert server.requests == []


def _page(*names: str, count: int) -> httpx2.Response:
    ids = (f"00000000-0000-4000-8000-{sum(name.encode()):012x}" for name in names)
    found = [workspace(name=name, id=key) for name, key in zip(names, ids, strict=True)]
    return json_answer(200, {"workspaces": found, "count": count})


def _count_and_names(
    runner: Runner, server: Recorder, *, count_first: bool
) -> tuple[int, list[str]]:
    def sync(client: Client) -> tuple[int, list[str]]:
        found = client.workspaces.iter_workspaces(page_size=2)
        count = found.count() if count_first else -1
        names = [item.name for item in found]
        return count if count_first else found.count(), names

    async def asynchronous(client: AsyncClient) -> tuple[int, list[str]]:
        found = client.workspaces.iter_workspaces(page_size=2)
        count = await found.count() if count_first else -1
        names = [item.name async for item in found]
        return count if count_first else await found.count(), names

    result: tuple[int, list[str]] = runner.run(server, asynchronous if runner.is_async else sync)
    return result


@pytest.mark.parametrize("count_first", [True, False])
def test_lists_have_a_count(runner: Runner, count_first: bool) -> None:
    """How many there are is known from the first page on, at no further request."""
    server = answers(_page("a", "b", count=3), _page("c", count=3))
    assert _count_and_names(runner, server, count_first=count_first) == (3, ["a", "b", "c"])
    assert len(server.requests) == 2


def test_a_failed_page_can_be_asked_for_again() -> None:
    """An iteration that a lost connection has interrupted goes on where it was."""
    server = answers(_page("a", "b", count=3), httpx2.ConnectError("down"), _page("c", count=3))
    transport = httpx2.MockTransport(server)
    names: list[str] = []
    with Client("http://localhost", "t", transport=transport, retry=False) as client:
        found = client.workspaces.iter_workspaces(page_size=2)
        with suppress(ConnectionFailedError):
            names.extend(item.name for item in found)
        assert len(server.requests) == 2
        names.extend(item.name for item in found)
    assert names[-1] == "c"
