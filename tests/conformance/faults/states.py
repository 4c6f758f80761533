"""Faults of single operations that come to light in some states, or once the past is looked at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.conformance.faults.kit import (
    RENAME,
    RESOLVE,
    TIMINGS,
    TTL,
    UNMARK,
    USAGE,
    field,
    identifier,
    of,
    says,
    ttl,
)
from tests.conformance.faults.memory import (
    Memory,
    following,
    in_status,
    minding,
    remembering,
    status,
)
from tests.conformance.faults.more_kit import NOBODY
from tests.conformance.faulty import (
    SHOWS,
    WORKSPACE,
    Answer,
    Call,
    Fault,
    Further,
    Json,
    on_success,
    on_workspaces,
)

TIMINGS_PATH = f"{WORKSPACE}/timings"
_LISTS = ("provisioner_timings", "agent_script_timings", "agent_connection_timings")


def _base(call: Call) -> str:
    return f"/workspaces/{identifier(call)}"


def _to(part: str, body: Json | None) -> Callable[[Call, Json, Memory], list[Further]]:
    """Change another setting as well."""
    return lambda call, _, __: [("PUT", f"{_base(call)}/{part}", body)]


def _dormant(_: Call, workspace: Json, __: Memory) -> bool:
    return bool(workspace.get("dormant_at")) and status(workspace) != "deleted"


def _same_name(call: Call, workspace: Json) -> bool:
    return bool(workspace) and field(call, "name") == workspace["name"]


def _is_taken(call: Call, memory: Memory) -> bool:
    """Whether a deleted workspace had the name."""
    deleted = (w for w in memory.shown.values() if status(w) == "deleted")
    return any(w["name"] == field(call, "name") for w in deleted)


def _soon(minutes: float) -> Json:
    later = datetime.now(UTC) + timedelta(minutes=minutes)
    return {"deadline": later.isoformat()}


def _one_for_all(call: Call, _: Json, memory: Memory) -> list[Further]:
    """Remove all other marks, too."""
    others = [other for other in memory.marked if other != identifier(call)]
    return [("DELETE", f"/workspaces/{other}/favorite", None) for other in others]


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


def _reversed(value: Json) -> None:
    value["provisioner_timings"].reverse()


def _moved(minutes: int) -> Callable[[Json], None]:
    def change(value: Json) -> None:
        for timing in value["provisioner_timings"]:
            for end in ("started_at", "ended_at"):
                moment = datetime.fromisoformat(timing[end]) + timedelta(minutes=minutes)
                timing[end] = moment.isoformat().replace("+00:00", "Z")

    return change


def _timings(name: str, sentence: str, requirement: str, **how: Any) -> Fault:
    return Fault(name, TIMINGS, requirement, "GET", TIMINGS_PATH, sentence=sentence, **how)


def _keeps_deadline(answer: Answer, memory: Memory) -> None:
    """Go on showing the deadline of a start that has none any more."""

    def change(workspace: Json) -> None:
        before = memory.shown.get(workspace["id"])
        build = workspace["latest_build"]
        if before and before["latest_build"]["id"] == build["id"] and not build["deadline"]:
            build["deadline"] = before["latest_build"]["deadline"]

    on_workspaces(change)(answer)


def _from_its_beginning(workspace: Json) -> None:
    """Count the time from the creation of the job, a minute before which nobody came."""
    build = workspace["latest_build"]
    if build["deadline"] and build["build_number"] > 1:
        moved = datetime.fromisoformat(build["deadline"]) - timedelta(minutes=1)
        build["deadline"] = moved.isoformat().replace("+00:00", "Z")


class _Older:
    """Counts the next start's deadline with the time that was set before the last one."""

    def __init__(self) -> None:
        self.first: dict[str, int] = {}

    def __call__(self, workspace: Json) -> None:
        build, now = workspace["latest_build"], workspace.get("ttl_ms") or 0
        first = self.first.setdefault(workspace["id"], now)
        if build["deadline"] and build["build_number"] > 1 and now != first:
            moved = datetime.fromisoformat(build["deadline"]) + timedelta(milliseconds=first - now)
            build["deadline"] = moved.isoformat().replace("+00:00", "Z")


def _alternating() -> Callable[[Json], None]:
    asked = 0

    def change(value: Json) -> None:
        nonlocal asked
        asked += 1
        if asked % 2 == 0:
            value["parameter_mismatch"] = not value["parameter_mismatch"]

    return change


def _told(old: str, new: str) -> Callable[[Answer], None]:
    """Another text of a validation."""

    def alter(answer: Answer) -> None:
        if answer.status == 400:
            answer.body = answer.body.replace(old.encode(), new.encode())

    return alter


def _renames_off(workspace: Json) -> None:
    workspace["allow_renames"] = False


def _unlooked(answer: Answer) -> None:
    """Say nothing of half a report of an app, as if nobody looked at reports."""
    call = answer.call
    if answer.status == 400 and call is not None and call.body == b'{"app_name": "ssh"}':
        answer.status, answer.body = 204, b""
        answer.headers.pop("content-type", None)


FAULTS = [
    minding(
        "the-present-name-is-taken",
        RENAME,
        "rename/same-name",
        "The present name is refused because it is taken.",
        lambda c, w, _: _same_name(c, w),
        refusal=409,
    ),
    following(
        "the-present-name-resets-the-time-to-stop",
        RENAME,
        "rename/same-name",
        "A rename to the present name removes the time to stop.",
        lambda c, w, m: _to("ttl", {})(c, w, m) if _same_name(c, w) else [],
    ),
    minding(
        "names-of-the-deleted-stay-taken",
        RENAME,
        "rename/name-of-a-deleted-one",
        "The name of a deleted workspace cannot be given again.",
        lambda c, w, m: _is_taken(c, m) and not _same_name(c, w),
        refusal=409,
    ),
    minding(
        "the-deleted-have-no-name-to-keep",
        RENAME,
        "rename/deleted-same-name",
        "The present name of a deleted workspace is refused.",
        in_status("deleted"),
        refusal=405,
    ),
    Fault(
        "renames-work-where-they-are-off",
        RENAME,
        "rename/not-allowed",
        "GET|POST|PUT",
        rf"{SHOWS}|/users/[^/]+/workspaces|{WORKSPACE}/dormant",
        alter=on_workspaces(_renames_off),
        sentence="Workspaces say that renames are off, and can be renamed.",
    ),
    following(
        "a-rename-resets-the-schedule",
        RENAME,
        "rename/same-identity",
        "A rename removes the schedule.",
        lambda c, w, m: [] if _same_name(c, w) else _to("autostart", {})(c, w, m),
    ),
    following(
        "a-rename-is-a-new-build",
        RENAME,
        "rename/same-identity",
        "A rename builds the workspace anew.",
        lambda c, w, _: (
            []
            if _same_name(c, w)
            else [("POST", f"{_base(c)}/builds", {"transition": w["latest_build"]["transition"]})]
        ),
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
        _dormant,
        refusal=409,
    ),
    Fault(
        "asking-turns-the-schedule-off",
        RESOLVE,
        "resolve-autostart/changes-nothing",
        "GET",
        f"{WORKSPACE}/resolve-autostart",
        also=lambda c: ("PUT", f"{_base(c)}/autostart", {}),
        sentence="Asking about parameters removes the schedule.",
    ),
    Fault(
        "every-other-answer-is-the-opposite",
        RESOLVE,
        "resolve-autostart/changes-nothing",
        "GET",
        f"{WORKSPACE}/resolve-autostart",
        alter=on_success(_alternating()),
        sentence="Every second answer about parameters is the opposite.",
    ),
    _timings(
        "timings-of-the-build-before-are-shown",
        "While a build is under way the timings of the last one are shown.",
        "timings/empty-while-building",
        alter=_of_the_build_before(),
    ),
    _timings(
        "stages-are-told-while-building",
        "A stage is told of while the build is under way.",
        "timings/empty-while-building",
        alter=on_success(_begun),
    ),
    _timings(
        "there-are-no-lists-while-building",
        "While a build is under way the timings are null.",
        "timings/empty-while-building",
        alter=on_success(_null_when_empty),
    ),
    _timings(
        "timings-stay-those-of-the-start",
        "After a stop the timings are still those of the start.",
        "timings/of-a-stop",
        alter=_first_ones(),
    ),
    _timings(
        "the-last-stage-comes-first",
        "Timings of the provisioner are in the reverse order.",
        "timings/in-order",
        alter=on_success(_reversed),
    ),
    _timings(
        "stages-begin-before-their-job",
        "Timings of the provisioner are an hour early.",
        "timings/in-order",
        alter=on_success(_moved(-60)),
    ),
    _timings(
        "stages-end-after-their-job",
        "Timings of the provisioner are a minute late.",
        "timings/in-order",
        alter=on_success(_moved(1)),
    ),
    minding(
        "the-deleted-have-no-timings",
        TIMINGS,
        "timings/of-a-deleted-one",
        "There are no timings of deleted workspaces.",
        in_status("deleted"),
        refusal=410,
    ),
    of(
        TTL,
        "huge-times-are-too-much",
        "A number near the end of 64 bits ends in an internal error.",
        "ttl/huge",
        alter=says(
            500,
            "An internal server error occurred.",
            lambda a: a.call is not None and ttl(a.call) > 2**62,
        ),
    ),
    of(
        TTL,
        "hugely-negative-times-are-too-much",
        "A number near the lower end of 64 bits ends in an internal error.",
        "ttl/huge",
        alter=says(
            500,
            "An internal server error occurred.",
            lambda a: a.call is not None and ttl(a.call) < -(2**62),
        ),
    ),
    of(
        TTL,
        "a-time-moves-the-deadline",
        "A new time to stop counts from now on for the running build as well.",
        "ttl/keeps-the-deadline",
        also=lambda c: (
            [("PUT", f"{_base(c)}/extend", _soon(ttl(c) / 60_000))] if ttl(c) > 1_800_000 else []
        ),
    ),
    remembering(
        "a-cleared-time-keeps-the-deadline",
        TTL,
        "ttl/clearing-ends-the-deadline",
        "The deadline of a build stays when the time to stop is removed.",
        _keeps_deadline,
    ),
    Fault(
        "starts-count-with-the-time-before",
        TTL,
        "ttl/counts-from-the-next-start",
        "GET",
        SHOWS,
        alter=on_workspaces(_Older()),
        sentence="The next start counts with the time to stop that was set first.",
    ),
    Fault(
        "starts-count-a-minute-less",
        TTL,
        "ttl/counts-from-the-next-start",
        "GET",
        SHOWS,
        alter=on_workspaces(_from_its_beginning),
        sentence="The deadline of a start is a minute too early.",
    ),
    of(
        TTL,
        "too-long-is-told-as-too-short",
        "Of a time that is too long it is said that it is too short.",
        "ttl/messages",
        alter=_told("must be less than 30 days", "must be at least one minute"),
    ),
    of(
        TTL,
        "too-short-is-told-as-invalid",
        "Of a time that is too short it is said that it is invalid.",
        "ttl/messages",
        alter=_told("time until shutdown must be at least one minute", "invalid duration"),
    ),
    minding(
        "the-dormant-get-no-time-to-stop",
        TTL,
        "ttl/in-any-state",
        "The time to stop of a dormant workspace cannot be set.",
        _dormant,
        refusal=409,
    ),
    minding(
        "the-deleted-get-no-time-to-stop",
        TTL,
        "ttl/in-any-state",
        "The time to stop of a deleted workspace cannot be set.",
        in_status("deleted"),
        refusal=404,
    ),
    minding(
        "marks-of-the-dormant-stay",
        UNMARK,
        "unfavorite/in-any-state",
        "The mark of a dormant workspace cannot be removed.",
        _dormant,
        refusal=409,
    ),
    minding(
        "marks-of-the-deleted-stay",
        UNMARK,
        "unfavorite/in-any-state",
        "The mark of a deleted workspace cannot be removed.",
        in_status("deleted"),
        refusal=404,
    ),
    following(
        "one-mark-goes-with-all-others",
        UNMARK,
        "unfavorite/one-at-a-time",
        "Removing a mark removes all others.",
        _one_for_all,
    ),
    minding(
        "what-was-never-marked-is-not-found",
        UNMARK,
        "unfavorite/never-marked",
        "A mark that is not there cannot be removed.",
        lambda c, _, m: identifier(c) not in m.marked,
        refusal=404,
    ),
    of(
        USAGE,
        "reports-are-looked-at-after-all",
        "Half a report of one app is accepted, all others are looked at.",
        "usage/any-body",
        alter=_unlooked,
    ),
    of(
        USAGE,
        "use-brings-the-deadline-nearer",
        "Reported use sets the deadline half an hour from now.",
        "usage/never-lowers-the-deadline",
        also=lambda c: ("PUT", f"{_base(c)}/extend", _soon(31)),
    ),
    minding(
        "the-stopped-are-not-used",
        USAGE,
        "usage/in-any-state",
        "Use of a stopped workspace is refused.",
        in_status("stopped"),
        refusal=409,
    ),
    minding(
        "the-deleted-are-not-used",
        USAGE,
        "usage/in-any-state",
        "Use of a deleted workspace is refused.",
        in_status("deleted"),
        refusal=404,
    ),
]
