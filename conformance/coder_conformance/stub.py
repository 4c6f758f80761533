"""A server on a loopback port that plays answers and notes requests, for judging clients."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from websockets.datastructures import Headers
from websockets.http11 import Request as HandshakeRequest
from websockets.http11 import Response as HandshakeResponse
from websockets.sync.server import Server, ServerConnection, serve

from .exchange import Exchange


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server plays.

    Attributes:
        status: Status.
        headers: Headers.
        chunks: Pieces of the body, sent one by one. For a WebSocket, its text messages.
        open_ended: Whether the body ends with the connection instead of having a length.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict[str, str])
    chunks: Sequence[bytes] = ()
    open_ended: bool = False


class Stub:
    """The server; use it as a context manager.

    Attributes:
        answer: What it plays next.
        received: The requests that came, in order, each with the status that it got.
    """

    def __init__(self) -> None:
        self.answer = Answer(500)
        self.received: list[Exchange] = []
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Otherwise the kernel holds small pieces back for 40 ms each.
            disable_nagle_algorithm = True

            def _play(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                stub.note(self.command, self.path, dict(self.headers), self.rfile.read(length))
                answer = stub.answer
                self.send_response_only(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if answer.open_ended:
                    self.send_header("Connection", "close")
                    self.close_connection = True
                elif answer.status not in {204, 304}:
                    self.send_header("Content-Length", str(sum(len(c) for c in answer.chunks)))
                self.end_headers()
                for chunk in answer.chunks:
                    self.wfile.write(chunk)
                    self.wfile.flush()

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _play  # noqa: N815 -- names that the base class looks for

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- as in the base class
                """Say nothing; what came is in `received`."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._threads = [
            threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        ]
        self._ws: Server = serve(
            self._converse, "127.0.0.1", 0, process_request=self._handshake, compression=None
        )
        self._threads.append(threading.Thread(target=self._ws.serve_forever, daemon=True))

    @property
    def url(self) -> str:
        """Address for ordinary requests and server-sent events."""
        return f"http://127.0.0.1:{self._http.server_port}"

    @property
    def websocket_url(self) -> str:
        """Address for WebSockets, with the scheme http as clients are configured."""
        return f"http://127.0.0.1:{self._ws.socket.getsockname()[1]}"

    def note(self, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
        """Remember a request."""
        self.received.append(
            Exchange(
                method=method,
                url=f"{self.url}{path}",
                request_headers={name.lower(): value for name, value in headers.items()},
                request_body=body or None,
                status=self.answer.status,
                headers=self.answer.headers,
                body=b"".join(self.answer.chunks)[:2000],
            )
        )

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._ws.shutdown()
        for thread in self._threads:
            thread.join(timeout=5)

    def _handshake(
        self,
        connection: ServerConnection,  # noqa: ARG002 -- the signature is the library's
        request: HandshakeRequest,
    ) -> HandshakeResponse | None:
        self.note("GET", request.path, dict(request.headers.raw_items()), b"")
        if self.answer.status == 101:
            return None
        body = b"".join(self.answer.chunks)
        headers = Headers(
            {**self.answer.headers, "Content-Length": str(len(body)), "Connection": "close"}
        )
        return HandshakeResponse(self.answer.status, "Refused", headers, body)

    def _converse(self, connection: ServerConnection) -> None:
        for chunk in self.answer.chunks:
            connection.send(chunk.decode())
        connection.close()
