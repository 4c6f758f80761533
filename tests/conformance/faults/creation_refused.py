"""Faults of creations that are refused, and of what is left then."""

from __future__ import annotations

import re
from typing import Any

from tests.conformance.faults.pieces.answers import Alter, answered, carried_out, turned
from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.places import (
    CREATE,
    CREATE_IN,
    CREATED,
    EVERYWHERE,
    LONGEST,
    UUID,
)
from tests.conformance.faults.pieces.requests import (
    changed,
    dropped,
    field,
    is_json,
    recipient,
    strangers,
    ttl,
)
from tests.conformance.faulty import Answer, Call, Fault, Json, on_error

NAME = re.compile(r"[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*")
MODES = ("", "always", "never")


def _values(call: Call) -> dict[str, str]:
    values = field(call, "rich_parameter_values")
    return {str(p.get("name")): str(p.get("value")) for p in values or [] if isinstance(p, dict)}


def _one_template(call: Call) -> None:
    if field(call, "template_id") and field(call, "template_version_id"):
        dropped("template_id")(call)


def _as_default_schedule(name: str) -> Any:
    """Take what is no schedule for none."""
    return changed(name, lambda v: "" if isinstance(v, str) and len(v.split()) < 5 else v)


def _first_only(error: Json) -> None:
    if "validations" in error:
        error["validations"] = error["validations"][:1]


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


FAULTS: list[Fault] = [
    at(
        EVERYWHERE,
        "one-finding-at-a-time",
        "Of several wrong inputs just the first one is named.",
        "create/all-bad-fields-named",
        CREATE,
        alter=on_error(_first_only),
    ),
    at(
        CREATE,
        "new-modes-are-not-checked",
        "A new workspace's mode of updating that is none is taken for never.",
        "create/bad-automatic-updates",
        rewrite=changed(
            "automatic_updates",
            lambda v: v if not isinstance(v, str) or v in ("", "always", "never") else "never",
        ),
    ),
    at(
        CREATE,
        "new-schedules-are-not-checked",
        "A new workspace's schedule that is none is dropped.",
        "create/bad-schedule",
        rewrite=_as_default_schedule("autostart_schedule"),
    ),
    at(
        CREATE,
        "an-empty-schedule-is-refused",
        "A new workspace's schedule cannot be empty.",
        "create/empty-settings",
        refuse=lambda c: field(c, "autostart_schedule") == "",
    ),
    at(
        CREATE,
        "a-zero-ttl-is-refused",
        "A new workspace's time to stop cannot be 0.",
        "create/empty-settings",
        refuse=lambda c: field(c, "ttl_ms") == 0,
    ),
    at(
        CREATED,
        "empty-schedules-are-refused",
        "A workspace cannot be made with an empty schedule.",
        "create/empty-settings",
        CREATE,
        refuse=lambda c: field(c, "autostart_schedule") == "",
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
        CREATE_IN,
        "new-ttls-are-below-30-days",
        "A new workspace cannot have 30 days to stop.",
        "create/good-settings",
        refuse=lambda c: ttl(c) >= LONGEST and ttl(c) < LONGEST + 60_000,
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
        "users-create-for-others",
        "A plain user creates a workspace for another user.",
        "create/not-for-others",
        rewrite=strangers(lambda c: recipient(c) != "me"),
    ),
    at(
        CREATE,
        "presets-are-not-checked",
        "A preset that does not exist is ignored.",
        "create/preset-unknown",
        rewrite=dropped("template_version_preset_id"),
    ),
    at(
        CREATE,
        "two-templates-are-one",
        "Of a template and a version the version is taken.",
        "create/template-or-version",
        rewrite=_one_template,
    ),
    at(
        CREATED,
        "a-version-yields-to-its-template",
        "A template and a version may both be given.",
        "create/template-or-version",
        CREATE,
        rewrite=lambda c: dropped("template_version_id")(c) if field(c, "template_id") else None,
    ),
    named(
        CREATE,
        "an-unknown-template-is-the-first-one",
        "create/template-or-version",
        rewrite=lambda c: (
            setattr(c, "json", {k: v for k, v in c.json.items() if k != "template_version_id"})
            if isinstance(c.json, dict)
            and "template_id" in c.json
            and "template_version_id" in c.json
            else None
        ),
    ),
    at(
        CREATE,
        "new-ttls-may-be-seconds",
        "A new workspace may have less than a minute to stop.",
        "create/ttl-range",
        rewrite=changed(
            "ttl_ms",
            lambda v: (
                60_000 if isinstance(v, int) and not isinstance(v, bool) and 0 < v < 60_000 else v
            ),
        ),
    ),
    at(
        CREATE,
        "new-ttls-have-no-end",
        "A new workspace may have more than 30 days to stop.",
        "create/ttl-range",
        rewrite=changed(
            "ttl_ms",
            lambda v: min(v, LONGEST) if isinstance(v, int) and not isinstance(v, bool) else v,
        ),
    ),
    at(
        CREATE,
        "unknown-parameters-of-templates-are-refused",
        "Parameters that the template does not know are refused.",
        "create/unknown-parameters",
        refuse=lambda c: bool(set(_values(c)) - {"cpu", "region"}),
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
        "templates-come-before-names",
        "Of a bad name and an unknown template the template is told.",
        "create/validation-comes-first",
        alter=_template_first,
    ),
    at(
        CREATE,
        "zero-is-a-template",
        "The zero identifier beside a version is a second template.",
        "create/zero-uuid-is-absent",
        refuse=lambda c: field(c, "template_id") == "00000000-0000-0000-0000-000000000000",
    ),
]
