"""What stands between a client and a server and spoils the bytes of their connections."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from tests.conformance.faulty_app import Tally

_PIECE = 65536


class CutError(Exception):
    """A connection that is broken off; what the client gets before that."""

    def __init__(self, last: bytes = b"") -> None:
        super().__init__()
        self.last = last


class Line:
    """One connection; this one is faultless.

    All methods may raise `CutError`.

    Attributes:
        pause: How many seconds a piece is held up.
    """

    pause = 0.0

    def sent(self, piece: bytes) -> bytes:
        """What the server gets of what the client sends."""
        return piece

    def told(self, piece: bytes) -> bytes:
        """What the client gets of what the server sends."""
        return piece

    def ended(self) -> None:
        """The client sends nothing more."""

    def over(self) -> None:
        """The connection has come to its end."""


def between(url: str, line: Callable[[], Line], tally: Tally) -> str:
    """Listen for a server; the address to use in place of its own."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    parts = urlsplit(url)
    server = (parts.hostname or "", parts.port or 80)

    def accept() -> None:
        while True:
            client, _ = listener.accept()
            _thread(_Relay(client, server, line(), tally).run)

    _thread(accept)
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def _thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, daemon=True).start()


class _Relay:
    def __init__(
        self, client: socket.socket, server: tuple[str, int], line: Line, tally: Tally
    ) -> None:
        self.client, self.line, self.tally = client, line, tally
        self.server = socket.create_connection(server)

    def run(self) -> None:
        """Pass on what the client sends, and in another thread what the server says."""
        _thread(self._back)
        try:
            while piece := self._heard(self.client):
                self._pass(piece, self.line.sent, self.server)
            self.line.ended()
            with contextlib.suppress(OSError):
                self.server.shutdown(socket.SHUT_WR)
        except CutError as cut:
            self._cut(cut)

    def _back(self) -> None:
        try:
            while piece := self._heard(self.server):
                self._pass(piece, self.line.told, self.client)
            self._close()
        except CutError as cut:
            self._cut(cut)
        finally:
            self.line.over()

    def _heard(self, end: socket.socket) -> bytes:
        try:
            return end.recv(_PIECE)
        except OSError:
            return b""

    def _pass(self, piece: bytes, change: Callable[[bytes], bytes], end: socket.socket) -> None:
        changed = change(piece)
        self.tally.occasions += changed != piece or self.line.pause > 0
        time.sleep(self.line.pause)
        with contextlib.suppress(OSError):
            end.sendall(changed)

    def _cut(self, cut: CutError) -> None:
        self.tally.occasions += 1
        with contextlib.suppress(OSError):
            self.client.sendall(cut.last)
        self._close()

    def _close(self) -> None:
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
