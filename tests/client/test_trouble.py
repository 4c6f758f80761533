"""What the client promises when things change or fail around it."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

import anyio
import httpx2
import pytest
from websockets.sync.server import ServerConnection

from coder_workspaces import (
    APIError,
    AsyncClient,
    Client,
    ConfigurationError,
    InvalidArgumentError,
    RetryPolicy,
    ServerError,
    WaitTimeoutError,
)
from coder_workspaces.models import WorkspaceStatus, WorkspaceTransition

from .payloads import TOKEN, WORKSPACE_ID, build, workspace
from .servers import event, message, raw_server, sse_script, websocket_server
from .support import BASE_URL, Runner, answers, json_answer

_IDS = [f"{number:08d}-0000-4000-8000-000000000000" for number in range(25)]


class _Shrinking:
    """A list from which everything that was shown has gone when the next page is asked for."""

    def __init__(self) -> None:
        self.left = list(_IDS)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        offset, limit = (int(request.url.params.get(name, 0)) for name in ("offset", "limit"))
        shown = self.left[offset : offset + limit]
        count = len(self.left)
        self.left = [one for one in self.left if one not in shown]
        return json_answer(200, {"workspaces": [workspace(id=i) for i in shown], "count": count})


def _ids(runner: Runner, handler: Any, **options: Any) -> list[str]:
    def sync(client: Any) -> list[str]:
        return [str(w.id) for w in client.workspaces.iter_workspaces(page_size=10)]

    async def asynchronous(client: Any) -> list[str]:
        return [str(w.id) async for w in client.workspaces.iter_workspaces(page_size=10)]

    found: list[str] = runner.run(handler, asynchronous if runner.is_async else sync, **options)
    return found


def test_a_list_that_shrinks_while_it_is_read_is_read_to_its_end(runner: Runner) -> None:
    """Stopping each of the running workspaces in turn stops all of them, not every other page."""
    assert sorted(_ids(runner, _Shrinking())) == _IDS


def test_a_list_without_a_count_ends(runner: Runner) -> None:
    """A lenient client reads a list without a count, or without workspaces, to an empty page."""
    pages = answers(json_answer(200, {"workspaces": [workspace()]}), json_answer(200, {}))
    assert _ids(runner, pages, lenient=True) == [WORKSPACE_ID]
    assert len(pages.requests) == 2


class _Telling:
    """A server that tells of a workspace once, and then nothing until it is let go."""

    def __init__(self, transport: str) -> None:
        self.connections = 0
        self.over = threading.Event()
        self.serving = (
            websocket_server(self._websocket) if transport == "websocket" else raw_server(self._sse)
        )

    def _websocket(self, connection: ServerConnection) -> None:
        self.connections += 1
        connection.send(message("data", workspace()))
        self.over.wait(20)

    def _sse(self, connection: socket.socket, head: bytes) -> None:
        self.connections += 1
        sse_script(event("data", workspace()), wait=self.over)(connection, head)


transports = pytest.mark.parametrize("transport", ["sse", "websocket"])


@transports
def test_a_watch_can_be_closed_from_another_thread(transport: Any) -> None:
    """Whoever reads it at that moment comes to its end at once, and nothing connects again."""
    server = _Telling(transport)
    with server.serving as peer, Client(peer.url, TOKEN) as client:
        seen: list[str] = []
        first = threading.Event()

        def read() -> None:
            for found in watch:
                seen.append(found.name)
                first.set()

        with client.workspaces.watch_workspace(WORKSPACE_ID, transport=transport) as watch:
            reader = threading.Thread(target=read, daemon=True)
            reader.start()
            assert first.wait(10)
            watch.close()
            reader.join(5)
            assert not reader.is_alive()
        server.over.set()
    assert (seen, server.connections) == ([workspace()["name"]], 1)


@transports
def test_a_watch_can_be_closed_from_another_task(transport: Any) -> None:
    """The same for tasks."""
    server = _Telling(transport)

    async def main(url: str) -> int:
        seen: list[str] = []
        first = anyio.Event()
        async with AsyncClient(url, TOKEN) as client:
            watch = client.workspaces.watch_workspace(WORKSPACE_ID, transport=transport)
            async with watch:

                async def read() -> None:
                    async for found in watch:
                        seen.append(found.name)
                        first.set()

                with anyio.fail_after(10):
                    async with anyio.create_task_group() as group:
                        group.start_soon(read)
                        await first.wait()
                        await watch.aclose()
        return len(seen)

    with server.serving as peer:
        assert anyio.run(main, peer.url) == 1
        server.over.set()
    assert server.connections == 1


def _took(action: Any) -> tuple[BaseException, float]:
    started = time.monotonic()
    with pytest.raises(Exception) as caught:  # noqa: PT011 -- the caller looks at it
        action()
    return caught.value, time.monotonic() - started


def test_a_wait_ends_when_its_time_is_over() -> None:
    """However long the server says to wait, and whatever it says that to."""
    looks: list[int] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        del request
        looks.append(1)
        if len(looks) == 1:
            return json_answer(200, workspace())
        return json_answer(503, {"message": "Maintenance."}, Retry_After="40")

    with Client(BASE_URL, TOKEN, transport=httpx2.MockTransport(handler)) as client:
        error, seconds = _took(
            lambda: client.workspaces.wait_for(WORKSPACE_ID, WorkspaceStatus.STOPPED, timeout=0.6)
        )
    assert isinstance(error, WaitTimeoutError)
    assert seconds < 5
    assert len(looks) > 2  # the watch and another look


def test_a_wait_survives_an_outage() -> None:
    """A look that fails for the time being is repeated as long as there is time."""
    running = build(job={**build()["job"], "status": "running"})
    down = json_answer(502, {"message": "Down."})
    done = build(job={**build()["job"], "status": "succeeded"})
    handler = answers(json_answer(200, running), down, down, json_answer(200, done))
    transport = httpx2.MockTransport(handler)
    with Client(BASE_URL, TOKEN, transport=transport, retry=False) as client:
        found = client.workspaces.wait_for_build(done["id"], timeout=20)
    assert found.job.status == "succeeded"
    refused = httpx2.MockTransport(answers(down))
    with Client(BASE_URL, TOKEN, transport=refused, retry=False) as client:
        error, _ = _took(lambda: client.workspaces.wait_for_build(done["id"], timeout=20))
    assert isinstance(error, ServerError)  # the first look: the caller should know


def test_nothing_is_sent_where_the_time_to_wait_is_none() -> None:
    """A workspace is not deleted by a call that is then refused for its timeout."""
    handler = answers(json_answer(500, {"message": "Not to be asked."}))
    with Client(BASE_URL, TOKEN, transport=httpx2.MockTransport(handler)) as client:
        for timeout in (0, -1, float("nan")):
            with pytest.raises(InvalidArgumentError, match="timeout is"):
                client.workspaces.delete_workspace(WORKSPACE_ID, timeout=timeout)
    assert handler.requests == []


def test_a_watch_does_not_wait_longer_than_it_may() -> None:
    """Where the server asks for more patience than give_up_after allows, it is given up."""
    lines = iter([event("data", workspace())])

    def script(connection: socket.socket, head: bytes) -> None:
        line = next(lines, None)
        if line is not None:
            sse_script(line)(connection, head)
        else:
            connection.sendall(
                b"HTTP/1.1 503 Unavailable\r\nRetry-After: 86400\r\nContent-Length: 2\r\n"
                b"Content-Type: application/json\r\n\r\n{}"
            )

    with (
        raw_server(script) as peer,
        Client(peer.url, TOKEN, retry=False) as client,
        client.workspaces.watch_workspace(WORKSPACE_ID, transport="sse", give_up_after=30) as watch,
    ):
        error, seconds = _took(lambda: list(watch))
    assert isinstance(error, ServerError)
    assert seconds < 10


def test_only_values_of_the_contract_are_known() -> None:
    """Names of members are no values."""
    assert not WorkspaceTransition("START").is_known
    assert WorkspaceTransition("start").is_known


def test_no_message_has_the_token(runner: Runner) -> None:
    """Whichever part of an answer repeats it."""
    problem = {"field": f"a {TOKEN}", "detail": f"bad {TOKEN}"}
    handler = answers(json_answer(400, {"message": "No.", "validations": [problem]}))
    with pytest.raises(APIError) as caught:
        runner.run(handler, lambda c: c.workspaces.get_workspace_metadata_by_id(WORKSPACE_ID))
    assert TOKEN not in str(caught.value) + repr(caught.value.validations)
    assert len(caught.value.validations) == 1


@pytest.mark.parametrize("url", ["u:hunter2@coder.example.com", "coder.example.com/?k=hunter2"])
def test_no_message_repeats_an_address_with_a_secret(url: str) -> None:
    """It says what to give instead."""
    with pytest.raises(ConfigurationError, match=r"https://coder\.example\.com") as caught:
        Client(url, TOKEN)
    assert "hunter2" not in str(caught.value)


def test_what_no_address_can_hold_is_refused_in_words(runner: Runner) -> None:
    """A query that is too long, and a host name that no DNS knows."""
    handler = answers(json_answer(200, {"workspaces": [], "count": 0}))
    with pytest.raises(InvalidArgumentError, match="no usable address"):
        runner.run(handler, lambda c: c.workspaces.list_workspaces(q="x" * 70_000))
    with pytest.raises(ConfigurationError, match="too long"):
        Client(f"https://{'a' * 70}.example.com", TOKEN)


@pytest.mark.parametrize(
    "text",
    ["Fri, 31 Dec 2023 23:59:59 +99999999999999999999", "Fri, 99999999999 Dec 2023 1:1:1 GMT"],
)
def test_an_impossible_time_to_wait_is_none(runner: Runner, text: str) -> None:
    """The answer that has it is still the error."""
    handler = answers(json_answer(503, {"message": "Later."}, Retry_After=text))
    with pytest.raises(ServerError) as caught:
        runner.run(handler, lambda c: c.workspaces.list_workspaces(), retry=False)
    assert caught.value.retry_after is None


def test_a_client_that_is_closed_meanwhile_says_so() -> None:
    """Also between two attempts."""
    handler = answers(json_answer(503, {"message": "Later."}, Retry_After="1"))
    policy = RetryPolicy(attempts=9)
    client = Client(BASE_URL, TOKEN, transport=httpx2.MockTransport(handler), retry=policy)
    threading.Timer(0.1, client.close).start()
    with pytest.raises(ConfigurationError, match="was closed"):
        client.workspaces.list_workspaces()
