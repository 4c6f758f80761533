"""A client that costs next to nothing, for measuring servers."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from types import TracebackType
from typing import BinaryIO, Self

from .measure import BenchError

_TIMEOUT_SECONDS = 30


class Lanes:
    """Connections on which requests are sent together and answers read together.

    Args:
        port: Port on 127.0.0.1.
        count: Number of connections.
        token: Session token to send.
    """

    def __init__(self, port: int, count: int, token: str) -> None:
        self._stack = ExitStack()
        self._token = token
        self._lanes: list[tuple[socket.socket, BinaryIO]] = []
        for _ in range(count):
            connection = socket.create_connection(("127.0.0.1", port), _TIMEOUT_SECONDS)
            self._stack.enter_context(connection)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            answers = self._stack.enter_context(connection.makefile("rb"))
            self._lanes.append((connection, answers))

    def get(self, target: str) -> bytes:
        """Send one GET on each connection; returns the last body."""
        request = (
            f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n"
            f"Coder-Session-Token: {self._token}\r\n\r\n"
        ).encode()
        for connection, _ in self._lanes:
            connection.sendall(request)
        body = b""
        for _, answers in self._lanes:
            body = _read(answers, target)
        return body

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()


def _read(answers: BinaryIO, target: str) -> bytes:
    status = answers.readline()
    length = 0
    while line := answers.readline().strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    body = answers.read(length)
    if b" 200 " not in status:
        raise BenchError(f"GET {target} was answered with {status.decode().strip() or 'nothing'}")
    return body
