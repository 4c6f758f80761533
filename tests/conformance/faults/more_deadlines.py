"""More faults of deadlines: when they can be moved, where to, and what is said."""

from __future__ import annotations

import re
from datetime import datetime

from tests.conformance.faults.kit import EXTEND, When, field, identifier, null, says
from tests.conformance.faults.more_kit import SEEN, answered, at, once_seen, turned
from tests.conformance.faulty import SHOWS, WORKSPACE, Answer, Call, Fault, Json, on_workspaces

ZERO = "0001-01-01T00:00:00Z"


class _OnlyAhead:
    """Refuses deadlines before the one that was shown last."""

    def __init__(self) -> None:
        self.deadlines: dict[str, str] = {}

    def see(self, answer: Answer) -> None:
        """Note the deadline of each workspace that is shown."""
        on_workspaces(self._note)(answer)

    def _note(self, shown: Json) -> None:
        self.deadlines[shown["id"]] = shown["latest_build"]["deadline"] or ""

    def refuses(self, call: Call) -> bool:
        """Whether a deadline is too early."""
        now, new = self.deadlines.get(identifier(call)), field(call, "deadline")
        if call.method != "PUT" or not now or not isinstance(new, str):
            return False
        try:
            return datetime.fromisoformat(new) < datetime.fromisoformat(now)
        except (ValueError, TypeError):
            return False


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


def _touched(shown: Json) -> None:
    shown["updated_at"] = shown["latest_build"]["updated_at"]


_AHEAD = _OnlyAhead()
FAULTS: list[Fault] = [
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
    at(
        ("GET|PUT", f"{SHOWS}|{WORKSPACE}/extend"),
        "deadlines-only-move-ahead",
        "A deadline before the present one is refused.",
        "extend/earlier",
        EXTEND,
        refuse=_AHEAD.refuses,
        alter=_AHEAD.see,
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
        SEEN,
        "builds-are-never-updated",
        "The moment of a build's last change stays when its deadline moves.",
        "extend/touches-the-build",
        EXTEND,
        alter=once_seen("latest_build", "updated_at", key=lambda w: str(w["latest_build"]["id"])),
    ),
    at(
        SEEN,
        "builds-update-workspaces",
        "A workspace was changed last when its build was.",
        "extend/touches-the-build",
        EXTEND,
        alter=on_workspaces(_touched),
    ),
]
