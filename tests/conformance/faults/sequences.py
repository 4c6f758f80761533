"""Faults that need a past or a crowd: of sequences of operations, and of many requests at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from tests.conformance.faults.kit import (
    DORMANT,
    GET,
    LIST,
    PATHS,
    RENAME,
    TIMINGS,
    TTL,
    changed,
    field,
    identifier,
    of_place,
)
from tests.conformance.faults.memory import Memory
from tests.conformance.faulty import WORKSPACE, Answer, Call, Fault, Further, Json, compact
from tests.conformance.faulty_wire import Line

_SHORT, _LONG = "state/short-sequences", "state/long-sequences"
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


FAULTS = [
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
    Fault(
        "the-fourth-schedule-is-lost",
        GET,
        _LONG,
        "PUT",
        f"{WORKSPACE}/autostart",
        rewrite=_forgetful(),
        profile="full",
        sentence="Of a workspace's schedules the fourth one and all later ones are lost.",
    ),
    Fault(
        "changes-are-slow",
        TTL,
        "service/latency-of-changes",
        "PUT",
        f"{WORKSPACE}/ttl",
        pause=0.1,
        arguments=("--max-latency", f"{TTL}:p95=80"),
        sentence="Changes are answered 0.1 s late; judged only where a limit is given.",
    ),
    Fault(
        "one-of-thirty-answers-fails",
        TIMINGS,
        "service/sustained-load",
        "GET",
        f"{WORKSPACE}/timings",
        alter=_sometimes(30),
        arguments=(*_LIMITS, "--max-error-rate=1%"),
        sentence="One of thirty answers is an error; judged where not more than 1 % may be one.",
    ),
    Fault(
        "a-crowd-is-slow",
        LIST,
        "service/sustained-load",
        "",
        "",
        wire=_Crowded,
        arguments=(*_LIMITS, "--max-latency", f"{LIST}:p95=180"),
        sentence="With more than three connections at once answers come 0.2 s late.",
    ),
]
