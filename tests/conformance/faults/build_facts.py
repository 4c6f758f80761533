"""Faults of what is shown of builds: statuses, numbers, times, health."""

from __future__ import annotations

from tests.conformance.faults.pieces.answers import Alter
from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.places import BUILD, GET, NOBODY, SEEN, SHOWN
from tests.conformance.faults.pieces.requests import field
from tests.conformance.faults.pieces.workspaces import moved_by, only, put
from tests.conformance.faulty import Fault, Json, on_success, on_workspaces


def _deadline_late(workspace: Json) -> None:
    build = workspace["latest_build"]
    if build["deadline"]:
        build["deadline"] = moved_by(build["deadline"], hours=1)


def _number_off(workspace: Json) -> None:
    if workspace["latest_build"]["build_number"] > 2:
        workspace["latest_build"]["build_number"] += 1


def _status(old: str, new: str) -> Alter:
    def change(shown: Json) -> None:
        if shown["latest_build"]["status"] == old:
            shown["latest_build"]["status"] = new

    return on_workspaces(change)


def _other_version(shown: Json) -> None:
    if shown["latest_build"]["build_number"] > 1:
        shown["latest_build"]["template_version_id"] = NOBODY


def _as_first(shown: Json) -> None:
    """Every build was created when the workspace was."""
    build = shown["latest_build"]
    if build["build_number"] > 1:
        build["created_at"] = build["job"]["created_at"] = moved_by(shown["created_at"], seconds=-1)


def _started_late(shown: Json) -> None:
    job = shown["latest_build"]["job"]
    if "completed_at" in job and "started_at" in job:
        job["started_at"] = moved_by(job["completed_at"], seconds=1)


def _sick(shown: Json) -> None:
    shown["health"]["healthy"] = False


def _no_agents(shown: Json) -> bool:
    return not any(r.get("agents") for r in shown["latest_build"]["resources"])


FAULTS: list[Fault] = [
    named(GET, "build-numbers-skip-one", "lifecycle/build-numbers", alter=on_success(_number_off)),
    named(
        BUILD,
        "a-stop-is-not-built",
        "lifecycle/build-numbers",
        GET,
        rewrite=lambda c: (
            setattr(c, "json", {"transition": "start"})
            if field(c, "transition") == "stop"
            else None
        ),
    ),
    named(
        SHOWN,
        "deadlines-are-an-hour-late",
        "lifecycle/deadline",
        GET,
        alter=on_workspaces(_deadline_late),
    ),
    at(
        SHOWN,
        "without-agents-nobody-is-healthy",
        "A workspace without agents is not healthy.",
        "lifecycle/health",
        GET,
        alter=on_workspaces(only(_no_agents, _sick)),
    ),
    at(
        SHOWN,
        "nobody-is-healthy",
        "No workspace is healthy.",
        "lifecycle/health",
        GET,
        alter=on_workspaces(put(False, "health", "healthy")),
    ),
    at(
        SEEN,
        "later-builds-have-another-version",
        "Every build after the first one has another version.",
        "lifecycle/same-version",
        GET,
        alter=on_workspaces(_other_version),
    ),
    at(
        SEEN,
        "stops-are-shown-as-starts",
        "A build that stops a workspace is shown as one that starts it.",
        "lifecycle/statuses",
        GET,
        alter=_status("stopping", "starting"),
    ),
    at(
        SEEN,
        "deletions-are-shown-as-stops",
        "A build that deletes a workspace is shown as one that stops it.",
        "lifecycle/statuses",
        GET,
        alter=_status("deleting", "stopping"),
    ),
    at(
        SEEN,
        "builds-are-as-old-as-workspaces",
        "Every build was created before its workspace.",
        "lifecycle/times",
        GET,
        alter=on_workspaces(_as_first),
    ),
    at(
        SEEN,
        "jobs-start-after-their-end",
        "A job started after it was completed.",
        "lifecycle/times",
        GET,
        alter=on_workspaces(_started_late),
    ),
]
