"""More faults of creation: what a new workspace is, and what is said when there is none."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.conformance.faults.kit import (
    CREATE,
    CREATE_IN,
    CREATES,
    dropped,
    field,
    is_json,
    put,
    text,
    ttl,
)
from tests.conformance.faults.more_kit import (
    CREATED,
    MEMBER,
    OWNER,
    SEEN,
    UUID,
    Alter,
    answered,
    at,
    caller,
    carried_out,
    of_place,
    strangers,
    turned,
    workspace,
)
from tests.conformance.faulty import WORKSPACE, Answer, Call, Fault, Json, on_workspaces

NAME = re.compile(r"[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*")
MODES = ("", "always", "never")
NAMED = {OWNER.username, MEMBER.username}
_EVERYWHERE = (".*", f"{CREATES}|{WORKSPACE}/builds")


def _name(call: Call) -> str:
    return str(field(call, "name"))


def _user(call: Call) -> str:
    """Whom a new workspace is for, as the path spells it."""
    return call.path.split("/members/")[-1].removeprefix("/users/").split("/")[0]


def _is_known(call: Call) -> bool:
    return _user(call) == "me" or _user(call).lower() in NAMED or bool(UUID.fullmatch(_user(call)))


def _for_me(call: Call) -> None:
    """Whoever is not known is the caller."""
    if not _is_known(call):
        call.path = call.path.replace(f"/members/{_user(call)}/", "/members/me/")


class _Names:
    """Remembers which names were given, by whom, and which of them belong to deleted ones."""

    def __init__(self) -> None:
        self.made: dict[str, bytes] = {}
        self.by: dict[str, str] = {}
        self.ids: dict[str, str] = {}
        self.free: set[str] = set()

    def see(self, answer: Answer) -> None:
        """Note a new workspace or a deletion."""
        call = answer.call
        if call is None or answer.status != 201:
            return
        if of_place(call, CREATED):
            name = _name(call).lower()
            self.made[name], self.by[name] = answer.body, caller(call)
            self.ids[answer.json["id"]] = name
            self.free.discard(name)
        elif field(call, "transition") == "delete":
            self.free.add(self.ids.get(workspace(call), ""))

    def taken_again(self, when: Callable[[Call, Json], bool]) -> Alter:
        """Give the workspace that has a name to whoever wants another one of that name."""

        def alter(answer: Answer) -> None:
            call = answer.call
            if call is not None and answer.status == 409 and _name(call).lower() in self.made:
                there = Answer(201, {}, self.made[_name(call).lower()]).json
                if when(call, there):
                    answer.status, answer.json = 201, there
            else:
                self.see(answer)

        return alter

    def is_old(self, call: Call) -> bool:
        """Whether a name was that of a deleted workspace."""
        return of_place(call, CREATED) and _name(call).lower() in self.free

    def is_anothers(self, call: Call) -> bool:
        """Whether another user has a workspace of that name."""
        owner = self.by.get(_name(call).lower())
        return owner is not None and owner != caller(call)

    def conflict_first(self, answer: Answer) -> None:
        """Answer that a name is taken before anything else is said."""
        call = answer.call
        if call is not None and answer.status == 400 and _name(call).lower() in self.made:
            turned(400, 409, message=f'Workspace "{_name(call)}" already exists.')(answer)
        self.see(answer)


def _good(call: Call) -> bool:
    name = field(call, "name")
    return isinstance(name, str) and bool(NAME.fullmatch(name)) and len(name) <= 32


def _template_first(answer: Answer) -> None:
    """Of a bad name and an unknown template the template is told."""
    call = answer.call
    if call is not None and answer.status == 400 and not _good(call) and is_json(call):
        identifier = field(call, "template_id") or field(call, "template_version_id")
        if isinstance(identifier, str) and UUID.fullmatch(identifier):
            message = f'Template "{identifier}" doesn\'t exist.'
            turned(400, 400, message=message)(answer)


def _unknown(old: str, status: int) -> Alter:
    """Another status where something does not exist."""

    def alter(answer: Answer) -> None:
        if answer.status == 400 and old in answer.json["message"]:
            answer.status = status

    return alter


def _field_named(old: str, new: str, within: str = "") -> Alter:
    """Another field in the validations of errors with a message."""

    def change(value: Json) -> None:
        for entry in value.get("validations", []):
            if entry["field"] == old and within in value["message"]:
                entry["field"] = new

    def alter(answer: Answer) -> None:
        for status in (400, 409):
            answered(status, change)(answer)

    return alter


def _no_schedule(call: Call) -> None:
    """A schedule that is none is left out."""
    schedule = field(call, "autostart_schedule")
    if isinstance(schedule, str) and schedule and len(schedule.split()) < 5:
        dropped("autostart_schedule")(call)


def _no_long_ttl(call: Call) -> None:
    if ttl(call) < 0 or 0 < ttl(call) < 60_000 or ttl(call) >= 2_592_060_000:
        dropped("ttl_ms")(call)


def _no_bad_mode(call: Call) -> None:
    if field(call, "automatic_updates") not in (None, *MODES):
        dropped("automatic_updates")(call)


def _given(name: str, value: Any) -> Callable[[Call], None]:
    """Another default."""

    def rewrite(call: Call) -> None:
        if is_json(call) and isinstance(call.json, dict) and not field(call, name):
            call.json = {**call.json, name: value}

    return rewrite


def _ahead(shown: Json) -> None:
    moved = datetime.fromisoformat(shown["created_at"]) + timedelta(hours=1)
    shown["created_at"] = shown["last_used_at"] = moved.isoformat().replace("+00:00", "Z")


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


def _malformed(call: Call) -> bool:
    identifier = field(call, "template_id")
    return isinstance(identifier, str) and len(identifier) != 36


def _no_validations(value: Json) -> None:
    value.pop("validations", None)


_DELETED, _OTHERS = _Names(), _Names()
FAULTS: list[Fault] = [
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
        "members-have-no-identifier",
        "The deprecated way to create does not find a member by UUID.",
        "by-organization/user-spellings",
        refuse=lambda c: bool(UUID.fullmatch(_user(c))),
    ),
    at(
        CREATE_IN,
        "members-have-no-name",
        "The deprecated way to create does not find a member by username.",
        "by-organization/user-spellings",
        refuse=lambda c: _user(c).lower() in NAMED,
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
        "members-create-for-others",
        "A plain user creates a workspace for another member.",
        "by-organization/not-for-others",
        rewrite=strangers(lambda c: _user(c) != "me"),
    ),
    at(
        CREATE,
        "users-create-for-others",
        "A plain user creates a workspace for another user.",
        "create/not-for-others",
        rewrite=strangers(lambda c: _user(c) != "me"),
    ),
    at(
        CREATE,
        "a-taken-name-gives-what-has-it",
        "A taken name in another case gives the workspace that has it.",
        "create/name-is-unique",
        alter=_Names().taken_again(lambda c, there: there["name"] != field(c, "name")),
    ),
    at(
        CREATE,
        "conflicts-have-no-validations",
        "The 409 for a taken name has no validation.",
        "create/name-is-unique",
        alter=answered(409, _no_validations),
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
        CREATE,
        "unknown-templates-are-not-found",
        "An unknown template is answered with 404.",
        "create/unknown-template",
        alter=_unknown("Template", 404),
    ),
    at(
        CREATE_IN,
        "unknown-templates-have-another-field",
        "An unknown template is refused naming a field that is none of the body.",
        "create/unknown-template",
        alter=_field_named("template_id", "template", "exist"),
    ),
    at(
        CREATE,
        "unknown-versions-are-templates",
        "An unknown template version is refused naming the template.",
        "create/unknown-version",
        alter=_field_named("template_version_id", "template_id", "exist"),
    ),
    at(
        CREATE_IN,
        "unknown-versions-are-not-found",
        "An unknown template version is answered with 404.",
        "create/unknown-version",
        alter=_unknown("Template version", 404),
    ),
    at(
        CREATE,
        "templates-in-no-form-are-not-found",
        "A template that is no UUID is answered with 404.",
        "create/malformed-template",
        alter=turned(400, 404, _malformed),
    ),
    at(
        CREATE_IN,
        "templates-in-no-form-break-the-server",
        "A template that is no UUID is answered with 500.",
        "create/malformed-template",
        alter=turned(400, 500, _malformed),
    ),
    at(
        CREATE,
        "new-names-begin-with-letters",
        "Names of new workspaces cannot begin with a digit.",
        "create/name-rule",
        refuse=lambda c: _name(c)[:1].isdigit(),
    ),
    at(
        CREATE_IN,
        "new-names-may-end-with-a-dot",
        "A dot at the end of a new name is accepted and dropped.",
        "create/name-rule",
        rewrite=text("name", r"\.$", ""),
    ),
    at(
        CREATE,
        "new-names-may-have-an-underscore",
        "An underscore within a new name is taken for a hyphen.",
        "create/name-rule",
        rewrite=text("name", r"(?<=[^\W_])_(?=[^\W_])", "-"),
    ),
    at(
        CREATE,
        "templates-come-before-names",
        "Of a bad name and an unknown template the template is told.",
        "create/validation-comes-first",
        alter=_template_first,
    ),
    at(
        CREATE,
        "refused-schedules-leave-a-workspace",
        "A bad schedule is refused, and the workspace is there without one.",
        "create/failure-leaves-nothing",
        **carried_out(_no_schedule, 400),
    ),
    at(
        CREATE_IN,
        "refused-ttls-leave-a-workspace",
        "A bad time to stop is refused, and the workspace is there without one.",
        "create/failure-leaves-nothing",
        **carried_out(_no_long_ttl, 400),
    ),
    at(
        CREATE,
        "refused-modes-leave-a-workspace",
        "A bad mode of updating is refused, and the workspace is there without one.",
        "create/failure-leaves-nothing",
        **carried_out(_no_bad_mode, 400),
    ),
    at(
        CREATE,
        "conflicts-do-not-quote-names",
        "The 409 for a taken name does not tell the name.",
        "create/conflict-message",
        alter=answered(409, put("This name is taken.", "message")),
    ),
    at(
        CREATE,
        "taken-names-come-before-settings",
        "A taken name is told before bad settings are.",
        "create/conflict-after-settings",
        alter=_Names().conflict_first,
    ),
    at(
        _EVERYWHERE,
        "names-of-deleted-ones-are-taken",
        "The name of a deleted workspace cannot be used again.",
        "create/name-is-free-after-deletion",
        CREATE,
        refuse=_DELETED.is_old,
        alter=_DELETED.see,
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
        CREATE,
        "names-are-for-one-user",
        "Two users cannot have workspaces of the same name.",
        "isolation/names-are-per-owner",
        refuse=_OTHERS.is_anothers,
        alter=_OTHERS.see,
    ),
]
