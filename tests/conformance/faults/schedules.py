"""Faults of schedules: every field, zone and way to clear one."""

from __future__ import annotations

import re

from tests.conformance.faults.kit import AUTOSTART, field, null, of, text
from tests.conformance.faulty import Call


def _schedule(call: Call) -> str:
    value = field(call, "schedule")
    return value if isinstance(value, str) else ""


def _unknown_zone(call: Call) -> None:
    match = re.match(r"CRON_TZ=(\S+) ", _schedule(call))
    if match and not re.match(
        r"(Europe|America|Asia|Africa|Australia|Pacific|UTC|Etc|GMT)", match[1]
    ):
        call.json = {**call.json, "schedule": "UTC".join(_schedule(call).split(match[1], 1))}


def _reversed(call: Call) -> None:
    match = re.search(r"\b(\d+)-(\d+)\b", _schedule(call))
    if match and int(match[1]) > int(match[2]):
        ordered = f"{match[2]}-{match[1]}"
        call.json = {**call.json, "schedule": _schedule(call).replace(match[0], ordered, 1)}


FAULTS = [
    of(
        AUTOSTART,
        "hour-24-is-midnight",
        "The hour 24 is accepted.",
        "autostart/hour-range",
        rewrite=text("schedule", r"(\S+) 24 \* \*", r"\1 0 * *"),
    ),
    of(
        AUTOSTART,
        "ranges-may-be-turned-round",
        "A range from high to low is accepted.",
        "autostart/bad-ranges",
        rewrite=_reversed,
    ),
    of(
        AUTOSTART,
        "steps-of-zero-are-accepted",
        "A step of 0 is accepted.",
        "autostart/bad-ranges",
        rewrite=text("schedule", r"/0(?=\s|,|$)", "/1"),
    ),
    of(
        AUTOSTART,
        "steps-are-refused",
        "Steps are refused.",
        "autostart/lists-ranges-steps",
        refuse=lambda c: bool(re.search(r"/[1-9]", re.sub(r"CRON_TZ=\S+", "", _schedule(c)))),
    ),
    of(
        AUTOSTART,
        "days-in-capitals-are-refused",
        "Names of days in capitals are refused.",
        "autostart/day-range",
        refuse=lambda c: bool(re.search(r"\b(SUN|MON|TUE|WED|THU|FRI|SAT)\b", _schedule(c))),
    ),
    of(
        AUTOSTART,
        "names-of-days-are-refused",
        "Names of days are refused.",
        "autostart/day-range",
        refuse=lambda c: bool(
            re.search(r"\b(sun|mon|tue|wed|thu|fri|sat)\b", _schedule(c), re.IGNORECASE)
        ),
    ),
    of(
        AUTOSTART,
        "lists-of-days-are-refused",
        "Lists with commas are refused.",
        "autostart/lists-ranges-steps",
        refuse=lambda c: "," in _schedule(c),
    ),
    of(
        AUTOSTART,
        "the-last-minute-is-refused",
        "The minute 59 is refused.",
        "autostart/minute-range",
        refuse=lambda c: bool(re.search(r"(^| )59 \S+ \* \* ", _schedule(c))),
    ),
    of(
        AUTOSTART,
        "the-last-hour-is-refused",
        "The hour 23 is refused.",
        "autostart/hour-range",
        refuse=lambda c: bool(re.search(r"(^| )\S+ 23 \* \* ", _schedule(c))),
    ),
    of(
        AUTOSTART,
        "unknown-zones-are-utc",
        "An unknown zone is taken for UTC.",
        "autostart/zones",
        rewrite=_unknown_zone,
    ),
    of(
        AUTOSTART,
        "local-is-a-zone",
        "The zone Local is accepted.",
        "autostart/zones",
        rewrite=text("schedule", "CRON_TZ=Local ", "CRON_TZ=UTC "),
    ),
    of(
        AUTOSTART,
        "the-prefix-may-be-tz",
        "The prefix TZ= is accepted.",
        "autostart/zones",
        rewrite=text("schedule", "^TZ=", "CRON_TZ="),
    ),
    of(
        AUTOSTART,
        "seconds-are-cut-off",
        "Six fields are accepted, the first one as seconds.",
        "autostart/fields",
        rewrite=text("schedule", r"^\s*\S+ (\S+ \S+ \* \* \S+)$", r"\1"),
    ),
    of(
        AUTOSTART,
        "months-are-accepted",
        "A month is accepted and ignored.",
        "autostart/day-and-month",
        rewrite=text("schedule", r"^(\S+ \S+) \* \d+ (\S+)$", r"\1 * * \2"),
    ),
    of(
        AUTOSTART,
        "an-empty-text-does-not-clear",
        "An empty schedule is refused.",
        "autostart/clears",
        refuse=lambda c: field(c, "schedule") == "",
    ),
    of(
        AUTOSTART,
        "null-does-not-clear",
        "A schedule of null is refused.",
        "autostart/clears",
        refuse=null("schedule"),
    ),
    of(
        AUTOSTART,
        "an-empty-zone-is-refused",
        "An empty zone is refused.",
        "autostart/zones",
        refuse=lambda c: _schedule(c).startswith("CRON_TZ= "),
    ),
]
