"""What bad servers, bad networks and bad arguments get: the right exception, soon, and no leaks.

Every test runs with warnings as errors, so a socket or a task that is left behind fails it.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import anyio
import httpx2
import pytest

from coder_workspaces import (
    AnswerTooLargeError,
    AsyncClient,
    AuthenticationError,
    Client,
    CoderError,
    ConfigurationError,
    ConnectionFailedError,
    DecodingError,
    InvalidArgumentError,
    NotFoundError,
    RequestTimeoutError,
    StreamClosedError,
    Timeouts,
    UnexpectedStatusError,
)

from .payloads import WORKSPACE_ID, workspace
from .servers import Peer, event, raw_server, sse_script, websocket_server
from .support import Runner, answers, json_answer

_LIMIT = 0.3
_PATIENCE = 5.0


def _get(client: Any) -> Any:
    return client.workspaces.get_workspace_metadata_by_id(WORKSPACE_ID)


def _failure(
    url: str, *, is_async: bool, action: Callable[[Any], Any] = _get, **options: Any
) -> CoderError:
    """Return the exception that an action over a real connection ends in."""
    arguments: dict[str, Any] = {"token": "token", "timeout": _LIMIT, "retry": False} | options

    def blocking() -> None:
        with Client(url, **arguments) as client:
            action(client)

    async def asynchronous() -> None:
        async with AsyncClient(url, **arguments) as client:
            await action(client)

    started = time.monotonic()
    with pytest.raises(CoderError) as caught:
        anyio.run(asynchronous) if is_async else blocking()
    assert time.monotonic() - started < _PATIENCE
    text = str(caught.value)
    assert text.endswith(".")
    assert "\n" not in text
    return caught.value


def _bytes(data: bytes, *, hold: float = 0.0) -> AbstractContextManager[Peer]:
    """Serve these bytes to every request."""

    def script(connection: socket.socket, _: bytes) -> None:
        connection.sendall(data)
        if hold:
            connection.settimeout(hold)
            connection.recv(1)

    return raw_server(script)


def _answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    head = "".join(f"{line}\r\n" for line in headers)
    return f"HTTP/1.1 {status}\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


both = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


@both
def test_a_wrong_url(is_async: bool) -> None:
    """A host name that does not exist is a failed connection that shows the address."""
    error = _failure("http://no-such-host.invalid", is_async=is_async, timeout=2)
    assert isinstance(error, ConnectionFailedError)
    assert "no-such-host.invalid" in str(error)


@pytest.mark.parametrize("url", ["coder.example.com", "ftp://coder.example.com", "http://", " "])
def test_a_url_that_is_none(url: str) -> None:
    """What cannot be an address is refused before anything is sent."""
    with pytest.raises(ConfigurationError, match=r"address|CODER_URL"):
        Client(url)


def test_a_wrong_path(runner: Runner) -> None:
    """The address of something else answers 404, which is said with the address."""
    server = answers(httpx2.Response(404, text="404 page not found"))
    with pytest.raises(NotFoundError, match=r"elsewhere/api/v2.*404 page not found"):
        runner.run(server, _get, base_url="http://localhost/elsewhere")


def test_a_wrong_token(runner: Runner) -> None:
    """The server's own words are passed on."""
    body = {"message": "You are signed out or your session has expired."}
    with pytest.raises(AuthenticationError, match="signed out"):
        runner.run(answers(json_answer(401, body)), _get)


@both
def test_a_refused_connection(is_async: bool) -> None:
    """Nobody listens: the exception says where."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = _failure(f"http://127.0.0.1:{port}", is_async=is_async)
    assert type(error) is ConnectionFailedError
    assert f"127.0.0.1:{port}" in str(error)


@both
def test_a_certificate_that_nobody_signed(is_async: bool, tls_url: str) -> None:
    """A server that cannot be trusted gets no request, and the reason is told."""
    error = _failure(tls_url, is_async=is_async, timeout=3)
    assert type(error) is ConnectionFailedError
    assert "certificate" in str(error).lower()


@both
def test_plain_text_where_tls_is_expected(is_async: bool) -> None:
    """https:// for a server that speaks http:// is a failed connection."""
    with _bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n") as peer:
        error = _failure(peer.url.replace("http:", "https:"), is_async=is_async)
    assert isinstance(error, ConnectionFailedError)


@both
def test_a_page_of_a_proxy(is_async: bool) -> None:
    """HTML with status 200 is told apart from a broken answer of Coder."""
    page = b"<!doctype html><html><title>Sign in</title></html>"
    with _bytes(_answer(page, "Content-Type: text/html; charset=utf-8")) as peer:
        error = _failure(peer.url, is_async=is_async)
    assert isinstance(error, DecodingError)
    assert "text/html" in str(error)
    assert "base_url" in str(error)
    assert error.body == page


@both
def test_truncated_json(is_async: bool) -> None:
    """A body that ends early, though HTTP is content with it, is a decoding error."""
    with _bytes(_answer(b'{"id": "4a', "Content-Type: application/json")) as peer:
        error = _failure(peer.url, is_async=is_async)
    assert isinstance(error, DecodingError)
    assert "Invalid JSON" in str(error)


@both
def test_a_body_that_is_cut_off(is_async: bool) -> None:
    """A connection that ends before the body does is a failed connection."""
    data = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n{"
    with _bytes(data) as peer:
        error = _failure(peer.url, is_async=is_async)
    assert type(error) is ConnectionFailedError


@both
@pytest.mark.parametrize("announced", [True, False])
def test_an_answer_of_200_megabytes(is_async: bool, announced: bool) -> None:
    """It is given up at the limit, whether or not the server says how much is to come."""
    size, piece = 200 * 1024 * 1024, b" " * 65536

    def script(connection: socket.socket, _: bytes) -> None:
        head = f"Content-Length: {size}\r\n" if announced else ""
        connection.sendall(
            f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{head}\r\n".encode()
        )
        for _number in range(size // len(piece)):
            connection.sendall(piece)

    with raw_server(script) as peer:
        # The default limit for what is announced; a low one, to be quick, for what is not.
        options: dict[str, Any] = {} if announced else {"max_answer_bytes": 1024 * 1024}
        error = _failure(peer.url, is_async=is_async, timeout=3, **options)
    assert isinstance(error, AnswerTooLargeError)
    assert error.limit == options.get("max_answer_bytes", 128 * 1024 * 1024)
    assert "max_answer_bytes" in str(error)


@both
def test_a_small_body_that_unpacks_to_a_large_one(is_async: bool) -> None:
    """The limit is for what has to be kept in memory."""
    import gzip  # noqa: PLC0415 - here only

    packed = gzip.compress(b" " * 8_000_000)
    assert len(packed) < 10_000
    with _bytes(_answer(packed, "Content-Encoding: gzip")) as peer:
        error = _failure(peer.url, is_async=is_async, max_answer_bytes=1_000_000)
    assert isinstance(error, AnswerTooLargeError)


@both
def test_a_server_that_never_answers(is_async: bool) -> None:
    """The time limit ends the wait and says what was waited for."""
    with _bytes(b"", hold=_PATIENCE) as peer:
        error = _failure(peer.url, is_async=is_async)
    assert isinstance(error, RequestTimeoutError)
    assert "waiting for an answer" in str(error)


@both
def test_a_redirect_loop(is_async: bool) -> None:
    """A redirect is not followed, so a loop is one request; the message says where it leads."""
    with _bytes(_answer(b"", "Location: /api/v2/again", status="302 Found")) as peer:
        error = _failure(peer.url, is_async=is_async)
        assert len(peer.heads) == 1
    assert isinstance(error, UnexpectedStatusError)
    assert error.status == 302
    assert "/api/v2/again" in str(error)


def _read(client: Any) -> Any:
    """Read a stream of events to its end."""

    async def asynchronous() -> None:
        async with client.workspaces.watch_workspace_by_id(WORKSPACE_ID) as stream:
            async for _ in stream:
                pass

    if isinstance(client, AsyncClient):
        return asynchronous()
    with client.workspaces.watch_workspace_by_id(WORKSPACE_ID) as stream:
        return list(stream)


def _read_websocket(client: Any) -> Any:
    """Read a WebSocket to its end."""

    async def asynchronous() -> None:
        opened = client.workspaces.watch_workspace_by_id_via_websockets(WORKSPACE_ID)
        async with opened as stream:
            async for _ in stream:
                pass

    if isinstance(client, AsyncClient):
        return asynchronous()
    opened = client.workspaces.watch_workspace_by_id_via_websockets(WORKSPACE_ID)
    with opened as stream:
        return list(stream)


@both
def test_a_stream_that_ends_in_the_middle_of_an_event(is_async: bool) -> None:
    """What was cut off is an exception, not an event."""
    half = event("data", workspace())[:40]
    with raw_server(sse_script(event("ping"), half, complete=False)) as peer:
        error = _failure(peer.url, is_async=is_async, action=_read)
    assert isinstance(error, StreamClosedError)


@both
def test_a_websocket_that_ends_in_the_middle_of_a_frame(is_async: bool) -> None:
    """So is the end of a connection within a frame."""

    def cut(connection: Any) -> None:
        # A text frame that announces 126 bytes and has three.
        connection.socket.sendall(b"\x81\x7e\x00\x7eabc")
        connection.socket.shutdown(socket.SHUT_RDWR)

    with websocket_server(cut) as peer:
        error = _failure(peer.url, is_async=is_async, action=_read_websocket, timeout=2)
    assert isinstance(error, StreamClosedError)
    assert error.code is None


@both
def test_a_close_code(is_async: bool) -> None:
    """The code and the reason of a failure are in the exception."""
    with websocket_server(lambda connection: connection.close(1011, "boom")) as peer:
        error = _failure(peer.url, is_async=is_async, action=_read_websocket, timeout=2)
    assert isinstance(error, StreamClosedError)
    assert (error.code, error.reason) == (1011, "boom")


@both
def test_a_stream_without_a_sign_of_life(is_async: bool) -> None:
    """A stream on which not even heartbeats come is given up after its own limit."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    with _bytes(head, hold=_PATIENCE) as peer:
        limits = Timeouts(stream=_LIMIT)
        error = _failure(peer.url, is_async=is_async, action=_read, timeout=limits)
    assert isinstance(error, RequestTimeoutError)
    assert "no sign of life" in str(error)


@pytest.mark.parametrize(
    ("action", "text"),
    [
        (
            lambda c: c.workspaces.get_workspace_metadata_by_id(None),
            "workspace is of type NoneType",
        ),
        (lambda c: c.workspaces.get_workspace_metadata_by_id([1]), "workspace is of type list"),
        (lambda c: c.workspaces.get_workspace_metadata_by_id(""), "workspace is ''"),
        (lambda c: c.workspaces.list_workspaces(q={"owner": "me"}), "q is of type dict"),
        (lambda c: c.workspaces.list_workspaces(q=b"owner:me"), "q is of type bytes"),
        (
            lambda c: c.workspaces.update_workspace_ttl_by_id(WORKSPACE_ID, body={"ttl_ms": 1}),
            "body is of type dict; give a UpdateWorkspaceTTLRequest",
        ),
        (
            lambda c: c.workspaces.update_workspace_ttl_by_id(WORKSPACE_ID, body=None),
            "body is of type NoneType",
        ),
    ],
)
def test_arguments_of_the_wrong_type(
    runner: Runner, action: Callable[[Any], Any], text: str
) -> None:
    """What no type checker saw is refused in words, and nothing is sent."""
    server = answers(json_answer(200, workspace()))
    with pytest.raises(InvalidArgumentError, match=text):
        runner.run(server, action)
    assert server.requests == []
