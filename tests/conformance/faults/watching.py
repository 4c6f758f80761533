"""Faults of what streams announce: too much, too little, to the wrong ones, in the wrong order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from tests.conformance.faults.kit import AUTOSTART, DORMANT, MARK, SSE, TTL, UPDATES, WS, identifier
from tests.conformance.faulty import (
    WORKSPACE,
    Answer,
    Call,
    Fault,
    Further,
    Json,
    Message,
    compact,
)

Told = Callable[[Json, Json], Iterable[Json | None]]
SSE_PATH, WS_PATH = f"{WORKSPACE}/watch", f"{WORKSPACE}/watch-ws"
_PAST = "2000-01-01T00:00:00Z"


def _frames(told: Told) -> Callable[[bytes, Json], Iterable[bytes]]:
    """What becomes of the payloads of events; None ends the stream."""

    def each(piece: bytes, memory: Json) -> Iterable[bytes]:
        if not piece.startswith(b"event: data\n"):
            return [piece]
        value = json.loads(piece.split(b"data: ", 1)[1])
        return [b"" if new is None else _event(new) for new in told(value, memory)]

    return each


def _event(payload: Json) -> bytes:
    kind = b"error" if "message" in payload else b"data"
    return b"event: " + kind + b"\ndata: " + compact(payload).rstrip(b"\n") + b"\n\n"


def _messages(told: Told) -> Callable[[Message, Json], Iterable[Message]]:
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
        return [_message(payload) for payload in new]

    return each


def _message(payload: Json | None) -> Message:
    if payload is None:
        return {"type": "websocket.close", "code": 1000, "reason": "Connection closed"}
    kind = "error" if "message" in payload else "data"
    text = compact({"type": kind, "data": payload}).decode()
    return {"type": "websocket.send", "text": text}


def _both(name: str, sentence: str, subject: str, told: Callable[[], Told]) -> list[Fault]:
    """A fault of either stream."""
    return [
        Fault(
            f"events-{name}",
            SSE,
            f"watch/{subject}",
            "GET",
            SSE_PATH,
            frames=_frames(told()),
            sentence=f"Event streams: {sentence}",
        ),
        Fault(
            f"messages-{name}",
            WS,
            f"watch-ws/{subject}",
            "GET",
            WS_PATH,
            messages=_messages(told()),
            sentence=f"WebSockets: {sentence}",
        ),
    ]


def _step(payload: Json) -> tuple[int, str]:
    build = payload["latest_build"]
    return build["build_number"], build["status"]


def _no_middle() -> Told:
    """Tell of the beginning and the end of a build only."""

    def told(payload: Json, _: Json) -> Iterable[Json | None]:
        middle = _step(payload)[1] in {"starting", "stopping", "deleting"}
        return [] if middle else [payload]

    return told


def _no_beginning() -> Told:
    """Tell of a build once somebody works at it."""

    def told(payload: Json, memory: Json) -> Iterable[Json | None]:
        memory["seen"] = memory.get("seen", 0) + 1
        pending = _step(payload)[1] == "pending"
        return [] if pending and memory["seen"] > 1 else [payload]

    return told


def _back_again() -> Told:
    """After the end of a build its step before comes once more."""

    def told(payload: Json, memory: Json) -> Iterable[Json | None]:
        last = memory.get("last", payload)
        memory["last"] = payload
        ended = _step(payload)[1] in {"running", "stopped"}
        back = ended and _step(last)[0] == _step(payload)[0] and _step(last) != _step(payload)
        return [payload, last] if back else [payload]

    return told


def _news_without(part: Callable[[Json], Any]) -> Told:
    """Leave out the events in which nothing but a part is new."""

    def told(payload: Json, memory: Json) -> Iterable[Json | None]:
        now = (_step(payload), len(payload["latest_build"]["resources"]))
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


def _first_only(when: Callable[[Json], bool]) -> Told:
    """Tell some watchers of the state at the beginning and of nothing else."""

    def told(payload: Json, memory: Json) -> Iterable[Json | None]:
        memory["seen"] = memory.get("seen", 0) + 1
        return [] if memory["seen"] > 1 and when(memory) else [payload]

    return told


def _nothing(when: Callable[[Json], bool]) -> Told:
    """Tell some watchers nothing at all."""
    return lambda payload, memory: [] if when(memory) else [payload]


def _ends_with_it() -> Told:
    """End the stream with the deletion."""

    def told(payload: Json, memory: Json) -> Iterable[Json | None]:
        memory["seen"] = memory.get("seen", 0) + 1
        over = _step(payload)[1] == "deleted" and memory["seen"] > 1
        return [payload, None] if over else [payload]

    return told


def _never_gone() -> Told:
    """Say nothing of the end of a deletion."""

    def told(payload: Json, memory: Json) -> Iterable[Json | None]:
        memory["seen"] = memory.get("seen", 0) + 1
        return [] if _step(payload)[1] == "deleted" and memory["seen"] > 1 else [payload]

    return told


def _not_found() -> Told:
    """Do not find what is deleted."""

    def told(payload: Json, _: Json) -> Iterable[Json | None]:
        gone: Json = {"message": "Internal error fetching workspace."}
        return [gone if _step(payload)[1] == "deleted" else payload]

    return told


def _as_it_ran() -> Told:
    """Show deleted ones as stopped."""

    def told(payload: Json, _: Json) -> Iterable[Json | None]:
        if _step(payload)[1] == "deleted":
            payload["latest_build"]["status"] = "stopped"
        return [payload]

    return told


def _another(field: str, value: Any) -> Told:
    """Tell another value of a field than reading does."""
    return lambda payload, _: [{**payload, field: value}]


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


class _Neighbours:
    """Tells a watcher, with the next event, how another workspace looked when it was read last."""

    def __init__(self) -> None:
        self.read: dict[str, Json] = {}

    def see(self, answer: Answer) -> None:
        """Take note of a workspace that is read."""
        if answer.status == 200 and answer.body.startswith(b"{"):
            value = answer.json
            if "latest_build" in value:
                self.read[value["id"]] = value

    def told(self, payload: Json, memory: Json) -> Iterable[Json | None]:
        """The neighbour's news and then one's own."""
        memory["seen"] = memory.get("seen", 0) + 1
        others = [w for w in self.read.values() if w["id"] != payload["id"]]
        return [*others[-1:], payload] if memory["seen"] > 1 else [payload]


def _neighbours() -> list[Fault]:
    one, two = _Neighbours(), _Neighbours()
    path = f"{WORKSPACE}(/watch|/watch-ws)?"
    sentence = "A watcher is also told of the workspace that was read last."
    return [
        Fault(
            "events-of-the-neighbours",
            SSE,
            "watch/only-this-workspace",
            "GET",
            path,
            alter=one.see,
            frames=_frames(one.told),
            sentence=sentence,
        ),
        Fault(
            "messages-of-the-neighbours",
            WS,
            "watch-ws/only-this-workspace",
            "GET",
            path,
            alter=two.see,
            messages=_messages(two.told),
            sentence=sentence,
        ),
    ]


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


def _deadline(payload: Json) -> Any:
    return payload["latest_build"]["deadline"]


FAULTS = [
    *_both(
        "lack-the-middle",
        "nothing is told of a build between its beginning and its end.",
        "announces-each-step",
        _no_middle,
    ),
    *_both(
        "lack-the-beginning",
        "a new build is not told of before somebody works at it.",
        "announces-each-step",
        _no_beginning,
    ),
    *_both(
        "go-back",
        "after the end of a build the step before is told once more.",
        "announces-each-step",
        _back_again,
    ),
    *_both(
        "reach-the-first-five",
        "of many watchers the first five are told of changes.",
        "many-watchers",
        lambda: _first_only(lambda m: bool(m["place"] >= 5)),
    ),
    *_both(
        "end-with-the-first-who-leaves",
        "once a watcher has left, those who were there are told nothing more.",
        "survives-closed-watchers",
        lambda: _first_only(lambda m: bool(m["left"] > 0)),
    ),
    *_both("end-with-the-deletion", "the deletion ends them.", "deletion", _ends_with_it),
    *_both("lack-the-deletion", "the end of a deletion is not told.", "deletion", _never_gone),
    *_both(
        "do-not-find-the-deleted",
        "of a deleted workspace there is only an error.",
        "of-a-deleted-one",
        _not_found,
    ),
    *_both(
        "show-the-deleted-as-stopped",
        "a deleted workspace is shown as stopped.",
        "of-a-deleted-one",
        _as_it_ran,
    ),
    *_both(
        "are-always-up-to-date",
        "workspaces are shown as outdated.",
        "same-as-reading",
        lambda: _another("outdated", True),
    ),
    *_neighbours(),
    *_loud("autostart", AUTOSTART, "autostart"),
    *_loud("ttl", TTL, "ttl"),
    *_loud("dormancy", DORMANT, "dormant"),
    *_loud("favorites", MARK, "favorite", "PUT|DELETE"),
    *_loud("autoupdates", UPDATES, "autoupdates"),
    Fault(
        "renames-send-no-message",
        WS,
        "watch-ws/announces-a-rename",
        "GET",
        WS_PATH,
        messages=_messages(_news_without(lambda w: w["name"])),
        sentence="A rename sends no message.",
    ),
    Fault(
        "messages-keep-the-old-name",
        WS,
        "watch-ws/announces-a-rename",
        "GET",
        WS_PATH,
        messages=_messages(_old("name")),
    ),
    Fault(
        "deadlines-send-no-message",
        WS,
        "watch-ws/announces-a-deadline",
        "GET",
        WS_PATH,
        messages=_messages(_news_without(_deadline)),
        sentence="A new deadline sends no message.",
    ),
    Fault(
        "events-are-over-after-four-watchers",
        SSE,
        "robustness/aborted-watch",
        "GET",
        SSE_PATH,
        frames=_frames(_nothing(lambda m: bool(m["before"] >= 4))),
        sentence="Once four watchers have left, new ones are told nothing.",
    ),
    Fault(
        "messages-are-over-after-four-watchers",
        WS,
        "robustness/aborted-watch",
        "GET",
        WS_PATH,
        messages=_messages(_nothing(lambda m: bool(m["before"] >= 4))),
        sentence="Once four watchers have left, new ones are told nothing.",
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
]
