"""Faults of schedules: how they are stored, and when the next start is."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.conformance.faults.pieces.answers import Alter
from tests.conformance.faults.pieces.makers import at, lost_in, named, refused_in
from tests.conformance.faults.pieces.past import again, dormant, in_status, minding
from tests.conformance.faults.pieces.places import AUTOSTART, RESOLVE, SEEN, SHOWN
from tests.conformance.faults.pieces.requests import (
    changed_text,
    field,
    identifier,
    null,
    workspace_path,
)
from tests.conformance.faults.pieces.workspaces import moved_by, only, put
from tests.conformance.faulty import WORKSPACE, Answer, Call, Fault, Json, on_success, on_workspaces


def _local_start(workspace: Json) -> None:
    zoned = re.match(r"CRON_TZ=(?!UTC)", workspace.get("autostart_schedule", ""))
    if zoned and workspace["next_start_at"]:
        workspace["next_start_at"] = moved_by(workspace["next_start_at"], seconds=3600)


def _next_start_late(workspace: Json) -> None:
    if workspace["next_start_at"]:
        workspace["next_start_at"] = moved_by(workspace["next_start_at"], hours=1)


def _no_next_start(workspace: Json) -> None:
    workspace["next_start_at"] = None


def _start_moved(**by: float) -> Callable[[Json], None]:
    def change(workspace: Json) -> None:
        if workspace["next_start_at"]:
            workspace["next_start_at"] = moved_by(workspace["next_start_at"], **by)

    return change


def _no_next_after(repeats: Callable[[Call], bool]) -> Alter:
    """When a schedule is set again the next start is forgotten."""
    forgotten: set[str] = set()

    def alter(answer: Answer) -> None:
        call = answer.call
        if call is not None and call.method == "PUT" and call.path.endswith("/autostart"):
            forgotten.discard(identifier(call))
            if repeats(call):
                forgotten.add(identifier(call))
        hidden = only(lambda w: w["id"] in forgotten, put(None, "next_start_at"))
        on_workspaces(hidden)(answer)

    return alter


def _ignores_zone(workspace: Json) -> None:
    """A start in another zone than UTC is shown as if that were UTC."""
    schedule = workspace.get("autostart_schedule") or ""
    if workspace["next_start_at"] and "UTC" not in schedule and "=" in schedule:
        workspace["next_start_at"] = moved_by(workspace["next_start_at"], hours=9)


def _alternating() -> Callable[[Json], None]:
    asked = 0

    def change(value: Json) -> None:
        nonlocal asked
        asked += 1
        if asked % 2 == 0:
            value["parameter_mismatch"] = not value["parameter_mismatch"]

    return change


FAULTS: list[Fault] = [
    at(
        AUTOSTART,
        "an-empty-text-does-not-clear",
        "An empty schedule is refused.",
        "autostart/clears",
        refuse=lambda c: field(c, "schedule") == "",
    ),
    at(
        AUTOSTART,
        "null-does-not-clear",
        "A schedule of null is refused.",
        "autostart/clears",
        refuse=null("schedule"),
    ),
    refused_in(
        "delete",
        AUTOSTART,
        "deleted-ones-have-no-schedule",
        "A schedule cannot be set on a deleted workspace.",
        "autostart/in-any-state",
    ),
    lost_in(
        "dormant",
        AUTOSTART,
        "dormant-ones-lose-new-schedules",
        "A schedule that is set on a dormant workspace is not stored.",
        "autostart/in-any-state",
    ),
    at(
        SHOWN,
        "the-next-start-ignores-summer",
        "The next start in another zone than UTC is an hour late.",
        "autostart/next-start",
        AUTOSTART,
        alter=on_workspaces(_local_start),
    ),
    named(
        SHOWN,
        "a-start-is-an-hour-late",
        "autostart/next-start",
        AUTOSTART,
        alter=on_workspaces(_next_start_late),
    ),
    named(
        SHOWN,
        "there-is-no-next-start",
        "autostart/next-start",
        AUTOSTART,
        alter=on_workspaces(_no_next_start),
    ),
    at(
        SHOWN,
        "starts-ignore-the-zone",
        "The next start of a schedule with a zone is computed as if in UTC.",
        "autostart/next-start",
        AUTOSTART,
        alter=on_workspaces(_ignores_zone),
    ),
    named(AUTOSTART, "a-schedule-is-not-stored", "autostart/reads-back", drop=True),
    named(
        AUTOSTART,
        "schedules-are-tidied",
        "autostart/reads-back",
        rewrite=changed_text("schedule", str.lower),
    ),
    at(
        AUTOSTART,
        "schedules-are-set-once",
        "A schedule that is set already is refused.",
        "autostart/repeatable",
        refuse=again("schedule"),
    ),
    at(
        ("GET|PUT", f"{WORKSPACE}|/workspaces|{WORKSPACE}/autostart"),
        "a-schedule-set-again-has-no-start",
        "A schedule that is set again has no next start.",
        "autostart/repeatable",
        AUTOSTART,
        alter=_no_next_after(again("schedule")),
    ),
    at(
        SEEN,
        "starts-are-half-a-minute-late",
        "The next start is half a minute after the whole one.",
        "autostart/whole-minutes",
        AUTOSTART,
        alter=on_workspaces(_start_moved(seconds=30)),
    ),
    at(
        SEEN,
        "starts-are-next-week",
        "The next start is a week later than it could be.",
        "autostart/whole-minutes",
        AUTOSTART,
        alter=on_workspaces(_start_moved(days=7)),
    ),
    at(
        RESOLVE,
        "asking-turns-the-schedule-off",
        "Asking about parameters removes the schedule.",
        "resolve-autostart/changes-nothing",
        also=lambda c: ("PUT", f"{workspace_path(c)}/autostart", {}),
    ),
    at(
        RESOLVE,
        "every-other-answer-is-the-opposite",
        "Every second answer about parameters is the opposite.",
        "resolve-autostart/changes-nothing",
        alter=on_success(_alternating()),
    ),
    named(
        RESOLVE,
        "a-mismatch-that-is-none",
        "resolve-autostart/no-mismatch-without-updates",
        alter=on_success(put(True, "parameter_mismatch")),
    ),
    minding(
        "the-deleted-cannot-be-asked-about",
        RESOLVE,
        "resolve-autostart/of-a-deleted-one",
        "Nothing is told of the parameters of deleted workspaces.",
        in_status("deleted"),
        refusal=404,
    ),
    minding(
        "the-dormant-cannot-be-asked-about",
        RESOLVE,
        "resolve-autostart/of-a-deleted-one",
        "Nothing is told of the parameters of dormant workspaces.",
        dormant,
        refusal=409,
    ),
]
