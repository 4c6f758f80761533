"""Faults of fields: what the contract says of answers, and what they say of each other."""

from __future__ import annotations

from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.places import CREATE, GET, LIST, RESOLVE, SHOWN, TIMINGS
from tests.conformance.faults.pieces.workspaces import deep, moved_by, put, without
from tests.conformance.faulty import Fault, Json, on_error, on_success, on_workspaces


def _no_zone(workspace: Json) -> None:
    workspace["last_used_at"] = workspace["last_used_at"].rstrip("Z")


def _null_detail(value: Json) -> None:
    value.setdefault("detail", None)


def _only_listed(workspace: Json) -> None:
    workspace["latest_build"].pop("deadline")


def _stopping(workspace: Json) -> None:
    if workspace["latest_build"]["status"] == "stopped":
        workspace["latest_build"]["status"] = "stopping"


def _early_end(workspace: Json) -> None:
    job = workspace["latest_build"]["job"]
    if "completed_at" in job and "started_at" in job:
        job["completed_at"] = moved_by(job["created_at"], seconds=-1)


def _no_deadline(workspace: Json) -> None:
    if workspace["latest_build"]["deadline"] is None:
        del workspace["latest_build"]["deadline"]


def _null_ttl(workspace: Json) -> None:
    workspace.setdefault("ttl_ms", None)


FAULTS: list[Fault] = [
    named(
        GET, "a-stopped-one-is-stopping", "contract/consistent-body", alter=on_success(_stopping)
    ),
    named(
        GET,
        "healthy-is-turned-round",
        "contract/consistent-body",
        alter=on_success(put(False, "health", "healthy")),
    ),
    named(
        LIST,
        "outdated-is-always-true",
        "contract/consistent-body",
        alter=on_workspaces(put(True, "outdated")),
    ),
    named(
        TIMINGS,
        "timings-run-backwards",
        "contract/consistent-body",
        alter=on_success(lambda v: v["provisioner_timings"].reverse()),
    ),
    at(
        SHOWN,
        "jobs-end-before-they-start",
        "Jobs end before they began.",
        "contract/consistent-body",
        GET,
        alter=on_workspaces(_early_end),
    ),
    named(
        GET,
        "a-required-field-is-missing",
        "contract/response-schema",
        alter=on_success(without("latest_build", "deadline")),
    ),
    named(
        LIST,
        "a-field-is-missing-in-lists",
        "contract/response-schema",
        alter=on_workspaces(_only_listed),
    ),
    named(
        CREATE,
        "a-field-has-the-wrong-type",
        "contract/response-schema",
        alter=on_success(put(7, "template_id")),
    ),
    named(
        GET,
        "a-list-is-null",
        "contract/response-schema",
        alter=on_success(put(None, "health", "failing_agents")),
    ),
    named(
        GET,
        "an-agent-lacks-a-field",
        "contract/response-schema",
        alter=on_success(deep(without("lifecycle_state"))),
    ),
    named(LIST, "a-time-has-no-zone", "contract/response-schema", alter=on_workspaces(_no_zone)),
    named(
        RESOLVE,
        "errors-have-a-null-detail",
        "contract/response-schema",
        alter=on_error(_null_detail),
    ),
    at(
        SHOWN,
        "a-null-deadline-is-left-out",
        "A build without a deadline leaves the field out.",
        "contract/response-schema",
        GET,
        alter=on_workspaces(_no_deadline),
    ),
    at(
        LIST,
        "a-missing-ttl-is-null",
        "A workspace without a time to stop shows it as null in lists.",
        "contract/response-schema",
        alter=on_workspaces(_null_ttl),
    ),
    at(
        SHOWN,
        "no-status-is-an-empty-one",
        "Without a status of an application there is an empty object.",
        "contract/response-schema",
        GET,
        alter=on_workspaces(put({}, "latest_app_status")),
    ),
    at(
        SHOWN,
        "scripts-time-out-in-text",
        "The time limit of an agent's script is a text.",
        "contract/response-schema",
        GET,
        alter=on_workspaces(
            deep(lambda a: [s.update(timeout=f"{s['timeout']}ns") for s in a["scripts"]])
        ),
    ),
    at(
        SHOWN,
        "parents-are-left-out",
        "Agents without a parent leave the field out.",
        "contract/response-schema",
        GET,
        alter=on_workspaces(deep(without("parent_id"))),
    ),
]
