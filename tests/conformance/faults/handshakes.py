"""Faults of the way into a WebSocket, which no plain request shows."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from typing import Any

from coder_conformance.reference.seed.default import OWNER
from tests.conformance.faults.pieces.places import HEADER, SSE, SSE_PATH, WS, WS_PATH
from tests.conformance.faults.pieces.requests import as_owner
from tests.conformance.faulty import Call, Fault, Json, Message
from tests.conformance.faulty_wire import CutError, Line

_PING = 0x89


def _ws(name: str, sentence: str, requirement: str, **how: Any) -> Fault:
    return Fault(name, WS, requirement, "GET", WS_PATH, sentence=sentence, **how)


def _handshakes(change: Callable[[Call], None]) -> Callable[[Call], None]:
    """Change requests for a WebSocket and no plain ones."""

    def rewrite(call: Call) -> None:
        if call.headers.get("upgrade", "").lower() == "websocket":
            change(call)

    return rewrite


def _anybody(call: Call) -> None:
    for name in ("cookie", "authorization"):
        call.headers.pop(name, None)
    call.headers[HEADER] = str(OWNER.token)


def _wrong_secret(call: Call) -> None:
    """Whoever knows the first part of a token has it."""
    known = str(OWNER.token)
    if call.headers.get(HEADER, "").partition("-")[0] == known.partition("-")[0]:
        call.headers[HEADER] = known


def _header_first(call: Call) -> None:
    if call.headers.get(HEADER):
        call.headers.pop("cookie", None)


def _answered(old: int, new: int) -> Callable[[Message, Json], Iterable[Message]]:
    """Refuse handshakes with another status than plain requests."""

    def messages(message: Message, _: Json) -> Iterable[Message]:
        if message["type"] == "websocket.http.response.start" and message["status"] == old:
            return [{**message, "status": new}]
        return [message]

    return messages


def _other_ports(call: Call) -> None:
    """Compare the names of hosts without their ports."""
    origin = re.fullmatch(r"https?://(.+?)(:\d+)?", call.headers.get("origin", ""))
    if origin and origin[1] == call.headers["host"].partition(":")[0]:
        del call.headers["origin"]


def _without_origin(call: Call) -> None:
    if call.headers.get("origin") == "null":
        del call.headers["origin"]


def _exactly(name: str, value: str) -> Callable[[Call], None]:
    """Refuse what has another spelling of a header; to the server it comes from elsewhere."""

    def rewrite(call: Call) -> None:
        if call.headers.get(name, value) != value:
            call.headers["origin"] = "https://elsewhere.example"

    return rewrite


class _Impatient(Line):
    """Ends a connection that is a socket after some seconds."""

    def __init__(self) -> None:
        self.until: float | None = None

    def told(self, piece: bytes) -> bytes:
        if piece.startswith(b"HTTP/1.1 101"):
            self.until = time.monotonic() + 12
        if self.until is not None and time.monotonic() > self.until:
            raise CutError(b"\x88\x02\x03\xe8")
        return piece


class _OnlyIdle(Line):
    """Lets no ping through soon after something else was told."""

    def __init__(self) -> None:
        self.last = 0.0

    def told(self, piece: bytes) -> bytes:
        if piece[0] == _PING:
            return b"" if time.monotonic() - self.last < 10 else piece
        self.last = time.monotonic()
        return piece


def _only_idle(piece: bytes, memory: Json) -> Iterable[bytes]:
    """A ping only when nothing was told for a while."""
    ping = piece.startswith(b"event: ping\n")
    recent = time.monotonic() - memory.get("last", 0.0) < 10
    if not ping:
        memory["last"] = time.monotonic()
    return [] if ping and recent else [piece]


FAULTS = [
    _ws(
        "handshakes-need-no-token",
        "A handshake is let in with any token and with none.",
        "authentication/token-required",
        rewrite=_handshakes(_anybody),
    ),
    _ws(
        "handshakes-need-half-a-token",
        "The secret of a token is not looked at in handshakes.",
        "authentication/token-checked",
        rewrite=_handshakes(_wrong_secret),
    ),
    _ws(
        "handshakes-ask-the-header-first",
        "In handshakes the header of the token comes before the cookie.",
        "authentication/cookie-comes-first",
        rewrite=_handshakes(_header_first),
    ),
    _ws(
        "sockets-show-what-is-hidden",
        "A WebSocket shows every workspace to every user.",
        "authentication/isolation",
        rewrite=_handshakes(as_owner),
    ),
    _ws(
        "handshakes-know-no-malformed-identifiers",
        "A handshake about a malformed identifier is answered with 404.",
        "paths/refuses-near-identifiers",
        messages=_answered(400, 404),
    ),
    _ws(
        "handshakes-about-nothing-are-forbidden",
        "A handshake about an unknown workspace is answered with 403.",
        "authentication/isolation",
        messages=_answered(404, 403),
    ),
    _ws(
        "handshakes-have-one-word",
        "A Connection header with another word beside Upgrade makes no handshake.",
        "watch-ws/upgrade-among-others",
        rewrite=_exactly("connection", "Upgrade"),
    ),
    _ws(
        "handshakes-are-in-small-letters",
        "An Upgrade header is recognised in lower case only.",
        "watch-ws/upgrade-among-others",
        rewrite=_exactly("upgrade", "websocket"),
    ),
    _ws(
        "pages-on-other-ports-may-watch",
        "The port of an origin is not compared.",
        "watch-ws/foreign-origin",
        rewrite=_handshakes(_other_ports),
    ),
    _ws(
        "pages-of-no-origin-may-watch",
        "The origin null is taken for none.",
        "watch-ws/foreign-origin",
        rewrite=_handshakes(_without_origin),
    ),
    _ws(
        "sockets-end-after-a-while",
        "A WebSocket is closed at the first ping after twelve seconds.",
        "watch-ws/keep-alive",
        wire=_Impatient,
        profile="full",
    ),
    _ws(
        "pings-of-busy-sockets-are-missing",
        "There is no protocol ping while messages are sent.",
        "watch-ws/keep-alive",
        wire=_OnlyIdle,
        profile="full",
    ),
    Fault(
        "pings-of-busy-streams-are-missing",
        SSE,
        "watch/heartbeat",
        "GET",
        SSE_PATH,
        frames=_only_idle,
        profile="full",
        sentence="There is no ping while events are sent.",
    ),
]
