"""Faults of what streams announce: too much, too little, in the wrong order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.places import (
    AUTOSTART,
    DORMANT,
    MARK,
    NOBODY,
    SSE,
    TTL,
    UPDATES,
    WS,
)
from tests.conformance.faults.pieces.requests import identifier
from tests.conformance.faults.pieces.streams import (
    Told,
    both,
    event_changed,
    is_event,
    kind,
    messages,
    step_of,
)
from tests.conformance.faulty import WORKSPACE, Call, Fault, Further, Json, Message

# Longer than the self-test waits for an event.
_LATE = 6.0
_PAST = "2000-01-01T00:00:00Z"


def _news(part: Callable[[Json], Any]) -> Callable[[bytes, Json], Iterable[bytes]]:
    """Leave out the events in which nothing but a part is new."""

    def each(piece: bytes, memory: Json) -> Iterable[bytes]:
        if not piece.startswith(b"event: data\n"):
            return [piece]
        value = json.loads(piece.split(b"data: ", 1)[1])
        build = value["latest_build"]
        now = (build["id"], build["status"], len(build["resources"]))
        hidden = memory.get("now") == now and memory["part"] != part(value)
        memory.setdefault("part", part(value))
        memory["now"] = now
        return [] if hidden else [piece]

    return each


def _as_it_is(piece: bytes, _: Json) -> Iterable[bytes]:
    return [piece]


def _message_as_it_is(message: Message, _: Json) -> Iterable[Message]:
    return [message]


def _other_afterwards(message: Message, memory: Json) -> Iterable[Message]:
    """The first state is right, and every later one is about another workspace."""
    text = message.get("text") if message["type"] == "websocket.send" else None
    value: Any = json.loads(text) if text else {}
    if value.get("type") != "data":
        return [message]
    memory["seen"] = memory.get("seen", 0) + 1
    if memory["seen"] == 1:
        return [message]
    value["data"]["id"] = NOBODY
    return [{**message, "text": json.dumps(value, separators=(",", ":")) + "\n"}]


def _first_data(piece: bytes, memory: Json) -> bool:
    """Whether it is data, and the first one."""
    if not is_event(piece, "data"):
        return False
    memory["seen"] = memory.get("seen", 0) + 1
    return bool(memory["seen"] == 1)


def _silent(piece: bytes, memory: Json) -> Iterable[bytes]:
    return [piece] if not is_event(piece, "data") or _first_data(piece, memory) else []


def _stale(piece: bytes, memory: Json) -> Iterable[bytes]:
    if is_event(piece, "data"):
        memory.setdefault("first", piece)
        return [memory["first"]]
    return [piece]


def _lowered(piece: bytes, _: Json) -> Iterable[bytes]:
    return [event_changed(piece, lambda w: w["latest_build"].update(deadline=None))]


def _ws_silent(message: Message, memory: Json) -> Iterable[Message]:
    if kind(message) != "data":
        return [message]
    memory["seen"] = memory.get("seen", 0) + 1
    return [message] if memory["seen"] == 1 else []


def _ws_closes(message: Message, _: Json) -> Iterable[Message]:
    if kind(message) == "data":
        return [message, {"type": "websocket.close", "code": 1000}]
    return [message]


def _ws_stale(message: Message, memory: Json) -> Iterable[Message]:
    if kind(message) == "data":
        memory.setdefault("first", message)
        return [memory["first"]]
    return [message]


def _no_middle() -> Told:
    """Tell of the beginning and the end of a build only."""

    def told(payload: Json, _: Json) -> Iterable[Json | None]:
        middle = step_of(payload)[1] in {"starting", "stopping", "deleting"}
        return [] if middle else [payload]

    return told


def _no_beginning() -> Told:
    """Tell of a build once somebody works at it."""

    def told(payload: Json, memory: Json) -> Iterable[Json | None]:
        memory["seen"] = memory.get("seen", 0) + 1
        pending = step_of(payload)[1] == "pending"
        return [] if pending and memory["seen"] > 1 else [payload]

    return told


def _back_again() -> Told:
    """After the end of a build its step before comes once more."""

    def told(payload: Json, memory: Json) -> Iterable[Json | None]:
        last = memory.get("last", payload)
        memory["last"] = payload
        ended = step_of(payload)[1] in {"running", "stopped"}
        back = (
            ended and step_of(last)[0] == step_of(payload)[0] and step_of(last) != step_of(payload)
        )
        return [payload, last] if back else [payload]

    return told


def _news_without(part: Callable[[Json], Any]) -> Told:
    """Leave out the events in which nothing but a part is new."""

    def told(payload: Json, memory: Json) -> Iterable[Json | None]:
        now = (step_of(payload), len(payload["latest_build"]["resources"]))
        hidden = memory.get("now") == now and memory["part"] != part(payload)
        memory.setdefault("part", part(payload))
        memory["now"] = now
        return [] if hidden else [payload]

    return told


def _old(part: str) -> Told:
    """Go on telling what a field of the workspace was at the beginning."""

    def told(payload: Json, memory: Json) -> Iterable[Json | None]:
        return [{**payload, part: memory.setdefault("first", payload[part])}]

    return told


def _announce(call: Call) -> Further:
    """A request that changes nothing and is announced."""
    return "PUT", f"/workspaces/{identifier(call)}/extend", {"deadline": _PAST}


def _loud(subject: str, operation: str, path: str, method: str = "PUT") -> list[Fault]:
    """An event of each change of a kind that is none."""
    name = f"{subject}-{'is' if subject in {'autostart', 'ttl', 'dormancy'} else 'are'}-announced"
    return [
        Fault(
            f"{kind}-{name}",
            watch,
            f"{requirements}/quiet-about-{subject}",
            method,
            f"{WORKSPACE}/{path}",
            also=_announce,
            sentence=f"A change by {operation} is announced.",
        )
        for kind, watch, requirements in (("event", SSE, "watch"), ("message", WS, "watch-ws"))
    ]


def _deadline(payload: Json) -> Any:
    return payload["latest_build"]["deadline"]


FAULTS: list[Fault] = [
    at(
        WS,
        "deadlines-send-no-message",
        "A new deadline sends no message.",
        "watch-ws/announces-a-deadline",
        messages=messages(_news_without(_deadline)),
    ),
    at(
        WS,
        "renames-send-no-message",
        "A rename sends no message.",
        "watch-ws/announces-a-rename",
        messages=messages(_news_without(lambda w: w["name"])),
    ),
    named(
        WS,
        "messages-keep-the-old-name",
        "watch-ws/announces-a-rename",
        messages=messages(_old("name")),
    ),
    at(
        WS,
        "messages-come-late",
        f"Every message after the first two comes {_LATE:g} s late.",
        "watch-ws/announces-changes",
        messages=_message_as_it_is,
        pause=_LATE,
    ),
    named(
        WS,
        "changes-of-another-workspace-are-told",
        "watch-ws/announces-changes",
        messages=_other_afterwards,
    ),
    named(WS, "nothing-is-sent-after-the-first", "watch-ws/announces-changes", messages=_ws_silent),
    named(WS, "the-first-message-comes-again", "watch-ws/announces-changes", messages=_ws_stale),
    named(WS, "the-socket-closes-after-data", "watch-ws/announces-changes", messages=_ws_closes),
    at(
        SSE,
        "deadlines-are-not-announced",
        "A new deadline is no event.",
        "watch/announces-a-deadline",
        frames=_news(lambda w: w["latest_build"]["deadline"]),
    ),
    named(SSE, "events-lack-the-deadline", "watch/announces-a-deadline", frames=_lowered),
    at(
        SSE,
        "renames-are-not-announced",
        "A rename is no event.",
        "watch/announces-a-rename",
        frames=_news(lambda w: w["name"]),
    ),
    at(
        SSE,
        "events-come-late",
        f"Every event after the first two comes {_LATE:g} s late.",
        "watch/announces-changes",
        frames=_as_it_is,
        pause=_LATE,
    ),
    named(SSE, "nothing-is-announced", "watch/announces-changes", frames=_silent),
    named(SSE, "the-first-event-comes-again", "watch/announces-changes", frames=_stale),
    *both(
        "lack-the-middle",
        "nothing is told of a build between its beginning and its end.",
        "announces-each-step",
        _no_middle,
    ),
    *both(
        "lack-the-beginning",
        "a new build is not told of before somebody works at it.",
        "announces-each-step",
        _no_beginning,
    ),
    *both(
        "go-back",
        "after the end of a build the step before is told once more.",
        "announces-each-step",
        _back_again,
    ),
    *_loud("autostart", AUTOSTART, "autostart"),
    *_loud("autoupdates", UPDATES, "autoupdates"),
    *_loud("dormancy", DORMANT, "dormant"),
    *_loud("favorites", MARK, "favorite", "PUT|DELETE"),
    *_loud("ttl", TTL, "ttl"),
]
