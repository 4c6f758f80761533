"""Servers whose builds leave behind what they should not, or forget what they should do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tests.conformance.faults.pieces.answers import Alter
from tests.conformance.faults.pieces.makers import at
from tests.conformance.faults.pieces.places import ALL, BUILD, DORMANT, GET, SEEN, SHOWN, TIMINGS
from tests.conformance.faults.pieces.requests import field, identifier, of_place
from tests.conformance.faults.pieces.workspaces import only, put
from tests.conformance.faulty import Answer, Fault, Json, on_success, on_workspaces

MOVED = ("PUT", r"/workspaces/[^/]+/extend")
PLANNED = ("PUT", r"/workspaces/[^/]+/autostart")
SLEPT = ("PUT", r"/workspaces/[^/]+/dormant")


def _later(shown: Json) -> bool:
    return bool(shown["latest_build"]["build_number"] > 1)


def _stopped(shown: Json) -> bool:
    build = shown["latest_build"]
    return bool(build["status"] == "stopped" and build["deadline"])


def _completed(shown: Json, ttl: timedelta) -> str:
    done = datetime.fromisoformat(shown["latest_build"]["job"]["completed_at"])
    return (done + ttl).astimezone(UTC).isoformat().replace("+00:00", "Z")


def _two_days(shown: Json) -> None:
    shown["latest_build"]["deadline"] = _completed(shown, timedelta(days=2))


def _plain_deadline(shown: Json) -> None:
    build = shown["latest_build"]
    if "autostart_schedule" in shown and build["status"] == "running" and build["deadline"]:
        ttl = timedelta(milliseconds=shown.get("ttl_ms", 0))
        build["deadline"] = _completed(shown, ttl)


class _Extended:
    """Whoever moved a deadline finds it in the builds after that as well."""

    def __init__(self) -> None:
        self.moved: dict[str, str] = {}

    def __call__(self, answer: Answer) -> None:
        """Note a deadline that is moved, and show it from then on."""
        call = answer.call
        if call is not None and of_place(call, MOVED) and answer.status == 200:
            self.moved[identifier(call)] = str(field(call, "deadline"))
        if call is not None and call.method != "DELETE" and answer.status == 200:
            on_workspaces(self._show)(answer)

    def _show(self, shown: Json) -> None:
        build = shown["latest_build"]
        if build["status"] == "running" and build["deadline"] and shown["id"] in self.moved:
            build["deadline"] = self.moved[shown["id"]]


class _Forgotten:
    """The next start is gone from something on, until a schedule is set anew."""

    def __init__(self, by: tuple[str, str]) -> None:
        self.by = by
        self.gone: set[str] = set()

    def __call__(self, answer: Answer) -> None:
        """Note what happens, and show no next start of those."""
        call = answer.call
        if call is None or answer.status >= 300:
            return
        if of_place(call, self.by):
            self.gone.add(identifier(call))
        elif of_place(call, PLANNED):
            self.gone.discard(identifier(call))
        if of_place(call, SHOWN) or of_place(call, SLEPT):
            on_workspaces(only(lambda w: w["id"] in self.gone, put(None, "next_start_at")))(answer)


def _in_a_week(shown: Json) -> None:
    if shown["dormant_at"]:
        end = datetime.fromisoformat(shown["dormant_at"]) + timedelta(days=7)
        shown["deleting_at"] = end.isoformat().replace("+00:00", "Z")


def _connections(change: Callable[[Json], None]) -> Alter:
    def each(value: Json) -> None:
        for timing in value["agent_connection_timings"]:
            change(timing)

    return on_success(each)


FAULTS: list[Fault] = [
    at(
        SEEN,
        "dormant-ones-go-in-a-week",
        "A dormant workspace is said to be deleted in a week, which its template says nothing of.",
        "dormancy/deleting-at",
        DORMANT,
        alter=on_workspaces(_in_a_week),
    ),
    at(
        TIMINGS,
        "connections-are-not-timed",
        "No agent's first connection is among the timings.",
        "timings/agents",
        alter=on_success(put([], "agent_connection_timings")),
    ),
    at(
        TIMINGS,
        "connections-take-no-time",
        "Each agent's first connection ends as it begins.",
        "timings/agents",
        alter=_connections(lambda timing: timing.update(ended_at=timing["started_at"])),
    ),
    at(
        SHOWN,
        "stops-have-deadlines-of-their-own",
        "After a stop there is a deadline of two days, whatever the time to stop is.",
        "lifecycle/deadline",
        GET,
        alter=on_workspaces(only(_stopped, _two_days)),
    ),
    at(
        ALL,
        "moved-deadlines-survive-restarts",
        "A deadline that was moved is that of the builds after it, too.",
        "lifecycle/restart",
        GET,
        alter=_Extended(),
    ),
    at(
        SHOWN,
        "deadlines-before-the-next-start",
        "A deadline beyond the next start is counted from the completion all the same.",
        "lifecycle/deadline-beyond-the-next-start",
        GET,
        alter=on_workspaces(_plain_deadline),
    ),
    at(
        ALL,
        "builds-forget-the-next-start",
        "From a build on there is no next start, although there is a schedule.",
        "lifecycle/next-start",
        GET,
        alter=_Forgotten(BUILD),
    ),
    at(
        ALL,
        "dormancy-ends-the-schedule",
        "Whoever was dormant once has no next start until the schedule is set again.",
        "lifecycle/next-start",
        GET,
        alter=_Forgotten(SLEPT),
    ),
    at(
        SHOWN,
        "later-builds-are-automatic",
        "All builds but the first have the reason autostart.",
        "lifecycle/initiator",
        GET,
        alter=on_workspaces(only(_later, put("autostart", "latest_build", "reason"))),
    ),
    at(
        SHOWN,
        "later-builds-are-nobodys",
        "All builds but the first name nobody who asked for them.",
        "lifecycle/initiator",
        GET,
        alter=on_workspaces(only(_later, put("", "latest_build", "initiator_name"))),
    ),
    at(
        BUILD,
        "builds-answer-with-their-version",
        "The answer to a request for a build names its version already.",
        "lifecycle/answer",
        GET,
        alter=on_success(put("v1", "template_version_name")),
    ),
]
