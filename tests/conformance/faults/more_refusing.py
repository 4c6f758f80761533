"""More faults of creation: what is refused, with which words, and what is left then."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.conformance.faults.kit import (
    CREATE,
    CREATE_IN,
    CREATES,
    dropped,
    field,
    identifier,
    is_json,
    of_place,
    put,
    text,
    ttl,
)
from tests.conformance.faults.more_kit import (
    CREATED,
    UUID,
    Alter,
    answered,
    at,
    caller,
    carried_out,
    turned,
)
from tests.conformance.faulty import WORKSPACE, Answer, Call, Fault, Json

NAME = re.compile(r"[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*")

MODES = ("", "always", "never")

_EVERYWHERE = (".*", f"{CREATES}|{WORKSPACE}/builds")


def _name(call: Call) -> str:
    return str(field(call, "name"))


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
            self.free.add(self.ids.get(identifier(call), ""))

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


def _malformed(call: Call) -> bool:
    identifier = field(call, "template_id")
    return isinstance(identifier, str) and len(identifier) != 36


def _no_validations(value: Json) -> None:
    value.pop("validations", None)


_DELETED, _OTHERS = _Names(), _Names()

FAULTS: list[Fault] = [
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
        CREATE,
        "names-are-for-one-user",
        "Two users cannot have workspaces of the same name.",
        "isolation/names-are-per-owner",
        refuse=_OTHERS.is_anothers,
        alter=_OTHERS.see,
    ),
]
