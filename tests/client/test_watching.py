"""Watches that outlive their connections."""

from __future__ import annotations

import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from websockets.sync.server import ServerConnection

from coder_workspaces import (
    AsyncClient,
    AuthenticationError,
    Client,
    CoderError,
    ConnectionFailedError,
    InvalidArgumentError,
    NotFoundError,
    StreamError,
    Timeouts,
)

from .payloads import TOKEN, WORKSPACE_ID, workspace
from .servers import event, message, raw_server, sse_script, websocket_server
from .support import END, Runner, anext_or_error, next_or_error


@pytest.fixture(autouse=True)
def _no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reconnecting does not wait in these tests."""

    def nothing(low: float, high: float) -> float:
        del low, high
        return 0.0

    monkeypatch.setattr(random, "uniform", nothing)


def _watch(
    runner: Runner, url: str, count: int, *, silence: float = 10.0, **options: Any
) -> list[Any]:
    """Return the names that a watch yields, and the exceptions that it raises, up to a count."""
    seen: list[Any] = []
    limits = Timeouts(stream=silence)

    def goes_on(item: Any) -> bool:
        if item is END:
            return False
        seen.append(item if isinstance(item, Exception) else item.name)
        return len(seen) < count and not isinstance(item, ConnectionFailedError)

    def sync() -> None:
        with (
            Client(url, TOKEN, retry=False, timeout=limits) as client,
            client.workspaces.watch_workspace(WORKSPACE_ID, **options) as watch,
        ):
            while goes_on(next_or_error(watch)):
                pass

    async def asynchronous() -> None:
        async with (
            AsyncClient(url, TOKEN, retry=False, timeout=limits) as client,
            client.workspaces.watch_workspace(WORKSPACE_ID, **options) as watch,
        ):
            while goes_on(await anext_or_error(watch)):
                pass

    if runner.is_async:
        anyio.run(asynchronous)
    else:
        sync()
    return seen


def _scripts(*scripts: Callable[[socket.socket, bytes], None]) -> Any:
    """Return a script that handles each connection with the next of the scripts."""
    connections: list[int] = []

    def script(connection: socket.socket, head: bytes) -> None:
        connections.append(1)
        scripts[min(len(connections), len(scripts)) - 1](connection, head)

    return script


def _status(status: int) -> Callable[[socket.socket, bytes], None]:
    head = b"HTTP/1.1 %d X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status
    return sse_script(head=head, complete=False)


def _hang_up(connection: socket.socket, head: bytes) -> None:
    del connection, head


def test_a_watch_uses_a_websocket(runner: Runner) -> None:
    """By default the WebSocket is used; equal states in a row come once."""

    def handler(connection: Any) -> None:
        connection.send(message("ping"))
        for name in ("a", "a", "b", "a"):
            connection.send(message("data", workspace(name=name)))
        connection.recv()

    with websocket_server(handler) as peer:
        assert _watch(runner, peer.url, 3) == ["a", "b", "a"]
    assert b"watch-ws" in peer.heads[0]


@pytest.mark.parametrize("status", [400, 403, 404, 426, 500, 502])
def test_a_watch_falls_back_to_server_sent_events(runner: Runner, status: int) -> None:
    """Where a WebSocket does not get through, the event stream is used, and stays in use."""
    stream = sse_script(event("data", workspace(name="a")), complete=False)
    again = sse_script(event("data", workspace(name="b")), complete=False)
    with raw_server(_scripts(_status(status), stream, again)) as peer:
        assert _watch(runner, peer.url, 2) == ["a", "b"]
    paths = [head.split()[1].rsplit(b"/", 1)[1] for head in peer.heads]
    assert paths == [b"watch-ws", b"watch", b"watch"]


def test_a_refused_watch_raises_at_once(runner: Runner) -> None:
    """A workspace that is not there is reported on entering, after both ways were tried."""
    with raw_server(_status(404)) as peer, pytest.raises(NotFoundError):
        _watch(runner, peer.url, 1)
    assert len(peer.heads) == 2
    with raw_server(_status(401)) as peer, pytest.raises(AuthenticationError):
        _watch(runner, peer.url, 1)
    assert len(peer.heads) == 1


@pytest.mark.parametrize("transport", ["websocket", "sse"])
def test_a_chosen_transport_is_the_only_one(runner: Runner, transport: str) -> None:
    """Who asks for one way does not get the other."""
    with raw_server(_status(404)) as peer, pytest.raises(NotFoundError):
        _watch(runner, peer.url, 1, transport=transport)
    assert len(peer.heads) == 1


def test_a_watch_reconnects(runner: Runner) -> None:
    """Cut connections, orderly ends, silence and temporary failures are all survived."""
    first = sse_script(event("data", workspace(name="a")), complete=False)
    ended = sse_script(event("data", workspace(name="a")), event("data", workspace(name="b")))
    last = sse_script(event("data", workspace(name="c")), complete=False)
    script = _scripts(first, _hang_up, _status(503), ended, _status(429), last)
    with raw_server(script) as peer:
        seen = _watch(runner, peer.url, 3, transport="sse")
    assert seen == ["a", "b", "c"]
    assert len(peer.heads) == 6


def test_silence_is_a_lost_connection(runner: Runner) -> None:
    """Without a heartbeat the connection is replaced."""

    def silent(connection: socket.socket, head: bytes) -> None:
        sse_script(event("data", workspace(name="a")), complete=False)(connection, head)
        connection.recv(1)

    with raw_server(
        _scripts(silent, sse_script(event("data", workspace(name="b")), complete=False))
    ) as peer:
        assert _watch(runner, peer.url, 2, silence=0.3, transport="sse") == ["a", "b"]


def test_lost_rights_end_a_watch(runner: Runner) -> None:
    """When the server refuses to reconnect for good, that is raised and not repeated."""
    first = sse_script(event("data", workspace(name="a")), complete=False)
    with raw_server(_scripts(first, _status(401))) as peer:
        seen = _watch(runner, peer.url, 2, transport="sse")
    assert seen[0] == "a"
    assert isinstance(seen[1], AuthenticationError)
    assert len(peer.heads) == 2


def test_a_watch_gives_up(runner: Runner) -> None:
    """Without a connection for long enough, the last error is raised."""
    first = sse_script(event("data", workspace(name="a")), complete=False)
    with raw_server(_scripts(first, _hang_up)) as peer:
        seen = _watch(runner, peer.url, 5, transport="sse", give_up_after=0.2)
    assert seen[0] == "a"
    assert isinstance(seen[-1], ConnectionFailedError)


def test_reconnecting_can_be_switched_off(runner: Runner) -> None:
    """With give_up_after=0 a lost connection is raised, and an orderly end is the end."""
    first = sse_script(event("data", workspace(name="a")), complete=False)
    with raw_server(first) as peer:
        seen = _watch(runner, peer.url, 5, transport="sse", give_up_after=0)
    assert seen[0] == "a"
    assert isinstance(seen[1], ConnectionFailedError)
    assert len(peer.heads) == 1
    with raw_server(sse_script(event("data", workspace(name="a")))) as peer:
        assert _watch(runner, peer.url, 5, transport="sse", give_up_after=0) == ["a"]
    assert len(peer.heads) == 1


def test_error_events_do_not_end_a_watch(runner: Runner) -> None:
    """An error event is raised, and the same connection goes on."""
    stream = sse_script(
        event("error", {"message": "Oops."}), event("data", workspace(name="a")), complete=False
    )
    with raw_server(stream) as peer:
        error, name = _watch(runner, peer.url, 2, transport="sse")
    assert isinstance(error, StreamError)
    assert name == "a"
    assert len(peer.heads) == 1


def test_a_watch_is_used_inside_its_block() -> None:
    """Reading outside the block, and a negative limit, are clear mistakes."""
    with Client("http://127.0.0.1:1", retry=False) as client:
        watch = client.workspaces.watch_workspace(WORKSPACE_ID)
        with pytest.raises(CoderError, match="inside a with block"):
            next(watch)
        watch.close()
        with pytest.raises(InvalidArgumentError, match="negative"):
            client.workspaces.watch_workspace(WORKSPACE_ID, give_up_after=-1)
        with pytest.raises(ConnectionFailedError), watch:
            pass


_EXIT = """
        threading.Thread(target=lambda: next(changes, None), daemon=True).start()
        sys.exit(3)
"""
_INTERRUPT = """
        threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        next(changes)
"""


@pytest.mark.parametrize(("ending", "status"), [(_EXIT, 3), (_INTERRUPT, -signal.SIGINT)])
def test_a_watch_does_not_hold_up_the_end_of_the_program(ending: str, status: int) -> None:
    """A program that is told to end while it waits for a silent server ends at once."""
    code = f"""
import os, signal, sys, threading
from coder_workspaces import Client
with Client(sys.argv[1], "token") as client:
    with client.workspaces.watch_workspace(sys.argv[2]) as changes:
        next(changes)
        print("watching", flush=True)
{ending}
"""
    ended = threading.Event()

    def handler(connection: ServerConnection) -> None:
        connection.send(message("data", workspace()))
        ended.wait(20)

    with websocket_server(handler) as peer:
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", code, peer.url, WORKSPACE_ID],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "watching\n"
        started = time.monotonic()
        try:
            _, errors = process.communicate(timeout=10)
            assert time.monotonic() - started < 3
        finally:
            process.kill()
            ended.set()
    assert process.returncode == status, errors
