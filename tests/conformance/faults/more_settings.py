"""More faults of settings: schedules, updates, dormancy, marks, in every state and twice."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from tests.conformance.faults.kit import (
    AUTOSTART,
    DORMANT,
    LIST,
    MARK,
    PATHS,
    TTL,
    UNMARK,
    UPDATES,
    by_member,
    field,
    identifier,
    of_place,
    only,
    put,
)
from tests.conformance.faults.more_kit import (
    ALL,
    SEEN,
    Alter,
    again,
    answered,
    at,
    in_state,
    once_seen,
    strangers,
    turned,
)
from tests.conformance.faults.queries import gone, kept
from tests.conformance.faulty import WORKSPACE, Answer, Call, Fault, Json, on_workspaces

BUILDS = ("POST", f"{WORKSPACE}/builds")


def _moved(text: str, **by: float) -> str:
    return (datetime.fromisoformat(text) + timedelta(**by)).isoformat().replace("+00:00", "Z")


def _start_moved(**by: float) -> Callable[[Json], None]:
    def change(workspace: Json) -> None:
        if workspace["next_start_at"]:
            workspace["next_start_at"] = _moved(workspace["next_start_at"], **by)

    return change


def _told(pattern: str, text: str) -> Alter:
    """Another text in validations that say something."""

    def change(value: Json) -> None:
        for entry in value.get("validations", []):
            if re.search(pattern, entry["detail"]):
                entry["detail"] = text

    return answered(400, change)


def _message(text: str) -> Alter:
    return answered(400, put(text, "message"))


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


def _is_dormant(workspace: Json) -> bool:
    return workspace["dormant_at"] is not None


def _used_when_dormant(workspace: Json) -> None:
    workspace["last_used_at"] = workspace["dormant_at"]


def _to_be_deleted_before(workspace: Json) -> None:
    workspace["deleting_at"] = _moved(workspace["dormant_at"], days=-1)


def _still_to_be_deleted() -> Alter:
    """The moment of deletion that a dormant workspace has stays when it is active."""
    seen: dict[str, str] = {}

    def change(workspace: Json) -> None:
        if workspace["dormant_at"]:
            seen[workspace["id"]] = _moved(workspace["dormant_at"], days=30)
        workspace["deleting_at"] = seen.get(workspace["id"])

    return on_workspaces(change)


def _no_resources(workspace: Json) -> None:
    workspace["latest_build"]["resources"] = []


def _other_marked() -> Callable[[Call], tuple[str, str, Json | None] | None]:
    """With one workspace another one is marked."""
    seen: list[str] = []

    def also(call: Call) -> tuple[str, str, Json | None] | None:
        name = identifier(call)
        if not by_member(call) and name not in seen:
            seen.append(name)
        others = [other for other in seen if other != name]
        if of_place(call, PATHS[MARK]) and others:
            return "PUT", f"/workspaces/{others[-1]}/favorite", None
        return None

    return also


def _first_deletion() -> Callable[[Call], bool]:
    """The first one of each workspace."""
    seen: set[str] = set()

    def first(call: Call) -> bool:
        name = identifier(call)
        if field(call, "transition") != "delete" or name in seen:
            return False
        seen.add(name)
        return True

    return first


def _in(
    state: str, operation: str, name: str, sentence: str, requirement: str, place: str = ""
) -> Fault:
    """A setting that is refused in a state."""
    refuse = in_state(state, PATHS[place or operation])
    return at(ALL, name, sentence, requirement, operation, refuse=refuse)


def _lost(state: str, operation: str, name: str, sentence: str, requirement: str) -> Fault:
    """A setting that is accepted and lost in a state."""
    when = in_state(state, PATHS[operation])
    return at(ALL, name, sentence, requirement, operation, drop=True, when=when)


FAULTS: list[Fault] = [
    at(
        AUTOSTART,
        "unknown-zones-are-not-told",
        "Of a schedule in an unknown zone is only said that it is none.",
        "autostart/messages",
        alter=_told("bad location", "invalid schedule"),
    ),
    at(
        AUTOSTART,
        "ranges-of-schedules-are-not-told",
        "Of a schedule with a field out of range is only said that it is none.",
        "autostart/messages",
        alter=_told("range", "invalid schedule"),
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
    _in(
        "delete",
        AUTOSTART,
        "deleted-ones-have-no-schedule",
        "A schedule cannot be set on a deleted workspace.",
        "autostart/in-any-state",
    ),
    _lost(
        "dormant",
        AUTOSTART,
        "dormant-ones-lose-new-schedules",
        "A schedule that is set on a dormant workspace is not stored.",
        "autostart/in-any-state",
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
        UPDATES,
        "modes-that-are-set-are-no-news",
        "A mode of updating that is set already is answered with 304.",
        "autoupdates/repeatable",
        alter=turned(204, 304, again("automatic_updates")),
    ),
    _in(
        "delete",
        UPDATES,
        "deleted-ones-have-no-mode",
        "The mode of updating of a deleted workspace cannot be set.",
        "autoupdates/in-any-state",
    ),
    _lost(
        "dormant",
        UPDATES,
        "dormant-ones-lose-new-modes",
        "A mode of updating that is set on a dormant workspace is not stored.",
        "autoupdates/in-any-state",
    ),
    at(
        UPDATES,
        "bad-modes-have-another-message",
        "A bad mode of updating is refused with the message of validations.",
        "autoupdates/message",
        alter=_message("Validation failed."),
    ),
    at(
        UPDATES,
        "one-of-the-modes-is-told",
        "The validation of a bad mode of updating names one of the two.",
        "autoupdates/message",
        alter=_told("always or never", "must be always"),
    ),
    at(
        DORMANT,
        "dormancy-is-answered-without-resources",
        "The answer to a change of dormancy shows no resources.",
        "dormancy/answer",
        alter=on_workspaces(_no_resources),
    ),
    at(
        DORMANT,
        "dormancy-is-answered-without-the-mark",
        "The answer to a change of dormancy does not show the mark.",
        "dormancy/answer",
        alter=on_workspaces(lambda w: w.update(favorite=False)),
    ),
    at(
        DORMANT,
        "dormancy-is-answered-as-before",
        "The answer to a change of dormancy shows the workspace as it was before.",
        "dormancy/answer",
        alter=on_workspaces(lambda w: w.update(dormant_at=None)),
    ),
    at(
        SEEN,
        "to-fall-asleep-is-use",
        "A workspace that is made dormant was used at that moment.",
        "dormancy/keeps-last-use",
        DORMANT,
        alter=on_workspaces(only(_is_dormant, _used_when_dormant)),
    ),
    at(
        SEEN,
        "to-wake-up-is-no-use",
        "A workspace that is made active was not used at that moment.",
        "dormancy/keeps-last-use",
        DORMANT,
        alter=once_seen("last_used_at"),
    ),
    at(
        BUILDS,
        "dormant-ones-conflict-with-starts",
        "The start of a dormant workspace is answered with 409.",
        "dormancy/forbids-start",
        DORMANT,
        alter=turned(403, 409, lambda c: field(c, "transition") == "start"),
    ),
    at(
        ALL,
        "dormant-ones-cannot-be-stopped",
        "A dormant workspace cannot be stopped.",
        "dormancy/allows-stop-and-delete",
        DORMANT,
        refuse=in_state("dormant", BUILDS, lambda c: field(c, "transition") == "stop"),
    ),
    at(
        ALL,
        "dormant-ones-cannot-be-deleted",
        "A dormant workspace is deleted at the second try only.",
        "dormancy/allows-stop-and-delete",
        DORMANT,
        refuse=in_state("dormant", BUILDS, _first_deletion()),
    ),
    at(
        LIST,
        "searches-for-dormant-ones-find-all",
        "A search for dormant workspaces finds the active ones as well.",
        "dormancy/is-searchable",
        DORMANT,
        rewrite=gone(r"\bdormant:\"?true\"?"),
    ),
    at(
        LIST,
        "dormant-ones-are-not-found",
        "A search for dormant workspaces finds none.",
        "dormancy/is-searchable",
        DORMANT,
        alter=kept("dormant:(true)", lambda w, _: w["dormant_at"] is None),
    ),
    _in(
        "dormant",
        DORMANT,
        "dormant-ones-have-no-new-ttl",
        "The time to stop of a dormant workspace cannot be set.",
        "dormancy/settings-still-work",
        TTL,
    ),
    _in(
        "dormant",
        DORMANT,
        "dormant-ones-have-no-new-schedule",
        "The schedule of a dormant workspace cannot be set.",
        "dormancy/settings-still-work",
        AUTOSTART,
    ),
    at(
        SEEN,
        "deleted-before-they-are-dormant",
        "A dormant workspace is to be deleted the day before it became dormant.",
        "dormancy/deleting-at",
        DORMANT,
        alter=on_workspaces(only(_is_dormant, _to_be_deleted_before)),
    ),
    at(
        SEEN,
        "active-ones-are-still-to-be-deleted",
        "A workspace that was dormant is still to be deleted when it is active.",
        "dormancy/deleting-at",
        DORMANT,
        alter=_still_to_be_deleted(),
    ),
    _in(
        "delete",
        MARK,
        "deleted-ones-have-no-mark",
        "A deleted workspace cannot be marked.",
        "favorite/in-any-state",
    ),
    _lost(
        "dormant",
        MARK,
        "dormant-ones-lose-marks",
        "The mark of a dormant workspace is not stored.",
        "favorite/in-any-state",
    ),
    at(
        ALL,
        "one-mark-marks-two",
        "With one workspace another one is marked.",
        "favorite/one-at-a-time",
        MARK,
        also=_other_marked(),
    ),
    at(
        MARK,
        "readers-mark-for-the-owner",
        "Who only reads a workspace marks it for its owner.",
        "favorite/only-own",
        rewrite=strangers(),
    ),
    at(
        UNMARK,
        "readers-take-marks-away",
        "Who only reads a workspace takes the mark of its owner away.",
        "favorite/only-own",
        rewrite=strangers(),
    ),
    at(
        UNMARK,
        "readers-seem-to-take-marks-away",
        "Who only reads a workspace is told that its mark is gone.",
        "favorite/only-own",
        alter=turned(403, 204, by_member),
    ),
]
