"""Faults of searching: what each key finds."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.conformance.faults.kit import LIST, query
from tests.conformance.faults.queries import gone, kept, on_page, refused
from tests.conformance.faulty import Answer, Call, Fault, Json, compact


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


def _f(name: str, sentence: str, requirement: str = "?", **how: Any) -> Fault:
    return Fault(name, LIST, requirement, "GET", "/workspaces", sentence=sentence, **how)


def _never(_workspace: Json, _value: str) -> bool:
    return False


def _dormant(workspace: Json, _value: str) -> bool:
    return bool(workspace["dormant_at"])


def _starts(w: Json, v: str) -> bool:
    return bool(w["name"].lower().startswith(v))


FAULTS = [
    _f(
        "names-match-at-the-start-only",
        "Names are found by their start, not by any part.",
        "list/q-name",
        alter=kept(r"(?:^|\s)name:(\S+)", _starts),
    ),
    _f(
        "words-match-whole-names-only",
        "A bare word has to be the whole name.",
        "list/search",
        alter=kept(r"^([^:/\s]+)$", lambda w, v: w["name"].lower() == v),
    ),
    _f(
        "names-cannot-be-searched-in-capitals",
        "Capitals in a searched name match nothing.",
        "list/q-name",
        alter=kept(r"name:([^\s]*[A-Z][^\s]*)", _never),
    ),
    _f(
        "me-is-nobody",
        "The owner me is taken for a username.",
        "list/q-owner",
        rewrite=gone(r"owner:me\b", "owner:me-nobody"),
    ),
    _f(
        "any-owner-will-do",
        "The key owner is ignored.",
        "list/q-owner",
        rewrite=gone(r"owner:\S+"),
    ),
    _f(
        "unknown-owners-are-refused",
        "A search for an unknown owner is refused.",
        "list/q-owner",
        refuse=refused(r"owner:(?!me\b|owner\b|member\b)\S+"),
    ),
    _f(
        "any-template-will-do",
        "The key template is ignored.",
        "list/q-template",
        rewrite=gone(r"template:\S+"),
    ),
    _f(
        "templates-have-a-case",
        "Names of templates are compared with their case.",
        "list/q-template",
        alter=kept(r"template:([^\s]*[A-Z][^\s]*)", _never),
    ),
    _f(
        "templates-match-in-part",
        "Templates are found by a part of their name.",
        "list/q-template",
        rewrite=gone(r'template:"?(d|do|doc|dock|docke|ocker)"?(?=\s|$)', "template:docker"),
    ),
    _f(
        "organizations-have-no-name",
        "Organizations are found by identifier only.",
        "list/q-organization",
        refuse=_name_of_organization,
    ),
    _f(
        "any-organization-will-do",
        "The key organization is ignored.",
        "list/q-organization",
        rewrite=gone(r"organization:\S+"),
    ),
    _f(
        "an-unknown-organization-is-empty",
        "A search in an unknown organization finds nothing instead of being refused.",
        "list/q-organization",
        alter=_nothing_on_error(r"organization:"),
    ),
    _f(
        "an-unknown-id-empties-the-list",
        "One unknown identifier of several makes the list empty.",
        "list/q-id",
        alter=on_page(_all_or_none),
    ),
    _f(
        "the-last-id-counts",
        "Of repeated identifiers only the last one counts.",
        "list/q-id",
        rewrite=query(_last_id),
    ),
    _f(
        "agents-are-ignored",
        "The key has-agent is ignored.",
        "list/q-has-agent",
        rewrite=gone(r"has-agent:\S+"),
    ),
    _f(
        "unknown-agent-states-are-refused",
        "A state of agents that is unknown is refused.",
        "list/q-has-agent",
        refuse=refused(r"has-agent:(?!connecting|connected|disconnected|timeout)\S+"),
    ),
    _f(
        "outdated-is-ignored",
        "The key outdated is ignored.",
        "list/q-outdated",
        rewrite=gone(r"outdated:\S+"),
    ),
    _f(
        "tasks-are-ignored",
        "The key has-ai-task is ignored.",
        "list/q-has-ai-task",
        rewrite=gone(r"has-ai-task:\S+"),
    ),
    _f(
        "before-is-ignored",
        "The key last_used_before is ignored.",
        "list/q-last-used",
        rewrite=gone(r'last_used_before:("[^"]*"|\S+)'),
    ),
    _f(
        "after-is-before",
        "The key last_used_after means before.",
        "list/q-last-used",
        rewrite=gone("last_used_after:", "last_used_before:"),
    ),
    _f(
        "times-are-dates",
        "The time of day of last_used_after is ignored.",
        "list/q-last-used",
        rewrite=gone(r'(last_used_after:"[^T"]*)T[\d:.]*', r"\1T00:00:00"),
    ),
    _f(
        "zones-of-searched-times-are-ignored",
        "The zone of a searched time is taken as UTC.",
        "list/q-last-used",
        rewrite=gone(r'(last_used_(?:after|before):"[^"+Z]*)[+-]\d\d:\d\d"', r'\1Z"'),
    ),
    _f(
        "parameters-are-ignored",
        "The key param is ignored.",
        "list/q-param",
        rewrite=gone(r"param:\S+"),
    ),
    _f(
        "canceled-is-refused",
        "The status canceled is not known.",
        "list/q-status",
        refuse=refused("status:cancell?ed"),
    ),
    _f(
        "stopped-finds-dormant-ones-only",
        "Workspaces that are not dormant are not found by status:stopped.",
        "list/q-status",
        alter=kept("status:(stopped)", _dormant),
    ),
    _f(
        "dormant-true-is-everything",
        "The filter dormant:true lets all pass.",
        "list/q-dormant",
        rewrite=gone(r"dormant:(true|1|t)\b"),
    ),
]
