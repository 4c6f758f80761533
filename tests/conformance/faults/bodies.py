"""Faults of bodies: their JSON, their fields, and when they are looked at."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from tests.conformance.faults.pieces.answers import Alter, turned
from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.places import (
    AUTOSTART,
    CREATE,
    DORMANT,
    EXTEND,
    MARK,
    RENAME,
    TTL,
    UNMARK,
    UPDATES,
)
from tests.conformance.faults.pieces.requests import filled, is_json, null
from tests.conformance.faulty import Answer, Call, Fault

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_CONTROL = re.compile(rb"\\u00[01]")


def _strict(call: Call) -> bool:
    try:
        json.loads(call.body)
    except ValueError:
        return bool(call.body)
    return False


def _unknown_fields(call: Call) -> bool:
    return "x_unknown" in call.json if isinstance(call.json, dict) else False


def _upper_names(call: Call) -> bool:
    value = call.json
    return isinstance(value, dict) and any(name != name.lower() for name in value)


def _nulls(call: Call) -> bool:
    value = call.json
    return value is None or (isinstance(value, dict) and None in value.values())


def _not_json(call: Call) -> bool:
    return not call.headers.get("content-type", "").startswith("application/json")


def _first_wins(call: Call) -> None:
    try:
        pairs = json.loads(call.body, object_pairs_hook=lambda p: p)
        keys = [k for k, _ in pairs]
    except (ValueError, TypeError, RecursionError):
        return
    if len(set(keys)) < len(keys):
        call.json = dict(reversed(pairs))


def _bom(call: Call) -> None:
    call.body = call.body.removeprefix(b"\xef\xbb\xbf")


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


FAULTS: list[Fault] = [
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
    named(
        DORMANT,
        "the-content-type-is-checked",
        "bodies/content-type-is-not-checked",
        refuse=_not_json,
    ),
    at(
        AUTOSTART,
        "deep-bodies-break-the-server",
        "A deeply nested body is answered with 500.",
        "bodies/deep-nesting",
        alter=_broken(lambda c: c.body.count(b"[") > 500 or c.body.count(b"{") > 500),
    ),
    at(
        DORMANT,
        "no-body-is-an-empty-one",
        "An empty body counts as an empty object.",
        "bodies/end-of-input",
        rewrite=filled,
    ),
    named(
        AUTOSTART,
        "names-of-fields-have-a-case",
        "bodies/field-names-in-any-case",
        refuse=_upper_names,
    ),
    at(
        TTL,
        "long-bodies-are-refused",
        "Bodies of more than 64 KiB are refused.",
        "bodies/large",
        refuse=lambda c: len(c.body) > 65_536,
    ),
    at(
        TTL,
        "the-first-of-two-fields-wins",
        "Of a field that stands twice the first one counts.",
        "bodies/last-duplicate-wins",
        rewrite=_first_wins,
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
    named(TTL, "nulls-are-refused", "bodies/null-is-absent", refuse=_nulls),
    at(
        CREATE,
        "null-settings-are-refused",
        "A new workspace's settings cannot be null.",
        "bodies/null-is-absent",
        refuse=lambda c: any(null(n)(c) for n in ("ttl_ms", "autostart_schedule")),
    ),
    at(
        TTL,
        "a-null-body-is-refused",
        "The body null is refused.",
        "bodies/null-is-absent",
        refuse=lambda c: c.body.strip() == b"null",
    ),
    at(
        DORMANT,
        "null-dormancy-is-refused",
        "The value null is refused.",
        "bodies/null-is-absent",
        refuse=null("dormant"),
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
        TTL,
        "a-mark-of-the-byte-order-is-skipped",
        "A byte order mark before the body is skipped.",
        "bodies/byte-order-mark",
        rewrite=_bom,
    ),
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
    named(TTL, "trailing-data-is-refused", "bodies/trailing-data", refuse=_strict),
    named(UPDATES, "unknown-fields-are-refused", "bodies/unknown-fields", refuse=_unknown_fields),
]
