"""Faults of query parameters: numbers, flags, and what is none."""

from __future__ import annotations

import re

from tests.conformance.faults.pieces.answers import first_validation
from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.places import BY_NAME, GET, LIST
from tests.conformance.faults.pieces.requests import last_of, number, parameter
from tests.conformance.faulty import Answer, Call, Fault


def _last_query(call: Call) -> None:
    queries = [value for key, value in call.query if key == "q"]
    if len(queries) > 1:
        call.set("q", queries[-1])


def _with_q(answer: Answer) -> None:
    """Report an error of the query beside those of the numbers."""
    call = answer.call
    if answer.status == 400 and call is not None and call.get("q"):
        value = answer.json
        fields = {v["field"] for v in value.get("validations", [])}
        if fields & {"limit", "offset"}:
            more = {"field": "q", "detail": "Invalid workspace search query."}
            answer.json = {**value, "validations": [*value["validations"], more]}


def _unescaped(value: str) -> bool:
    return bool(re.search(r"%(?![0-9a-fA-F]{2})", value))


def _void(call: Call) -> None:
    """Take a query with one bad escape for none at all."""
    if any(_unescaped(key + value) for key, value in call.query):
        call.query = []


def _in_lower_case(call: Call) -> None:
    call.query = [(key.lower(), value) for key, value in call.query]


def _numbers_last(call: Call) -> None:
    """Look at the numbers only when the query is right."""
    if call.get("q") and not re.fullmatch(r"[\w-]+", call.get("q")):
        for name in ("limit", "offset"):
            if re.search(r"[^+\d]", call.get(name)):
                call.set(name, None)


FAULTS: list[Fault] = [
    at(
        LIST,
        "after-id-is-not-read",
        "The parameter after_id is not looked at, whatever it is.",
        "query/after-id",
        rewrite=parameter("after_id", lambda _: None),
    ),
    at(
        LIST,
        "any-after-id-will-do",
        "The parameter after_id is not looked at.",
        "query/after-id",
        rewrite=parameter("after_id", lambda _: None),
    ),
    at(
        LIST,
        "one-bad-number-is-named",
        "Of two bad numbers only one is named.",
        "query/all-bad-ones-named",
        alter=first_validation,
    ),
    named(
        GET,
        "any-flag-is-no",
        "query/bad-booleans",
        rewrite=lambda c: (
            c.set("include_deleted", None) if c.get("include_deleted") == "yes" else None
        ),
    ),
    at(
        GET,
        "yes-is-true",
        "The flag include_deleted may be yes.",
        "query/bad-booleans",
        rewrite=parameter("include_deleted", lambda v: "true" if v.lower() == "yes" else v),
    ),
    at(
        BY_NAME,
        "flags-have-any-case",
        "The flag include_deleted may be tRuE.",
        "query/bad-booleans",
        rewrite=parameter("include_deleted", lambda v: v.lower()),
    ),
    at(
        BY_NAME,
        "a-false-flag-is-a-flag",
        "Any include_deleted shows deleted ones, also false.",
        "query/booleans",
        rewrite=parameter("include_deleted", lambda _: "true"),
    ),
    at(
        GET,
        "letters-are-no-flags",
        "The short t and f are refused for include_deleted.",
        "query/booleans",
        rewrite=parameter("include_deleted", lambda v: "x" if v in {"t", "T", "f", "F"} else v),
    ),
    at(
        BY_NAME,
        "flags-are-true-or-false",
        "The flag include_deleted cannot be 1 or T.",
        "query/booleans",
        refuse=lambda c: c.get("include_deleted") in ("1", "T", "t", "0", "f", "F"),
    ),
    at(
        LIST,
        "an-empty-limit-is-refused",
        "An empty limit is refused.",
        "query/empty-is-absent",
        refuse=lambda c: any(k in ("limit", "offset") and not v for k, v in c.query),
    ),
    at(
        GET,
        "an-empty-flag-is-refused",
        "An empty flag is refused.",
        "query/empty-is-absent",
        refuse=lambda c: any(k == "include_deleted" and not v for k, v in c.query),
    ),
    at(
        LIST,
        "only-the-last-query-counts",
        "Of two queries the last one counts.",
        "query/first-search-counts",
        rewrite=_last_query,
    ),
    at(
        LIST,
        "limits-may-be-repeated",
        "Of two limits the last one counts.",
        "query/given-twice",
        rewrite=lambda c: last_of(c, "limit", "offset"),
    ),
    named(
        LIST,
        "the-highest-limit-is-refused",
        "query/lowest-and-highest-numbers",
        refuse=lambda c: c.get("limit") == "2147483647",
    ),
    at(
        LIST,
        "signs-are-refused",
        "A limit with a plus sign is refused.",
        "query/lowest-and-highest-numbers",
        rewrite=parameter("limit", lambda v: v.replace("+", "x")),
    ),
    at(
        LIST,
        "a-plus-is-refused",
        "A limit with a plus is refused.",
        "query/lowest-and-highest-numbers",
        refuse=lambda c: c.get("limit").startswith("+") or c.get("offset").startswith("+"),
    ),
    at(
        LIST,
        "bad-escapes-are-refused",
        "A malformed percent-escape is refused.",
        "query/malformed-escapes",
        refuse=lambda c: any(_unescaped(key + value) for key, value in c.query),
    ),
    at(
        LIST,
        "bad-escapes-void-the-query",
        "A malformed percent-escape makes all parameters vanish.",
        "query/malformed-escapes",
        rewrite=_void,
    ),
    at(
        LIST,
        "parameters-have-no-case",
        "Names of query parameters are recognised in any case.",
        "query/names-are-case-sensitive",
        rewrite=_in_lower_case,
    ),
    at(
        LIST,
        "queries-are-judged-with-the-numbers",
        "A query is named beside a bad number.",
        "query/numbers-before-search",
        alter=_with_q,
    ),
    at(
        LIST,
        "queries-are-judged-before-the-numbers",
        "Of a bad query and a bad number only the query is named.",
        "query/numbers-before-search",
        rewrite=_numbers_last,
    ),
    named(
        LIST,
        "negative-offsets-are-zero",
        "query/numbers-out-of-range",
        rewrite=number("offset", lambda n: max(n, 0)),
    ),
    named(
        LIST,
        "one-above-the-highest-is-accepted",
        "query/numbers-out-of-range",
        rewrite=number("limit", lambda n: 2_147_483_647 if n == 2_147_483_648 else n),
    ),
    at(
        LIST,
        "blanks-of-limits-are-ignored",
        "Blanks around a limit are ignored.",
        "query/numbers-that-are-none",
        rewrite=parameter("limit", lambda v: v.strip()),
    ),
    at(
        LIST,
        "fractions-of-limits-are-ignored",
        "A limit with a fraction is rounded.",
        "query/numbers-that-are-none",
        rewrite=parameter("limit", lambda v: re.sub(r"\.\d+$", "", v)),
    ),
    at(
        LIST,
        "no-limit-is-none",
        "A limit that is no number is ignored.",
        "query/numbers-that-are-none",
        rewrite=parameter("limit", lambda v: v if re.fullmatch(r"[+-]?\d*", v) else None),
    ),
    at(
        LIST,
        "unknown-parameters-are-refused",
        "A query parameter that is not known is refused.",
        "query/unknown-parameters",
        refuse=lambda c: any(
            k not in ("q", "limit", "offset", "after_id", "coder_session_token", "access_token")
            for k, _ in c.query
        ),
    ),
]
