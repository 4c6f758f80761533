"""Waiting for a workspace by watching it, and by looking where watching does not work."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from websockets.sync.server import ServerConnection

from coder_workspaces import AsyncClient, BuildFailedError, Client, WaitTimeoutError
from coder_workspaces.models import WorkspaceStatus

from .payloads import WORKSPACE_ID, build, workspace
from .servers import Peer, message, websocket_server

_STOPPED = WorkspaceStatus.STOPPED


def _with(status: str) -> dict[str, Any]:
    return workspace(latest_build=build(status=status))


class _Looks:
    """Answers of the plain operation: one state after the other, the last one for ever."""

    def __init__(self, *statuses: str) -> None:
        self.statuses = statuses
        self.count = 0

    def __call__(self, path: str) -> tuple[int, object] | None:
        if "watch-ws" in path:
            return None
        self.count += 1
        return 200, _with(self.statuses[min(self.count, len(self.statuses)) - 1])


def _wait(peer: Peer, *, is_async: bool, until: Any = _STOPPED, timeout: float = 5.0) -> Any:
    if not is_async:
        with Client(peer.url, "token") as client:
            return client.workspaces.wait_for(WORKSPACE_ID, until, timeout=timeout)

    async def main() -> Any:
        async with AsyncClient(peer.url, "token") as client:
            return await client.workspaces.wait_for(WORKSPACE_ID, until, timeout=timeout)

    return anyio.run(main)


def _tell(
    *statuses: str, pause: float = 0.05, stay: float = 0.0
) -> Callable[[ServerConnection], None]:
    """Tell of one state after the other, then stay, with heartbeats, and go."""

    def handler(connection: ServerConnection) -> None:
        connection.send(message("ping"))
        for status in statuses:
            time.sleep(pause)
            connection.send(message("data", _with(status)))
        end = time.monotonic() + stay
        while time.monotonic() < end:
            connection.ping()
            connection.send(message("ping"))
            time.sleep(0.05)

    return handler


both = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


@both
def test_changes_are_told(is_async: bool) -> None:
    """One look, and then the change is known as soon as it has happened."""
    looks = _Looks("stopping")
    with websocket_server(_tell("stopping", "stopped", stay=3), plain=looks) as peer:
        started = time.monotonic()
        found = _wait(peer, is_async=is_async)
        assert time.monotonic() - started < 2
    assert found.latest_build.status is _STOPPED
    assert looks.count == 1


@both
def test_what_is_so_already_needs_no_watch(is_async: bool) -> None:
    """A workspace that has the status is returned after the first look."""
    with websocket_server(_tell(), plain=_Looks("stopped")) as peer:
        _wait(peer, is_async=is_async)
        assert len(peer.heads) == 1


@both
def test_a_failed_build_ends_the_wait(is_async: bool) -> None:
    """The watch tells that the status will not come."""
    with (
        websocket_server(_tell("failed", stay=3), plain=_Looks("stopping")) as peer,
        pytest.raises(BuildFailedError),
    ):
        _wait(peer, is_async=is_async)


@both
@pytest.mark.parametrize(
    "handler",
    [
        _tell(),  # hangs up
        lambda connection: connection.close(1011, "boom"),
        lambda connection: connection.send(message("error", {"message": "Gone."})),
        lambda connection: connection.send("nonsense"),
    ],
)
def test_a_watch_that_fails_is_replaced(
    is_async: bool, handler: Callable[[ServerConnection], None]
) -> None:
    """However the watch ends, the workspace is looked at until it is as wanted."""
    looks = _Looks("stopping", "stopping", "stopped")
    with websocket_server(handler, plain=looks) as peer:
        assert _wait(peer, is_async=is_async).latest_build.status is _STOPPED
    assert looks.count == 3


@both
def test_the_limit_holds_on_a_lively_watch(is_async: bool) -> None:
    """Heartbeats do not prolong the wait."""
    with websocket_server(_tell("stopping", stay=3), plain=_Looks("stopping")) as peer:
        started = time.monotonic()
        with pytest.raises(WaitTimeoutError, match="status stopped"):
            _wait(peer, is_async=is_async, timeout=0.4)
        assert 0.35 < time.monotonic() - started < 1.5


@both
def test_the_limit_holds_on_a_silent_watch(is_async: bool) -> None:
    """Silence does not prolong it either, on which the server would go on for half a minute."""

    def silent(connection: ServerConnection) -> None:
        connection.recv(timeout=30)

    with websocket_server(silent, plain=_Looks("stopping")) as peer:
        started = time.monotonic()
        with pytest.raises(WaitTimeoutError):
            _wait(peer, is_async=is_async, timeout=0.4)
        assert 0.35 < time.monotonic() - started < 10


@both
def test_exceptions_of_a_condition_come_out(is_async: bool) -> None:
    """What the caller's function raises is not taken for a failure of the watch."""
    calls: list[str] = []

    def until(seen: Any) -> bool:
        calls.append(str(seen.latest_build.status))
        if len(calls) == 2:
            raise LookupError("mine")
        return False

    with (
        websocket_server(_tell("stopping", stay=1), plain=_Looks("running")) as peer,
        pytest.raises(LookupError, match="mine"),
    ):
        _wait(peer, is_async=is_async, until=until)
    assert calls == ["running", "stopping"]
