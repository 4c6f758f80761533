"""Faults of timings: which build they are of, and in which order they come."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from tests.conformance.faults.pieces.answers import stages_reversed
from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.past import in_status, minding
from tests.conformance.faults.pieces.places import NOBODY, TIMINGS
from tests.conformance.faults.pieces.workspaces import moved_by
from tests.conformance.faulty import Answer, Fault, Json, on_success

_LISTS = ("provisioner_timings", "agent_script_timings", "agent_connection_timings")


def _twice(value: Json) -> None:
    value["agent_connection_timings"] = value["agent_connection_timings"] * 2


def _of_no_agent(value: Json) -> None:
    for entry in value["agent_connection_timings"]:
        entry["workspace_agent_id"] = NOBODY


def _is_empty(value: Json) -> bool:
    return not any(value[name] for name in _LISTS)


def _of_the_build_before() -> Callable[[Answer], None]:
    """While a build is under way show the timings of the last one."""
    known: dict[str, bytes] = {}

    def alter(answer: Answer) -> None:
        if answer.status == 200 and answer.call is not None:
            if _is_empty(answer.json):
                answer.body = known.get(answer.call.path, answer.body)
            known[answer.call.path] = answer.body

    return alter


def _first_ones() -> Callable[[Answer], None]:
    """Show the timings of the first build for ever."""
    known: dict[str, bytes] = {}

    def alter(answer: Answer) -> None:
        if answer.status == 200 and answer.call is not None and not _is_empty(answer.json):
            answer.body = known.setdefault(answer.call.path, answer.body)

    return alter


def _null_when_empty(value: Json) -> None:
    if _is_empty(value):
        for name in _LISTS:
            value[name] = None


def _begun(value: Json) -> None:
    """A stage that has begun is shown before the build has ended."""
    if _is_empty(value):
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        value["provisioner_timings"] = [
            {
                "job_id": NOBODY,
                "started_at": now,
                "ended_at": now,
                "stage": "init",
                "source": "docker",
                "action": "read",
                "resource": "docker_container.workspace",
            }
        ]


def _moved(minutes: int) -> Callable[[Json], None]:
    def change(value: Json) -> None:
        for timing in value["provisioner_timings"]:
            for end in ("started_at", "ended_at"):
                timing[end] = moved_by(timing[end], minutes=minutes)

    return change


FAULTS: list[Fault] = [
    at(
        TIMINGS,
        "connections-are-timed-twice",
        "Each connection of an agent stands twice in the timings.",
        "timings/agents",
        alter=on_success(_twice),
    ),
    at(
        TIMINGS,
        "connections-are-of-no-agent",
        "Connections in the timings name an agent that is not there.",
        "timings/agents",
        alter=on_success(_of_no_agent),
    ),
    at(
        TIMINGS,
        "timings-of-the-build-before-are-shown",
        "While a build is under way the timings of the last one are shown.",
        "timings/empty-while-building",
        alter=_of_the_build_before(),
    ),
    at(
        TIMINGS,
        "stages-are-told-while-building",
        "A stage is told of while the build is under way.",
        "timings/empty-while-building",
        alter=on_success(_begun),
    ),
    at(
        TIMINGS,
        "there-are-no-lists-while-building",
        "While a build is under way the timings are null.",
        "timings/empty-while-building",
        alter=on_success(_null_when_empty),
    ),
    at(
        TIMINGS,
        "the-last-stage-comes-first",
        "Timings of the provisioner are in the reverse order.",
        "timings/in-order",
        alter=on_success(stages_reversed),
    ),
    at(
        TIMINGS,
        "stages-begin-before-their-job",
        "Timings of the provisioner are an hour early.",
        "timings/in-order",
        alter=on_success(_moved(-60)),
    ),
    at(
        TIMINGS,
        "stages-end-after-their-job",
        "Timings of the provisioner are an hour late.",
        "timings/in-order",
        alter=on_success(_moved(60)),
    ),
    minding(
        "the-deleted-have-no-timings",
        TIMINGS,
        "timings/of-a-deleted-one",
        "There are no timings of deleted workspaces.",
        in_status("deleted"),
        refusal=410,
    ),
    at(
        TIMINGS,
        "timings-stay-those-of-the-start",
        "After a stop the timings are still those of the start.",
        "timings/of-a-stop",
        alter=_first_ones(),
    ),
    named(
        TIMINGS,
        "timings-of-another-job",
        "timings/of-the-latest-build",
        alter=on_success(
            lambda v: [t.update(job_id=NOBODY) for t in v["provisioner_timings"]] and None
        ),
    ),
]
