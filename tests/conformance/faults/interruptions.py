"""Faults of what is broken off: bodies that end early, answers that nobody waits for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.conformance.faults.pieces.lines import Requests, on_lines
from tests.conformance.faults.pieces.makers import at
from tests.conformance.faults.pieces.places import AUTOSTART, CREATE, DORMANT, GET, TTL
from tests.conformance.faulty import WORKSPACE, Answer, Call, Fault, Json
from tests.conformance.faulty_wire import CutError


class _Workers(Requests):
    """Loses one of four workers with each request that breaks off."""

    lost = 0

    def sent(self, piece: bytes) -> bytes:
        if type(self).lost >= 4:
            raise CutError
        return super().sent(piece)

    def ended(self) -> None:
        type(self).lost += self.waiting


class _Accepting(Requests):
    """Says that half a body is fine."""

    def ended(self) -> None:
        if self.missing:
            raise CutError(b"HTTP/1.1 204 No Content\r\n\r\n")


def _nothing_came(call: Call) -> None:
    """Take a body that broke off for an empty object."""
    if call.broken:
        call.body, call.broken = b"{}", False


def _completed(call: Call) -> None:
    """Guess what is missing of a body that broke off."""
    if call.broken:
        call.body, call.broken = b'{"dormant": true}', False


class _Replica:
    """Reads by identifier come from one of two copies, and one of them is behind."""

    def __init__(self) -> None:
        self.old: dict[str, tuple[Any, float]] = {}
        self.reads = 0

    def __call__(self, answer: Answer) -> None:
        if answer.status != 200 or answer.call is None or answer.call.method != "GET":
            return
        value = answer.json
        now = value.get("ttl_ms")
        old, since = self.old.get(value["id"], (now, 0.0))
        if old == now:
            self.old[value["id"]] = now, time.monotonic()
            return
        self.reads += 1
        if self.reads % 2 == 0:
            value["ttl_ms"] = old
            answer.json = value
        elif time.monotonic() - since > 3:
            self.old[value["id"]] = now, time.monotonic()


def _half_done(call: Call) -> list[Any]:
    """Remove what was set where nobody waits for the answer."""
    return [("PUT", call.path, {"ttl_ms": 3_000_000})] if call.left else []


class _LeftBehind:
    """Spoils what is shown of workspaces whose creators did not wait for them."""

    def __init__(self, spoil: Callable[[Json, set[str]], None]) -> None:
        self.spoil = spoil
        self.names: set[str] = set()

    def __call__(self, answer: Answer) -> None:
        call = answer.call
        if call is None or not answer.body.startswith(b"{"):
            return
        value = answer.json
        if call.method != "POST":
            self.spoil(value, self.names)
            answer.json = value
        elif call.left and answer.status == 201:
            self.names.add(value["name"])


def _never_started(value: Json, names: set[str]) -> None:
    for workspace in value.get("workspaces", [value]):
        if workspace.get("name") in names:
            build = workspace["latest_build"]
            build["status"] = build["job"]["status"] = "canceled"


def _listed_twice(value: Json, names: set[str]) -> None:
    if "workspaces" in value:
        value["workspaces"] += [w for w in value["workspaces"] if w["name"] in names]
        value["count"] = max(value["count"], len(value["workspaces"]))


FAULTS: list[Fault] = [
    at(
        DORMANT,
        "cut-off-bodies-are-guessed",
        "What is missing of a body is guessed.",
        "robustness/cut-off-body",
        rewrite=_completed,
    ),
    on_lines(
        "cut-off-bodies-are-accepted",
        AUTOSTART,
        "cut-off-body",
        "Half a body is answered with 204, and nothing is done.",
        _Accepting,
    ),
    at(
        TTL,
        "broken-off-bodies-count-as-empty",
        "A body that breaks off counts as empty, which removes the time to stop.",
        "robustness/half-sent",
        rewrite=_nothing_came,
    ),
    on_lines(
        "broken-off-requests-cost-a-worker",
        TTL,
        "half-sent",
        "After four requests that broke off nobody is served.",
        _Workers,
    ),
    at(
        GET,
        "one-of-two-copies-is-behind",
        "For a while every second read shows the time to stop that was set before.",
        "robustness/unread-answer",
        TTL,
        alter=_Replica(),
    ),
    at(
        TTL,
        "what-nobody-waits-for-is-half-done",
        "A change of which nobody waits for the answer sets another time.",
        "robustness/unread-answer",
        minds=True,
        also=_half_done,
    ),
    at(
        ("GET|POST", r"/users/[^/]+/workspaces|/workspaces|" + WORKSPACE),
        "orphans-never-start",
        "A workspace whose creator did not wait for the answer never starts.",
        "robustness/unread-creation",
        CREATE,
        alter=_LeftBehind(_never_started),
        minds=True,
        profile="full",
    ),
    at(
        ("GET|POST", r"/users/[^/]+/workspaces|/workspaces"),
        "orphans-are-listed-twice",
        "A workspace whose creator did not wait for the answer is listed twice.",
        "robustness/unread-creation",
        CREATE,
        alter=_LeftBehind(_listed_twice),
        minds=True,
        profile="full",
    ),
]
