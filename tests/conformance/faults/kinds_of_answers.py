"""Faults of what all answers have in common, in some kinds of answers only."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.conformance.faults.pieces.answers import Alter, headers_dropped
from tests.conformance.faults.pieces.makers import at
from tests.conformance.faults.pieces.places import (
    CREATE,
    EVERYWHERE,
    EXTEND,
    GET,
    LIST,
    MARK,
    RESOLVE,
    SSE,
    TTL,
    WS,
)
from tests.conformance.faults.pieces.requests import in_text, parameter
from tests.conformance.faulty import WORKSPACE, Answer, Call, Fault


def _lacks(header: str, when: Callable[[Answer], bool]) -> Alter:
    """Leave out a header of some answers."""

    def alter(answer: Answer) -> None:
        if when(answer):
            headers_dropped(answer, header)

    return alter


def _labels(label: str, when: Callable[[Answer], bool]) -> Alter:
    """Say of some bodies that they are something else."""

    def alter(answer: Answer) -> None:
        if "content-type" in answer.headers and when(answer):
            answer.headers["content-type"] = label

    return alter


def _wants(kind: str) -> Callable[[Answer], bool]:
    return lambda a: a.call is not None and kind in a.call.headers.get("accept", "")


def _accepts(call: Call, kind: str) -> bool:
    accept = call.headers.get("accept", "*/*")
    return kind in accept or "*/*" in accept


def _kept(answer: Answer) -> None:
    if answer.status == 200:
        answer.headers["cache-control"] = "public, max-age=60"


def _indented(answer: Answer) -> None:
    if answer.status == 200:
        answer.body = json.dumps(answer.json, indent=2).encode() + b"\n"


FAULTS: list[Fault] = [
    at(
        EVERYWHERE,
        "browsers-get-pages-of-errors",
        "Whoever asks for a page gets errors that say they are one.",
        "headers/accept-is-ignored",
        MARK,
        alter=_labels(
            "text/html; charset=utf-8", lambda a: a.status >= 400 and _wants("text/html")(a)
        ),
    ),
    at(
        TTL,
        "changes-need-an-accept-of-json",
        "A change whose sender does not ask for JSON is refused.",
        "headers/accept-is-ignored",
        refuse=lambda c: not _accepts(c, "json"),
        refusal=406,
    ),
    at(
        SSE,
        "streams-have-to-be-asked-for",
        "An event stream is opened only where Accept asks for one.",
        "headers/accept-is-ignored",
        refuse=lambda c: "text/event-stream" not in c.headers.get("accept", ""),
        refusal=406,
    ),
    at(
        CREATE,
        "creations-name-no-version",
        "The answer to a creation does not name the server's version.",
        "headers/build-version",
        alter=_lacks("x-coder-build-version", lambda a: a.status == 201),
    ),
    at(
        EVERYWHERE,
        "wrong-methods-have-no-request-id",
        "A wrong method is answered without a request id.",
        "headers/request-ids-differ",
        RESOLVE,
        alter=_lacks("x-coder-request-id", lambda a: a.status == 405),
    ),
    at(
        GET,
        "what-is-gone-does-not-vary",
        "The answer about a deleted workspace lacks Vary.",
        "headers/vary",
        alter=_lacks("vary", lambda a: a.status == 410),
    ),
    at(
        ("GET", rf"{WORKSPACE}/.*/no-such-thing"),
        "unknown-routes-are-told-in-plain-text",
        "An unknown route is answered with JSON that says that it is plain text.",
        "headers/content-type",
        WS,
        alter=_labels("text/plain; charset=utf-8", lambda a: a.status == 404),
    ),
    at(
        EVERYWHERE,
        "forged-requests-may-be-sniffed",
        "The refusal of a forged request lacks X-Content-Type-Options.",
        "headers/no-sniffing",
        MARK,
        alter=_lacks(
            "x-content-type-options",
            lambda a: a.headers.get("content-type", "").startswith("text/plain"),
        ),
    ),
    at(
        SSE,
        "streams-do-not-vary",
        "The head of an event stream lacks Vary.",
        "headers/vary",
        alter=_lacks("vary", lambda a: a.status == 200),
    ),
    at(
        GET,
        "workspaces-may-be-kept",
        "Caches may keep a workspace for a minute.",
        "headers/no-caching",
        alter=_kept,
    ),
    at(
        EXTEND,
        "extensions-are-indented",
        "The answer to a new deadline is indented.",
        "json/compact",
        alter=_indented,
    ),
    at(
        LIST,
        "limits-with-a-sign-are-none",
        "A limit with a plus sign counts as none.",
        "query/lowest-and-highest-numbers",
        rewrite=parameter("limit", in_text(r"^\+.*", "0")),
    ),
]
