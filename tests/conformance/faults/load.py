"""Faults under load, and after many requests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from tests.conformance.faults.pieces.makers import at
from tests.conformance.faults.pieces.past import Memory
from tests.conformance.faults.pieces.places import (
    AUTOSTART,
    DORMANT,
    GET,
    LIST,
    PATHS,
    RENAME,
    TIMINGS,
    TTL,
)
from tests.conformance.faults.pieces.requests import changed, field, identifier, of_place
from tests.conformance.faulty import Answer, Call, Fault, Further, Json, compact
from tests.conformance.faulty_wire import Line

_SHORT = "state/short-sequences"
_LONG = "state/long-sequences"
_LIMITS = ("--load-seconds=3", "--load-workers=6")


def _after(
    name: str,
    sentence: str,
    more: Callable[[Call, Json, Memory], list[Further]],
) -> Fault:
    """A fault of a sequence: after some request, in some state, more is done."""
    memory = Memory()
    return Fault(
        name,
        GET,
        _SHORT,
        ".*",
        ".*",
        alter=memory.see,
        also=lambda call: more(call, memory.of(call), memory),
        sentence=sentence,
    )


def _wakes_without_time(call: Call, workspace: Json, _: Memory) -> list[Further]:
    wakes = of_place(call, PATHS[DORMANT]) and field(call, "dormant") is False
    if wakes and workspace.get("ttl_ms"):
        return [("PUT", f"/workspaces/{identifier(call)}/ttl", {})]
    return []


def _rename_wakes(call: Call, workspace: Json, _: Memory) -> list[Further]:
    if of_place(call, PATHS[RENAME]) and workspace.get("dormant_at"):
        return [("PUT", f"/workspaces/{identifier(call)}/dormant", {"dormant": False})]
    return []


def _forgetful() -> Callable[[Call], None]:
    """Of a workspace's changes of its schedule the fourth one and all later ones are lost."""
    last: dict[str, list[Any]] = {}

    def rewrite(call: Call) -> None:
        values = last.setdefault(call.path, [])
        values.append(field(call, "schedule"))
        if len(values) > 3:
            changed("schedule", lambda _: values[2])(call)

    return rewrite


def _sometimes(every: int) -> Callable[[Answer], None]:
    """Let one of so many answers be an error."""
    asked = 0

    def alter(answer: Answer) -> None:
        nonlocal asked
        asked += 1
        if asked % every == 0:
            answer.status = 503
            answer.body = compact({"message": "Too many requests at once."})

    return alter


class _Crowd:
    """When each connection was used last to ask for a list."""

    def __init__(self) -> None:
        self.asked: dict[int, float] = {}
        self.lock = threading.Lock()

    def join(self, connection: int) -> int:
        """Ask; how many did so within the last second."""
        now = time.monotonic()
        with self.lock:
            self.asked[connection] = now
            return sum(now - then < 1 for then in self.asked.values())


class _Crowded(Line):
    """Takes its time with lists where more than three connections ask for them."""

    crowd = _Crowd()

    def sent(self, piece: bytes) -> bytes:
        if piece.startswith(b"GET /api/v2/workspaces "):
            self.pause = 0.2 if self.crowd.join(id(self)) > 3 else 0.0
        return piece


FAULTS: list[Fault] = [
    at(
        TIMINGS,
        "answers-are-slow",
        "Answers come 0.3 s late; judged only where a limit is given, as it was here.",
        "service/latency",
        pause=0.3,
        arguments=("--max-latency", f"{TIMINGS}:p95=250"),
    ),
    at(
        TTL,
        "changes-are-slow",
        "Changes are answered 0.1 s late; judged only where a limit is given.",
        "service/latency-of-changes",
        pause=0.1,
        arguments=("--max-latency", f"{TTL}:p95=80"),
    ),
    at(
        TIMINGS,
        "one-of-thirty-answers-fails",
        "One of thirty answers is an error; judged where not more than 1 % may be one.",
        "service/sustained-load",
        alter=_sometimes(30),
        arguments=(*_LIMITS, "--max-error-rate=1%"),
    ),
    at(
        ("", ""),
        "a-crowd-is-slow",
        "With more than three connections at once answers come 0.2 s late.",
        "service/sustained-load",
        LIST,
        wire=_Crowded,
        arguments=(*_LIMITS, "--max-latency", f"{LIST}:p95=180"),
    ),
    at(
        AUTOSTART,
        "the-fourth-schedule-is-lost",
        "Of a workspace's schedules the fourth one and all later ones are lost.",
        _LONG,
        GET,
        rewrite=_forgetful(),
        profile="full",
    ),
    _after(
        "waking-up-costs-the-time-to-stop",
        "A workspace that becomes active again loses its time to stop.",
        _wakes_without_time,
    ),
    _after(
        "a-rename-wakes",
        "A dormant workspace becomes active when it is renamed.",
        _rename_wakes,
    ),
]
