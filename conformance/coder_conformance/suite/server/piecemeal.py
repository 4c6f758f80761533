"""Requests that are sent in pieces, too late, or not to their end, over a plain connection."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import select
import socket
import struct
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlsplit

from coder_spec import Operation

from ...exchange import Exchange
from ...pace import pace_of
from ...results import CannotJudgeError
from ...wire import AGENT, API, Wire

Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class Request:
    """A request as bytes.

    Attributes:
        wire: Says where to and as whom.
        method: Its method.
        url: Its address.
        headers: Its headers in their order, the token among them.
        content: Its body; None for none.
    """

    wire: Wire
    method: str
    url: str
    headers: Headers = field(repr=False)
    content: bytes | None

    @property
    def head(self) -> bytes:
        """Everything before the body."""
        target = self.url.split("/", 3)[3]
        lines = [f"{self.method} /{target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "".join(f"{line}\r\n" for line in [*lines, ""]).encode()

    @property
    def whole(self) -> bytes:
        """Head and body."""
        return self.head + (self.content or b"")


def request(
    wire: Wire,
    operation: Operation,
    path: dict[str, str],
    body: Any = None,
    *,
    more: Iterable[tuple[str, str]] = (),
    name: Callable[[str], str] = str,
    chunks: bytes | None = None,
) -> Request:
    """A request of an operation.

    Args:
        wire: Says where to and as whom.
        operation: The operation.
        path: Its path parameters.
        body: Value of the body; None for none.
        more: More headers.
        name: Spells the names of the headers.
        chunks: The body as it stands after `Transfer-Encoding: chunked`, instead of `body`.

    Raises:
        CannotJudgeError: The run may not send this.
    """
    if wire.readonly and operation.method != "GET":
        raise CannotJudgeError(f"a run that changes nothing must not send {operation.method}")
    filled = operation.path
    for parameter, value in path.items():
        filled = filled.replace("{" + parameter + "}", quote(value, safe=""))
    headers = [
        ("Host", urlsplit(wire.url).netloc),
        ("User-Agent", f"{AGENT} ({wire.label})"),
        ("Coder-Session-Token", wire.token),
        *more,
    ]
    content = None if body is None else json.dumps(body).encode()
    if chunks is not None:
        content = chunks
        headers.append(("Transfer-Encoding", "chunked"))
    elif content is not None:
        headers.append(("Content-Length", str(len(content))))
    if content is not None:
        headers.append(("Content-Type", "application/json"))
    spelled = [(name(header), value) for header, value in headers]
    return Request(wire, operation.method, f"{wire.url}{API}{filled}", spelled, content)


class _Reader(io.BufferedReader):
    """Reads one answer after the other; each of them believes that the reader is its own."""

    def close(self) -> None:
        """Stay open."""

    def makefile(self, _mode: str) -> _Reader:
        """The reader itself."""
        return self


class Connection:
    """One connection to a server.

    Args:
        wire: Says where to.

    Raises:
        CannotJudgeError: Nothing listens there.
    """

    def __init__(self, wire: Wire) -> None:
        pace_of(wire.url).wait()  # each connection is for one request, or for few
        parts = urlsplit(wire.url)
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        self._connection = kind(parts.hostname or "", parts.port, timeout=wire.timeout)
        try:
            self._connection.connect()
        except OSError as error:
            raise CannotJudgeError(f"no connection ({type(error).__name__}: {error})") from None
        self._socket: socket.socket = self._connection.sock
        self._reader = _Reader(socket.SocketIO(self._socket, "rb"))
        self._wire = wire

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection in the usual way."""
        self._connection.close()

    def send(self, *pieces: bytes, pause: float = 0.0) -> None:
        """Send bytes, with a pause after each piece; what the server does not take is lost."""
        for piece in pieces:
            with contextlib.suppress(OSError):
                self._socket.sendall(piece)
            time.sleep(pause)

    def end(self) -> None:
        """Say that nothing more will be sent."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def abort(self) -> None:
        """Break the connection off, so that the other side notices at once."""
        now = struct.pack("ii", 1, 0)
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, now)
        self._connection.close()

    def waits(self, seconds: float) -> bool:
        """Whether the server says nothing for so long."""
        return not select.select([self._socket], [], [], seconds)[0]

    def begins(self) -> bytes:
        """The first bytes of the answer; none when there is no answer in time."""
        try:
            return self._reader.peek(12)[:12]
        except OSError:
            return b""

    def answer(self, sent: Request) -> Exchange | None:
        """The next answer; None when the server ends the connection without one.

        Raises:
            CannotJudgeError: None came in time, or a limit of the server's is in the way.
        """
        # All that it needs of a socket is something to read from.
        response = http.client.HTTPResponse(self._reader, method=sent.method)  # type: ignore[arg-type]
        try:
            response.begin()
            body = response.read()
        except TimeoutError:
            raise CannotJudgeError(f"{sent.method} got no answer in time") from None
        except (OSError, http.client.HTTPException):
            return None
        answered: dict[str, str] = {}
        for name, value in response.getheaders():
            key = name.lower()
            answered[key] = f"{answered[key]}, {value}" if key in answered else value
        seen = Exchange(
            method=sent.method,
            url=sent.url,
            request_headers={name.lower(): value for name, value in sent.headers},
            request_body=sent.content,
            status=response.status,
            headers=answered,
            body=body,
        )
        self._wire.last = seen
        if seen.status == 429:
            raise CannotJudgeError("the server's rate limit is in the way; raise it for the user")
        return seen
