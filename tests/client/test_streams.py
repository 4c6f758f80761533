"""Both streams, with both kinds of client, over real connections."""

from __future__ import annotations

import json
import random
import socket
import threading
from collections.abc import Callable
from typing import Any

import anyio
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection
from wsproto.utilities import generate_accept_token

from coder_workspaces import (
    AsyncClient,
    AuthenticationError,
    Client,
    CoderError,
    ConfigurationError,
    ConnectionFailedError,
    DecodingError,
    NotFoundError,
    RequestTimeoutError,
    ServerError,
    StreamClosedError,
    StreamError,
    StreamEvent,
    Timeouts,
    UnexpectedStatusError,
)
from coder_workspaces._websocket import ProtocolViolationError, Receiver

from .payloads import TOKEN, WORKSPACE_ID, workspace
from .servers import Peer, event, message, raw_server, sse_script, websocket_server
from .support import END, Runner, anext_or_error, next_or_error

_ENVELOPE = {"message": "Internal error fetching workspace.", "detail": "gone"}


def _sse(client: Any) -> Any:
    return client.workspaces.watch_workspace_by_id(WORKSPACE_ID)


def _websocket(client: Any) -> Any:
    return client.workspaces.watch_workspace_by_id_via_websockets(WORKSPACE_ID)


def watch(
    runner: Runner,
    url: str,
    opener: Callable[[Any], Any],
    *,
    events: bool = False,
    limit: int | None = None,
    stream_timeout: float = 10.0,
    retry: bool = False,
) -> list[Any]:
    """Read a stream to its end and return what it yields, exceptions of the iteration included."""
    timeouts = Timeouts(stream=stream_timeout)
    seen: list[Any] = []

    def goes_on(item: Any) -> bool:
        seen.append(item)
        return not isinstance(item, ConnectionFailedError) and (limit is None or len(seen) < limit)

    def sync() -> None:
        with (
            Client(url, TOKEN, timeout=timeouts, retry=retry) as client,
            opener(client) as stream,
        ):
            iterator = stream.events() if events else iter(stream)
            while goes_on(item := next_or_error(iterator)) and item is not END:
                pass

    async def asynchronous() -> None:
        async with (
            AsyncClient(url, TOKEN, timeout=timeouts, retry=retry) as client,
            opener(client) as stream,
        ):
            iterator = stream.events() if events else aiter(stream)
            while goes_on(item := await anext_or_error(iterator)) and item is not END:
                pass

    if runner.is_async:
        anyio.run(asynchronous)
    else:
        sync()
    return [item for item in seen if item is not END]


def _no_wait(low: float, high: float) -> float:
    del low, high
    return 0.0


# Server-sent events


def test_sse_yields_workspaces(runner: Runner) -> None:
    """Pings are passed over, data is decoded, and a proper end ends the iteration."""
    script = sse_script(
        event("ping"), event("data", workspace()), event("ping"), event("data", workspace(name="b"))
    )
    with raw_server(script) as peer:
        seen = watch(runner, peer.url, _sse)
    assert [item.name for item in seen] == ["dev", "b"]
    head = peer.heads[0].decode().lower()
    assert f"get /api/v2/workspaces/{WORKSPACE_ID}/watch " in head
    assert f"coder-session-token: {TOKEN.lower()}" in head
    assert "accept: text/event-stream" in head


def test_sse_events_show_everything(runner: Runner) -> None:
    """events() yields pings, errors and events of a newer server as well."""
    script = sse_script(
        event("ping"), event("error", _ENVELOPE), event("surprise", 1), event("data", workspace())
    )
    with raw_server(script) as peer:
        seen = watch(runner, peer.url, _sse, events=True)
    assert [item.type for item in seen] == ["ping", "error", "surprise", "data"]
    assert all(isinstance(item, StreamEvent) for item in seen)
    assert seen[0].data is None
    assert seen[0].error is None
    assert seen[1].error.message == _ENVELOPE["message"]
    assert seen[3].data.name == "dev"


def test_sse_in_arbitrary_pieces(runner: Runner) -> None:
    """Where the network cuts the stream does not matter, not even inside a character."""
    whole = event("ping") + event("data", workspace(template_display_name="Ω"))
    whole = whole.replace(b"\\u03a9", "Ω".encode())
    script = sse_script(*(whole[i : i + 7] for i in range(0, len(whole), 7)))
    with raw_server(script) as peer:
        seen = watch(runner, peer.url, _sse)
    assert [item.template_display_name for item in seen] == ["Ω"]


@pytest.mark.parametrize(
    ("status", "kind"), [(401, AuthenticationError), (404, NotFoundError), (503, ServerError)]
)
def test_sse_refusals_are_the_usual_errors(
    runner: Runner, status: int, kind: type[Exception]
) -> None:
    """A stream that is refused raises what any other call would raise, envelope included."""
    body = json.dumps({"message": "No."}).encode()
    head = b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
        status,
        len(body),
        body,
    )
    with (
        raw_server(sse_script(head=head, complete=False)) as peer,
        pytest.raises(kind, match="No"),
    ):
        watch(runner, peer.url, _sse)


def test_sse_needs_the_content_type(runner: Runner) -> None:
    """A login page of a proxy is no stream, and that is said."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\nhtml"
    with (
        raw_server(sse_script(head=head, complete=False)) as peer,
        pytest.raises(DecodingError, match="text/html"),
    ):
        watch(runner, peer.url, _sse)


def test_sse_error_events_leave_the_stream_open(runner: Runner) -> None:
    """An error event is raised with its envelope, and iterating goes on behind it."""
    script = sse_script(event("error", _ENVELOPE), event("data", workspace()))
    with raw_server(script) as peer:
        error, item = watch(runner, peer.url, _sse)
    assert isinstance(error, StreamError)
    assert (error.message, error.detail) == (_ENVELOPE["message"], "gone")
    assert item.name == "dev"


def test_sse_bad_data_leaves_the_stream_open(runner: Runner) -> None:
    """An event that cannot be decoded is raised, and iterating goes on behind it."""
    script = sse_script(event("data", {"id": 5}), event("data", workspace()))
    with raw_server(script) as peer:
        error, item = watch(runner, peer.url, _sse)
    assert isinstance(error, DecodingError)
    assert error.status is None
    assert item.name == "dev"


def test_sse_broken_off(runner: Runner) -> None:
    """A connection that breaks in the middle is an exception, not an end."""
    script = sse_script(event("data", workspace()), complete=False)
    with raw_server(script) as peer:
        item, error = watch(runner, peer.url, _sse)
    assert item.name == "dev"
    assert isinstance(error, StreamClosedError)


def test_sse_silence(runner: Runner) -> None:
    """Without a heartbeat the stream is given up after the time limit."""
    done = threading.Event()
    with raw_server(sse_script(event("ping"), wait=done)) as peer:
        seen = watch(runner, peer.url, _sse, stream_timeout=1)
        done.set()
    assert isinstance(seen[0], RequestTimeoutError)
    assert "no sign of life on the stream for 1 s" in str(seen[0])


def test_sse_can_be_left_early(runner: Runner) -> None:
    """Leaving the block closes the connection while the server still has something to say."""
    closed = threading.Event()

    def script(connection: socket.socket, head: bytes) -> None:
        sse_script(event("data", workspace()), complete=False)(connection, head)
        if connection.recv(1) == b"":
            closed.set()

    with raw_server(script) as peer:
        assert len(watch(runner, peer.url, _sse, limit=1)) == 1
        assert closed.wait(5)


def test_sse_handshake_is_repeated(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening a stream is a read, and repeated like one."""
    monkeypatch.setattr(random, "uniform", _no_wait)
    calls: list[int] = []

    def script(connection: socket.socket, head: bytes) -> None:
        calls.append(1)
        if len(calls) < 3:
            connection.sendall(b"HTTP/1.1 503 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        else:
            sse_script(event("data", workspace()))(connection, head)

    with raw_server(script) as peer:
        assert len(watch(runner, peer.url, _sse, retry=True)) == 1


# WebSocket


def _sends(
    *messages: str, code: int = 1000, reason: str = ""
) -> Callable[[ServerConnection], None]:
    def handler(connection: ServerConnection) -> None:
        for text in messages:
            connection.send(text)
        connection.close(code, reason)

    return handler


def test_websocket_yields_workspaces(runner: Runner) -> None:
    """The ping is passed over, data is decoded, and a normal close ends the iteration."""
    handler = _sends(message("ping"), message("data", workspace()), message("surprise"))
    with websocket_server(handler) as peer:
        seen = watch(runner, peer.url, _websocket)
    assert [item.name for item in seen] == ["dev"]
    head = peer.heads[0].decode().lower()
    assert f"/api/v2/workspaces/{WORKSPACE_ID}/watch-ws" in head
    assert f"coder-session-token: {TOKEN.lower()}" in head
    assert "origin" not in head


def test_websocket_events_show_everything(runner: Runner) -> None:
    """events() yields pings and errors as well."""
    handler = _sends(message("ping"), message("error", _ENVELOPE), message("data", workspace()))
    with websocket_server(handler) as peer:
        seen = watch(runner, peer.url, _websocket, events=True)
    assert [item.type for item in seen] == ["ping", "error", "data"]
    assert seen[1].error.detail == "gone"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, AuthenticationError), (404, NotFoundError), (426, UnexpectedStatusError)],
)
def test_websocket_refusals_are_the_usual_errors(
    runner: Runner, status: int, kind: type[Any]
) -> None:
    """A refused handshake raises what any other call would raise, envelope included."""
    with (
        websocket_server(_sends(), refuse=(status, {"message": "No."})) as peer,
        pytest.raises(kind, match="No") as caught,
    ):
        watch(runner, peer.url, _websocket)
    assert caught.value.request_id == "r-9"


def test_websocket_error_events_leave_the_stream_open(runner: Runner) -> None:
    """An error message is raised with its envelope, and iterating goes on behind it."""
    handler = _sends(message("error", _ENVELOPE), message("data", workspace()))
    with websocket_server(handler) as peer:
        error, item = watch(runner, peer.url, _websocket)
    assert isinstance(error, StreamError)
    assert error.message == _ENVELOPE["message"]
    assert item.name == "dev"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"type": 1}', message("data", {"id": 1})])
def test_websocket_bad_messages_leave_the_stream_open(runner: Runner, text: str) -> None:
    """A message that cannot be decoded is raised, and iterating goes on behind it."""
    with websocket_server(_sends(text, message("data", workspace()))) as peer:
        error, item = watch(runner, peer.url, _websocket)
    assert isinstance(error, DecodingError)
    assert item.name == "dev"


def test_websocket_failure_codes(runner: Runner) -> None:
    """A close with a failure code is an exception with code and reason."""
    with websocket_server(_sends(code=1011, reason="write failed")) as peer:
        (error,) = watch(runner, peer.url, _websocket)
    assert isinstance(error, StreamClosedError)
    assert (error.code, error.reason) == (1011, "write failed")


def test_websocket_going_away_is_an_orderly_end(runner: Runner) -> None:
    """A server that shuts down says so, and the iteration ends."""
    with websocket_server(_sends(message("ping"), code=1001)) as peer:
        assert watch(runner, peer.url, _websocket) == []


def test_websocket_broken_off(runner: Runner) -> None:
    """A connection that vanishes is an exception without a code."""

    def handler(connection: ServerConnection) -> None:
        connection.send(message("data", workspace()))
        connection.socket.shutdown(socket.SHUT_RDWR)

    with websocket_server(handler) as peer:
        item, error = watch(runner, peer.url, _websocket)
    assert item.name == "dev"
    assert isinstance(error, StreamClosedError)
    assert error.code is None


def test_websocket_protocol_pings_are_answered(runner: Runner) -> None:
    """The server's heartbeat is a protocol ping; it gets its pong and keeps the stream alive."""
    answered: list[bool] = []

    def handler(connection: ServerConnection) -> None:
        answered.extend(connection.ping().wait(5) for _ in range(3))
        connection.send(message("data", workspace()))
        connection.close()

    with websocket_server(handler) as peer:
        assert len(watch(runner, peer.url, _websocket, stream_timeout=5)) == 1
    assert answered == [True] * 3


def test_websocket_silence(runner: Runner) -> None:
    """Without a heartbeat the stream is given up after the time limit."""
    done = threading.Event()

    def handler(connection: ServerConnection) -> None:
        del connection
        done.wait(5)

    with websocket_server(handler) as peer:
        seen = watch(runner, peer.url, _websocket, stream_timeout=1)
        done.set()
    assert isinstance(seen[0], RequestTimeoutError)


def test_websocket_is_left_with_a_goodbye(runner: Runner) -> None:
    """Leaving the block sends a normal close and never a data message."""
    codes: list[int] = []

    def handler(connection: ServerConnection) -> None:
        connection.send(message("data", workspace()))
        try:
            connection.recv(timeout=5)
        except ConnectionClosed as error:
            codes.append(error.rcvd.code if error.rcvd else 0)

    with websocket_server(handler) as peer:
        assert len(watch(runner, peer.url, _websocket, limit=1)) == 1
    assert codes == [1000]


def test_websocket_big_and_fragmented_messages(runner: Runner) -> None:
    """A message may be large and may come in fragments."""
    text = message("data", workspace(template_icon="x" * 300_000))

    def handler(connection: ServerConnection) -> None:
        connection.send([text[:10], text[10:200_000], text[200_000:]])
        connection.close()

    with websocket_server(handler) as peer:
        (item,) = watch(runner, peer.url, _websocket)
    assert len(item.template_icon) == 300_000


def test_websocket_wrong_accept_key(runner: Runner) -> None:
    """A 101 that does not answer this handshake is refused."""
    head = (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: AAAA\r\n\r\n"
    )
    with (
        raw_server(sse_script(head=head, complete=False)) as peer,
        pytest.raises(DecodingError, match="handshake"),
    ):
        watch(runner, peer.url, _websocket)


def test_websocket_plain_answer(runner: Runner) -> None:
    """A 200 from something that does not know WebSockets is refused."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    with (
        raw_server(sse_script(head=head, complete=False)) as peer,
        pytest.raises(DecodingError, match="handshake"),
    ):
        watch(runner, peer.url, _websocket)


@pytest.mark.parametrize(
    "frame", [b"\x82\x01a", b"\x89\x7e\x00\xff", b"\xff\xff", b"\x81\x82mask12"]
)
def test_websocket_protocol_violations(frame: bytes) -> None:
    """Binary messages, long pings, reserved bits and masked frames are violations."""
    receiver = Receiver()
    try:
        receiver.feed(frame)
    except ProtocolViolationError:
        return
    assert receiver.close_code is not None
    assert not receiver.closed_cleanly


# Use of a stream


@pytest.mark.parametrize("opener", [_sse, _websocket])
def test_a_stream_is_used_inside_its_block(opener: Callable[[Any], Any]) -> None:
    """Reading outside the block, or entering twice, is a mistake; after it there is nothing."""

    def handler(peer: Peer) -> None:
        with Client(peer.url, retry=False) as client:
            stream = opener(client)
            with pytest.raises(CoderError, match="inside a with block"):
                next(stream)
            with pytest.raises(CoderError, match="inside a with block"):
                _ = stream.headers
            with stream:
                assert stream.headers is not None
                with pytest.raises(CoderError, match="once"):
                    stream.__enter__()
            assert list(stream) == []
            stream.close()

    if opener is _sse:
        with raw_server(sse_script(event("data", workspace()))) as peer:
            handler(peer)
    else:
        with websocket_server(_sends(message("data", workspace()))) as peer:
            handler(peer)


@pytest.mark.parametrize("opener", [_sse, _websocket])
def test_an_unreachable_server(runner: Runner, opener: Callable[[Any], Any]) -> None:
    """A stream to nowhere fails like any other call."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectionFailedError):
        watch(runner, f"http://127.0.0.1:{port}", opener)


@pytest.mark.parametrize("opener", [_sse, _websocket])
def test_a_cancelled_reader_leaves_no_connection(opener: Callable[[Any], Any]) -> None:
    """Cancelling a task that waits for an event closes the connection at once."""
    closed = threading.Event()

    def script(connection: socket.socket, head: bytes) -> None:
        sse_script(event("data", workspace()), complete=False)(connection, head)
        connection.recv(1)
        closed.set()

    def handler(connection: ServerConnection) -> None:
        connection.send(message("data", workspace()))
        try:
            connection.recv(timeout=5)
        except ConnectionClosed:
            closed.set()

    async def main(url: str) -> None:
        async with AsyncClient(url, retry=False) as client:
            with anyio.move_on_after(0.1) as scope:
                async with opener(client) as stream:
                    async for _ in stream:
                        pass
            assert scope.cancelled_caught

    server = raw_server(script) if opener is _sse else websocket_server(handler)
    with server as peer:
        anyio.run(main, peer.url)
        assert closed.wait(3)


def test_a_transport_without_websockets() -> None:
    """A transport that cannot hand its connection over is named as the reason."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        key = request.headers["sec-websocket-key"].encode()
        accept = generate_accept_token(key).decode()
        return httpx2.Response(101, headers={"sec-websocket-accept": accept})

    with (
        Client("http://localhost", transport=httpx2.MockTransport(answer)) as client,
        pytest.raises(ConfigurationError, match="cannot carry WebSockets"),
        _websocket(client),
    ):
        pass


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_no_bytes_upset_the_receiver(chunks: list[bytes]) -> None:
    """Whatever a peer sends is a message, an end, or a violation, and never another exception."""
    receiver = Receiver()
    for chunk in chunks:
        try:
            receiver.feed(chunk)
        except ProtocolViolationError:
            return
        if receiver.close_code is not None:
            return
    assert all(isinstance(text, str) for text in receiver.messages)
