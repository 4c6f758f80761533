from __future__ import annotations

import asyncio
import http.client
import json
import socket
import time
from collections.abc import Generator
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from coder_conformance.reference import ManualClock, Settings, create_app
from coder_conformance.reference.http import streams
from coder_conformance.reference.pytest_plugin import RunningServer, start_server
from coder_conformance.reference.seed.default import MEMBER, OWNER
from coder_conformance.reference.server import SocketProtocol

from .support import ABSENT_ID

OWNER_HEADER = {"Coder-Session-Token": OWNER.token}
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": KEY,
}


class Live:
    """A server on a socket whose clock the test moves."""

    def __init__(self, server: RunningServer, clock: ManualClock) -> None:
        self.server = server
        self.clock = clock
        self.address = urlsplit(server.url).netloc

    def advance(self, seconds: float) -> None:
        """Move the deployment's clock."""
        self.server.call(lambda: self.clock.advance(seconds))

    def request(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """Send a request and return the answer with its body."""
        connection = http.client.HTTPConnection(self.address, timeout=5)
        content = None if body is None else json.dumps(body)
        connection.request(method, f"/api/v2{path}", content, headers or OWNER_HEADER)
        response = connection.getresponse()
        data = response.read()
        connection.close()
        return response, data

    def workspace(self) -> str:
        """Create a workspace, let it run and return its id."""
        template = json.loads(self.request("GET", "/templates")[1])[0]["id"]
        body = {"name": f"w{time.monotonic_ns()}", "template_id": template}
        found: str = json.loads(self.request("POST", "/users/me/workspaces", body)[1])["id"]
        self.advance(10)
        return found

    def sse(self, workspace: str) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """Open an event stream."""
        connection = http.client.HTTPConnection(self.address, timeout=5)
        path = f"/api/v2/workspaces/{workspace}/watch"
        connection.request("GET", path, headers=OWNER_HEADER)
        return connection, connection.getresponse()

    def socket(self, workspace: str, **options: Any) -> ClientConnection:
        """Open a WebSocket."""
        url = f"ws://{self.address}/api/v2/workspaces/{workspace}/watch-ws"
        options.setdefault("additional_headers", OWNER_HEADER)
        opened: ClientConnection = connect(url, **options)
        return opened


@pytest.fixture(scope="module")
def live() -> Generator[Live]:
    """Give one server for all tests of this module; its heartbeat is every half second."""
    clock = ManualClock()
    settings = Settings(build_seconds=4, heartbeat_seconds=0.5, allow_renames=True)
    running = start_server(create_app(settings, clock=clock))
    yield Live(next(running), clock)
    running.close()


def frame(response: http.client.HTTPResponse) -> bytes:
    """Return the next frame of a stream with its empty line."""
    lines: list[bytes] = []
    while not lines or lines[-1] != b"\n":
        line = response.readline()
        assert line, "the stream ended"
        lines.append(line)
    return b"".join(lines)


def data_of(text: bytes) -> Any:
    """Return the workspace in a data frame."""
    assert text.startswith(b"event: data\ndata: ")
    assert text.count(b"\n") == 3
    return json.loads(text.split(b"\ndata: ")[1])


def next_news(response: http.client.HTTPResponse) -> bytes:
    """Return the next frame that is no ping; give up after ten pings."""
    for _ in range(10):
        text = frame(response)
        if text != b"event: ping\n\n":
            return text
    raise AssertionError("only pings came")


def next_data(response: http.client.HTTPResponse) -> Any:
    """Return the workspace in the next data frame."""
    return data_of(next_news(response))


def drain(socket: ClientConnection) -> None:
    """Read messages until the socket closes."""
    while True:
        socket.recv(timeout=5)


def test_events_are_framed_byte_for_byte(live: Live) -> None:
    """A ping without data first, then the workspace; the headers are those of a stream."""
    workspace = live.workspace()
    connection, response = live.sse(workspace)
    assert response.status == 200
    assert response.getheader("Content-Type") == "text/event-stream"
    assert response.getheader("Cache-Control") == "no-cache"
    assert response.getheader("X-Accel-Buffering") == "no"
    assert response.getheader("Connection") == "keep-alive"
    assert frame(response) == b"event: ping\n\n"
    text = frame(response)
    now = live.request("GET", f"/workspaces/{workspace}")[1]
    assert text == b"event: data\ndata: " + now + b"\n"
    response.close()
    connection.close()


def test_every_change_of_a_build_is_told(live: Live) -> None:
    """New build, acquired, completed: each is one event with the whole workspace."""
    workspace = live.workspace()
    connection, response = live.sse(workspace)
    assert next_data(response)["latest_build"]["status"] == "running"
    live.request("POST", f"/workspaces/{workspace}/builds", {"transition": "stop"})
    live.advance(5)
    seen = [next_data(response)["latest_build"]["status"] for _ in range(3)]
    assert seen == ["pending", "stopping", "stopped"]
    live.request("POST", f"/workspaces/{workspace}/builds", {"transition": "delete"})
    live.advance(5)
    seen = [next_data(response)["latest_build"]["status"] for _ in range(3)]
    assert seen == ["pending", "deleting", "deleted"]
    assert frame(response) == b"event: ping\n\n"
    response.close()
    connection.close()


def test_which_settings_are_told(live: Live) -> None:
    """Renaming and extending are, refused extensions too; all other settings are not."""
    workspace = live.workspace()
    path = f"/workspaces/{workspace}"
    connection, response = live.sse(workspace)
    next_data(response)
    silent: list[tuple[str, str, object]] = [
        ("PUT", "/autostart", {"schedule": "0 9 * * *"}),
        ("PUT", "/ttl", {"ttl_ms": 60_000}),
        ("PUT", "/autoupdates", {"automatic_updates": "always"}),
        ("PUT", "/dormant", {"dormant": True}),
        ("PUT", "/dormant", {"dormant": False}),
        ("PUT", "/favorite", None),
        ("POST", "/usage", None),
    ]
    for method, leaf, body in silent:
        assert live.request(method, f"{path}{leaf}", body)[0].status < 300
    name = f"r{time.monotonic_ns()}"
    assert live.request("PATCH", path, {"name": name})[0].status == 204
    assert next_data(response)["name"] == name
    extend = {"deadline": "2040-01-01T00:00:00Z"}
    assert live.request("PUT", f"{path}/extend", extend)[0].status == 409
    assert next_data(response)["name"] == name
    response.close()
    connection.close()


def test_heartbeat(live: Live) -> None:
    """Pings come at the interval, counted from the start."""
    connection, response = live.sse(live.workspace())
    frame(response)
    frame(response)
    start = time.monotonic()
    assert frame(response) == b"event: ping\n\n"
    assert frame(response) == b"event: ping\n\n"
    assert 0.5 < time.monotonic() - start < 2
    response.close()
    connection.close()


def test_access_lost_is_told_as_an_error(live: Live) -> None:
    """When the template can no longer be seen an error event comes and the stream stays open."""
    world = live.server.app.state.world
    template = next(iter(world.store.templates.values()))
    member = {"Coder-Session-Token": MEMBER.token}
    body = {"name": f"m{time.monotonic_ns()}", "template_id": str(template.id)}
    made = live.request("POST", "/users/me/workspaces", body, member)[1]
    workspace = json.loads(made)["id"]
    live.advance(10)
    connection = http.client.HTTPConnection(live.address, timeout=5)
    connection.request("GET", f"/api/v2/workspaces/{workspace}/watch", headers=member)
    response = connection.getresponse()
    next_data(response)

    def hide() -> None:
        template.everyone = ""
        world.store.save(template)
        world.events.publish(UUID(workspace))

    live.server.call(hide)
    text = next_news(response)
    problem = b'{"message":"Forbidden reading template of selected workspace."}'
    assert text == b"event: error\ndata: " + problem + b"\n\n"
    assert frame(response) == b"event: ping\n\n"

    def show() -> None:
        template.everyone = "use"
        world.store.save(template)

    live.server.call(show)
    response.close()
    connection.close()


def test_a_workspace_lost_from_view_is_told_as_an_error(live: Live) -> None:
    """When the workspace can no longer be read an error event comes and the stream stays open."""
    world = live.server.app.state.world
    workspace = live.workspace()
    record = world.store.workspaces[UUID(workspace)]
    member = world.store.user_named("member").id
    record.user_roles[member] = "use"
    headers = {"Coder-Session-Token": MEMBER.token}
    connection = http.client.HTTPConnection(live.address, timeout=5)
    connection.request("GET", f"/api/v2/workspaces/{workspace}/watch", headers=headers)
    response = connection.getresponse()
    assert next_data(response)["id"] == workspace
    live.server.call(record.user_roles.clear)
    live.server.call(lambda: world.events.publish(UUID(workspace)))
    problem = b'{"message":"Internal error fetching workspace."}'
    assert next_news(response) == b"event: error\ndata: " + problem + b"\n\n"
    assert frame(response) == b"event: ping\n\n"
    response.close()
    connection.close()


def test_deleted_workspaces_can_be_watched(live: Live) -> None:
    """Both streams open on a deleted workspace and show it as deleted."""
    workspace = live.workspace()
    live.request("POST", f"/workspaces/{workspace}/builds", {"transition": "delete"})
    live.advance(5)
    connection, response = live.sse(workspace)
    assert next_data(response)["latest_build"]["status"] == "deleted"
    with live.socket(workspace) as socket:
        socket.recv()
        assert json.loads(socket.recv())["data"]["latest_build"]["status"] == "deleted"
    response.close()
    connection.close()


def test_watchers_are_forgotten(live: Live) -> None:
    """A stream that the client closed leaves nothing behind."""
    gateway = live.server.app.state.gateway
    workspace = live.workspace()
    connection, response = live.sse(workspace)
    with live.socket(workspace) as socket:
        frame(response)
        socket.recv()
        assert gateway.streams.count() >= 2
    response.close()
    connection.close()
    deadline = time.monotonic() + 5
    while gateway.streams.count() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert gateway.streams.count() == 0
    assert gateway._world.events._listeners == {}


def test_messages(live: Live) -> None:
    """One ping object, then data; each text frame is one JSON object and ends its line."""
    workspace = live.workspace()
    with live.socket(workspace) as socket:
        assert socket.subprotocol is None
        assert socket.response is not None
        assert "Sec-WebSocket-Extensions" not in socket.response.headers
        assert socket.recv() == '{"type":"ping","data":null}\n'
        first = socket.recv()
        assert isinstance(first, str)
        assert first.endswith("}\n")
        now = live.request("GET", f"/workspaces/{workspace}")[1]
        assert json.loads(first) == {"type": "data", "data": json.loads(now)}
        live.request("POST", f"/workspaces/{workspace}/builds", {"transition": "stop"})
        assert json.loads(socket.recv())["data"]["latest_build"]["status"] == "pending"
        with pytest.raises(TimeoutError):
            socket.recv(timeout=0.8)


@pytest.mark.parametrize(
    ("message", "as_text"), [("hello", None), (b"\xff\xfe", None), (b"\xff\xfe", True), ("", None)]
)
def test_clients_must_not_speak(
    live: Live, message: str | bytes, as_text: bool | None, caplog: pytest.LogCaptureFixture
) -> None:
    """Any message from the client closes the socket with 1002 and a reason, even broken text."""
    with live.socket(live.workspace()) as socket:
        socket.recv()
        socket.recv()
        socket.send(message, text=as_text)
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=5)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1002
        assert closed.value.rcvd.reason == "Clients cannot send messages for one-way WebSockets"
    assert caplog.records == []


def test_clients_must_read(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket that cannot be written to is given up, and the feed behind it with it."""
    monkeypatch.setattr(streams, "WRITE_SECONDS", 0.2)
    gateway, workspace = live.server.app.state.gateway, live.workspace()
    host, port = live.address.split(":")
    lines = [f"{name}: {value}\r\n" for name, value in (OWNER_HEADER | UPGRADE).items()]
    request = f"GET /api/v2/workspaces/{workspace}/watch-ws HTTP/1.1\r\nHost: x\r\n{''.join(lines)}"
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.connect((host, int(port)))
        client.sendall(f"{request}\r\n".encode())
        assert client.recv(12) == b"HTTP/1.1 101"

        def flood() -> None:
            for _ in range(200):
                gateway._world.events.publish(UUID(workspace))

        deadline = time.monotonic() + 10
        while gateway.streams.count() and time.monotonic() < deadline:
            live.server.call(flood)
            time.sleep(0.02)
        assert gateway.streams.count() == 0


def test_news_to_a_socket_that_is_being_closed_are_lost() -> None:
    """To the application such a client is gone, which is no mistake of its own to be logged."""
    protocol = SocketProtocol.__new__(SocketProtocol)
    protocol.close_sent = True
    for kind in ("websocket.send", "websocket.close"):
        message: Any = {"type": kind, "text": "x"}  # one shape for both kinds
        with pytest.raises(OSError, match=r"^$"):
            asyncio.run(protocol.send(message))


def test_a_close_is_echoed(live: Live) -> None:
    """The server answers a close with the client's own code."""
    with live.socket(live.workspace()) as socket:
        socket.recv()
        socket.close(3001, "enough")
    assert socket.close_code == 3001
    assert socket.protocol.close_rcvd is not None
    assert socket.protocol.close_rcvd.code == 3001


def test_both_streams_refuse_like_every_route(live: Live) -> None:
    """401, 400 and 404 are ordinary answers, before a stream or a socket exists."""
    workspace = live.workspace()
    for leaf in ("watch", "watch-ws"):
        for target, headers, status in (
            (workspace, {"X-None": "1"}, 401),
            ("zzz", OWNER_HEADER, 400),
            (ABSENT_ID, OWNER_HEADER, 404),
        ):
            path = f"/workspaces/{target}/{leaf}"
            response, body = live.request("GET", path, headers=headers)
            assert response.status == status
            assert json.loads(body)["message"]
            if leaf == "watch-ws":
                with pytest.raises(InvalidStatus) as refused:
                    live.socket(target, additional_headers=headers)
                assert refused.value.response.status_code == status
                assert json.loads(refused.value.response.body)["message"]
                if status == 401:
                    assert "WWW-Authenticate" in refused.value.response.headers


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"Connection": "close"}, 426),
        ({"Upgrade": "h2c"}, 426),
        ({"Upgrade": ""}, 426),
        ({"Sec-WebSocket-Version": "8"}, 400),
        ({"Sec-WebSocket-Key": "short"}, 400),
        ({"Sec-WebSocket-Key": ""}, 400),
        ({"Origin": "http://elsewhere.example"}, 403),
        ({"Origin": "http://[elsewhere"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_improper_handshakes(
    live: Live, change: dict[str, str], status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Each is refused in two documents, a line of text and the envelope, and not logged."""
    path = f"/workspaces/{live.workspace()}/watch-ws"
    headers = {k: v for k, v in (OWNER_HEADER | UPGRADE | change).items() if v}
    response, body = live.request("GET", path, headers=headers)
    assert response.status == status
    assert response.getheader("Content-Type") == "text/plain; charset=utf-8"
    _, _, document = body.partition(b"\n")
    assert json.loads(document)["message"]
    response, body = live.request(
        "GET", path, headers={k: v for k, v in headers.items() if k in UPGRADE}
    )
    assert response.status == 401 or status == 403
    assert caplog.records == []


def test_an_upgrade_elsewhere_is_ignored(live: Live) -> None:
    """Other routes answer as if no upgrade had been asked for, the event stream too."""
    workspace = live.workspace()
    response, _ = live.request("GET", f"/workspaces/{workspace}", headers=OWNER_HEADER | UPGRADE)
    assert response.status == 200
    connection = http.client.HTTPConnection(live.address, timeout=5)
    path = f"/api/v2/workspaces/{workspace}/watch"
    connection.request("GET", path, headers=OWNER_HEADER | UPGRADE)
    stream = connection.getresponse()
    assert stream.status == 200
    assert frame(stream) == b"event: ping\n\n"
    stream.close()
    connection.close()


def test_an_origin_of_the_same_host_is_fine(live: Live) -> None:
    """A browser of the deployment itself may connect; so may a token in the query."""
    with live.socket(live.workspace(), origin=f"http://{live.address}") as socket:
        assert socket.recv() == '{"type":"ping","data":null}\n'


def test_stop_with_open_streams() -> None:
    """A stopping server ends event streams regularly and closes sockets with 1000."""
    running = start_server(create_app(Settings(build_seconds=0)))
    live = Live(next(running), ManualClock())
    template = json.loads(live.request("GET", "/templates")[1])[0]["id"]
    body = {"name": "dev", "template_id": template}
    workspace = json.loads(live.request("POST", "/users/me/workspaces", body)[1])["id"]
    connection, response = live.sse(workspace)
    with live.socket(workspace) as socket:
        frame(response)
        socket.recv()
        start = time.monotonic()
        running.close()
        assert time.monotonic() - start < 2
        rest = response.read()
        assert not rest or rest.endswith(b"\n\n")
        socket.recv(timeout=5)
        with pytest.raises(ConnectionClosed) as closed:
            drain(socket)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1000, "Connection closed")
    response.close()
    connection.close()
