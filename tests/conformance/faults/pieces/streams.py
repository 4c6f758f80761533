"""How faults change what the two streams tell."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from tests.conformance.faults.pieces.places import SSE, SSE_PATH, WS, WS_PATH
from tests.conformance.faulty import Fault, Json, Message, compact

Told = Callable[[Json, Json], Iterable[Json | None]]
Frames = Callable[[bytes, Json], Iterable[bytes]]
Messages = Callable[[Message, Json], Iterable[Message]]


def is_event(piece: bytes, event: str) -> bool:
    """Whether a piece of a stream is an event of a type."""
    return piece.startswith(f"event: {event}\n".encode())


def event_changed(piece: bytes, change: Any) -> bytes:
    """Change the payload of an event with data."""
    if not is_event(piece, "data"):
        return piece
    value = json.loads(piece.split(b"data: ", 1)[1])
    change(value)
    return b"event: data\ndata: " + json.dumps(value, separators=(",", ":")).encode() + b"\n\n"


def message_changed(message: Message, change: Any) -> Iterable[Message]:
    """Change the JSON of a message."""
    if message["type"] != "websocket.send" or not message.get("text"):
        return [message]
    value = json.loads(message["text"])
    change(value)
    return [{"type": "websocket.send", "text": json.dumps(value, separators=(",", ":")) + "\n"}]


def kind(message: Message) -> str:
    """The type of a message, empty when it has none."""
    text = message.get("text") if message["type"] == "websocket.send" else None
    return str(json.loads(text)["type"]) if text else ""


def frames(told: Told) -> Frames:
    """What becomes of the payloads of events; None ends the stream."""

    def each(piece: bytes, memory: Json) -> Iterable[bytes]:
        if not piece.startswith(b"event: data\n"):
            return [piece]
        value = json.loads(piece.split(b"data: ", 1)[1])
        return [b"" if new is None else event_of(new) for new in told(value, memory)]

    return each


def event_of(payload: Json) -> bytes:
    """An event with a payload."""
    return event_with("error" if "message" in payload else "data", payload)


def event_with(kind: str, payload: Any) -> bytes:
    """An event of a kind with a payload."""
    return b"event: " + kind.encode() + b"\ndata: " + compact(payload).rstrip(b"\n") + b"\n\n"


def messages(told: Told) -> Messages:
    """What becomes of the payloads of messages; None ends the connection."""

    def each(message: Message, memory: Json) -> Iterable[Message]:
        if memory.get("ended"):
            return []
        text = message.get("text") if message["type"] == "websocket.send" else None
        value: Any = json.loads(text) if text else {}
        if value.get("type") != "data":
            return [message]
        new = list(told(value["data"], memory))
        memory["ended"] = None in new
        return [message_of(payload) for payload in new]

    return each


def message_of(payload: Json | None) -> Message:
    """A message with a payload; none closes the connection."""
    if payload is None:
        return {"type": "websocket.close", "code": 1000, "reason": "Connection closed"}
    return message_with("error" if "message" in payload else "data", payload)


def message_with(kind: str, payload: Any) -> Message:
    """A message of a kind with a payload."""
    return {"type": "websocket.send", "text": compact({"type": kind, "data": payload}).decode()}


def both(name: str, sentence: str, subject: str, told: Callable[[], Told]) -> list[Fault]:
    """A fault of either stream."""
    return of_either(name, sentence, subject, frames(told()), messages(told()))


def of_either(
    name: str, sentence: str, subject: str, frames: Frames, messages: Messages
) -> list[Fault]:
    """A fault of either stream, by what becomes of the pieces of each."""
    return [
        Fault(
            f"events-{name}",
            SSE,
            f"watch/{subject}",
            "GET",
            SSE_PATH,
            frames=frames,
            sentence=f"Event streams: {sentence}",
        ),
        Fault(
            f"messages-{name}",
            WS,
            f"watch-ws/{subject}",
            "GET",
            WS_PATH,
            messages=messages,
            sentence=f"WebSockets: {sentence}",
        ),
    ]


def step_of(payload: Json) -> tuple[int, str]:
    """The number and the status of the build that a payload shows."""
    build = payload["latest_build"]
    return build["build_number"], build["status"]
