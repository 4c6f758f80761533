"""Faults of the JSON of answers: how identifiers, times, lists and texts are written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from tests.conformance.faults.pieces.answers import stages_reversed
from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.places import CREATE, EVERYWHERE, GET, RESOLVE, TIMINGS
from tests.conformance.faults.pieces.workspaces import deep
from tests.conformance.faulty import SHOWS, Answer, Fault, Json, on_success, on_workspaces


def _upper(workspace: Json) -> None:
    workspace["template_id"] = workspace["template_id"].upper()


def _nine_digits(workspace: Json) -> None:
    workspace["created_at"] = re.sub(r"(\.\d+)?Z$", ".123456000Z", workspace["created_at"])


def _pretty(answer: Answer) -> None:
    if answer.body:
        answer.body = json.dumps(answer.json, indent=2).encode()


def _twice(answer: Answer) -> None:
    if answer.status == 200:
        answer.body = answer.body.replace(b'{"id":', b'{"id":"x","id":', 1)


def _unescaped(answer: Answer) -> None:
    answer.body = answer.body.replace(b"\\u003c", b"<").replace(b"\\u003e", b">")


def _fraction(answer: Answer) -> None:
    answer.body = re.sub(rb'("ttl_ms":\d+)([,}])', rb"\1.0\2", answer.body)


def _no_line_break(answer: Answer) -> None:
    if answer.headers.get("content-type", "").startswith("application/json"):
        answer.body = answer.body.rstrip(b"\n")


def _null_when_empty(*names: str) -> Callable[[Json], None]:
    def change(holder: Json) -> None:
        for name in names:
            if holder.get(name) == []:
                holder[name] = None

    return change


class _Turns:
    """Changes every second answer."""

    def __init__(self, change: Callable[[Json], None]) -> None:
        self.change, self.count = change, 0

    def __call__(self, value: Json) -> None:
        self.count += 1
        if self.count % 2 == 0:
            self.change(value)


def _one_resource(shown: Json) -> None:
    shown["latest_build"]["resources"] = shown["latest_build"]["resources"][:1]


FAULTS: list[Fault] = [
    named(GET, "json-is-indented", "json/compact", alter=_pretty),
    at(
        EVERYWHERE,
        "json-lacks-its-line-break",
        "JSON does not end with a line break.",
        "json/compact",
        GET,
        alter=_no_line_break,
    ),
    named(GET, "an-identifier-is-in-upper-case", "json/identifiers", alter=on_success(_upper)),
    at(
        TIMINGS,
        "no-timings-are-null",
        "A list of timings that is empty is null.",
        "json/lists-are-never-null",
        alter=on_success(_null_when_empty("agent_script_timings", "agent_connection_timings")),
    ),
    at(
        GET,
        "no-subsystems-are-null",
        "An agent without subsystems has null instead of a list.",
        "json/lists-are-never-null",
        alter=on_workspaces(deep(_null_when_empty("subsystems"))),
    ),
    at(
        CREATE,
        "no-resources-are-null",
        "A build without resources has null instead of a list.",
        "json/lists-are-never-null",
        alter=on_workspaces(lambda w: _null_when_empty("resources")(w["latest_build"])),
    ),
    named(GET, "markup-is-not-escaped", "json/markup-is-escaped", alter=_unescaped),
    named(GET, "a-field-stands-twice", "json/no-duplicate-fields", alter=_twice),
    at(
        GET,
        "every-second-answer-lacks-resources",
        "Every second answer shows one resource only.",
        "json/stable",
        alter=on_workspaces(_Turns(_one_resource)),
    ),
    at(
        TIMINGS,
        "timings-are-in-any-order",
        "Every second answer shows the timings in another order.",
        "json/stable",
        alter=on_success(_Turns(stages_reversed)),
    ),
    at(
        RESOLVE,
        "every-second-answer-differs",
        "Every second answer says the opposite.",
        "json/stable",
        alter=on_success(_Turns(lambda v: v.update(parameter_mismatch=True))),
    ),
    named(GET, "a-time-has-nine-digits", "json/timestamps", alter=on_success(_nine_digits)),
    at(
        (".*", SHOWS),
        "whole-numbers-have-a-fraction",
        "Whole numbers are written with a fraction.",
        "json/whole-milliseconds",
        GET,
        alter=_fraction,
    ),
]
