"""Faults of what streams tell after the first event: of changes, to whom, and of which ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from tests.conformance.faults.pieces.places import SSE, WS
from tests.conformance.faults.pieces.requests import field, identifier
from tests.conformance.faults.pieces.streams import (
    Frames,
    Messages,
    event_with,
    message_with,
    of_either,
)
from tests.conformance.faulty import WORKSPACE, Call, Fault, Further, Json, Message

# What becomes of an event: pairs of its kind and payload for one such pair.
Events = Iterable[tuple[str, Any]]
Told = Callable[[str, Any, Json], Events]
LOST = "Internal error fetching workspace."


def _frames(told: Told) -> Frames:
    def each(piece: bytes, memory: Json) -> Iterable[bytes]:
        if b"\ndata: " not in piece:
            return [piece]
        head, data = piece.split(b"\ndata: ", 1)
        kind, payload = head.removeprefix(b"event: ").decode(), json.loads(data)
        return [event_with(*event) for event in told(kind, payload, memory)]

    return each


def _messages(told: Told) -> Messages:
    def each(message: Message, memory: Json) -> Iterable[Message]:
        text = message.get("text") if message["type"] == "websocket.send" else None
        value: Any = json.loads(text) if text else {"type": "ping"}
        if value["type"] == "ping":
            return [message]
        return [message_with(*event) for event in told(value["type"], value["data"], memory)]

    return each


def _both(name: str, sentence: str, subject: str, told: Callable[[], Told]) -> list[Fault]:
    return of_either(name, sentence, subject, _frames(told()), _messages(told()))


def _later(change: Callable[[Json, Json], None]) -> Told:
    """Change the data events but for the first one; with it they are given the first one."""

    def told(kind: str, payload: Any, memory: Json) -> Events:
        if kind == "data":
            if "first" in memory:
                change(payload, memory["first"])
            memory.setdefault("first", json.loads(json.dumps(payload)))
        return [(kind, payload)]

    return told


def _without_health(payload: Json, _: Json) -> None:
    del payload["health"]


def _status_of_the_job(payload: Json, _: Json) -> None:
    build = payload["latest_build"]
    build["status"] = build["job"]["status"]


def _without_apps(payload: Json, _: Json) -> None:
    for resource in payload["latest_build"]["resources"]:
        for agent in resource.get("agents", []):
            agent["apps"] = []


def _without_schedule(payload: Json, _: Json) -> None:
    payload.pop("autostart_schedule", None)
    payload["next_start_at"] = None


def _watches_on() -> Told:
    """Whoever was let in once is told of everything, as far as this server can know it."""

    def told(kind: str, payload: Any, memory: Json) -> Events:
        if kind == "data":
            memory["last"] = payload
            return [(kind, payload)]
        return [("data", memory["last"])] if "last" in memory else [(kind, payload)]

    return told


def _silent_errors() -> Told:
    return lambda kind, payload, _: [(kind, payload)] if kind == "data" else []


def _lost_for_good() -> Told:
    """After an error there are only errors."""

    def told(kind: str, payload: Any, memory: Json) -> Events:
        memory["lost"] = memory.get("lost") or kind == "error"
        return [("error", {"message": LOST})] if memory["lost"] else [(kind, payload)]

    return told


def _another_text() -> Told:
    def told(kind: str, payload: Any, _: Json) -> Events:
        return [(kind, {"message": "Forbidden."} if kind == "error" else payload)]

    return told


def _no_agents() -> Told:
    """Leave out events in which nothing is new but what agents report."""

    def told(kind: str, payload: Any, memory: Json) -> Events:
        build = payload.get("latest_build", {})
        now = [build.get("id"), build.get("status"), build.get("deadline"), payload.get("name")]
        was, memory["now"] = memory.get("now"), now
        return [] if now == was else [(kind, payload)]

    return told


def _no_repetition() -> Told:
    """Leave out events that show what the last one showed."""

    def told(kind: str, payload: Any, memory: Json) -> Events:
        was, memory["was"] = memory.get("was"), payload
        return [] if was == payload else [(kind, payload)]

    return told


def _loud(
    subject: str, sentence: str, method: str, path: str, when: Callable[[Call], bool]
) -> list[Fault]:
    """An event of each change of a kind that is none."""

    def announce(call: Call) -> Further | None:
        target = f"/workspaces/{identifier(call)}/extend"
        # Refused, and announced all the same.
        return ("PUT", target, {"deadline": "2000-01-01T00:00:00Z"}) if when(call) else None

    return [
        Fault(
            f"{kind}-about-{subject}",
            watch,
            f"{requirements}/quiet-about-{subject}",
            method,
            f"{WORKSPACE}/{path}",
            also=announce,
            sentence=sentence,
        )
        for kind, watch, requirements in (("event", SSE, "watch"), ("message", WS, "watch-ws"))
    ]


FAULTS = [
    *_both(
        "lack-a-field-later",
        "only the first one shows the health of the workspace.",
        "each-event-fits",
        lambda: _later(_without_health),
    ),
    *_both(
        "show-the-job-as-the-build",
        "all but the first one show the status of the job as that of the build.",
        "each-event-fits",
        lambda: _later(_status_of_the_job),
    ),
    *_both(
        "lack-apps-later",
        "only the first one shows the apps of agents.",
        "changes-in-depth",
        lambda: _later(_without_apps),
    ),
    *_both(
        "lack-the-schedule-later",
        "only the first one shows the schedule.",
        "changes-in-depth",
        lambda: _later(_without_schedule),
    ),
    *_both(
        "go-on-without-access",
        "a user whose access was withdrawn is sent data still.",
        "withdrawn-access",
        _watches_on,
    ),
    *_both(
        "say-nothing-without-access",
        "a user whose access was withdrawn is told nothing.",
        "withdrawn-access",
        _silent_errors,
    ),
    *_both(
        "stay-errors",
        "after one error there are only errors.",
        "withdrawn-access",
        _lost_for_good,
    ),
    *_both(
        "are-forbidden-without-access",
        "a user whose access was withdrawn is told another message.",
        "withdrawn-access-text",
        _another_text,
    ),
    *_both(
        "leave-agents-out",
        "nothing is told of what agents report.",
        "announces-agents",
        _no_agents,
    ),
    *_both(
        "never-repeat",
        "nothing is told where nothing has changed.",
        "announces-refused-extensions",
        _no_repetition,
    ),
    *_loud("usage", "Use is announced.", "POST", "usage", bool),
    *_loud("sharing", "New roles are announced.", "PATCH", "acl", bool),
    *_loud(
        "no-ttl",
        "That a time to stop is cleared is announced.",
        "PUT",
        "ttl",
        lambda call: not field(call, "ttl_ms"),
    ),
]
