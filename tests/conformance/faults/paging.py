"""Faults of pages: counting, cutting, and what lies beyond the end."""

from __future__ import annotations

import copy

from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.places import LIST
from tests.conformance.faults.pieces.requests import number, parameter
from tests.conformance.faults.pieces.searches import on_page
from tests.conformance.faults.pieces.workspaces import deep, put
from tests.conformance.faulty import Answer, Call, Fault, Json, compact, on_success, on_workspaces


def _count_of_page(value: Json) -> None:
    value["count"] = len(value["workspaces"])


def _one_less(value: Json) -> None:
    value["count"] = max(0, value["count"] - 1)


def _empty_is_404(answer: Answer) -> None:
    if answer.status == 200 and answer.json["count"] == 0:
        answer.status = 404
        answer.json = {"message": "Nothing found."}


def _null_list(answer: Answer) -> None:
    if answer.status == 200 and not answer.json["workspaces"]:
        answer.json = {**answer.json, "workspaces": None}


def _uncounted(answer: Answer) -> None:
    if answer.status == 200 and answer.call and answer.call.get("offset") not in {"", "0"}:
        value = answer.json
        if not value["workspaces"]:
            answer.json = {**value, "count": 0}


def _few(value: str) -> str:
    return str(min(int(value), 1)) if value.isdecimal() and int(value) else value


def _any_of(answer: Answer) -> None:
    """Nothing found by several words: one of them is enough (which shows as an open count)."""
    if answer.status == 200 and answer.call and answer.call.get("q").count(":") > 1:
        value = answer.json
        value["count"] += 1
        answer.json = value


def _capped(call: Call) -> None:
    if int(call.get("limit") or 0) > 3:
        call.set("limit", "3")


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


def _first_twice(value: Json) -> None:
    value["workspaces"] += copy.deepcopy(value["workspaces"][:1])


FAULTS: list[Fault] = [
    at(
        LIST,
        "search-is-counted-without-the-search",
        "The count is one more when two keys are given.",
        "list/count",
        alter=_any_of,
    ),
    at(
        LIST,
        "lists-leave-resources-out",
        "Lists show no resources, though the builds have some.",
        "list/in-depth",
        alter=on_workspaces(put([], "latest_build", "resources")),
    ),
    at(
        LIST,
        "listed-agents-lack-their-apps",
        "Agents in lists have no applications.",
        "list/in-depth",
        alter=on_workspaces(deep(put([], "apps"))),
    ),
    named(
        LIST,
        "a-limit-of-zero-is-nothing",
        "list/limit-zero",
        rewrite=lambda c: c.set("offset", "2147483647") if c.get("limit") == "0" else None,
    ),
    named(LIST, "nothing-found-is-404", "list/no-match", alter=_empty_is_404),
    named(LIST, "count-is-one-less", "list/pages", alter=on_success(_one_less)),
    named(LIST, "count-is-that-of-the-page", "list/pages", alter=on_success(_count_of_page)),
    named(
        LIST,
        "offset-is-ignored",
        "list/pages",
        rewrite=lambda c: c.set("offset", None) if c.get("offset").isdigit() else None,
    ),
    named(
        LIST,
        "limit-is-one-more",
        "list/pages",
        rewrite=number("limit", lambda n: n + 1 if 0 < n < 1000 else n),
    ),
    named(
        LIST,
        "offset-is-one-more",
        "list/pages",
        rewrite=number("offset", lambda n: n + 1 if 0 < n < 1000 else n),
    ),
    at(
        LIST,
        "pages-hold-one-at-most",
        "A limit above 1 is taken for 1.",
        "list/pages",
        rewrite=parameter("limit", _few),
    ),
    at(
        LIST,
        "the-count-ends-with-the-page",
        "With an offset the count is that of what was seen so far.",
        "list/pages",
        alter=on_page(_count_so_far),
    ),
    at(
        LIST,
        "the-last-page-is-empty",
        "A last page of one workspace is empty.",
        "list/pages",
        alter=on_page(_last_is_lost),
    ),
    at(
        LIST,
        "pages-are-capped-at-three",
        "Not more than three are returned, however high the limit.",
        "list/pages",
        rewrite=_capped,
    ),
    at(
        LIST,
        "each-page-is-sorted-on-its-own",
        "Pages are in the reverse order within themselves.",
        "list/pages",
        alter=on_page(_page_sorted),
    ),
    at(
        LIST,
        "found-ones-come-twice",
        "The last one that is found comes twice.",
        "list/pages",
        alter=on_page(_last_twice),
    ),
    at(
        LIST,
        "the-first-one-is-listed-twice",
        "The first workspace of a page also stands at its end.",
        "list/pages",
        alter=on_success(_first_twice),
    ),
    named(LIST, "an-empty-page-is-null", "list/past-the-end", alter=_null_list),
    at(
        LIST,
        "nothing-is-counted-past-the-end",
        "Past the end the count is 0.",
        "list/past-the-end",
        alter=_uncounted,
    ),
    at(
        LIST,
        "beyond-the-end-is-404",
        "A page beyond the end is not found.",
        "list/past-the-end",
        alter=_beyond_is_missing,
    ),
    at(
        LIST,
        "beyond-the-end-counts-nothing",
        "The count of an empty page is 0.",
        "list/past-the-end",
        alter=on_page(_no_count_beyond),
    ),
]
