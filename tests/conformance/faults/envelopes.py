"""Faults of errors: their messages, details and validations."""

from __future__ import annotations

from tests.conformance.faults.pieces.answers import answered, first_validation
from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.places import (
    BY_NAME,
    CREATE,
    CREATE_IN,
    EVERYWHERE,
    LIST,
    NAMED,
    TIMINGS,
    TTL,
)
from tests.conformance.faulty import Fault, Json, on_error


def _empty_parts(value: Json) -> None:
    value.setdefault("validations", [])


def _validation_for_syntax(error: Json) -> None:
    if error["message"] == "Request body must be valid JSON.":
        error["message"] = "Validation failed."


def _code(error: Json) -> None:
    error["message"], error["detail"] = "", error["message"]


def _uuid_field(error: Json) -> None:
    if error["message"].startswith("Invalid UUID"):
        error["validations"] = [{"field": "workspace", "detail": "must be a UUID"}]


def _unknown_workspace(error: Json) -> None:
    if error["message"].startswith("Resource not found"):
        error["message"] = "Workspace not found."


def _detailed(value: Json) -> None:
    if value.get("validations"):
        value["detail"] = value["validations"][0]["detail"]


def _as_search(value: Json) -> None:
    if value["message"] == "Query parameters have invalid values.":
        value["message"] = "Invalid workspace search query."


def _as_number(value: Json) -> None:
    if value["message"] == "Invalid workspace search query.":
        value["message"] = "Query parameters have invalid values."


FAULTS: list[Fault] = [
    at(
        EVERYWHERE,
        "bad-identifiers-are-validated",
        "Bad identifiers are told as validations.",
        "envelope/invalid-identifier",
        TTL,
        alter=on_error(_uuid_field),
    ),
    named(
        TIMINGS,
        "errors-have-empty-validations",
        "envelope/leaves-out-what-is-empty",
        alter=on_error(_empty_parts),
    ),
    named(
        TIMINGS,
        "not-found-tells-more",
        "envelope/not-found",
        alter=on_error(lambda v: v.update(detail="no rows")),
    ),
    at(
        EVERYWHERE,
        "messages-are-empty",
        "The message of errors is empty, the detail has it.",
        "envelope/not-found",
        TTL,
        alter=on_error(_code),
    ),
    at(
        (".*", NAMED),
        "workspaces-are-not-found-by-name",
        "Unknown names are told with a text of their own.",
        "envelope/not-found-by-name",
        BY_NAME,
        alter=on_error(_unknown_workspace),
    ),
    at(
        EVERYWHERE,
        "syntax-is-validation",
        "A body that is no JSON is said to have failed validation.",
        "envelope/parse-errors",
        TTL,
        alter=on_error(_validation_for_syntax),
    ),
    at(
        LIST,
        "bad-numbers-are-bad-searches",
        "A bad limit gives the message about searches.",
        "envelope/query-errors",
        alter=answered(400, _as_search),
    ),
    at(
        LIST,
        "bad-searches-are-bad-numbers",
        "A bad search gives the message about parameters.",
        "envelope/query-errors",
        alter=answered(400, _as_number),
    ),
    at(
        CREATE,
        "one-bad-field-is-told",
        "Of several bad fields only the first is named.",
        "envelope/validation-errors",
        alter=first_validation,
    ),
    at(
        CREATE_IN,
        "validations-are-told-twice",
        "What is wrong with a field is told in the detail as well.",
        "envelope/validation-errors",
        alter=answered(400, _detailed),
    ),
]
