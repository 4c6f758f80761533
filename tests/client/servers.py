"""Small servers on loopback whose every byte a test decides."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

Script = Callable[[socket.socket, bytes], None]


@dataclass
class Peer:
    """A running server.

    Attributes:
        url: Its address.
        heads: Heads of the requests that it got.
    """

    url: str
    heads: list[bytes] = field(default_factory=list)


@contextmanager
def raw_server(script: Script, tls: ssl.SSLContext | None = None) -> Iterator[Peer]:
    """Serve connections with a script, which gets the socket and the request's head."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        peer = Peer(f"http://127.0.0.1:{listener.getsockname()[1]}")
        threads: list[threading.Thread] = []

        def handle(plain: socket.socket) -> None:
            with plain, suppress(ssl.SSLError):  # when the client does not trust the certificate
                connection = plain
                if tls is not None:
                    connection = tls.wrap_socket(plain, server_side=True)
                serve_one(connection)

        def serve_one(connection: socket.socket) -> None:
            with connection:
                head = b""
                while b"\r\n\r\n" not in head:
                    data = connection.recv(65536)
                    if not data:
                        return
                    head += data
                peer.heads.append(head)
                with suppress(OSError):  # many of these tests intend that the client goes away
                    script(connection, head)

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                thread = threading.Thread(target=handle, args=(connection,))
                thread.start()
                threads.append(thread)

        acceptor = threading.Thread(target=accept)
        acceptor.start()
        try:
            yield peer
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            acceptor.join()
            for thread in threads:
                thread.join()


def sse_script(
    *chunks: bytes, head: bytes = b"", complete: bool = True, wait: threading.Event | None = None
) -> Script:
    """Return a script that answers with an event stream.

    Args:
        chunks: Pieces of the body, each sent by itself.
        head: Status line and headers, instead of those of a proper stream.
        complete: Whether the body is ended properly rather than cut off.
        wait: What to wait for before ending.
    """
    start = head or (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    )

    def script(connection: socket.socket, _: bytes) -> None:
        connection.sendall(start)
        for chunk in chunks:
            connection.sendall(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        if wait is not None:
            wait.wait(10)
        if complete:
            connection.sendall(b"0\r\n\r\n")

    return script


def event(kind: str, data: object = None) -> bytes:
    """Return a server-sent event as Coder writes it: a ping has no data line."""
    text = f"event: {kind}\n"
    if kind != "ping":
        text += f"data: {json.dumps(data)}\n"
    return f"{text}\n".encode()


def message(kind: str, data: object = None) -> str:
    """Return a WebSocket message as Coder writes it, with a newline at the end."""
    return json.dumps({"type": kind, "data": data}) + "\n"


@contextmanager
def websocket_server(
    handler: Callable[[ServerConnection], None],
    refuse: tuple[int, object] | None = None,
    plain: Callable[[str], tuple[int, object] | None] = lambda _: None,
) -> Iterator[Peer]:
    """Serve WebSockets with a handler.

    Args:
        handler: What to do with an accepted WebSocket.
        refuse: Status and body for every request, instead of accepting WebSockets.
        plain: Status and body for a path, or None for a path of WebSockets.
    """
    peer = Peer("")

    def process_request(connection: ServerConnection, request: Request) -> Response | None:
        del connection
        lines = "".join(f"{name}: {value}\r\n" for name, value in request.headers.raw_items())
        peer.heads.append(f"GET {request.path} HTTP/1.1\r\n{lines}\r\n".encode())
        answer = refuse or plain(request.path)
        if answer is None:
            return None
        status, body = answer
        content = json.dumps(body).encode()
        headers = Headers({"Content-Type": "application/json", "X-Coder-Request-Id": "r-9"})
        headers["Content-Length"] = str(len(content))
        return Response(status, HTTPStatus(status).phrase, headers, content)

    options: dict[str, Any] = {"compression": None, "ping_interval": None}
    with serve(handler, "127.0.0.1", 0, process_request=process_request, **options) as server:
        peer.url = f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield peer
        finally:
            server.shutdown()
            thread.join()
