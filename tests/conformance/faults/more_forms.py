"""More faults of form: bodies, headers, lists, errors, and what the contract allows."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.conformance.faults.kit import (
    ACL,
    AUTOSTART,
    CREATE,
    CREATE_IN,
    DORMANT,
    EXTEND,
    GET,
    LIST,
    MARK,
    RENAME,
    RESOLVE,
    TIMINGS,
    TTL,
    UNMARK,
    UPDATES,
    accepts,
    deep,
    field,
    first_validation,
    is_json,
    ttl,
)
from tests.conformance.faults.more_kit import Alter, answered, at, turned
from tests.conformance.faulty import Answer, Call, Fault, Json, on_success, on_workspaces

LIMITED: Json = {"rate_limit": 1_000_000}
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_CONTROL = re.compile(rb"\\u00[01]")


def _leading_blank(call: Call) -> bool:
    return call.body[:1].isspace()


def _trailing_line(call: Call) -> bool:
    return call.body.endswith(b"\n")


def _broken(when: Callable[[Call], bool]) -> Alter:
    """The server breaks down."""

    def alter(answer: Answer) -> None:
        for status in (200, 201, 204, 304, 400, 409):
            turned(status, 500, when, "An internal server error occurred.")(answer)

    return alter


def _chunked(call: Call) -> bool:
    return "chunked" in call.headers.get("transfer-encoding", "")


def _no_chunks(call: Call) -> None:
    """A body without a length is none."""
    if _chunked(call):
        call.body = b""


def _half(call: Call) -> None:
    """Of a body in chunks only the first part is read."""
    if _chunked(call):
        call.body = call.body[: len(call.body) // 2]


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _detailed(value: Json) -> None:
    if value.get("validations"):
        value["detail"] = value["validations"][0]["detail"]


def _as_search(value: Json) -> None:
    if value["message"] == "Query parameters have invalid values.":
        value["message"] = "Invalid workspace search query."


def _as_number(value: Json) -> None:
    if value["message"] == "Invalid workspace search query.":
        value["message"] = "Query parameters have invalid values."


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


def _timings_reversed(value: Json) -> None:
    value["provisioner_timings"].reverse()


def _text_number(name: str) -> Callable[[Call], bool]:
    return lambda c: isinstance(field(c, name), str)


def _any_role(call: Call) -> bool:
    roles: Any = field(call, "user_roles")
    return roles is not None and not isinstance(roles, dict)


FAULTS: list[Fault] = [
    at(
        EXTEND,
        "bodies-begin-with-a-brace",
        "A body cannot begin with blanks.",
        "bodies/surrounding-blanks",
        refuse=_leading_blank,
    ),
    at(
        UPDATES,
        "bodies-end-with-a-brace",
        "A body cannot end with a line break.",
        "bodies/surrounding-blanks",
        refuse=_trailing_line,
    ),
    at(
        MARK,
        "bodies-of-marks-are-read",
        "A mark with a body that is no JSON is refused.",
        "bodies/not-looked-at",
        refuse=lambda c: bool(c.body) and not is_json(c),
    ),
    at(
        UNMARK,
        "marks-are-removed-without-a-body",
        "A mark that is removed with a body is refused.",
        "bodies/not-looked-at",
        refuse=lambda c: bool(c.body),
    ),
    at(
        AUTOSTART,
        "deep-bodies-break-the-server",
        "A deeply nested body is answered with 500.",
        "bodies/deep-nesting",
        alter=_broken(lambda c: c.body.count(b"[") > 500 or c.body.count(b"{") > 500),
    ),
    at(
        UPDATES,
        "lone-surrogates-break-the-server",
        "A lone surrogate is answered with 500.",
        "bodies/odd-text",
        alter=_broken(lambda c: bool(_SURROGATE.search(c.body))),
    ),
    at(
        CREATE,
        "control-characters-break-the-server",
        "A control character is answered with 500.",
        "bodies/odd-text",
        alter=_broken(lambda c: bool(_CONTROL.search(c.body))),
    ),
    at(
        RENAME,
        "bodies-need-a-length",
        "A body that is sent in chunks is none.",
        "bodies/chunked",
        rewrite=_no_chunks,
    ),
    at(
        DORMANT,
        "one-chunk-is-read",
        "Of a body that is sent in chunks the first half is read.",
        "bodies/chunked",
        rewrite=_half,
    ),
    at(
        LIST,
        "pages-have-a-thousand-at-most",
        "A limit above a thousand is refused.",
        "contract/accepts-valid-input",
        refuse=lambda c: _number(c.get("limit")) > 1000,
    ),
    at(
        TTL,
        "milliseconds-are-small-numbers",
        "A time to stop that takes more than 31 bits is refused.",
        "contract/accepts-valid-input",
        refuse=lambda c: ttl(c) >= 1 << 31,
    ),
    at(
        TTL,
        "texts-are-numbers",
        "A time to stop that is a text is accepted.",
        "contract/refuses-invalid-input",
        alter=accepts(_text_number("ttl_ms")),
    ),
    at(
        ACL,
        "roles-need-no-map",
        "Roles that are no map are accepted.",
        "contract/refuses-invalid-input",
        alter=accepts(_any_role),
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
        alter=on_success(_Turns(_timings_reversed)),
    ),
    at(
        RESOLVE,
        "every-second-answer-differs",
        "Every second answer says the opposite.",
        "json/stable",
        alter=on_success(_Turns(lambda v: v.update(parameter_mismatch=True))),
    ),
]
