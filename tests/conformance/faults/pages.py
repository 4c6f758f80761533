"""Faults of ordering, counting and paging."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.conformance.faults.kit import LIST, last_of, parameter
from tests.conformance.faulty import Answer, Call, Fault, Json, compact

Change = Callable[[Json, Call], None]


def _page(change: Change) -> Callable[[Answer], None]:
    """Change a page that was found."""

    def alter(answer: Answer) -> None:
        if answer.status == 200 and answer.call is not None:
            value = answer.json
            change(value, answer.call)
            answer.json = value

    return alter


def _capped(call: Call) -> None:
    if int(call.get("limit") or 0) > 3:
        call.set("limit", "3")


def _sorted_by_age(page: Json, _: Call) -> None:
    page["workspaces"].sort(key=lambda w: w["created_at"])


def _page_sorted(page: Json, call: Call) -> None:
    if call.get("limit"):
        page["workspaces"].sort(key=lambda w: w["name"].lower(), reverse=True)


def _no_count_beyond(page: Json, _: Call) -> None:
    if not page["workspaces"]:
        page["count"] = 0


def _count_so_far(page: Json, call: Call) -> None:
    if call.get("offset"):
        page["count"] = int(call.get("offset")) + len(page["workspaces"])


def _last_is_lost(page: Json, call: Call) -> None:
    if call.get("offset") and len(page["workspaces"]) == 1:
        page["workspaces"] = []


def _last_twice(page: Json, call: Call) -> None:
    if call.get("q") and page["workspaces"] and not call.get("limit"):
        page["workspaces"].append(page["workspaces"][-1])


def _beyond_is_missing(answer: Answer) -> None:
    asked = answer.call is not None and bool(answer.call.get("offset"))
    if answer.status == 200 and asked and not answer.json["workspaces"]:
        answer.status, answer.body = 404, compact({"message": "There is no such page."})


def _f(name: str, sentence: str, requirement: str = "?", **how: Any) -> Fault:
    return Fault(name, LIST, requirement, "GET", "/workspaces", sentence=sentence, **how)


FAULTS = [
    _f(
        "beyond-the-end-is-404",
        "A page beyond the end is not found.",
        "list/past-the-end",
        alter=_beyond_is_missing,
    ),
    _f(
        "beyond-the-end-counts-nothing",
        "The count of an empty page is 0.",
        "list/past-the-end",
        alter=_page(_no_count_beyond),
    ),
    _f(
        "the-count-ends-with-the-page",
        "With an offset the count is that of what was seen so far.",
        "list/pages",
        alter=_page(_count_so_far),
    ),
    _f(
        "the-last-page-is-empty",
        "A last page of one workspace is empty.",
        "list/pages",
        alter=_page(_last_is_lost),
    ),
    _f(
        "pages-are-capped-at-three",
        "Not more than three are returned, however high the limit.",
        "list/pages",
        rewrite=_capped,
    ),
    _f(
        "the-oldest-comes-first",
        "Lists are in the order of creation.",
        "list/order",
        alter=_page(_sorted_by_age),
    ),
    _f(
        "each-page-is-sorted-on-its-own",
        "Pages are in the reverse order within themselves.",
        "list/pages",
        alter=_page(_page_sorted),
    ),
    _f(
        "found-ones-come-twice",
        "The last one that is found comes twice.",
        "list/pages",
        alter=_page(_last_twice),
    ),
    _f(
        "a-plus-is-refused",
        "A limit with a plus is refused.",
        "query/lowest-and-highest-numbers",
        refuse=lambda c: c.get("limit").startswith("+") or c.get("offset").startswith("+"),
    ),
    _f(
        "an-empty-limit-is-refused",
        "An empty limit is refused.",
        "query/empty-is-absent",
        refuse=lambda c: any(k in ("limit", "offset") and not v for k, v in c.query),
    ),
    _f(
        "limits-may-be-repeated",
        "Of two limits the last one counts.",
        "query/given-twice",
        rewrite=lambda c: last_of(c, "limit", "offset"),
    ),
    _f(
        "blanks-of-limits-are-ignored",
        "Blanks around a limit are ignored.",
        "query/numbers-that-are-none",
        rewrite=parameter("limit", lambda v: v.strip()),
    ),
    _f(
        "fractions-of-limits-are-ignored",
        "A limit with a fraction is rounded.",
        "query/numbers-that-are-none",
        rewrite=parameter("limit", lambda v: re.sub(r"\.\d+$", "", v)),
    ),
    _f(
        "no-limit-is-none",
        "A limit that is no number is ignored.",
        "query/numbers-that-are-none",
        rewrite=parameter("limit", lambda v: v if re.fullmatch(r"[+-]?\d*", v) else None),
    ),
    _f(
        "any-after-id-will-do",
        "The parameter after_id is not looked at.",
        "query/after-id",
        rewrite=parameter("after_id", lambda _: None),
    ),
    _f(
        "unknown-parameters-are-refused",
        "A query parameter that is not known is refused.",
        "query/unknown-parameters",
        refuse=lambda c: any(
            k not in ("q", "limit", "offset", "after_id", "coder_session_token", "access_token")
            for k, _ in c.query
        ),
    ),
]
