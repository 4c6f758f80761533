"""Faults of bad searches: which are refused, and with which words."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.conformance.faults.pieces.answers import first_validation, unnamed
from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.places import LIST
from tests.conformance.faults.pieces.searches import (
    BAD_QUERY,
    PARTS,
    gone,
    query,
    refused,
    replaced,
    unseen,
)
from tests.conformance.faulty import Answer, Call, Fault, Json, on_error

_KEYS = (
    "name|owner|template|organization|id|status|has-agent|dormant|outdated|has-ai-task"
    "|last_used_after|last_used_before|param"
)
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


def _first_error(error: Json) -> None:
    if error["message"] == BAD_QUERY:
        error["validations"] = error["validations"][:1]


def _last_key(q: str) -> str:
    """Of a key that stands twice the last one counts."""
    for key in ("owner", "status", "name", "template"):
        found = re.findall(rf'{key}:(?:"[^"]*"|\S+)', q)
        for part in found[:-1]:
            q = q.replace(part, "", 1)
    return q.strip()


def _renamed(old: str, new: str) -> Callable[[Answer], None]:
    def change(error: Json) -> None:
        for validation in error.get("validations", []):
            if validation["field"] == old:
                validation["field"] = new

    return on_error(change)


def _more(answer: Answer) -> None:
    """Report the next error as well."""
    call = answer.call
    if answer.status == 400 and call is not None and len(PARTS.findall(call.get("q"))) > 1:
        value = answer.json
        if [v["field"] for v in value.get("validations", [])] == ["q"]:
            more = {"field": "status", "detail": 'Query param "status" has invalid value'}
            answer.json = {**value, "validations": [*value["validations"], more]}


def _lowest(name: str) -> Callable[[Call], None]:
    """Take numbers below 0 for 0."""

    def rewrite(call: Call) -> None:
        if re.fullmatch(r"-\d+", call.get(name)):
            call.set(name, "0")

    return rewrite


FAULTS: list[Fault] = [
    at(
        LIST,
        "times-without-a-zone-are-utc",
        "A searched time without a zone is taken as UTC.",
        "list/q-bad-times",
        rewrite=gone(r'(last_used_\w+:"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?)"', r'\1Z"'),
    ),
    at(
        LIST,
        "days-are-times",
        "A searched time may be a day.",
        "list/q-bad-times",
        rewrite=gone(r'(last_used_\w+:)"?(\d{4}-\d\d-\d\d)"?(?=\s|$)', r'\1"\2T00:00:00Z"'),
    ),
    at(
        LIST,
        "colons-at-the-end-are-dropped",
        "A colon at the end of a word is ignored.",
        "list/q-colon-at-an-edge",
        rewrite=replaced(r":( |$)", r"\1"),
    ),
    at(
        LIST,
        "a-colon-at-the-end-is-ignored",
        "A key without a value is ignored.",
        "list/q-colon-at-an-edge",
        rewrite=gone(r"(^|\s)[a-z_-]+:(?=\s|$)"),
    ),
    at(
        LIST,
        "two-colons-are-refused",
        "Two colons in a row are an error.",
        "list/q-double-colon",
        refuse=lambda c: bool(re.search(r"\w::\w", c.get("q"))),
    ),
    at(
        LIST,
        "empty-values-are-refused",
        "An empty value in quotes is refused.",
        "list/q-empty-value",
        refuse=refused(r':""'),
    ),
    at(
        LIST,
        "one-search-error-at-a-time",
        "Of several errors of a search the first is told.",
        "list/q-errors-collected",
        alter=on_error(_first_error),
    ),
    at(
        LIST,
        "one-wrong-key-at-a-time",
        "Of several wrong keys just one is named.",
        "list/q-errors-collected",
        alter=first_validation,
    ),
    at(
        LIST,
        "ids-that-are-none-are-left-out",
        "An id that is no UUID is ignored.",
        "list/q-id-malformed",
        rewrite=gone(rf'(?<!\S)id:(?!"?{_UUID})\S+', 'id:"00000000-0000-0000-0000-000000000000"'),
    ),
    at(
        LIST,
        "bad-ids-are-blamed-on-the-query",
        "Of an id that is no UUID the query is named as the wrong input.",
        "list/q-id-malformed",
        alter=_renamed("id", "q"),
    ),
    at(
        LIST,
        "the-last-key-counts",
        "Of a key that stands twice the last one counts.",
        "list/q-key-twice",
        rewrite=query(_last_key),
    ),
    at(
        LIST,
        "values-may-have-colons",
        "A word is split at its first colon only.",
        "list/q-many-colons",
        rewrite=query(lambda q: re.sub(r'(?<!\S)([\w-]+):([^\s":]+:[^\s"]+)', r'\1:"\2"', q)),
    ),
    at(
        LIST,
        "a-slash-alone-is-everything",
        "A slash alone finds all.",
        "list/q-many-slashes",
        rewrite=gone(r"^/$"),
    ),
    at(
        LIST,
        "three-parts-are-two",
        "Of a/b/c the last part is ignored.",
        "list/q-many-slashes",
        rewrite=gone(r"^([^\s:\"/]+/[^\s:\"/]+)/.*$", r"\1"),
    ),
    at(
        LIST,
        "the-deleted-may-be-asked-for",
        "The key deleted is known.",
        "list/q-no-deleted-key",
        rewrite=gone(r"(?<!\S)deleted:(?:true|false|1|0)\b"),
    ),
    at(
        LIST,
        "open-quotes-are-refused",
        "A quote that is not closed is an error.",
        "list/q-open-quote",
        refuse=lambda c: c.get("q").count('"') % 2 == 1,
    ),
    at(
        LIST,
        "a-parameter-may-have-no-value",
        "A parameter with = and no value is searched by its name.",
        "list/q-param-malformed",
        rewrite=gone(r'(param:"?[^\s="]+)=(?="?(?:\s|$))', r"\1"),
    ),
    at(
        LIST,
        "values-of-parameters-end-at-the-second-sign",
        "Of a parameter with two = the rest is ignored.",
        "list/q-param-malformed",
        rewrite=gone(r"""(param:"?[^\s="]+=[^\s="]+)=[^\s"]*""", r"\1"),
    ),
    named(
        LIST,
        "started-is-running",
        "list/q-status-unknown",
        rewrite=query(lambda q: q.replace("status:started", "status:running")),
    ),
    at(
        LIST,
        "syntax-errors-are-not-alone",
        "A syntax error is reported with the errors of other words.",
        "list/q-syntax-errors-alone",
        alter=_more,
    ),
    named(
        LIST,
        "two-words-are-one-name",
        "list/q-two-bare-words",
        rewrite=query(lambda q: "foo" if q == "foo bar" else q),
    ),
    named(LIST, "unknown-keys-are-ignored", "list/q-unknown-key", rewrite=unseen("nonsense")),
    at(
        LIST,
        "keys-of-nobody-are-ignored",
        "A word with an unknown key is ignored.",
        "list/refuses-bad-queries",
        rewrite=gone(rf"(?<!\S)(?!(?:{_KEYS}):)[\w-]+:[^\s:]+"),
    ),
    at(
        LIST,
        "offsets-below-zero-are-zero",
        "An offset below 0 counts as 0.",
        "list/refuses-bad-queries",
        rewrite=_lowest("offset"),
    ),
    at(
        LIST,
        "what-is-wrong-is-not-named",
        "A refused list does not say which input is wrong.",
        "list/refuses-bad-queries",
        alter=on_error(unnamed),
    ),
]
