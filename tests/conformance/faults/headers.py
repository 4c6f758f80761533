"""Faults of headers, of requests and of answers."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.conformance.faults.pieces.answers import Alter, headers_dropped
from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.places import (
    CREATE,
    CREATES,
    EVERYWHERE,
    GET,
    LIST,
    NOBODY,
    RESOLVE,
    TIMINGS,
    TTL,
)
from tests.conformance.faulty import Answer, Call, Fault, Json

LIMITED: Json = {"rate_limit": 1_000_000}


def _same_request_id(answer: Answer) -> None:
    answer.headers["x-coder-request-id"] = NOBODY


def _other_version(answer: Answer) -> None:
    answer.headers["x-coder-build-version"] = "v2.24.0"


def _plain_json(answer: Answer) -> None:
    if "content-type" in answer.headers:
        answer.headers["content-type"] = "application/json"


def _etag(answer: Answer) -> None:
    answer.headers["etag"] = '"1"'


def _problem(answer: Answer) -> None:
    if answer.status >= 400 and answer.body:
        answer.headers["content-type"] = "application/problem+json"


def _secured(answer: Answer) -> None:
    if answer.status >= 400:
        answer.headers.pop("x-content-type-options", None)


def _echoed(answer: Answer) -> None:
    sent = answer.call.headers.get("x-coder-request-id") if answer.call else None
    if sent:
        answer.headers["x-coder-request-id"] = sent


def _one_vary(answer: Answer) -> None:
    answer.headers["vary"] = "Origin"


def _open_to_all(answer: Answer) -> None:
    if answer.call and "origin" in answer.call.headers:
        answer.headers["access-control-allow-origin"] = answer.call.headers["origin"]
        answer.headers["access-control-allow-credentials"] = "true"


def _located(answer: Answer) -> None:
    if answer.status == 201:
        answer.headers["location"] = f"/api/v2/workspaces/{answer.json['id']}"


def _limit(change: Callable[[dict[str, str]], None]) -> Alter:
    """Other headers of the rate limit."""

    def alter(answer: Answer) -> None:
        if "x-ratelimit-limit" in answer.headers:
            change(answer.headers)

    return alter


def _more_than_all(headers: dict[str, str]) -> None:
    headers["x-ratelimit-remaining"] = str(int(headers["x-ratelimit-limit"]) + 1)


def _always_all(headers: dict[str, str]) -> None:
    headers["x-ratelimit-remaining"] = headers["x-ratelimit-limit"]


def _long_ago(headers: dict[str, str]) -> None:
    headers["x-ratelimit-reset"] = str(int(headers["x-ratelimit-reset"]) - 86_400)


def _wants_no_json(call: Call) -> bool:
    accept = call.headers.get("accept", "*/*")
    return not any(kind in accept for kind in ("*/*", "json", "application/*"))


def _as_page(answer: Answer) -> None:
    """Browsers get a page."""
    if answer.call is not None and "text/html" in answer.call.headers.get("accept", ""):
        answer.headers["content-type"] = "text/html; charset=utf-8"


def _long_header(call: Call) -> bool:
    return any(len(value) > 2_000 for value in call.headers.values())


def _ranged(answer: Answer) -> None:
    """A part of a body is sent when one is asked for."""
    found = answer.call and re.match(r"bytes=(\d+)-(\d+)", answer.call.headers.get("range", ""))
    if found and answer.status == 200:
        answer.status, answer.body = 206, answer.body[int(found[1]) : int(found[2]) + 1]


FAULTS: list[Fault] = [
    at(
        RESOLVE,
        "only-json-can-be-asked-for",
        "Whoever asks for something else than JSON is refused.",
        "headers/accept-is-ignored",
        refuse=_wants_no_json,
    ),
    at(
        GET,
        "browsers-get-pages",
        "Whoever asks for a page gets JSON that says it is one.",
        "headers/accept-is-ignored",
        alter=_as_page,
    ),
    named(TTL, "the-version-is-another", "headers/build-version", alter=_other_version),
    named(LIST, "the-charset-is-missing", "headers/content-type", alter=_plain_json),
    at(
        EVERYWHERE,
        "errors-are-problems",
        "Errors have the content type application/problem+json.",
        "headers/content-type",
        GET,
        alter=_problem,
    ),
    named(GET, "answers-have-an-etag", "headers/no-caching", alter=_etag),
    at(
        (".*", CREATES),
        "creation-has-a-location",
        "Creation sends a Location.",
        "headers/no-caching-of-changes",
        CREATE,
        alter=_located,
    ),
    named(
        LIST,
        "types-may-be-guessed",
        "headers/no-sniffing",
        alter=lambda a: headers_dropped(a, "x-content-type-options"),
    ),
    at(
        EVERYWHERE,
        "errors-may-be-sniffed",
        "Errors lack X-Content-Type-Options.",
        "headers/no-sniffing",
        GET,
        alter=_secured,
    ),
    at(
        EVERYWHERE,
        "request-ids-come-from-clients",
        "A request id that the client sends comes back as the server's.",
        "headers/nothing-is-echoed",
        GET,
        alter=_echoed,
    ),
    at(
        EVERYWHERE,
        "any-site-may-ask",
        "Any origin is allowed, with credentials.",
        "headers/nothing-is-echoed",
        GET,
        alter=_open_to_all,
    ),
    at(
        GET,
        "more-is-left-than-there-was",
        "More requests remain than the limit allows.",
        "headers/rate-limit",
        alter=_limit(_more_than_all),
        deployment=LIMITED,
    ),
    at(
        TTL,
        "nothing-is-ever-used-up",
        "However many requests are sent, as many remain as the limit allows.",
        "headers/rate-limit",
        alter=_limit(_always_all),
        deployment=LIMITED,
    ),
    at(
        LIST,
        "limits-were-reset-yesterday",
        "The moment of the next reset is a day ago.",
        "headers/rate-limit",
        alter=_limit(_long_ago),
        deployment=LIMITED,
    ),
    named(
        TIMINGS, "the-request-id-is-constant", "headers/request-ids-differ", alter=_same_request_id
    ),
    at(
        LIST,
        "long-headers-are-refused",
        "A header of thousands of characters is refused.",
        "headers/sent-headers-do-not-matter",
        refuse=_long_header,
    ),
    at(
        TIMINGS,
        "parts-can-be-asked-for",
        "A part of a body is sent where a range is asked for.",
        "headers/sent-headers-do-not-matter",
        alter=_ranged,
    ),
    named(GET, "caches-mix-users-up", "headers/vary", alter=lambda a: headers_dropped(a, "vary")),
    at(
        EVERYWHERE,
        "cookies-do-not-vary",
        "Vary leaves the cookie out.",
        "headers/vary",
        GET,
        alter=_one_vary,
    ),
]
