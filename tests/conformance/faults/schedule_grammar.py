"""Faults of the grammar of schedules: every field, range and zone."""

from __future__ import annotations

import re

from tests.conformance.faults.pieces.answers import told
from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.places import AUTOSTART
from tests.conformance.faults.pieces.requests import changed, changed_text, field, in_text, text
from tests.conformance.faulty import Call, Fault, Json, on_error


def _wrong_field(value: Json) -> None:
    for entry in value.get("validations", []):
        entry["field"] = "ttl"


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


FAULTS: list[Fault] = [
    at(
        AUTOSTART,
        "steps-of-zero-are-every-one",
        "A step of 0 counts as 1.",
        "autostart/bad-ranges",
        rewrite=changed("schedule", in_text(r"/0\b", "/1")),
    ),
    at(
        AUTOSTART,
        "ranges-may-be-turned-round",
        "A range from high to low is accepted.",
        "autostart/bad-ranges",
        rewrite=_reversed,
    ),
    at(
        AUTOSTART,
        "steps-of-zero-are-accepted",
        "A step of 0 is accepted.",
        "autostart/bad-ranges",
        rewrite=text("schedule", r"/0(?=\s|,|$)", "/1"),
    ),
    named(
        AUTOSTART,
        "days-of-the-month-are-accepted",
        "autostart/day-and-month",
        rewrite=changed_text("schedule", lambda t: re.sub(r"^(\S+ \S+) 1 \*", r"\1 * *", t)),
    ),
    at(
        AUTOSTART,
        "months-are-accepted",
        "A month is accepted and ignored.",
        "autostart/day-and-month",
        rewrite=text("schedule", r"^(\S+ \S+) \* \d+ (\S+)$", r"\1 * * \2"),
    ),
    named(
        AUTOSTART,
        "day-7-is-sunday",
        "autostart/day-range",
        rewrite=changed_text("schedule", lambda t: re.sub(r" 7$", " 0", t)),
    ),
    at(
        AUTOSTART,
        "days-in-capitals-are-refused",
        "Names of days in capitals are refused.",
        "autostart/day-range",
        refuse=lambda c: bool(re.search(r"\b(SUN|MON|TUE|WED|THU|FRI|SAT)\b", _schedule(c))),
    ),
    at(
        AUTOSTART,
        "names-of-days-are-refused",
        "Names of days are refused.",
        "autostart/day-range",
        refuse=lambda c: bool(
            re.search(r"\b(sun|mon|tue|wed|thu|fri|sat)\b", _schedule(c), re.IGNORECASE)
        ),
    ),
    named(
        AUTOSTART,
        "daily-is-accepted",
        "autostart/descriptors",
        rewrite=changed_text("schedule", lambda t: "0 0 * * *" if t == "@daily" else t),
    ),
    at(
        AUTOSTART,
        "seconds-in-schedules-are-dropped",
        "A schedule of six fields loses its first one.",
        "autostart/fields",
        rewrite=changed("schedule", in_text(r"^[\d*]+ ((?:\S+ ){4}\S+)$", r"\1")),
    ),
    at(
        AUTOSTART,
        "seconds-are-cut-off",
        "Six fields are accepted, the first one as seconds.",
        "autostart/fields",
        rewrite=text("schedule", r"^\s*\S+ (\S+ \S+ \* \* \S+)$", r"\1"),
    ),
    at(
        AUTOSTART,
        "hour-24-is-midnight",
        "The hour 24 is accepted.",
        "autostart/hour-range",
        rewrite=text("schedule", r"(\S+) 24 \* \*", r"\1 0 * *"),
    ),
    at(
        AUTOSTART,
        "the-last-hour-is-refused",
        "The hour 23 is refused.",
        "autostart/hour-range",
        refuse=lambda c: bool(re.search(r"(^| )\S+ 23 \* \* ", _schedule(c))),
    ),
    named(
        AUTOSTART,
        "question-marks-are-refused",
        "autostart/lists-ranges-steps",
        refuse=lambda c: "?" in str(field(c, "schedule")),
    ),
    at(
        AUTOSTART,
        "steps-are-refused",
        "Steps are refused.",
        "autostart/lists-ranges-steps",
        refuse=lambda c: bool(re.search(r"/[1-9]", re.sub(r"CRON_TZ=\S+", "", _schedule(c)))),
    ),
    at(
        AUTOSTART,
        "lists-of-days-are-refused",
        "Lists with commas are refused.",
        "autostart/lists-ranges-steps",
        refuse=lambda c: "," in _schedule(c),
    ),
    at(
        AUTOSTART,
        "unknown-zones-are-not-told",
        "Of a schedule in an unknown zone is only said that it is none.",
        "autostart/messages",
        alter=told("bad location", "invalid schedule"),
    ),
    at(
        AUTOSTART,
        "ranges-of-schedules-are-not-told",
        "Of a schedule with a field out of range is only said that it is none.",
        "autostart/messages",
        alter=told("range", "invalid schedule"),
    ),
    named(
        AUTOSTART,
        "minute-60-is-0",
        "autostart/minute-range",
        rewrite=changed_text("schedule", lambda t: re.sub(r"^60 ", "0 ", t)),
    ),
    at(
        AUTOSTART,
        "the-last-minute-is-refused",
        "The minute 59 is refused.",
        "autostart/minute-range",
        refuse=lambda c: bool(re.search(r"(^| )59 \S+ \* \* ", _schedule(c))),
    ),
    named(
        AUTOSTART,
        "validations-name-another-field",
        "autostart/refuses-bad-schedules",
        alter=on_error(_wrong_field),
    ),
    named(
        AUTOSTART,
        "zones-in-lower-case-prefix",
        "autostart/zones",
        rewrite=changed_text("schedule", lambda t: re.sub(r"^TZ=", "CRON_TZ=", t)),
    ),
    at(
        AUTOSTART,
        "unknown-zones-are-utc",
        "An unknown zone is taken for UTC.",
        "autostart/zones",
        rewrite=_unknown_zone,
    ),
    at(
        AUTOSTART,
        "local-is-a-zone",
        "The zone Local is accepted.",
        "autostart/zones",
        rewrite=text("schedule", "CRON_TZ=Local ", "CRON_TZ=UTC "),
    ),
    at(
        AUTOSTART,
        "the-prefix-may-be-tz",
        "The prefix TZ= is accepted.",
        "autostart/zones",
        rewrite=text("schedule", "^TZ=", "CRON_TZ="),
    ),
    at(
        AUTOSTART,
        "an-empty-zone-is-refused",
        "An empty zone is refused.",
        "autostart/zones",
        refuse=lambda c: _schedule(c).startswith("CRON_TZ= "),
    ),
]
