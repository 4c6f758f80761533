"""Faults of new workspaces and their first builds, some of the deprecated way to create alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.conformance.faults.pieces.answers import Alter
from tests.conformance.faults.pieces.makers import at
from tests.conformance.faults.pieces.places import CREATE, CREATE_IN, LIST, NOBODY, SEEN
from tests.conformance.faults.pieces.requests import field, is_json
from tests.conformance.faults.pieces.workspaces import moved_by, put
from tests.conformance.faulty import Answer, Call, Fault, Json, on_workspaces

PRESET = "template_version_preset_id"


def _first(change: Callable[[Json], None]) -> Alter:
    """Change workspaces whose latest build is the first one."""

    def maybe(shown: Json) -> None:
        if shown["latest_build"]["build_number"] == 1:
            change(shown)

    return on_workspaces(maybe)


def _old_version(shown: Json) -> None:
    shown["latest_build"]["template_version_id"] = NOBODY
    shown["outdated"] = True


def _no_deadline(shown: Json) -> None:
    shown["latest_build"]["deadline"] = None


def _from_creation(shown: Json) -> None:
    """Count the time to stop from the creation of the build, an hour before its end."""
    build = shown["latest_build"]
    if build["deadline"]:
        build["deadline"] = moved_by(build["deadline"], hours=-1)


def _used_before(shown: Json) -> None:
    shown["last_used_at"] = "0001-01-01T00:00:00Z"


def _made_before(shown: Json) -> None:
    made = datetime.fromisoformat(shown["created_at"]) - timedelta(hours=2)
    text = made.isoformat().replace("+00:00", "Z")
    shown.update(created_at=text, updated_at=text, last_used_at=text)


def _given(name: str, value: Any) -> Callable[[Call], None]:
    """Another default."""

    def rewrite(call: Call) -> None:
        if is_json(call) and isinstance(call.json, dict) and not field(call, name):
            call.json = {**call.json, name: value}

    return rewrite


def _no_preset(call: Call) -> None:
    if field(call, PRESET):
        call.json = {**call.json, PRESET: None}


def _not_on_the_way(answer: Answer) -> None:
    """Find nothing by a status that passes."""
    call = answer.call
    if call is not None and answer.status == 200 and "status:starting" in call.get("q"):
        answer.json = {"workspaces": [], "count": 0}


FAULTS: list[Fault] = [
    at(
        LIST,
        "what-is-starting-is-not-found",
        "A search for what is starting finds nothing.",
        "list/q-passing-status",
        alter=_not_on_the_way,
    ),
    at(
        SEEN,
        "first-builds-have-an-old-version",
        "A new workspace is built with another version than the active one of its template.",
        "create/active-version",
        CREATE,
        alter=_first(_old_version),
    ),
    at(
        SEEN,
        "first-deadlines-are-missing",
        "A workspace has no deadline before its second start.",
        "create/first-deadline",
        CREATE,
        alter=_first(_no_deadline),
    ),
    at(
        SEEN,
        "first-deadlines-are-an-hour-early",
        "The deadline of a first build is an hour before its time to stop is over.",
        "create/first-deadline",
        CREATE_IN,
        alter=_first(_from_creation),
    ),
    at(
        CREATE_IN,
        "the-old-way-makes-nothing-pending",
        "The answer of the deprecated way to create shows the build as running.",
        "create/starts-pending",
        alter=on_workspaces(put("starting", "latest_build", "status")),
    ),
    at(
        CREATE_IN,
        "the-old-way-waits-in-a-queue",
        "The answer of the deprecated way to create shows a place in a queue.",
        "create/answer",
        alter=on_workspaces(put(3, "latest_build", "job", "queue_position")),
    ),
    at(
        CREATE_IN,
        "the-old-way-was-never-used",
        "The answer of the deprecated way to create shows no use of the workspace.",
        "create/times",
        alter=on_workspaces(_used_before),
    ),
    at(
        CREATE_IN,
        "the-old-way-was-long-ago",
        "The answer of the deprecated way to create shows another time of creation.",
        "create/times",
        alter=on_workspaces(_made_before),
    ),
    at(
        CREATE_IN,
        "the-old-way-is-nobodys",
        "The answer of the deprecated way to create names nobody who began its build.",
        "create/initiator",
        alter=on_workspaces(put(NOBODY, "latest_build", "initiator_id")),
    ),
    at(
        CREATE_IN,
        "the-old-way-updates-by-default",
        "The deprecated way to create switches updates on by default.",
        "create/defaults",
        rewrite=_given("automatic_updates", "always"),
    ),
    at(
        CREATE_IN,
        "the-old-way-passes-over-presets",
        "The deprecated way to create passes over presets that do not exist.",
        "create/preset-unknown",
        rewrite=_no_preset,
    ),
]
