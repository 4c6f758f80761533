"""Faults of the grammar of searches: case, blanks, quotes, colons, slashes, errors."""

from __future__ import annotations

import re
from typing import Any

from tests.conformance.faults.kit import LIST, first_validation, query
from tests.conformance.faults.queries import gone, kept, refused
from tests.conformance.faulty import Answer, Call, Fault, Json


def _last_query(call: Call) -> None:
    queries = [value for key, value in call.query if key == "q"]
    if len(queries) > 1:
        call.set("q", queries[-1])


def _any_of(answer: Answer) -> None:
    """Nothing found by several words: one of them is enough (which shows as an open count)."""
    if answer.status == 200 and answer.call and answer.call.get("q").count(":") > 1:
        value = answer.json
        value["count"] += 1
        answer.json = value


def _last_key(q: str) -> str:
    """Of a key that stands twice the last one counts."""
    for key in ("owner", "status", "name", "template"):
        found = re.findall(rf'{key}:(?:"[^"]*"|\S+)', q)
        for part in found[:-1]:
            q = q.replace(part, "", 1)
    return q.strip()


def _tabs(q: str) -> str:
    return q.replace("\t", " ")


def _f(name: str, sentence: str, requirement: str = "?", **how: Any) -> Fault:
    return Fault(name, LIST, requirement, "GET", "/workspaces", sentence=sentence, **how)


def _never(_workspace: Json, _value: str) -> bool:
    return False


FAULTS = [
    _f(
        "keys-have-a-case",
        "Keys in capitals are unknown.",
        "list/q-any-case",
        refuse=lambda c: bool(re.search(r"[A-Z_-]*[A-Z][A-Z_-]*:", c.get("q"))),
    ),
    _f(
        "blanks-count",
        "Two blanks between words are an error.",
        "list/q-blanks",
        refuse=lambda c: "  " in c.get("q").strip(),
    ),
    _f(
        "blanks-around-count",
        "A blank at the start or end is an error.",
        "list/q-blanks",
        refuse=lambda c: c.get("q") != c.get("q").strip(),
    ),
    _f(
        "tabs-part-words",
        "Tabs part words as blanks do.",
        "list/q-other-blanks",
        rewrite=query(_tabs),
    ),
    _f(
        "quoted-keys-are-unknown",
        "A key in quotes is unknown.",
        "list/q-quotes",
        refuse=lambda c: bool(re.search(r'"[a-z_-]+":', c.get("q"))),
    ),
    _f(
        "open-quotes-are-refused",
        "A quote that is not closed is an error.",
        "list/q-open-quote",
        refuse=lambda c: c.get("q").count('"') % 2 == 1,
    ),
    _f(
        "two-colons-are-refused",
        "Two colons in a row are an error.",
        "list/q-double-colon",
        refuse=lambda c: bool(re.search(r"\w::\w", c.get("q"))),
    ),
    _f(
        "owner-and-name-are-one",
        "The form owner/name ignores the owner.",
        "list/q-owner-and-name",
        rewrite=gone(r'(^|\s)([^\s:"/]+)/([^\s:"/]+)(?=\s|$)', r"\1name:\3"),
    ),
    _f(
        "me-has-no-names",
        "The form me/name finds nothing.",
        "list/q-owner-and-name",
        rewrite=gone(r"(^|\s)me/", r"\1me-nobody/"),
    ),
    _f(
        "a-slash-alone-is-everything",
        "A slash alone finds all.",
        "list/q-many-slashes",
        rewrite=gone(r"^/$"),
    ),
    _f(
        "three-parts-are-two",
        "Of a/b/c the last part is ignored.",
        "list/q-many-slashes",
        rewrite=gone(r"^([^\s:\"/]+/[^\s:\"/]+)/.*$", r"\1"),
    ),
    _f(
        "a-colon-at-the-end-is-ignored",
        "A key without a value is ignored.",
        "list/q-colon-at-an-edge",
        rewrite=gone(r"(^|\s)[a-z_-]+:(?=\s|$)"),
    ),
    _f(
        "the-last-key-counts",
        "Of a key that stands twice the last one counts.",
        "list/q-key-twice",
        rewrite=query(_last_key),
    ),
    _f(
        "empty-values-are-refused",
        "An empty value in quotes is refused.",
        "list/q-empty-value",
        refuse=refused(r':""'),
    ),
    _f(
        "short-booleans-are-refused",
        "Booleans of searches have to be true or false.",
        "list/q-booleans",
        refuse=refused(r"(dormant|outdated|has-ai-task):(1|0|t|f)\b"),
    ),
    _f(
        "any-boolean-is-true",
        "A boolean of a search that is none is taken for true.",
        "list/q-booleans",
        rewrite=gone(
            r"(dormant|outdated|has-ai-task):(?!true|false|1\b|0\b|t\b|f\b|\")\S+", r"\1:true"
        ),
    ),
    _f(
        "one-wrong-key-at-a-time",
        "Of several wrong keys just one is named.",
        "list/q-errors-collected",
        alter=first_validation,
    ),
    _f(
        "only-the-last-query-counts",
        "Of two queries the last one counts.",
        "query/first-search-counts",
        rewrite=_last_query,
    ),
    _f(
        "wildcards-are-plain",
        "A percent sign of a searched name stands for itself.",
        "list/q-name-wildcards",
        alter=kept(r"name:([^\s]*%[^\s]*)", _never),
    ),
    _f(
        "search-is-counted-without-the-search",
        "The count is one more when two keys are given.",
        "list/count",
        alter=_any_of,
    ),
]
