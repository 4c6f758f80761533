"""Faults of what streams show: of a workspace, of a deleted one, and of what reading shows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from tests.conformance.faults.pieces.makers import named
from tests.conformance.faults.pieces.places import SSE, WS
from tests.conformance.faults.pieces.streams import Told, both, event_changed, step_of
from tests.conformance.faults.pieces.workspaces import Change, put
from tests.conformance.faulty import WORKSPACE, Fault, Json, Message, compact


def _payload(piece: bytes, change: Change) -> bytes:
    if not piece.startswith(b"event: data\n"):
        return piece
    value = json.loads(piece.split(b"data: ", 1)[1])
    change(value)
    return b"event: data\ndata: " + compact(value).rstrip(b"\n") + b"\n\n"


def _events(change: Change) -> Callable[[bytes, Json], Iterable[bytes]]:
    return lambda piece, _: [_payload(piece, change)]


def _messages(change: Change) -> Callable[[Message, Json], Iterable[Message]]:
    def each(message: Message, _: Json) -> Iterable[Message]:
        if message["type"] != "websocket.send" or "text" not in message:
            return [message]
        value = json.loads(message["text"])
        if value["type"] != "data":
            return [message]
        change(value["data"])
        return [{**message, "text": compact(value).decode()}]

    return each


def _both(name: str, sentence: str, change: Change) -> list[Fault]:
    return [
        Fault(
            f"events-{name}",
            SSE,
            "watch/in-depth",
            "GET",
            f"{WORKSPACE}/watch",
            frames=_events(change),
            sentence=f"Events {sentence}",
        ),
        Fault(
            f"messages-{name}",
            WS,
            "watch-ws/in-depth",
            "GET",
            f"{WORKSPACE}/watch-ws",
            messages=_messages(change),
            sentence=f"Messages {sentence}",
        ),
    ]


def _no_settings(piece: bytes, _: Json) -> Iterable[bytes]:
    return [event_changed(piece, lambda w: w.pop("ttl_ms", None))]


def _ends_with_it() -> Told:
    """End the stream with the deletion."""

    def told(payload: Json, memory: Json) -> Iterable[Json | None]:
        memory["seen"] = memory.get("seen", 0) + 1
        over = step_of(payload)[1] == "deleted" and memory["seen"] > 1
        return [payload, None] if over else [payload]

    return told


def _never_gone() -> Told:
    """Say nothing of the end of a deletion."""

    def told(payload: Json, memory: Json) -> Iterable[Json | None]:
        memory["seen"] = memory.get("seen", 0) + 1
        return [] if step_of(payload)[1] == "deleted" and memory["seen"] > 1 else [payload]

    return told


def _not_found() -> Told:
    """Do not find what is deleted."""

    def told(payload: Json, _: Json) -> Iterable[Json | None]:
        gone: Json = {"message": "Internal error fetching workspace."}
        return [gone if step_of(payload)[1] == "deleted" else payload]

    return told


def _as_it_ran() -> Told:
    """Show deleted ones as stopped."""

    def told(payload: Json, _: Json) -> Iterable[Json | None]:
        if step_of(payload)[1] == "deleted":
            payload["latest_build"]["status"] = "stopped"
        return [payload]

    return told


def _another(field: str, value: Any) -> Told:
    """Tell another value of a field than reading does."""
    return lambda payload, _: [{**payload, field: value}]


FAULTS: list[Fault] = [
    *both("end-with-the-deletion", "the deletion ends them.", "deletion", _ends_with_it),
    *both("lack-the-deletion", "the end of a deletion is not told.", "deletion", _never_gone),
    *_both("lack-the-mark", "never show the mark.", put(False, "favorite")),
    *_both("lack-the-next-start", "never show the next start.", put(None, "next_start_at")),
    *_both("lack-dormancy", "never show dormancy.", put(None, "dormant_at")),
    *both(
        "do-not-find-the-deleted",
        "of a deleted workspace there is only an error.",
        "of-a-deleted-one",
        _not_found,
    ),
    *both(
        "show-the-deleted-as-stopped",
        "a deleted workspace is shown as stopped.",
        "of-a-deleted-one",
        _as_it_ran,
    ),
    named(SSE, "events-lack-a-setting", "watch/same-as-reading", frames=_no_settings),
    *both(
        "are-always-up-to-date",
        "workspaces are shown as outdated.",
        "same-as-reading",
        lambda: _another("outdated", True),
    ),
]
