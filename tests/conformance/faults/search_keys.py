"""Faults of searches for what workspaces belong to: names, owners, templates, identifiers."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.conformance.faults.pieces.answers import says
from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.places import LIST
from tests.conformance.faults.pieces.requests import by_member
from tests.conformance.faults.pieces.searches import (
    BAD_QUERY,
    gone,
    kept,
    never,
    on_page,
    query,
    refused,
    replaced,
    unseen,
)
from tests.conformance.faulty import Answer, Call, Fault, Json, compact

_UUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


def _counts_all(answer: Answer) -> None:
    if answer.status == 200 and answer.call and by_member(answer.call):
        value = answer.json
        answer.json = {**value, "count": value["count"] + 3}


def _nothing_found(answer: Answer) -> bool:
    asked = answer.call is not None and "template:" in answer.call.get("q")
    return bool(answer.status == 200 and asked and answer.json["count"] == 0)


def _all_or_none(page: Json, call: Call) -> None:
    wanted = re.findall(r"[0-9a-f-]{36}", call.get("q"))
    if "id:" in call.get("q") and 1 < len(wanted) != page["count"]:
        page["workspaces"], page["count"] = [], 0


def _nothing_on_error(pattern: str) -> Callable[[Answer], None]:
    """Find nothing where the query is wrong."""

    def alter(answer: Answer) -> None:
        call = answer.call
        if answer.status == 400 and call and re.search(pattern, call.get("q"), re.IGNORECASE):
            answer.status, answer.body = 200, compact({"workspaces": [], "count": 0})

    return alter


def _last_id(q: str) -> str:
    found = re.findall(r"id:\S+", q)
    for part in found[:-1]:
        q = q.replace(part, "", 1)
    return q.strip()


def _name_of_organization(call: Call) -> bool:
    return bool(re.search(r"organization:(?!\S{8}-\S{4}-)\S+", call.get("q")))


FAULTS: list[Fault] = [
    at(
        LIST,
        "counts-tell-of-hidden-ones",
        "The count of another user's list counts what is hidden.",
        "list/another-user",
        alter=_counts_all,
    ),
    named(
        LIST,
        "the-first-id-counts",
        "list/q-id",
        rewrite=query(lambda q: re.sub(r"id:([^,\s]+),\S+", r"id:\1", q)),
    ),
    at(
        LIST,
        "the-last-of-repeated-ids-counts",
        "Of identifiers in words of their own only the last is looked for.",
        "list/q-id",
        rewrite=replaced(r"(id:\S+ +)+(?=id:)", ""),
    ),
    at(
        LIST,
        "an-unknown-id-empties-the-list",
        "One unknown identifier of several makes the list empty.",
        "list/q-id",
        alter=on_page(_all_or_none),
    ),
    at(
        LIST,
        "the-last-id-counts",
        "Of repeated identifiers only the last one counts.",
        "list/q-id",
        rewrite=query(_last_id),
    ),
    at(
        LIST,
        "organizations-have-no-names-in-searches",
        "A search by an organization's name finds nothing.",
        "list/q-organization",
        rewrite=replaced(
            rf"organization:(?!\"?{_UUID})\S+", "organization:5f3a1c52-6f43-4a39-9d5a-0d6a53f0f001"
        ),
    ),
    at(
        LIST,
        "organizations-have-no-name",
        "Organizations are found by identifier only.",
        "list/q-organization",
        refuse=_name_of_organization,
    ),
    at(
        LIST,
        "any-organization-will-do",
        "The key organization is ignored.",
        "list/q-organization",
        rewrite=gone(r"organization:\S+"),
    ),
    at(
        LIST,
        "an-unknown-organization-is-empty",
        "A search in an unknown organization finds nothing instead of being refused.",
        "list/q-organization",
        alter=_nothing_on_error(r"organization:"),
    ),
    named(LIST, "owners-are-ignored", "list/q-owner", rewrite=unseen("owner")),
    at(
        LIST,
        "me-is-nobody",
        "The owner me is taken for a username.",
        "list/q-owner",
        rewrite=gone(r"owner:me\b", "owner:me-nobody"),
    ),
    at(
        LIST,
        "any-owner-will-do",
        "The key owner is ignored.",
        "list/q-owner",
        rewrite=gone(r"owner:\S+"),
    ),
    at(
        LIST,
        "unknown-owners-are-refused",
        "A search for an unknown owner is refused.",
        "list/q-owner",
        refuse=refused(r"owner:(?!me\b|owner\b|member\b)\S+"),
    ),
    at(
        LIST,
        "a-slash-finds-any-owner",
        "A search for owner/name finds the name of any owner.",
        "list/q-owner-and-name",
        rewrite=replaced(r"^([\w-]+)/([\w-]+)$", r"name:\2"),
    ),
    at(
        LIST,
        "owner-and-name-are-one",
        "The form owner/name ignores the owner.",
        "list/q-owner-and-name",
        rewrite=gone(r'(^|\s)([^\s:"/]+)/([^\s:"/]+)(?=\s|$)', r"\1name:\3"),
    ),
    at(
        LIST,
        "me-has-no-names",
        "The form me/name finds nothing.",
        "list/q-owner-and-name",
        rewrite=gone(r"(^|\s)me/", r"\1me-nobody/"),
    ),
    at(
        LIST,
        "parameters-are-ignored",
        "The key param is ignored.",
        "list/q-param",
        rewrite=gone(r"param:\S+"),
    ),
    at(
        LIST,
        "unknown-templates-are-refused",
        "A search for a template that there is not is refused.",
        "list/q-template",
        alter=says(400, BAD_QUERY, _nothing_found),
    ),
    at(
        LIST,
        "any-template-will-do",
        "The key template is ignored.",
        "list/q-template",
        rewrite=gone(r"template:\S+"),
    ),
    at(
        LIST,
        "templates-have-a-case",
        "Names of templates are compared with their case.",
        "list/q-template",
        alter=kept(r"template:([^\s]*[A-Z][^\s]*)", never),
    ),
    at(
        LIST,
        "templates-match-in-part",
        "Templates are found by a part of their name.",
        "list/q-template",
        rewrite=gone(r'template:"?(d|do|doc|dock|docke|ocker)"?(?=\s|$)', "template:docker"),
    ),
    at(
        LIST,
        "words-match-whole-names-only",
        "A bare word has to be the whole name.",
        "list/search",
        alter=kept(r"^([^:/\s]+)$", lambda w, v: w["name"].lower() == v),
    ),
]
