"""Faults of requests in other forms: answered as if they had been carried out, and lost."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from tests.conformance.faults.pieces.answers import says
from tests.conformance.faults.pieces.lines import Requests
from tests.conformance.faults.pieces.makers import at
from tests.conformance.faults.pieces.places import (
    AUTOSTART,
    BY_NAME,
    CREATE,
    EXTEND,
    GET,
    MARK,
    SSE,
    TIMINGS,
    TTL,
    USAGE,
    UUID,
    WS,
)
from tests.conformance.faults.pieces.requests import Rewrite, When, field
from tests.conformance.faults.pieces.streams import frames, messages
from tests.conformance.faulty import Answer, Call, Fault, Json


def _empty(when: When) -> Rewrite:
    """Take some bodies for empty objects."""

    def rewrite(call: Call) -> None:
        if when(call):
            call.body = b"{}"

    return rewrite


def _pairs(call: Call) -> list[tuple[str, Any]]:
    """The fields of the body in their order, also those that stand twice."""
    try:
        found = json.loads(call.body, object_pairs_hook=list)
    except (ValueError, RecursionError):
        return []
    return found if isinstance(found, list) and call.body.lstrip()[:1] == b"{" else []


def _upper(call: Call) -> bool:
    return any(name.isupper() for name, _ in _pairs(call))


def _unknown(call: Call) -> bool:
    return any(name == "x_unknown" for name, _ in _pairs(call))


def _labelled_otherwise(call: Call) -> bool:
    return call.headers.get("content-type") != "application/json"


def _has_tail(call: Call) -> bool:
    return bool(re.search(rb"\}\s*\S*[^}\s]\S*\s*$", call.body))


def _is_set_in_blanks(call: Call) -> bool:
    return call.body[:1].isspace()


def _in_pieces(call: Call) -> bool:
    return len(call.pieces) > 1


def _exact_names_win(call: Call) -> None:
    """Of two fields whose names differ by case the one in lower case counts."""
    pairs = _pairs(call)
    if len({name.lower() for name, _ in pairs}) < len(pairs):
        call.json = dict(sorted(pairs, key=lambda pair: pair[0].islower()))


def _spelt_otherwise(call: Call) -> bool:
    text = call.path.split("/")[2]
    return not (UUID.fullmatch(text) and text == text.lower())


def _usual_spelling_only(payload: Json, memory: Json) -> Iterable[Json | None]:
    """Watchers by another spelling are told of nothing but the beginning."""
    known = memory.setdefault("told", [])
    known.append(payload)
    plain = memory["path"].endswith((f"{payload['id']}/watch", f"{payload['id']}/watch-ws"))
    return [payload] if plain or len(known) == 1 else []


class _EncodedSlashes(Requests):
    """Takes a percent-encoded slash for a letter."""

    def head(self, head: bytes) -> bytes:
        line, rest = head.split(b"\r\n", 1)
        return re.sub(rb"(?i)%2f", b"%252f", line) + b"\r\n" + rest


def _of_another(answer: Answer) -> None:
    """What is read by another spelling is nothing."""
    if answer.status == 200 and answer.call is not None and _spelt_otherwise(answer.call):
        answer.json = {name: [] for name in answer.json}


def _plain_detail(answer: Answer) -> None:
    if answer.status == 400 and answer.body and "queried user" in answer.json.get("detail", ""):
        answer.json = {"message": answer.json["message"]}


def _no_trailing_comma(call: Call) -> None:
    call.body = re.sub(rb",\s*}", b"}", call.body)


FAULTS: list[Fault] = [
    at(
        AUTOSTART,
        "trailing-commas-are-skipped",
        "A comma before the end of an object is skipped.",
        "bodies/strict-json",
        rewrite=_no_trailing_comma,
    ),
    at(
        TTL,
        "fields-in-upper-case-are-lost",
        "A time to stop whose name is in upper case is accepted and counts as none.",
        "bodies/field-names-in-any-case",
        rewrite=_empty(_upper),
    ),
    at(
        AUTOSTART,
        "bodies-of-other-types-are-lost",
        "A schedule whose body has another content type is accepted and counts as none.",
        "bodies/content-type-is-not-checked",
        rewrite=_empty(_labelled_otherwise),
    ),
    at(
        TTL,
        "bodies-in-chunks-are-lost",
        "A time to stop that is sent in chunks is accepted and counts as none.",
        "bodies/chunked",
        rewrite=_empty(lambda c: "chunked" in c.headers.get("transfer-encoding", "")),
    ),
    at(
        AUTOSTART,
        "bodies-with-a-tail-are-lost",
        "A schedule that something follows is accepted and counts as none.",
        "bodies/trailing-data",
        rewrite=_empty(_has_tail),
    ),
    at(
        TTL,
        "bodies-after-blanks-are-lost",
        "A time to stop after blanks is accepted and counts as none.",
        "bodies/surrounding-blanks",
        rewrite=_empty(_is_set_in_blanks),
    ),
    at(
        TTL,
        "bodies-with-unknown-fields-are-lost",
        "A time to stop beside an unknown field is accepted and counts as none.",
        "bodies/unknown-fields",
        rewrite=_empty(_unknown),
    ),
    at(
        USAGE,
        "reports-with-unknown-fields-are-not-read",
        "Half a report of usage is accepted when an unknown field stands beside it.",
        "bodies/unknown-fields",
        rewrite=_empty(_unknown),
    ),
    at(
        TTL,
        "exact-names-win",
        "Of two fields whose names differ by case the one in lower case counts.",
        "bodies/last-duplicate-wins",
        rewrite=_exact_names_win,
    ),
    at(
        TTL,
        "slow-bodies-are-lost",
        "A time to stop whose body comes in several pieces is accepted and counts as none.",
        "robustness/slow-chunks",
        rewrite=_empty(_in_pieces),
    ),
    at(
        TTL,
        "expected-bodies-are-lost",
        "A time to stop that waits for 100 Continue is accepted and counts as none.",
        "robustness/expect-continue",
        rewrite=_empty(lambda c: "expect" in c.headers),
    ),
    at(
        TTL,
        "changes-by-other-spellings-are-lost",
        "A time to stop is accepted and lost when the identifier is spelt in another way.",
        "paths/identifier-spellings",
        drop=True,
        when=_spelt_otherwise,
    ),
    at(
        MARK,
        "marks-by-urn-are-lost",
        "A mark is accepted and lost when the identifier is written as a urn.",
        "paths/identifier-spellings",
        drop=True,
        when=lambda c: "urn" in c.path,
    ),
    at(
        TIMINGS,
        "other-spellings-have-no-timings",
        "Timings are empty when the identifier is spelt in another way.",
        "paths/identifier-spellings",
        alter=_of_another,
    ),
    at(
        EXTEND,
        "urns-are-in-lower-case",
        "A urn in upper case is no identifier.",
        "paths/identifier-spellings",
        refuse=lambda c: (
            bool(re.search("urn:uuid:[^/]*[A-F]", c.path)) and bool(field(c, "deadline"))
        ),
    ),
    at(
        SSE,
        "events-by-other-spellings-do-not-come",
        "Event streams: by another spelling of the identifier nothing is told of changes.",
        "paths/spellings-of-the-watched",
        frames=frames(_usual_spelling_only),
    ),
    at(
        WS,
        "messages-by-other-spellings-do-not-come",
        "WebSockets: by another spelling of the identifier nothing is told of changes.",
        "paths/spellings-of-the-watched",
        messages=messages(_usual_spelling_only),
    ),
    at(
        ("", ""),
        "encoded-slashes-are-letters",
        "A percent-encoded slash is part of a name.",
        "paths/encoded-slashes",
        GET,
        wire=_EncodedSlashes,
    ),
    at(
        BY_NAME,
        "unknown-users-are-not-quoted",
        "The refusal of an unknown user does not say whom was asked for.",
        "envelope/unknown-user",
        alter=_plain_detail,
    ),
    at(
        CREATE,
        "unknown-users-are-not-found",
        "An unknown user is answered with 404.",
        "envelope/unknown-user",
        alter=says(404, "No such user.", lambda a: b"queried user" in a.body),
    ),
]
