"""Faults of the two streams."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from tests.conformance.faults.more_kit import NOBODY
from tests.conformance.faulty import WORKSPACE, Call, Fault, Message

Json = dict[str, Any]
SSE, WS = "watchWorkspaceById", "watchWorkspaceByIdViaWebsockets"
SSE_PATH, WS_PATH = f"{WORKSPACE}/watch", f"{WORKSPACE}/watch-ws"


def _is(piece: bytes, event: str) -> bool:
    return piece.startswith(f"event: {event}\n".encode())


def _first_data(piece: bytes, memory: Json) -> bool:
    """Whether it is data, and the first one."""
    if not _is(piece, "data"):
        return False
    memory["seen"] = memory.get("seen", 0) + 1
    return memory["seen"] == 1


def _payload(piece: bytes, change: Any) -> bytes:
    if not _is(piece, "data"):
        return piece
    value = json.loads(piece.split(b"data: ", 1)[1])
    change(value)
    return b"event: data\ndata: " + json.dumps(value, separators=(",", ":")).encode() + b"\n\n"


def _no_ping(piece: bytes, _: Json) -> Iterable[bytes]:
    return [] if _is(piece, "ping") else [piece]


def _silent(piece: bytes, memory: Json) -> Iterable[bytes]:
    return [piece] if not _is(piece, "data") or _first_data(piece, memory) else []


def _stale(piece: bytes, memory: Json) -> Iterable[bytes]:
    if _is(piece, "data"):
        memory.setdefault("first", piece)
        return [memory["first"]]
    return [piece]


def _crlf(piece: bytes, _: Json) -> Iterable[bytes]:
    return [piece.replace(b"\n", b"\r\n")]


def _cut(piece: bytes, _: Json) -> Iterable[bytes]:
    return [piece[:-20] + b"\n\n" if _is(piece, "data") else piece]


def _with_id(piece: bytes, _: Json) -> Iterable[bytes]:
    return [b"id: 1\n" + piece]


def _ping_with_data(piece: bytes, _: Json) -> Iterable[bytes]:
    return [b"event: ping\ndata: null\n\n" if _is(piece, "ping") else piece]


def _renamed(piece: bytes, _: Json) -> Iterable[bytes]:
    return [piece.replace(b"event: data\n", b"event: update\n")]


def _other(piece: bytes, _: Json) -> Iterable[bytes]:
    return [_payload(piece, lambda w: w.update(id=NOBODY))]


def _no_settings(piece: bytes, _: Json) -> Iterable[bytes]:
    return [_payload(piece, lambda w: w.pop("ttl_ms", None))]


def _lowered(piece: bytes, _: Json) -> Iterable[bytes]:
    return [_payload(piece, lambda w: w["latest_build"].update(deadline=None))]


def _pretty(piece: bytes, _: Json) -> Iterable[bytes]:
    if not _is(piece, "data"):
        return [piece]
    value = json.loads(piece.split(b"data: ", 1)[1])
    return [b"event: data\ndata: " + json.dumps(value).encode() + b"\n\n"]


def _text(message: Message, change: Any) -> Iterable[Message]:
    if message["type"] != "websocket.send" or not message.get("text"):
        return [message]
    value = json.loads(message["text"])
    change(value)
    return [{"type": "websocket.send", "text": json.dumps(value, separators=(",", ":")) + "\n"}]


def _kind(message: Message) -> str:
    text = message.get("text") if message["type"] == "websocket.send" else None
    return str(json.loads(text)["type"]) if text else ""


def _ws_no_ping(message: Message, _: Json) -> Iterable[Message]:
    return [] if _kind(message) == "ping" else [message]


def _ws_silent(message: Message, memory: Json) -> Iterable[Message]:
    if _kind(message) != "data":
        return [message]
    memory["seen"] = memory.get("seen", 0) + 1
    return [message] if memory["seen"] == 1 else []


def _ws_binary(message: Message, _: Json) -> Iterable[Message]:
    if _kind(message):
        return [{"type": "websocket.send", "bytes": message["text"].encode()}]
    return [message]


def _ws_other(message: Message, _: Json) -> Iterable[Message]:
    return _text(message, lambda v: v["data"] and v["data"].update(id=NOBODY))


def _ws_no_data(message: Message, _: Json) -> Iterable[Message]:
    return _text(message, lambda v: v["type"] == "ping" and v.pop("data"))


def _ws_closes(message: Message, _: Json) -> Iterable[Message]:
    if _kind(message) == "data":
        return [message, {"type": "websocket.close", "code": 1000}]
    return [message]


def _ws_code(message: Message, _: Json) -> Iterable[Message]:
    if message["type"] == "websocket.close":
        return [{**message, "code": 1000}]
    return [message]


def _ws_subprotocol(message: Message, _: Json) -> Iterable[Message]:
    if message["type"] == "websocket.accept":
        return [{**message, "subprotocol": "chat"}]
    return [message]


def _ws_no_newline(message: Message, _: Json) -> Iterable[Message]:
    return [{**message, "text": message["text"].rstrip()}] if _kind(message) else [message]


def _ws_stale(message: Message, memory: Json) -> Iterable[Message]:
    if _kind(message) == "data":
        memory.setdefault("first", message)
        return [memory["first"]]
    return [message]


def _any_origin(call: Call) -> None:
    call.headers.pop("origin", None)


FAULTS = [
    Fault("no-ping-comes-first", SSE, "watch/first-events", "GET", SSE_PATH, frames=_no_ping),
    Fault("nothing-is-announced", SSE, "watch/announces-changes", "GET", SSE_PATH, frames=_silent),
    Fault(
        "the-first-event-comes-again",
        SSE,
        "watch/announces-changes",
        "GET",
        SSE_PATH,
        frames=_stale,
    ),
    Fault("lines-end-with-crlf", SSE, "watch/framing", "GET", SSE_PATH, frames=_crlf),
    Fault("data-is-cut-off", SSE, "watch/framing", "GET", SSE_PATH, frames=_cut),
    Fault("events-have-an-id", SSE, "watch/framing", "GET", SSE_PATH, frames=_with_id),
    Fault("pings-have-data", SSE, "watch/framing", "GET", SSE_PATH, frames=_ping_with_data),
    Fault("data-has-another-name", SSE, "watch/framing", "GET", SSE_PATH, frames=_renamed),
    Fault("events-of-another-workspace", SSE, "watch/first-events", "GET", SSE_PATH, frames=_other),
    Fault(
        "events-lack-a-setting", SSE, "watch/same-as-reading", "GET", SSE_PATH, frames=_no_settings
    ),
    Fault(
        "events-lack-the-deadline",
        SSE,
        "watch/announces-a-deadline",
        "GET",
        SSE_PATH,
        frames=_lowered,
    ),
    Fault("data-has-blanks", SSE, "watch/one-line-of-data", "GET", SSE_PATH, frames=_pretty),
    Fault(
        "no-ping-message-comes-first",
        WS,
        "watch-ws/first-messages",
        "GET",
        WS_PATH,
        messages=_ws_no_ping,
    ),
    Fault(
        "nothing-is-sent-after-the-first",
        WS,
        "watch-ws/announces-changes",
        "GET",
        WS_PATH,
        messages=_ws_silent,
    ),
    Fault(
        "the-first-message-comes-again",
        WS,
        "watch-ws/announces-changes",
        "GET",
        WS_PATH,
        messages=_ws_stale,
    ),
    Fault("messages-are-binary", WS, "watch-ws/framing", "GET", WS_PATH, messages=_ws_binary),
    Fault(
        "messages-of-another-workspace",
        WS,
        "watch-ws/first-messages",
        "GET",
        WS_PATH,
        messages=_ws_other,
    ),
    Fault("a-ping-lacks-its-data", WS, "watch-ws/framing", "GET", WS_PATH, messages=_ws_no_data),
    Fault(
        "the-socket-closes-after-data",
        WS,
        "watch-ws/announces-changes",
        "GET",
        WS_PATH,
        messages=_ws_closes,
    ),
    Fault("the-close-code-is-1000", WS, "watch-ws/one-way", "GET", WS_PATH, messages=_ws_code),
    Fault(
        "a-subprotocol-is-agreed-to",
        WS,
        "watch-ws/nothing-negotiated",
        "GET",
        WS_PATH,
        messages=_ws_subprotocol,
    ),
    Fault(
        "messages-lack-the-line-break",
        WS,
        "watch-ws/text-with-line-break",
        "GET",
        WS_PATH,
        messages=_ws_no_newline,
    ),
    Fault("clients-may-talk", WS, "watch-ws/one-way", "GET", WS_PATH, deaf=lambda _: True),
    Fault(
        "any-origin-may-watch", WS, "watch-ws/foreign-origin", "GET", WS_PATH, rewrite=_any_origin
    ),
]
