"""Faults of how streams are written: heads, pieces, pings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.places import NOBODY, SSE, SSE_PATH, WS
from tests.conformance.faults.pieces.streams import event_changed, is_event, kind, message_changed
from tests.conformance.faulty import Answer, Fault, Json, Message


def _commented(piece: bytes, _: Json) -> Iterable[bytes]:
    return [b": still here\n\n", piece]


def _with_retry(piece: bytes, _: Json) -> Iterable[bytes]:
    return [piece.replace(b"event: data\n", b"event: data\nretry: 1000\n")]


def _unchallenged(message: Message, _: Json) -> Iterable[Message]:
    kept = [h for h in message.get("headers", []) if h[0].lower() != b"www-authenticate"]
    return [{**message, "headers": kept} if "headers" in message else message]


def _no_heartbeat(piece: bytes, memory: Json) -> Iterable[bytes]:
    """The first ping, and none after it."""
    if not piece.startswith(b"event: ping\n"):
        return [piece]
    memory["pings"] = memory.get("pings", 0) + 1
    return [piece] if memory["pings"] == 1 else []


def _no_data_first(piece: bytes, memory: Json) -> Iterable[bytes]:
    """The state at the beginning is left out; only changes are told."""
    if piece.startswith(b"event: data\n") and not memory.get("seen"):
        memory["seen"] = True
        return []
    return [piece]


def _no_ping(piece: bytes, _: Json) -> Iterable[bytes]:
    return [] if is_event(piece, "ping") else [piece]


def _crlf(piece: bytes, _: Json) -> Iterable[bytes]:
    return [piece.replace(b"\n", b"\r\n")]


def _cut(piece: bytes, _: Json) -> Iterable[bytes]:
    return [piece[:-20] + b"\n\n" if is_event(piece, "data") else piece]


def _with_id(piece: bytes, _: Json) -> Iterable[bytes]:
    return [b"id: 1\n" + piece]


def _ping_with_data(piece: bytes, _: Json) -> Iterable[bytes]:
    return [b"event: ping\ndata: null\n\n" if is_event(piece, "ping") else piece]


def _renamed(piece: bytes, _: Json) -> Iterable[bytes]:
    return [piece.replace(b"event: data\n", b"event: update\n")]


def _other(piece: bytes, _: Json) -> Iterable[bytes]:
    return [event_changed(piece, lambda w: w.update(id=NOBODY))]


def _pretty(piece: bytes, _: Json) -> Iterable[bytes]:
    if not is_event(piece, "data"):
        return [piece]
    value = json.loads(piece.split(b"data: ", 1)[1])
    return [b"event: data\ndata: " + json.dumps(value).encode() + b"\n\n"]


def _ws_no_ping(message: Message, _: Json) -> Iterable[Message]:
    return [] if kind(message) == "ping" else [message]


def _ws_other(message: Message, _: Json) -> Iterable[Message]:
    return message_changed(message, lambda v: v["data"] and v["data"].update(id=NOBODY))


def _ws_no_newline(message: Message, _: Json) -> Iterable[Message]:
    return [{**message, "text": message["text"].rstrip()}] if kind(message) else [message]


def _as_event(answer: Answer) -> None:
    """Tell an error in the stream."""
    if answer.status in {400, 404}:
        answer.body = b"event: error\ndata: " + answer.body.rstrip() + b"\n\n"
        answer.status = 200
        answer.headers["content-type"] = "text/event-stream"


def _typed_as_events(status: int) -> Callable[[Answer], None]:
    """An error with the content type of a stream."""

    def alter(answer: Answer) -> None:
        if answer.status == status:
            answer.headers["content-type"] = "text/event-stream"

    return alter


def _forbidden(answer: Answer) -> None:
    if answer.status == 401:
        answer.status = 403


def _head(name: str, value: str | None) -> Callable[[Answer], None]:
    """Another header of a stream."""

    def alter(answer: Answer) -> None:
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            answer.headers.pop(name, None)
            if value is not None:
                answer.headers[name] = value

    return alter


def _sse(name: str, sentence: str, subject: str, alter: Callable[[Answer], None]) -> Fault:
    return Fault(name, SSE, f"watch/{subject}", "GET", SSE_PATH, alter=alter, sentence=sentence)


FAULTS: list[Fault] = [
    named(WS, "no-ping-message-comes-first", "watch-ws/first-messages", messages=_ws_no_ping),
    named(WS, "messages-of-another-workspace", "watch-ws/first-messages", messages=_ws_other),
    at(
        WS,
        "sockets-do-not-challenge",
        "Handshakes are answered 401 without a challenge.",
        "watch-ws/needs-a-token",
        messages=_unchallenged,
    ),
    named(
        WS, "messages-lack-the-line-break", "watch-ws/text-with-line-break", messages=_ws_no_newline
    ),
    _sse(
        "errors-are-events",
        "Errors are told in the stream.",
        "errors-before-the-stream",
        _as_event,
    ),
    _sse(
        "unknown-workspaces-are-typed-as-events",
        "The answer about an unknown workspace has the content type of a stream.",
        "errors-before-the-stream",
        _typed_as_events(404),
    ),
    named(
        SSE, "the-state-at-the-beginning-is-left-out", "watch/first-events", frames=_no_data_first
    ),
    named(SSE, "no-ping-comes-first", "watch/first-events", frames=_no_ping),
    named(SSE, "events-of-another-workspace", "watch/first-events", frames=_other),
    at(
        SSE,
        "streams-have-comments",
        "There are comments between the events.",
        "watch/framing",
        frames=_commented,
    ),
    at(
        SSE,
        "events-tell-when-to-retry",
        "Events have a field for retrying.",
        "watch/framing",
        frames=_with_retry,
    ),
    named(SSE, "lines-end-with-crlf", "watch/framing", frames=_crlf),
    named(SSE, "data-is-cut-off", "watch/framing", frames=_cut),
    named(SSE, "events-have-an-id", "watch/framing", frames=_with_id),
    named(SSE, "pings-have-data", "watch/framing", frames=_ping_with_data),
    named(SSE, "data-has-another-name", "watch/framing", frames=_renamed),
    _sse(
        "streams-may-be-stored",
        "Streams lack Cache-Control.",
        "headers",
        _head("cache-control", None),
    ),
    _sse(
        "streams-may-be-buffered",
        "Streams may be buffered on their way.",
        "headers",
        _head("x-accel-buffering", "yes"),
    ),
    at(
        SSE,
        "there-is-no-heartbeat",
        "A ping comes first, and never again.",
        "watch/heartbeat",
        frames=_no_heartbeat,
        profile="full",
    ),
    _sse(
        "strangers-may-not-watch",
        "Without a token the answer is 403.",
        "needs-a-token",
        _forbidden,
    ),
    _sse(
        "refusals-are-typed-as-events",
        "The answer without a token has the content type of a stream.",
        "needs-a-token",
        _typed_as_events(401),
    ),
    named(SSE, "data-has-blanks", "watch/one-line-of-data", frames=_pretty),
]
