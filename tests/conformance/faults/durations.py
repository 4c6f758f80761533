"""Faults of times to stop and deadlines, at every limit and in every form."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from tests.conformance.faults.kit import EXTEND, TTL, changed, field, is_json, of, says, text, ttl
from tests.conformance.faulty import Call

LONGEST = 2_592_000_000


def _ahead(call: Call) -> float:
    """Minutes from now to the deadline that is asked for."""
    try:
        wanted = datetime.fromisoformat(str(field(call, "deadline")))
        return (wanted - datetime.now(UTC)).total_seconds() / 60
    except (ValueError, TypeError):
        return 0.0


def _number(value: Any) -> Any:
    if isinstance(value, str) and value.isdigit():
        return int(value)
    return int(value) if isinstance(value, float) else value


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


def _nothing_is_an_object(call: Call) -> None:
    if not call.body.strip():
        call.body = b"{}"


FAULTS = [
    of(
        TTL,
        "ttls-may-be-texts",
        "A time to stop may be a text of digits.",
        "ttl/whole-numbers",
        rewrite=changed("ttl_ms", lambda v: _number(v) if isinstance(v, str) else v),
    ),
    of(
        TTL,
        "ttls-may-have-a-fraction",
        "A time to stop may have a fraction.",
        "ttl/whole-numbers",
        rewrite=changed(
            "ttl_ms", lambda v: int(v) if isinstance(v, float) and abs(v) < 1e12 else v
        ),
    ),
    of(
        TTL,
        "true-is-a-ttl",
        "A boolean is taken for no time to stop.",
        "ttl/whole-numbers",
        rewrite=changed("ttl_ms", lambda v: None if isinstance(v, bool) else v),
    ),
    of(
        TTL,
        "ttls-above-a-week-are-refused",
        "More than a week is refused.",
        "ttl/reads-back",
        refuse=lambda c: 604_800_000 < ttl(c) <= LONGEST,
    ),
    of(
        TTL,
        "seconds-above-30-days-are-refused",
        "The last minute's seconds above 30 days are refused.",
        "ttl/maximum",
        refuse=lambda c: LONGEST < ttl(c) < LONGEST + 60_000,
    ),
    of(
        TTL,
        "uneven-ttls-are-refused",
        "A time to stop that is not a whole minute is refused.",
        "ttl/truncates-to-minutes",
        refuse=lambda c: 60_000 < ttl(c) <= LONGEST and ttl(c) % 60_000 != 0,
    ),
    of(
        TTL,
        "an-empty-body-clears-the-ttl",
        "A request without a body clears the time to stop.",
        "routes/malformed-body",
        rewrite=_nothing_is_an_object,
    ),
    of(
        TTL,
        "an-absent-ttl-is-refused",
        "A body without the field is refused.",
        "ttl/clears",
        refuse=lambda c: (
            is_json(c)
            and isinstance(c.json, dict)
            and not any(k.lower() == "ttl_ms" for k in c.json)
        ),
    ),
    of(
        TTL,
        "a-null-body-is-refused",
        "The body null is refused.",
        "bodies/null-is-absent",
        refuse=lambda c: c.body.strip() == b"null",
    ),
    of(
        TTL,
        "the-first-of-two-fields-wins",
        "Of a field that stands twice the first one counts.",
        "bodies/last-duplicate-wins",
        rewrite=_first_wins,
    ),
    of(
        TTL,
        "a-mark-of-the-byte-order-is-skipped",
        "A byte order mark before the body is skipped.",
        "bodies/strict-json",
        rewrite=_bom,
    ),
    of(
        TTL,
        "long-bodies-are-refused",
        "Bodies of more than 64 KiB are refused.",
        "bodies/large",
        refuse=lambda c: len(c.body) > 65_536,
    ),
    of(
        EXTEND,
        "half-an-hour-is-too-soon",
        "A deadline in half an hour is refused.",
        "extend/shortest",
        refuse=lambda c: 29.5 < _ahead(c) < 40,
    ),
    of(
        EXTEND,
        "deadlines-in-the-past-are-accepted",
        "A deadline in the past is accepted.",
        "extend/limits",
        alter=says(
            200,
            "Deadline updated to 2026-01-01T00:00:00Z.",
            lambda a: a.status == 400 and a.call is not None and _ahead(a.call) < 0,
        ),
    ),
    of(
        EXTEND,
        "deadlines-beyond-a-day-are-refused",
        "A deadline more than a day ahead is refused.",
        "extend/far-ahead",
        refuse=lambda c: _ahead(c) > 1441,
    ),
    of(
        EXTEND,
        "deadlines-have-a-blank",
        "A blank may stand between day and time.",
        "extend/bad-times",
        rewrite=text("deadline", r"^(\d{4}-\d\d-\d\d) (\d)", r"\1T\2"),
    ),
    of(
        EXTEND,
        "deadlines-may-be-numbers",
        "A deadline may be a number of seconds.",
        "extend/bad-times",
        rewrite=changed(
            "deadline", lambda v: "2031-01-01T00:00:00Z" if isinstance(v, (int, float)) else v
        ),
    ),
    of(
        EXTEND,
        "deadlines-have-no-fractions",
        "A deadline with a fraction of a second is refused.",
        "extend/zones-and-fractions",
        refuse=lambda c: bool(re.search(r":\d\d\.\d", str(field(c, "deadline")))),
    ),
    of(
        EXTEND,
        "deadlines-are-in-utc",
        "A deadline with an offset is refused.",
        "extend/zones-and-fractions",
        refuse=lambda c: bool(re.search(r"T.*[+-]\d\d:\d\d$", str(field(c, "deadline")))),
    ),
    of(
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
    of(
        EXTEND,
        "manual-ones-can-be-extended",
        "A workspace without a deadline can get one.",
        "extend/manual",
        alter=says(
            200,
            "Deadline updated to 2031-01-01T00:00:00Z.",
            lambda a: a.status == 409 and b"manual" in a.body,
        ),
    ),
]
