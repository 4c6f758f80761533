"""Faults of the words of searches: case, blanks, quotes, slashes, order."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.conformance.faults.pieces.answers import says
from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.places import LIST
from tests.conformance.faults.pieces.searches import PARTS, gone, kept, never, query, replaced
from tests.conformance.faulty import Answer, Call, Fault, Json


def _odd_q(answer: Answer) -> None:
    if answer.call is not None and not answer.call.get("q").isascii():
        answer.status = 500
        answer.json = {"message": "An internal server error occurred."}


def _kept(answer: Answer, keep: Callable[[Json], bool]) -> None:
    if answer.status == 200:
        value = answer.json
        left = [w for w in value["workspaces"] if keep(w)]
        if len(left) < len(value["workspaces"]):
            answer.json = {**value, "workspaces": left, "count": len(left)}


def _word(answer: Answer, key: str) -> str:
    q = answer.call.get("q") if answer.call else ""
    found = re.findall(rf'\b{key}:"?([\w-]+)"?(?= |$)', q.strip().lower())
    return str(found[-1]) if found else ""


def _beginning(answer: Answer) -> None:
    if word := _word(answer, "name"):
        _kept(answer, lambda w: w["name"].lower().startswith(word))


def _tabs(q: str) -> str:
    return q.replace("\t", " ")


def _one_word(which: int) -> Callable[[str], str]:
    def change(q: str) -> str:
        words = PARTS.findall(q)
        return words[which] if len(words) > 1 else q

    return change


def _owner_first(q: str) -> str:
    """Forget an owner who does not come first."""
    return re.sub(r"(?<=\S )\s*owner:\S+", "", q).strip()


def _with_nul(answer: Answer) -> bool:
    return answer.call is not None and "\x00" in answer.call.get("q")


def _on_every_other(call: Call) -> None:
    """Forget the name when another key comes with it."""
    if re.search(r"(?:^|\s)status:", call.get("q")):
        gone(r"(?<!\S)name:\S+")(call)


def _starts(w: Json, v: str) -> bool:
    return bool(w["name"].lower().startswith(v))


FAULTS: list[Fault] = [
    named(
        LIST,
        "values-have-a-case",
        "list/q-any-case",
        refuse=lambda c: c.get("q") != c.get("q").lower() and "T" not in c.get("q"),
    ),
    at(
        LIST,
        "keys-have-a-case",
        "Keys in capitals are unknown.",
        "list/q-any-case",
        refuse=lambda c: bool(re.search(r"[A-Z_-]*[A-Z][A-Z_-]*:", c.get("q"))),
    ),
    at(
        LIST,
        "blanks-count",
        "Two blanks between words are an error.",
        "list/q-blanks",
        refuse=lambda c: "  " in c.get("q").strip(),
    ),
    at(
        LIST,
        "blanks-around-count",
        "A blank at the start or end is an error.",
        "list/q-blanks",
        refuse=lambda c: c.get("q") != c.get("q").strip(),
    ),
    at(
        LIST,
        "names-are-found-by-their-beginning",
        "A search by name finds only what begins with it.",
        "list/q-name",
        alter=_beginning,
    ),
    at(
        LIST,
        "names-match-at-the-start-only",
        "Names are found by their start, not by any part.",
        "list/q-name",
        alter=kept(r"(?:^|\s)name:(\S+)", _starts),
    ),
    at(
        LIST,
        "names-cannot-be-searched-in-capitals",
        "Capitals in a searched name match nothing.",
        "list/q-name",
        alter=kept(r"name:([^\s]*[A-Z][^\s]*)", never),
    ),
    at(
        LIST,
        "patterns-are-letters",
        "A % in a name stands for itself.",
        "list/q-name-wildcards",
        rewrite=replaced("%", "zz"),
    ),
    at(
        LIST,
        "wildcards-are-plain",
        "A percent sign of a searched name stands for itself.",
        "list/q-name-wildcards",
        alter=kept(r"name:([^\s]*%[^\s]*)", never),
    ),
    at(
        LIST,
        "a-nul-in-a-query-is-too-much",
        "A NUL in a query ends in an internal error.",
        "list/q-nul",
        alter=says(500, "An internal server error occurred.", _with_nul),
    ),
    named(LIST, "other-scripts-break-the-search", "list/q-odd-text", alter=_odd_q),
    at(
        LIST,
        "tabs-part-words",
        "Tabs part words as blanks do.",
        "list/q-other-blanks",
        rewrite=query(_tabs),
    ),
    named(
        LIST,
        "quotes-are-kept",
        "list/q-quotes",
        rewrite=query(lambda q: re.sub(r'^name:"([^"]+)"$', r"name:\1zz", q)),
    ),
    at(
        LIST,
        "quoted-keys-are-unknown",
        "A key in quotes is unknown.",
        "list/q-quotes",
        refuse=lambda c: bool(re.search(r'"[a-z_-]+":', c.get("q"))),
    ),
    at(
        LIST,
        "slashes-in-quotes-divide",
        "A slash within quotes parts an owner from a name.",
        "list/q-slash-in-quotes",
        rewrite=query(lambda q: re.sub(r'"([^"\s/:]+/[^"\s/:]+)"', r"\1", q)),
    ),
    at(
        LIST,
        "an-owner-has-to-come-first",
        "An owner who is not the first word of the query is ignored.",
        "list/q-word-order",
        rewrite=query(_owner_first),
    ),
    at(
        LIST,
        "only-the-first-word-counts",
        "Of several words only the first one counts.",
        "list/q-words-are-anded",
        rewrite=query(_one_word(0)),
    ),
    at(
        LIST,
        "names-yield-to-a-status",
        "A name is ignored where a status is searched.",
        "list/q-words-are-anded",
        rewrite=_on_every_other,
    ),
]
