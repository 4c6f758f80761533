"""A server on a loopback port that plays answers and notes requests, for judging clients."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from types import TracebackType
from typing import Self
from uuid import UUID

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
        broken: Whether it breaks off behind the last piece, although more was announced. A
            WebSocket is closed with a code of failure.
        cuts: Where each message of a WebSocket is cut into fragments, with a ping in between.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict[str, str])
    chunks: Sequence[bytes] = ()
    open_ended: bool = False
    broken: bool = False
    cuts: Sequence[int] = ()


class Stub:
    """The server; use it as a context manager.

    Attributes:
        answer: What it plays next.
        respond: Chooses what it plays by the path and query of each request, where that differs.
        received: The requests that came, in order, each with the status that it got.
    """

    def __init__(self) -> None:
        self.answer = Answer(500)
        self.respond: Callable[[str], Answer] | None = None
        self.received: list[Exchange] = []
        self._playing: dict[UUID, Answer] = {}
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Otherwise the kernel holds small pieces back for 40 ms each.
            disable_nagle_algorithm = True

            def _play(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                body = self.rfile.read(length)
                answer = stub.note(self.command, self.path, dict(self.headers), body)
                self.send_response_only(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                chunked = answer.open_ended and answer.broken
                if answer.open_ended or answer.broken:
                    self.send_header("Connection", "close")
                    self.close_connection = True
                if chunked:
                    self.send_header("Transfer-Encoding", "chunked")
                elif not answer.open_ended and answer.status not in {204, 304}:
                    size = sum(len(chunk) for chunk in answer.chunks) + answer.broken
                    self.send_header("Content-Length", str(size))
                self.end_headers()
                for chunk in answer.chunks:
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunked else chunk)
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

    def note(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Remember a request and choose its answer."""
        answer = self.answer if self.respond is None else self.respond(path)
        self.received.append(
            Exchange(
                method=method,
                url=f"{self.url}{path}",
                request_headers={name.lower(): value for name, value in headers.items()},
                request_body=body or None,
                status=answer.status,
                headers=answer.headers,
                body=b"".join(answer.chunks)[:2000],
            )
        )
        return answer

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
        self, connection: ServerConnection, request: HandshakeRequest
    ) -> HandshakeResponse | None:
        answer = self.note("GET", request.path, dict(request.headers.raw_items()), b"")
        if answer.status == 101:
            self._playing[connection.id] = answer
            return None
        body = b"".join(answer.chunks)
        headers = Headers(
            {**answer.headers, "Content-Length": str(len(body)), "Connection": "close"}
        )
        return HandshakeResponse(answer.status, "Refused", headers, body)

    def _converse(self, connection: ServerConnection) -> None:
        answer = self._playing.pop(connection.id)
        for chunk in answer.chunks:
            text = chunk.decode()
            connection.send(_fragments(connection, text, answer.cuts) if answer.cuts else text)
        if answer.broken:
            connection.close(1011, "broken")
        else:
            connection.close()


def _fragments(connection: ServerConnection, text: str, cuts: Sequence[int]) -> Iterator[str]:
    """The pieces of a message, with a ping before each but the first."""
    edges = [0, *sorted({cut % (len(text) + 1) for cut in cuts}), len(text)]
    for index, (start, end) in enumerate(pairwise(edges)):
        if index:
            connection.ping()
        yield text[start:end]
