"""Faults of dormancy: what it changes, what it forbids, and what is shown of it."""

from __future__ import annotations

from collections.abc import Callable

from tests.conformance.faults.pieces.answers import Alter, turned
from tests.conformance.faults.pieces.makers import at, named, refused_in
from tests.conformance.faults.pieces.past import in_state, once_seen
from tests.conformance.faults.pieces.places import (
    ALL,
    AUTOSTART,
    BUILD,
    DORMANT,
    LIST,
    SEEN,
    SHOWN,
    TTL,
)
from tests.conformance.faults.pieces.requests import field, identifier, lacks, parent
from tests.conformance.faults.pieces.searches import gone, kept
from tests.conformance.faults.pieces.workspaces import is_dormant, moved_by, only, put
from tests.conformance.faulty import Call, Fault, Json, on_success, on_workspaces, status


def _never_dormant(workspace: Json) -> None:
    workspace["dormant_at"] = None


def _used_when_dormant(workspace: Json) -> None:
    workspace["last_used_at"] = workspace["dormant_at"]


def _to_be_deleted_before(workspace: Json) -> None:
    workspace["deleting_at"] = moved_by(workspace["dormant_at"], days=-1)


def _still_to_be_deleted() -> Alter:
    """The moment of deletion that a dormant workspace has stays when it is active."""
    seen: dict[str, str] = {}

    def change(workspace: Json) -> None:
        if workspace["dormant_at"]:
            seen[workspace["id"]] = moved_by(workspace["dormant_at"], days=30)
        workspace["deleting_at"] = seen.get(workspace["id"])

    return on_workspaces(change)


def _no_resources(workspace: Json) -> None:
    workspace["latest_build"]["resources"] = []


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


FAULTS: list[Fault] = [
    at(
        ALL,
        "dormant-ones-cannot-be-stopped",
        "A dormant workspace cannot be stopped.",
        "dormancy/allows-stop-and-delete",
        DORMANT,
        refuse=in_state("dormant", BUILD, lambda c: field(c, "transition") == "stop"),
    ),
    at(
        ALL,
        "dormant-ones-cannot-be-deleted",
        "A dormant workspace is deleted at the second try only.",
        "dormancy/allows-stop-and-delete",
        DORMANT,
        refuse=in_state("dormant", BUILD, _first_deletion()),
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
        DORMANT,
        "absent-is-refused",
        "A body that does not say whether is refused.",
        "dormancy/default-is-active",
        refuse=lacks("dormant"),
    ),
    at(
        SEEN,
        "deleted-before-they-are-dormant",
        "A dormant workspace is to be deleted the day before it became dormant.",
        "dormancy/deleting-at",
        DORMANT,
        alter=on_workspaces(only(is_dormant, _to_be_deleted_before)),
    ),
    at(
        SEEN,
        "active-ones-are-still-to-be-deleted",
        "A workspace that was dormant is still to be deleted when it is active.",
        "dormancy/deleting-at",
        DORMANT,
        alter=_still_to_be_deleted(),
    ),
    at(
        BUILD,
        "dormant-ones-conflict-with-starts",
        "The start of a dormant workspace is answered with 409.",
        "dormancy/forbids-start",
        DORMANT,
        alter=turned(403, 409, lambda c: field(c, "transition") == "start"),
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
    at(
        SEEN,
        "to-fall-asleep-is-use",
        "A workspace that is made dormant was used at that moment.",
        "dormancy/keeps-last-use",
        DORMANT,
        alter=on_workspaces(only(is_dormant, _used_when_dormant)),
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
        DORMANT,
        "dormancy-stops",
        "A workspace that becomes dormant is stopped.",
        "dormancy/keeps-running",
        also=lambda c: ("POST", f"{parent(c)}/builds", {"transition": "stop"}),
    ),
    named(DORMANT, "no-change-is-204", "dormancy/no-change", alter=status(304, 204)),
    at(
        DORMANT,
        "dormancy-clears-the-schedule",
        "Dormancy removes the schedule.",
        "dormancy/no-next-start",
        also=lambda c: ("PUT", f"{parent(c)}/autostart", {}),
    ),
    refused_in(
        "dormant",
        DORMANT,
        "dormant-ones-have-no-new-ttl",
        "The time to stop of a dormant workspace cannot be set.",
        "dormancy/settings-still-work",
        TTL,
    ),
    refused_in(
        "dormant",
        DORMANT,
        "dormant-ones-have-no-new-schedule",
        "The schedule of a dormant workspace cannot be set.",
        "dormancy/settings-still-work",
        AUTOSTART,
    ),
    named(
        DORMANT,
        "an-enum-has-an-unknown-value",
        "dormancy/takes-effect",
        alter=on_success(put("sleeping", "latest_build", "status")),
    ),
    at(
        SHOWN,
        "the-dormant-are-unhealthy",
        "Dormant workspaces are unhealthy.",
        "dormancy/takes-effect",
        DORMANT,
        alter=on_workspaces(only(is_dormant, put(False, "health", "healthy"))),
    ),
    named(
        SHOWN,
        "dormancy-is-not-shown",
        "dormancy/takes-effect",
        DORMANT,
        alter=on_workspaces(_never_dormant),
    ),
]
