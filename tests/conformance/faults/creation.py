"""Faults of creation: what a new workspace is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from coder_conformance.reference.seed.default import MEMBER, OWNER
from tests.conformance.faults.pieces.answers import Alter
from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.places import CREATE, CREATE_IN, CREATED, SEEN, SHOWN, UUID
from tests.conformance.faults.pieces.requests import dropped, field, is_json, recipient, strangers
from tests.conformance.faults.pieces.workspaces import moved_by, put
from tests.conformance.faulty import Call, Fault, Json, on_workspaces

NAMED = {OWNER.username, MEMBER.username}


def _is_known(call: Call) -> bool:
    return (
        recipient(call) == "me"
        or recipient(call).lower() in NAMED
        or bool(UUID.fullmatch(recipient(call)))
    )


def _for_me(call: Call) -> None:
    """Whoever is not known is the caller."""
    if not _is_known(call):
        call.path = call.path.replace(f"/members/{recipient(call)}/", "/members/me/")


def _given(name: str, value: Any) -> Callable[[Call], None]:
    """Another default."""

    def rewrite(call: Call) -> None:
        if is_json(call) and isinstance(call.json, dict) and not field(call, name):
            call.json = {**call.json, name: value}

    return rewrite


def _ahead(shown: Json) -> None:
    shown["created_at"] = shown["last_used_at"] = moved_by(shown["created_at"], hours=1)


def _is_first(shown: Json) -> bool:
    return bool(shown["latest_build"]["build_number"] == 1)


def _by_dashboard(shown: Json) -> None:
    if _is_first(shown):
        shown["latest_build"]["reason"] = "dashboard"


def _by_nobody(shown: Json) -> None:
    if _is_first(shown):
        shown["latest_build"]["initiator_id"] = "00000000-0000-0000-0000-000000000000"


def _the_first_one(*path: str) -> Alter:
    """All workspaces share an identifier of the first one that was seen."""
    first: list[Any] = []

    def change(shown: Json) -> None:
        holder = shown
        for name in path[:-1]:
            holder = holder[name]
        first.append(holder[path[-1]])
        holder[path[-1]] = first[0]

    return on_workspaces(change)


def _local(workspace: Json) -> None:
    """The same moment as a clock on the wall shows it, without saying where the wall is."""
    moment = datetime.fromisoformat(workspace["created_at"])
    there = moment.astimezone(timezone(timedelta(hours=2)))
    workspace["created_at"] = there.replace(tzinfo=None).isoformat() + "Z"


FAULTS: list[Fault] = [
    at(
        CREATE_IN,
        "members-create-for-others",
        "A plain user creates a workspace for another member.",
        "by-organization/not-for-others",
        rewrite=strangers(lambda c: recipient(c) != "me"),
    ),
    at(
        CREATE_IN,
        "the-old-way-answers-less",
        "The deprecated way to create does not show how the template is called.",
        "by-organization/same-answer",
        alter=on_workspaces(lambda w: w.pop("template_display_name")),
    ),
    at(
        CREATE_IN,
        "the-old-way-answers-more",
        "The deprecated way to create says that it is deprecated.",
        "by-organization/same-answer",
        alter=on_workspaces(lambda w: w.update(deprecated=True)),
    ),
    at(
        CREATE_IN,
        "unknown-members-are-the-caller",
        "A member who does not exist is taken for the caller.",
        "by-organization/unknown-user",
        rewrite=_for_me,
    ),
    at(
        CREATE_IN,
        "members-have-no-identifier",
        "The deprecated way to create does not find a member by UUID.",
        "by-organization/user-spellings",
        refuse=lambda c: bool(UUID.fullmatch(recipient(c))),
    ),
    at(
        CREATE_IN,
        "members-have-no-name",
        "The deprecated way to create does not find a member by username.",
        "by-organization/user-spellings",
        refuse=lambda c: recipient(c).lower() in NAMED,
    ),
    at(
        CREATED,
        "new-ones-tell-their-version",
        "The answer to a creation names the version.",
        "create/answer",
        CREATE,
        alter=on_workspaces(put("v1", "latest_build", "template_version_name")),
    ),
    at(
        CREATED,
        "new-ones-are-marked",
        "The answer to a creation shows a mark.",
        "create/answer-is-what-is-read",
        CREATE,
        alter=on_workspaces(put(True, "favorite")),
    ),
    at(
        CREATE_IN,
        "schedules-are-for-the-new-way",
        "The deprecated way to create drops the schedule.",
        "create/by-organization",
        rewrite=dropped("autostart_schedule"),
    ),
    at(
        CREATE_IN,
        "settings-are-for-the-new-way",
        "The deprecated way to create drops the mode of updating.",
        "create/by-organization",
        rewrite=dropped("automatic_updates"),
    ),
    at(
        CREATE,
        "updates-are-automatic-by-default",
        "Without a mode of updating a new workspace is always updated.",
        "create/defaults",
        rewrite=_given("automatic_updates", "always"),
    ),
    at(
        CREATE,
        "workspaces-stop-after-an-hour-by-default",
        "Without a time to stop a new workspace gets an hour and not the template's.",
        "create/defaults",
        rewrite=_given("ttl_ms", 3_600_000),
    ),
    at(
        SEEN,
        "jobs-share-an-identifier",
        "Jobs of all builds have one identifier.",
        "create/identifiers-are-new",
        CREATE,
        alter=_the_first_one("latest_build", "job", "id"),
    ),
    at(
        SEEN,
        "builds-share-an-identifier",
        "Builds of all workspaces have one identifier.",
        "create/identifiers-are-new",
        CREATE,
        alter=_the_first_one("latest_build", "id"),
    ),
    at(
        SEEN,
        "first-builds-come-from-the-dashboard",
        "The reason of the first build is the dashboard.",
        "create/initiator",
        CREATE,
        alter=on_workspaces(_by_dashboard),
    ),
    at(
        SEEN,
        "nobody-asked-for-first-builds",
        "The first build was initiated by nobody.",
        "create/initiator",
        CREATE,
        alter=on_workspaces(_by_nobody),
    ),
    at(
        SHOWN,
        "times-are-local-but-say-utc",
        "The time of creation is that of another zone with a Z behind it.",
        "create/is-shown-at-once",
        CREATE,
        alter=on_workspaces(_local),
    ),
    named(
        CREATE,
        "a-new-one-forgets-its-ttl",
        "create/reads-back",
        rewrite=lambda c: (
            setattr(c, "json", {k: v for k, v in c.json.items() if k != "ttl_ms"})
            if isinstance(c.json, dict) and c.json
            else None
        ),
    ),
    named(
        CREATE,
        "a-new-one-forgets-its-schedule",
        "create/reads-back",
        rewrite=lambda c: (
            setattr(c, "json", {**c.json, "autostart_schedule": ""})
            if isinstance(c.json, dict) and isinstance(c.json.get("autostart_schedule"), str)
            else None
        ),
    ),
    at(
        CREATED,
        "new-ones-are-starting",
        "The answer to a creation shows the build as running.",
        "create/starts-pending",
        CREATE,
        alter=on_workspaces(put("starting", "latest_build", "status")),
    ),
    at(
        CREATE,
        "new-ones-were-never-used",
        "The answer to a creation shows no use of the workspace.",
        "create/times",
        alter=on_workspaces(put("0001-01-01T00:00:00Z", "last_used_at")),
    ),
    at(
        SEEN,
        "the-clock-is-an-hour-ahead",
        "Workspaces are created an hour after now.",
        "create/times",
        CREATE,
        alter=on_workspaces(_ahead),
    ),
]
