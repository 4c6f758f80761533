"""Faults of what a new workspace is given: its template, settings and parameters."""

from __future__ import annotations

from typing import Any

from tests.conformance.faults.kit import (
    CREATE,
    CREATE_IN,
    changed,
    dropped,
    field,
    null,
    of,
    ttl,
)
from tests.conformance.faulty import Call

LONGEST = 2_592_000_000


def _values(call: Call) -> dict[str, str]:
    values = field(call, "rich_parameter_values")
    return {str(p.get("name")): str(p.get("value")) for p in values or [] if isinstance(p, dict)}


def _one_template(call: Call) -> None:
    if field(call, "template_id") and field(call, "template_version_id"):
        dropped("template_id")(call)


def _as_default_schedule(name: str) -> Any:
    """Take what is no schedule for none."""
    return changed(name, lambda v: "" if isinstance(v, str) and len(v.split()) < 5 else v)


FAULTS = [
    of(
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
    of(
        CREATE,
        "new-ttls-have-no-end",
        "A new workspace may have more than 30 days to stop.",
        "create/ttl-range",
        rewrite=changed(
            "ttl_ms",
            lambda v: min(v, LONGEST) if isinstance(v, int) and not isinstance(v, bool) else v,
        ),
    ),
    of(
        CREATE_IN,
        "new-ttls-are-below-30-days",
        "A new workspace cannot have 30 days to stop.",
        "create/good-settings",
        refuse=lambda c: ttl(c) >= LONGEST and ttl(c) < LONGEST + 60_000,
    ),
    of(
        CREATE,
        "new-schedules-are-not-checked",
        "A new workspace's schedule that is none is dropped.",
        "create/bad-schedule",
        rewrite=_as_default_schedule("autostart_schedule"),
    ),
    of(
        CREATE,
        "new-modes-are-not-checked",
        "A new workspace's mode of updating that is none is taken for never.",
        "create/bad-automatic-updates",
        rewrite=changed(
            "automatic_updates",
            lambda v: v if not isinstance(v, str) or v in ("", "always", "never") else "never",
        ),
    ),
    of(
        CREATE,
        "two-templates-are-one",
        "Of a template and a version the version is taken.",
        "create/template-or-version",
        rewrite=_one_template,
    ),
    of(
        CREATE,
        "unknown-parameters-of-templates-are-refused",
        "Parameters that the template does not know are refused.",
        "create/unknown-parameters",
        refuse=lambda c: bool(set(_values(c)) - {"cpu", "region"}),
    ),
    of(
        CREATE,
        "presets-are-not-checked",
        "A preset that does not exist is ignored.",
        "create/preset-unknown",
        rewrite=dropped("template_version_preset_id"),
    ),
    of(
        CREATE,
        "null-settings-are-refused",
        "A new workspace's settings cannot be null.",
        "bodies/null-is-absent",
        refuse=lambda c: any(null(n)(c) for n in ("ttl_ms", "autostart_schedule")),
    ),
    of(
        CREATE,
        "an-empty-schedule-is-refused",
        "A new workspace's schedule cannot be empty.",
        "create/empty-settings",
        refuse=lambda c: field(c, "autostart_schedule") == "",
    ),
    of(
        CREATE,
        "a-zero-ttl-is-refused",
        "A new workspace's time to stop cannot be 0.",
        "create/empty-settings",
        refuse=lambda c: field(c, "ttl_ms") == 0,
    ),
    of(
        CREATE,
        "zero-is-a-template",
        "The zero identifier beside a version is a second template.",
        "create/zero-uuid-is-absent",
        refuse=lambda c: field(c, "template_id") == "00000000-0000-0000-0000-000000000000",
    ),
]
