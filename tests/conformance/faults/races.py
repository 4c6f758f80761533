"""Faults of what happens at the same moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count

from tests.conformance.faults.pieces.answers import Alter, turned
from tests.conformance.faults.pieces.makers import at
from tests.conformance.faults.pieces.past import hurried
from tests.conformance.faults.pieces.places import (
    ALL,
    AUTOSTART,
    BUILD,
    CREATE,
    GET,
    MARK,
    PATHS,
    TTL,
    UNMARK,
)
from tests.conformance.faults.pieces.requests import Rewrite, field, identifier
from tests.conformance.faults.pieces.workspaces import without
from tests.conformance.faulty import WORKSPACE, Answer, Call, Fault, Json, on_workspaces

SOON = 0.3
SLOW: Json = {"build_seconds": 0.6}


class _Shared:
    """A creation or a build that comes at the moment of another one gets the other's answer."""

    def __init__(self, key: Callable[[Call], str]) -> None:
        self.key = key
        self.last: dict[str, tuple[float, bytes]] = {}

    def __call__(self, answer: Answer) -> None:
        call = answer.call
        if call is None:
            return
        now = time.monotonic()
        then, body = self.last.get(self.key(call), (0.0, b""))
        if answer.status == 201:
            self.last[self.key(call)] = now, answer.body
        elif answer.status == 409 and now - then < SOON:
            answer.status, answer.body = 201, body


def _averaged() -> Rewrite:
    """Of two times to stop that come at once the mean is stored."""
    last: dict[str, tuple[float, int]] = {}

    def rewrite(call: Call) -> None:
        value = field(call, "ttl_ms")
        if not isinstance(value, int) or isinstance(value, bool):
            return
        now = time.monotonic()
        then, other = last.get(identifier(call), (0.0, 0))
        last[identifier(call)] = now, value
        if now - then < SOON and other != value:
            call.json = {"ttl_ms": max(60_000, (other + value) // 2 + 60_000)}

    return rewrite


def _disagree() -> Alter:
    """After a mark that was set and removed at once the list shows the other one of both."""
    last: dict[str, tuple[float, str]] = {}
    wrong: set[str] = set()

    def alter(answer: Answer) -> None:
        call = answer.call
        if call is not None and call.path.endswith("/favorite"):
            now = time.monotonic()
            then, method = last.get(identifier(call), (0.0, call.method))
            last[identifier(call)] = now, call.method
            if now - then < SOON and method != call.method:
                wrong.add(identifier(call))
        elif call is not None and call.path == "/workspaces":
            on_workspaces(change)(answer)

    def change(shown: Json) -> None:
        if shown["id"] in wrong:
            shown["favorite"] = not shown["favorite"]

    return alter


def _spoilt_beside_writes(spoil: Alter) -> Alter:
    """Each fifth read that comes with a write is spoilt."""
    soon = hurried(SOON, PATHS[GET], PATHS[TTL])
    numbers = count(1)

    def alter(answer: Answer) -> None:
        call = answer.call
        if call is not None and soon(call) and next(numbers) % 5 == 0:
            spoil(answer)

    return alter


def _back_again() -> Alter:
    """After the first 410 the workspace is there now and then."""
    last: dict[str, bytes] = {}
    gone: dict[str, int] = {}

    def alter(answer: Answer) -> None:
        call = answer.call
        if call is None or call.get("include_deleted"):
            return
        if answer.status == 200:
            last[identifier(call)] = answer.body
        if answer.status == 410:
            times = gone[identifier(call)] = gone.get(identifier(call), 0) + 1
            if times in (3, 6, 9, 12) and identifier(call) in last:
                answer.status, answer.body = 200, last[identifier(call)]

    return alter


def _lost_while_deleting() -> Alter:
    """A workspace that is being deleted is not found."""

    def alter(answer: Answer) -> None:
        call = answer.call
        if call is None or answer.status != 200 or call.get("include_deleted"):
            return
        if answer.json["latest_build"]["status"] == "deleting":
            turned(200, 404)(answer)

    return alter


FAULTS: list[Fault] = [
    at(
        GET,
        "deleted-ones-come-back",
        "After the first 410 a deleted workspace is read now and then.",
        "concurrency/deletion",
        alter=_back_again(),
        deployment=SLOW,
    ),
    at(
        GET,
        "what-is-being-deleted-is-not-found",
        "A workspace that is being deleted is answered with 404.",
        "concurrency/deletion",
        alter=_lost_while_deleting(),
        deployment=SLOW,
    ),
    at(
        ("PUT", f"{WORKSPACE}/(autostart|ttl)"),
        "one-of-two-settings-is-lost",
        "A schedule that comes with a time to stop is not stored.",
        "concurrency/independent-settings",
        AUTOSTART,
        drop=True,
        when=hurried(0.05, PATHS[AUTOSTART], PATHS[TTL]),
    ),
    at(
        TTL,
        "a-race-has-the-mean",
        "Of two times to stop that come at once another one is stored.",
        "concurrency/last-write-stands",
        rewrite=_averaged(),
    ),
    at(
        ("PUT|DELETE", f"{WORKSPACE}/favorite"),
        "marks-conflict",
        "A mark that is set while it is removed is answered with 409.",
        "concurrency/marks",
        MARK,
        alter=turned(204, 409, hurried(0.05, PATHS[MARK], PATHS[UNMARK])),
    ),
    at(
        (".*", f"{WORKSPACE}/favorite|/workspaces"),
        "lists-disagree-about-marks",
        "After a mark that was set and removed at once the list shows the opposite.",
        "concurrency/marks",
        MARK,
        alter=_disagree(),
    ),
    at(
        BUILD,
        "a-race-of-builds-is-won-by-all",
        "Of several builds at once all are accepted.",
        "concurrency/one-build",
        GET,
        alter=_Shared(identifier),
    ),
    at(
        ALL,
        "reads-fail-during-writes",
        "Some reads that come with a write are errors.",
        "concurrency/reads-during-writes",
        GET,
        alter=_spoilt_beside_writes(turned(200, 503)),
    ),
    at(
        ALL,
        "reads-are-empty-during-writes",
        "Some reads that come with a write show no value.",
        "concurrency/reads-during-writes",
        GET,
        alter=_spoilt_beside_writes(on_workspaces(without("ttl_ms"))),
    ),
    at(
        CREATE,
        "a-race-has-two-winners",
        "Who asks for a name at the same moment gets the same workspace.",
        "concurrency/same-name",
        alter=_Shared(lambda c: str(field(c, "name")).lower()),
    ),
]
