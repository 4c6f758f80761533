"""Faults of WebSockets: handshakes, and what the frames of the protocol say."""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

from tests.conformance.faults.pieces.makers import named
from tests.conformance.faults.pieces.places import WS, WS_PATH
from tests.conformance.faults.pieces.streams import kind, message_changed
from tests.conformance.faulty import Answer, Call, Fault, Json, Message, status
from tests.conformance.faulty_wire import CutError, Line

_BINARY = 0x82
_PONG = 0x8A
_CLOSE = 0x88
_PING = 0x89
_VERSION = re.compile(rb"(?i)(sec-websocket-version:) *(?!13\r)[^\r]*")
_KEY = re.compile(rb"(?i)(sec-websocket-key:) *(?![A-Za-z0-9+/]{22}==)[^\r]*")


class _Frames(Line):
    """Changes frames of the server's side of a WebSocket, each of which comes in one piece."""

    def told(self, piece: bytes) -> bytes:
        return self.frame(piece[0], piece)

    @abstractmethod
    def frame(self, opcode: int, piece: bytes) -> bytes:
        """What becomes of a frame."""


class _NoPongs(_Frames):
    def frame(self, opcode: int, piece: bytes) -> bytes:
        return b"" if opcode == _PONG else piece


class _NoPings(_Frames):
    def frame(self, opcode: int, piece: bytes) -> bytes:
        return b"" if opcode == _PING else piece


class _AlwaysNormal(_Frames):
    def frame(self, opcode: int, piece: bytes) -> bytes:
        return b"\x88\x02\x03\xe8" if opcode == _CLOSE else piece


class _NoGoodbye(_Frames):
    def frame(self, opcode: int, piece: bytes) -> bytes:
        if opcode == _CLOSE:
            raise CutError
        return piece


class _NoBinary(Line):
    """Does not hear binary messages of the client."""

    def sent(self, piece: bytes) -> bytes:
        return b"" if piece[0] == _BINARY else piece


class _Replaced(Line):
    """Gives the server another value of a header."""

    def __init__(self, pattern: re.Pattern[bytes], value: bytes) -> None:
        self.pattern, self.value = pattern, value

    def sent(self, piece: bytes) -> bytes:
        return self.pattern.sub(rb"\1 " + self.value, piece)


def _ws(name: str, sentence: str, subject: str, **how: Any) -> Fault:
    return Fault(name, WS, f"watch-ws/{subject}", "GET", WS_PATH, sentence=sentence, **how)


def _is_empty(message: Message) -> bool:
    return not message.get("text") and not message.get("bytes")


def _pings_again(message: Message, _: Json) -> Iterable[Message]:
    """A ping before each message."""
    text = message.get("text") if message["type"] == "websocket.send" else None
    if not text or json.loads(text)["type"] == "ping":
        return [message]
    return [{"type": "websocket.send", "text": '{"type":"ping","data":null}\n'}, message]


def _status(old: int, new: int) -> dict[str, Any]:
    """Another status of a handshake that is refused, in a plain answer and in one to it."""

    def alter(answer: Answer) -> None:
        if answer.status == old:
            answer.status = new

    def messages(message: Message, _: Json) -> Iterable[Message]:
        refused = message["type"] == "websocket.http.response.start"
        if refused and message["status"] == old:
            return [{**message, "status": new}]
        return [message]

    return {"alter": alter, "messages": messages}


def _ws_binary(message: Message, _: Json) -> Iterable[Message]:
    if kind(message):
        return [{"type": "websocket.send", "bytes": message["text"].encode()}]
    return [message]


def _ws_no_data(message: Message, _: Json) -> Iterable[Message]:
    return message_changed(message, lambda v: v["type"] == "ping" and v.pop("data"))


def _ws_code(message: Message, _: Json) -> Iterable[Message]:
    if message["type"] == "websocket.close":
        return [{**message, "code": 1000}]
    return [message]


def _ws_subprotocol(message: Message, _: Json) -> Iterable[Message]:
    if message["type"] == "websocket.accept":
        return [{**message, "subprotocol": "chat"}]
    return [message]


def _any_origin(call: Call) -> None:
    call.headers.pop("origin", None)


FAULTS: list[Fault] = [
    _ws(
        "pings-are-not-answered",
        "Protocol pings of the client are not answered.",
        "answers-pings",
        wire=_NoPongs,
    ),
    _ws(
        "closes-are-all-normal",
        "Every close is answered with 1000.",
        "echoes-the-close",
        wire=_AlwaysNormal,
    ),
    _ws(
        "closes-are-not-answered",
        "A close is answered by ending the connection.",
        "echoes-the-close",
        wire=_NoGoodbye,
    ),
    named(WS, "any-origin-may-watch", "watch-ws/foreign-origin", rewrite=_any_origin),
    named(WS, "messages-are-binary", "watch-ws/framing", messages=_ws_binary),
    named(WS, "a-ping-lacks-its-data", "watch-ws/framing", messages=_ws_no_data),
    _ws(
        "nothing-keeps-sockets-alive",
        "There are no protocol pings.",
        "keep-alive",
        wire=_NoPings,
        profile="full",
    ),
    _ws(
        "json-pings-come-again",
        "Each message is preceded by a JSON ping.",
        "keep-alive",
        messages=_pings_again,
        profile="full",
    ),
    named(WS, "a-plain-request-is-400", "watch-ws/missing-upgrade", alter=status(426, 400)),
    named(
        WS, "a-subprotocol-is-agreed-to", "watch-ws/nothing-negotiated", messages=_ws_subprotocol
    ),
    named(WS, "the-close-code-is-1000", "watch-ws/one-way", messages=_ws_code),
    named(WS, "clients-may-talk", "watch-ws/one-way", deaf=lambda _: True),
    _ws(
        "bytes-may-be-sent",
        "Binary messages of the client are ignored.",
        "one-way-binary",
        wire=_NoBinary,
    ),
    _ws(
        "nothing-may-be-sent",
        "Empty messages of the client are ignored.",
        "one-way-binary",
        deaf=_is_empty,
    ),
    _ws(
        "any-version-will-do",
        "A handshake of any version is accepted.",
        "other-versions",
        wire=lambda: _Replaced(_VERSION, b"13"),
    ),
    _ws(
        "any-key-will-do",
        "A handshake with any key is accepted.",
        "other-versions",
        wire=lambda: _Replaced(_KEY, b"MDEyMzQ1Njc4OWFiY2RlZg=="),
    ),
    _ws(
        "handshakes-are-bad-requests",
        "What is no handshake is answered with 400.",
        "refused-handshakes",
        **_status(426, 400),
    ),
    _ws(
        "malformed-identifiers-are-not-watched",
        "A malformed identifier is not found.",
        "refused-handshakes",
        **_status(400, 404),
    ),
    _ws(
        "unknown-workspaces-are-gone",
        "An unknown workspace is answered with 410.",
        "refused-handshakes",
        **_status(404, 410),
    ),
]
