"""Faults of the limits of the time to stop: which numbers are taken, and what is said of others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conformance.faults.pieces.answers import says
from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.places import EVERYWHERE, LONGEST, TTL
from tests.conformance.faults.pieces.requests import changed, changed_ttl, field, ttl
from tests.conformance.faults.pieces.workspaces import without
from tests.conformance.faulty import Answer, Fault, Json, on_error


def _no_validations(answer: Answer) -> None:
    on_error(without("validations"))(answer)


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _number(value: Any) -> Any:
    if isinstance(value, str) and value.isdigit():
        return int(value)
    return int(value) if isinstance(value, float) else value


def _capital_fields(error: Json) -> None:
    for entry in error.get("validations", []):
        entry["field"] = entry["field"].title().replace("_", "")


def _no_detail_of_field(error: Json) -> None:
    for entry in error.get("validations", []):
        entry.pop("detail", None)


def _told(old: str, new: str) -> Callable[[Answer], None]:
    """Another text of a validation."""

    def alter(answer: Answer) -> None:
        if answer.status == 400:
            answer.body = answer.body.replace(old.encode(), new.encode())

    return alter


FAULTS: list[Fault] = [
    at(
        TTL,
        "huge-times-are-too-much",
        "A number near the end of 64 bits ends in an internal error.",
        "ttl/huge",
        alter=says(
            500,
            "An internal server error occurred.",
            lambda a: a.call is not None and ttl(a.call) > 2**62,
        ),
    ),
    at(
        TTL,
        "hugely-negative-times-are-too-much",
        "A number near the lower end of 64 bits ends in an internal error.",
        "ttl/huge",
        alter=says(
            500,
            "An internal server error occurred.",
            lambda a: a.call is not None and ttl(a.call) < -(2**62),
        ),
    ),
    at(
        EVERYWHERE,
        "fields-are-named-as-in-the-code",
        "Validations name fields as the code does, not as JSON does.",
        "ttl/limits",
        TTL,
        alter=on_error(_capital_fields),
    ),
    at(
        EVERYWHERE,
        "findings-have-no-text",
        "Validations name a field without saying what is wrong.",
        "ttl/limits",
        TTL,
        alter=on_error(_no_detail_of_field),
    ),
    at(
        TTL,
        "seconds-above-30-days-are-refused",
        "The last minute's seconds above 30 days are refused.",
        "ttl/maximum",
        refuse=lambda c: LONGEST < ttl(c) < LONGEST + 60_000,
    ),
    named(
        TTL,
        "thirty-days-are-refused",
        "ttl/maximum",
        refuse=lambda c: field(c, "ttl_ms") == LONGEST,
    ),
    named(
        TTL,
        "a-minute-more-than-30-days-is-accepted",
        "ttl/maximum",
        rewrite=changed_ttl(lambda t: LONGEST if LONGEST < t <= LONGEST + 60_000 else t),
    ),
    at(
        TTL,
        "too-long-is-told-as-too-short",
        "Of a time that is too long it is said that it is too short.",
        "ttl/messages",
        alter=_told("must be less than 30 days", "must be at least one minute"),
    ),
    at(
        TTL,
        "too-short-is-told-as-invalid",
        "Of a time that is too short it is said that it is invalid.",
        "ttl/messages",
        alter=_told("time until shutdown must be at least one minute", "invalid duration"),
    ),
    named(TTL, "validations-are-missing", "ttl/minimum", alter=_no_validations),
    named(
        TTL,
        "just-below-a-minute-is-accepted",
        "ttl/minimum",
        rewrite=changed_ttl(lambda t: 60_000 if 59_000 < t < 60_000 else t),
    ),
    named(TTL, "a-minute-is-refused", "ttl/minimum", refuse=lambda c: field(c, "ttl_ms") == 60_000),
    named(
        TTL,
        "minus-one-clears-the-ttl",
        "ttl/negative",
        rewrite=changed_ttl(lambda t: 0 if t == -1 else t),
    ),
    at(
        TTL,
        "uneven-ttls-are-refused",
        "A time to stop that is not a whole minute is refused.",
        "ttl/truncates-to-minutes",
        refuse=lambda c: 60_000 < ttl(c) <= LONGEST and ttl(c) % 60_000 != 0,
    ),
    named(
        TTL,
        "a-ttl-is-rounded-up",
        "ttl/truncates-to-minutes",
        rewrite=changed_ttl(lambda t: -(-t // 60_000) * 60_000 if t > 60_000 else t),
    ),
    at(
        TTL,
        "whole-fractions-are-read",
        "A time to stop may be 60000.0 or 6e4.",
        "ttl/whole-numbers",
        rewrite=changed("ttl_ms", _whole),
    ),
    at(
        TTL,
        "ttls-may-be-texts",
        "A time to stop may be a text of digits.",
        "ttl/whole-numbers",
        rewrite=changed("ttl_ms", lambda v: _number(v) if isinstance(v, str) else v),
    ),
    at(
        TTL,
        "ttls-may-have-a-fraction",
        "A time to stop may have a fraction.",
        "ttl/whole-numbers",
        rewrite=changed(
            "ttl_ms", lambda v: int(v) if isinstance(v, float) and abs(v) < 1e12 else v
        ),
    ),
    at(
        TTL,
        "true-is-a-ttl",
        "A boolean is taken for no time to stop.",
        "ttl/whole-numbers",
        rewrite=changed("ttl_ms", lambda v: None if isinstance(v, bool) else v),
    ),
]
