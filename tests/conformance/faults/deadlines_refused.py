"""Faults of deadlines that are refused: why, and with which words."""

from __future__ import annotations

import re

from tests.conformance.faults.pieces.answers import answered, says, turned
from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.places import EXTEND
from tests.conformance.faults.pieces.requests import When, changed, changed_text, field, null
from tests.conformance.faulty import Answer, Fault, Json, on_success, status

ZERO = "0001-01-01T00:00:00Z"


def _plus_zero(value: Json) -> None:
    value["message"] = value["message"].replace("Z.", "+00:00.")


def _conflict(pattern: str, status: int) -> object:
    """Another status for a conflict that is told in certain words."""

    def told(answer: Answer) -> bool:
        return answer.status == 409 and bool(re.search(pattern, answer.json["message"]))

    return says(status, "Deadline cannot be updated.", told)


def _extended(when: When) -> object:
    """A refusal turned into success."""
    return turned(400, 200, when, "Deadline updated to 2031-01-01T00:00:00Z.")


def _as_field(value: Json) -> None:
    for entry in value.get("validations", []):
        entry["field"] = "Deadline"


def _with_validation(value: Json) -> None:
    if "30 minutes" in value["message"]:
        value["validations"] = [{"field": "deadline", "detail": value["message"]}]


def _one_more(value: Json) -> None:
    value["message"] = value["message"].replace("30 minutes", "half an hour")


FAULTS: list[Fault] = [
    at(
        EXTEND,
        "deadlines-may-be-numbers",
        "A deadline may be a number of seconds.",
        "extend/bad-times",
        rewrite=changed(
            "deadline", lambda v: "2031-01-01T00:00:00Z" if isinstance(v, (int, float)) else v
        ),
    ),
    named(
        EXTEND,
        "a-time-without-a-zone-is-accepted",
        "extend/bad-times",
        rewrite=changed_text(
            "deadline", lambda t: t + "Z" if re.fullmatch(r"[\d-]+T[\d:]+", t) else t
        ),
    ),
    at(
        EXTEND,
        "builds-seem-extended",
        "A new deadline of a workspace that is being built seems to be stored.",
        "extend/building",
        alter=_conflict("still building|current status", 200),
    ),
    at(
        EXTEND,
        "deleted-ones-are-gone",
        "A new deadline of a deleted workspace is answered with 410.",
        "extend/deleted",
        alter=_conflict("current status: delete", 410),
    ),
    at(
        EXTEND,
        "deleted-ones-are-not-found",
        "A new deadline of a deleted workspace is answered with 404.",
        "extend/deleted",
        alter=_conflict("current status: delete", 404),
    ),
    at(
        EXTEND,
        "deadlines-are-told-with-an-offset",
        "The message of a new deadline writes UTC as +00:00.",
        "extend/message",
        alter=on_success(_plus_zero),
    ),
    at(
        EXTEND,
        "no-deadline-is-success",
        "A deadline that is null is accepted.",
        "extend/missing",
        alter=_extended(null("deadline")),
    ),
    at(
        EXTEND,
        "the-zero-deadline-is-success",
        "The zero deadline is accepted.",
        "extend/missing",
        alter=_extended(lambda c: field(c, "deadline") == ZERO),
    ),
    at(
        EXTEND,
        "a-missing-deadline-has-another-name",
        "The validation of a missing deadline names a field that is none of the body.",
        "extend/missing",
        alter=answered(400, _as_field),
    ),
    at(
        EXTEND,
        "stopped-ones-are-bad-requests",
        "A new deadline of a stopped workspace is answered with 400.",
        "extend/needs-a-running-workspace",
        alter=_conflict("must be started, current status: stop", 400),
    ),
    at(
        EXTEND,
        "manual-ones-are-bad-requests",
        "A new deadline of a workspace without one is answered with 400.",
        "extend/needs-a-running-workspace",
        alter=_conflict("manual", 400),
    ),
    at(
        EXTEND,
        "stopped-ones-seem-extended",
        "A new deadline of a stopped workspace seems to be stored.",
        "extend/needs-a-running-workspace",
        alter=_conflict("must be started, current status: stop", 200),
    ),
    named(EXTEND, "a-stopped-one-is-400", "extend/stopped", alter=status(409, 400)),
    at(
        EXTEND,
        "stopped-ones-can-be-extended",
        "The deadline of a stopped workspace can be set.",
        "extend/stopped",
        alter=says(
            200,
            "Deadline updated to 2031-01-01T00:00:00Z.",
            lambda a: a.status == 409 and b"current status: stop" in a.body,
        ),
    ),
    at(
        EXTEND,
        "too-soon-is-told-without-a-number",
        "Of a deadline too soon is not said how far ahead it has to be.",
        "extend/too-soon-message",
        alter=answered(400, _one_more),
    ),
    at(
        EXTEND,
        "too-soon-is-told-twice",
        "Of a deadline too soon is said in a validation, too, what is wrong.",
        "extend/too-soon-message",
        alter=answered(400, _with_validation),
    ),
]
