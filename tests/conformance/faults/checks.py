"""Faults of the order in which a request is looked at, and of what a refusal leaves behind."""

from __future__ import annotations

from collections.abc import Callable

from tests.conformance.faults.pieces.answers import answered, says
from tests.conformance.faults.pieces.makers import at
from tests.conformance.faults.pieces.past import Memory, remembering
from tests.conformance.faults.pieces.places import (
    BY_NAME,
    CREATE,
    CREATE_IN,
    CREATED,
    GET,
    TTL,
)
from tests.conformance.faults.pieces.requests import is_json, name_as_text, parameter, ttl
from tests.conformance.faulty import Answer, Call, Fault, Json

_UNDECODABLE = "Request body must be valid JSON."
_BAD_FLAG = 'Invalid boolean value "maybe" for "include_deleted" query param.'
# The names of what was made.
_TAKEN: set[str] = set()


def _body_first(answer: Answer) -> bool:
    """Whether a body that is no JSON was not what was complained of."""
    return answer.call is not None and answer.status == 404 and not is_json(answer.call)


def _flag_first(answer: Answer) -> bool:
    call = answer.call
    return call is not None and answer.status in {400, 404} and call.get("include_deleted") != ""


def _bad(call: Call) -> bool:
    """Whether the time to stop is too short."""
    return 0 < ttl(call) < 60_000


def _ttl_first(answer: Answer) -> None:
    """Complain of the time to stop before the schedule is looked at."""
    if answer.call is not None and answer.status == 400 and _bad(answer.call):
        value: Json = answer.json
        if [entry["field"] for entry in value.get("validations", [])] == ["schedule"]:
            detail = "time until shutdown must be at least one minute"
            named = [{"field": "ttl_ms", "detail": detail}]
            message = "Invalid Workspace Time to Shutdown."
            answer.json = {"message": message, "validations": named}


def _name_first(answer: Answer) -> None:
    """Say that an update mode is fine until the name turns out to be free."""
    call = answer.call
    if call is not None and answer.status == 400 and b"Automatic Updates" in answer.body:
        if name_as_text(call).lower() in _TAKEN:
            says(409, f'Workspace "{name_as_text(call)}" already exists.', bool)(answer)
    elif call is not None and answer.status == 201:
        _TAKEN.add(name_as_text(call).lower())


def _settings_taken() -> Callable[[Answer, Memory], None]:
    """The workspace that has a taken name is shown with the time to stop that was asked for."""
    given: dict[str, int] = {}

    def change(answer: Answer, _: Memory) -> None:
        call = answer.call
        if call is None:
            return
        if call.method == "POST" and answer.status == 409 and ttl(call):
            given[name_as_text(call).lower()] = ttl(call)
        if call.method == "GET" and answer.status == 200 and answer.body.startswith(b"{"):
            page = answer.json
            for workspace in page.get("workspaces", [page]):
                if str(workspace.get("name", "")).lower() in given:
                    workspace["ttl_ms"] = given[workspace["name"].lower()]
            answer.json = page

    return change


def _named_as_asked(error: Json) -> None:
    for entry in error.get("validations", []):
        entry["field"] = "include_deleted"


def _renamed_flag(call: Call) -> None:
    """Take the parameter that a message names for the flag."""
    if call.get("deleted"):
        call.set("include_deleted", call.get("deleted"))


FAULTS: list[Fault] = [
    at(
        TTL,
        "bodies-are-read-before-identifiers",
        "A body that is no JSON is complained of although there is no such workspace.",
        "paths/before-bodies",
        alter=says(400, _UNDECODABLE, _body_first),
    ),
    at(
        CREATE_IN,
        "bodies-are-read-before-organizations",
        "A body that is no JSON is complained of although there is no such organization.",
        "paths/before-bodies",
        alter=says(400, _UNDECODABLE, _body_first),
    ),
    at(
        GET,
        "flags-are-read-before-identifiers",
        "A bad flag is complained of although there is no such workspace.",
        "paths/before-queries",
        alter=says(400, _BAD_FLAG, _flag_first),
    ),
    at(
        BY_NAME,
        "flags-are-read-before-users",
        "A bad flag is complained of although there is no such user.",
        "paths/before-queries",
        alter=says(400, _BAD_FLAG, _flag_first),
    ),
    at(
        CREATE,
        "times-to-stop-come-before-schedules",
        "Of a bad schedule and a bad time to stop the latter is told.",
        "create/order-of-checks",
        alter=_ttl_first,
    ),
    at(
        CREATED,
        "names-come-before-update-modes",
        "Of a bad update mode and a taken name the latter is told.",
        "create/order-of-checks",
        CREATE_IN,
        alter=_name_first,
    ),
    remembering(
        "refused-creations-set-the-time-to-stop",
        CREATE,
        "create/refusal-touches-nothing",
        "A refused creation gives the workspace that has the name its time to stop.",
        _settings_taken(),
    ),
    at(
        GET,
        "deleted-is-the-flag",
        "Deleted workspaces are shown when deleted=true is asked for, as a message says.",
        "query/booleans",
        rewrite=_renamed_flag,
    ),
    at(
        BY_NAME,
        "an-empty-flag-is-set",
        "A flag without a value shows deleted workspaces.",
        "query/booleans",
        rewrite=parameter("include_deleted", lambda value: value or "true"),
    ),
    at(
        GET,
        "bad-flags-have-one-name",
        "The validation of a bad flag names it as the query does, by identifier too.",
        "query/bad-booleans",
        alter=answered(400, _named_as_asked),
    ),
]
