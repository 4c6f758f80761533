"""What only the WebSocket has: handshakes, close codes, messages."""

from __future__ import annotations

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
import websockets

from coder_conformance import streams
from coder_conformance.results import Mismatch
from coder_conformance.shared import Shared
from coder_conformance.streams import Socket
from coder_conformance.suite.server import raw
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.watching import repeated

Json = dict[str, Any]
MARK = pytest.mark.requirement
OPERATION = "watchWorkspaceByIdViaWebsockets"
KEY = base64.b64encode(b"0123456789abcdef").decode()


def open_socket(scenario: Scenario, workspace: Json, **options: Any) -> Any:
    """A socket about a workspace."""
    path = streams.watch_path(workspace["id"], websocket=True)
    return streams.socket(scenario.wire, path, scenario.context.settings.timeouts.event, **options)


def handshake(scenario: Scenario, workspace: Json, status: int, **changes: str | None) -> None:
    """A handshake by hand with some headers changed or left out, and its status."""
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": KEY,
    }
    for name, value in changes.items():
        header = name.replace("_", "-")
        if value is None:
            headers.pop(header)
        else:
            headers[header] = value
    path = streams.watch_path(workspace["id"], websocket=True)
    answer = raw.send(scenario.wire, "GET", path, headers=list(headers.items()))
    scenario.context.note_status(OPERATION, answer.status)
    scenario.context.checked += 1
    if answer.status != status:
        raise Mismatch(f"{status} for {changes}", answer.answer(), answer)


@MARK("watch-ws/missing-upgrade")
def test_missing_upgrade(scenario: Scenario, some: Json) -> None:
    """A plain request, and one that asks for something else."""
    handshake(scenario, some, 426, Connection=None, Upgrade=None)
    handshake(scenario, some, 426, Connection=None)
    handshake(scenario, some, 426, Upgrade=None)
    handshake(scenario, some, 426, Connection="keep-alive")
    handshake(scenario, some, 426, Upgrade="h2c")


@MARK("watch-ws/upgrade-among-others")
def test_upgrade_among_others(scenario: Scenario, some: Json) -> None:
    """As browsers and proxies write it."""
    for connection in ("keep-alive, Upgrade", "upgrade", "Upgrade,Keep-Alive"):
        handshake(scenario, some, 101, Connection=connection)
    for upgrade in ("WebSocket", "WEBSOCKET"):
        handshake(scenario, some, 101, Upgrade=upgrade)


@MARK("watch-ws/other-versions")
def test_other_versions(scenario: Scenario, some: Json) -> None:
    """The one version, and a key of 16 bytes."""
    for version in ("12", "14", "8", "x", None):
        handshake(scenario, some, 400, Sec_WebSocket_Version=version)
    for key in ("x", "", base64.b64encode(b"short").decode(), None):
        handshake(scenario, some, 400, Sec_WebSocket_Key=key)


@MARK("watch-ws/foreign-origin")
def test_foreign_origin(scenario: Scenario, some: Json) -> None:
    """Pages of other hosts must not watch; the server's own pages may."""
    parts = urlsplit(scenario.wire.url)
    host = parts.netloc
    bare = host.removesuffix(f":{parts.port}")
    elsewhere = (
        "https://elsewhere.example",
        f"https://{host}.example",
        "https://x" + host,
        f"https://{bare}:{8443 if parts.port != 8443 else 9443}",
        "null",  # a page in a sandbox
    )
    for origin in elsewhere:
        handshake(scenario, some, 403, Origin=origin)
    with open_socket(scenario, some, headers={"origin": f"http://{host}"}) as socket:
        socket.next_data()


@MARK("watch-ws/needs-a-token")
def test_needs_a_token(scenario: Scenario, some: Json) -> None:
    """Before anything else."""
    path = streams.watch_path(some["id"], websocket=True)
    headers = [("Connection", "Upgrade"), ("Upgrade", "websocket"),
               ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", KEY)]  # fmt: skip
    answer = raw.send(scenario.wire, "GET", path, headers=headers, token=False)
    scenario.context.expect(OPERATION, answer, 401)


@MARK("watch-ws/nothing-negotiated")
def test_nothing_negotiated(scenario: Scenario, some: Json) -> None:
    """Offers are passed over."""
    offers = {"compression": "deflate", "subprotocols": ["chat", "json"]}
    with open_socket(scenario, some, connect=offers) as socket:
        scenario.context.note_status(OPERATION, 101)
        if socket.connection.subprotocol is not None:
            raise Mismatch("no subprotocol", str(socket.connection.subprotocol), socket.opened)
        extensions = socket.connection.protocol.extensions
        if extensions:
            raise Mismatch("no extension", repr(extensions), socket.opened)
        socket.next_data()


@MARK("watch-ws/text-with-line-break")
def test_line_break(scenario: Scenario, some: Json) -> None:
    """As an encoder of streams writes it."""
    with open_socket(scenario, some) as socket:
        for _ in range(2):
            text = socket.connection.recv(timeout=socket.limit)
            if not isinstance(text, str) or not text.endswith("\n") or "\n" in text[:-1]:
                raise Mismatch("one line of text", repr(text)[-80:], socket.opened)
            if '": ' in json.dumps(text)[:40] or '", "' in text[:40]:
                raise Mismatch("compact JSON", text[:80], socket.opened)


def closing(socket: Socket) -> int | None:
    """The code that the server closes with."""
    try:
        while True:
            socket.connection.recv(timeout=socket.limit)
    except TimeoutError:
        raise Mismatch("the connection to be closed", "it stays open", socket.opened) from None
    except websockets.ConnectionClosed as error:
        return error.rcvd.code if error.rcvd else None


@MARK("watch-ws/one-way-binary")
def test_one_way_binary(scenario: Scenario, some: Json) -> None:
    """Bytes, an empty text, a long one."""
    for message in (b"\x00\x01", "", "x" * 1000):
        with open_socket(scenario, some) as socket:
            socket.next_data()
            socket.connection.send(message)
            code = closing(socket)
            if code != 1002:
                raise Mismatch("the close code 1002", str(code), socket.opened)


@MARK("watch-ws/answers-pings")
def test_answers_pings(scenario: Scenario, some: Json) -> None:
    """Also while nothing is read, and then the stream goes on."""
    with open_socket(scenario, some) as socket:
        for _ in range(3):
            if not socket.connection.ping().wait(socket.limit):
                raise Mismatch("an answer to the ping", "none", socket.opened)
        socket.next_data()


@MARK("watch-ws/echoes-the-close")
def test_echoes(scenario: Scenario, some: Json) -> None:
    """The code that the client gave."""
    for code in (1000, 1001, 4000):
        with open_socket(scenario, some) as socket:
            socket.next_data()
            socket.connection.close(code, "bye")
            echoed = socket.connection.protocol.close_rcvd
            if echoed is None or echoed.code != code:
                raise Mismatch(f"the close code {code}", repr(echoed), socket.opened)


@MARK("watch-ws/keep-alive")
def test_keep_alive(scenario: Scenario, shared: Shared) -> None:
    """Pings of the protocol, and no further one in JSON, whether or not something happens."""
    with ExitStack() as stack:
        told = [Told(stack.enter_context(open_socket(scenario, shared.stopped())))]
        pool = stack.enter_context(ThreadPoolExecutor(2))
        if not scenario.wire.readonly:
            busy = shared.running()
            told.append(Told(stack.enter_context(open_socket(scenario, busy))))
            stack.enter_context(repeated(scenario, busy))
        begun = [pool.submit(each.listen, 35.0) for each in told]
        for each, listening in zip(told, begun, strict=True):
            listening.result()
            if each.json_pings != 1:
                raise Mismatch("one JSON ping only", f"{each.json_pings}", each.socket.opened)
            if each.pings < 2:
                expected = "protocol pings every 15 seconds"
                raise Mismatch(expected, f"{each.pings}", each.socket.opened)


class Told:
    """What a socket tells for a while.

    Attributes:
        socket: The socket.
        pings: How many pings of the protocol came.
        json_pings: How many in JSON.
    """

    def __init__(self, socket: Socket) -> None:
        self.socket = socket
        self.pings = self.json_pings = 0
        protocol: Any = socket.connection.protocol
        received = protocol.recv_frame

        def note(frame: Any) -> None:
            self.pings += frame.opcode == websockets.Opcode.PING
            received(frame)

        protocol.recv_frame = note

    def listen(self, seconds: float) -> None:
        """Count what comes.

        Raises:
            Mismatch: The connection ended.
        """
        until = time.monotonic() + seconds
        try:
            while time.monotonic() < until:
                with suppress(TimeoutError):
                    message = json.loads(self.socket.connection.recv(timeout=1))
                    self.json_pings += message["type"] == "ping"
        except websockets.ConnectionClosed as error:
            expected = f"a socket that is open for {seconds:g} seconds"
            raise Mismatch(expected, str(error), self.socket.opened) from None
