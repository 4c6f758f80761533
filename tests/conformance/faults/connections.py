"""Faults of connections: slow ones, many, and how requests are read from them."""

from __future__ import annotations

import re
import threading

from tests.conformance.faults.pieces.lines import Requests, on_lines
from tests.conformance.faults.pieces.makers import at
from tests.conformance.faults.pieces.places import AUTOSTART, GET, LIST, TTL
from tests.conformance.faulty import Call, Fault
from tests.conformance.faulty_wire import CutError, Line

_REFUSAL = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class _WholeHeads(Line):
    """Takes what comes at once for the head of a request."""

    def sent(self, piece: bytes) -> bytes:
        begins = re.match(rb"[A-Z]+ ", piece) is not None
        if begins and b"\r\n\r\n" not in piece:
            raise CutError(_REFUSAL)
        return piece


class _NoExtensions(Line):
    """Knows no extensions of chunks."""

    def sent(self, piece: bytes) -> bytes:
        if re.search(rb"(?m)^[0-9a-f]+;", piece):
            raise CutError(_REFUSAL)
        return piece


class _NoContinue(Line):
    """Never tells a client to go on."""

    def told(self, piece: bytes) -> bytes:
        return piece.replace(_CONTINUE, b"")


class _OneOfEach(Line):
    """Serves one request of those that come together."""

    def sent(self, piece: bytes) -> bytes:
        starts = [found.start() for found in re.finditer(rb"GET /[^ ]* HTTP/1.1\r\n", piece)]
        return piece[: starts[1]] if len(starts) > 1 else piece


class _Few(Line):
    """Refuses connections beyond sixteen."""

    there = 0
    lock = threading.Lock()

    def __init__(self) -> None:
        with self.lock:
            type(self).there += 1
        self.counted = True
        self.place = type(self).there

    def sent(self, piece: bytes) -> bytes:
        if self.place > 16:
            raise CutError(_REFUSAL.replace(b"400 Bad Request", b"503 Service Unavailable"))
        return piece

    def over(self) -> None:
        with self.lock:
            type(self).there -= self.counted
        self.counted = False


class _OneWorker(Requests):
    """Reads one request to its end before it reads another one; whoever is late is cut off."""

    turn = threading.Lock()

    def __init__(self) -> None:
        super().__init__()
        self.mine = False

    def sent(self, piece: bytes) -> bytes:
        if not self.mine and not self.turn.acquire(timeout=1):
            raise CutError
        self.mine = True
        passed = super().sent(piece)
        if not self.waiting:
            self._release()
        return passed

    def ended(self) -> None:
        self._release()

    def _release(self) -> None:
        if self.mine:
            self.mine = False
            self.turn.release()


class _Spelling(Requests):
    """Knows a header in one spelling only."""

    def __init__(self, name: str, spellings: tuple[str, ...]) -> None:
        super().__init__()
        self.name = re.compile(rf"(?i)\r\n({name}):".encode())
        self.known = {spelling.encode() for spelling in spellings}

    def head(self, head: bytes) -> bytes:
        def change(found: re.Match[bytes]) -> bytes:
            return found[0] if found[1] in self.known else b"\r\nX-Unknown:"

        return self.name.sub(change, head)


def _first_piece(call: Call) -> None:
    """Read the body as far as it came at once."""
    if len(call.pieces) > 1:
        call.body = call.pieces[0]


FAULTS: list[Fault] = [
    on_lines(
        "nobody-says-continue",
        TTL,
        "expect-continue",
        "A client that waits for 100 is not told to go on.",
        _NoContinue,
    ),
    on_lines(
        "tokens-have-two-spellings",
        LIST,
        "header-names-in-any-case",
        "The token is not found in a header in capitals.",
        lambda: _Spelling("coder-session-token", ("coder-session-token", "Coder-Session-Token")),
    ),
    on_lines(
        "lengths-have-two-spellings",
        TTL,
        "header-names-in-any-case",
        "The length of the body is not found in a header in capitals.",
        lambda: _Spelling("content-length", ("content-length", "Content-Length")),
    ),
    on_lines(
        "sixteen-connections-are-enough",
        GET,
        "many-connections",
        "Connections beyond sixteen are refused.",
        _Few,
    ),
    on_lines(
        "there-is-one-worker",
        GET,
        "many-connections",
        "While one request is not whole, others are cut off after a second.",
        _OneWorker,
    ),
    on_lines(
        "requests-wait-for-answers",
        GET,
        "pipelining",
        "Of requests that come together the first one is answered.",
        _OneOfEach,
    ),
    at(
        AUTOSTART,
        "chunks-come-at-once",
        "Of a body in chunks the first piece is read.",
        "robustness/slow-chunks",
        rewrite=_first_piece,
    ),
    on_lines(
        "chunks-have-no-extensions",
        TTL,
        "slow-chunks",
        "A chunk with an extension is refused.",
        _NoExtensions,
    ),
    on_lines(
        "heads-come-at-once",
        GET,
        "slow-request",
        "The head of a request has to come in one piece.",
        _WholeHeads,
    ),
    at(
        TTL,
        "bodies-come-at-once",
        "Of a body the first piece is read.",
        "robustness/slow-request",
        rewrite=_first_piece,
    ),
]
