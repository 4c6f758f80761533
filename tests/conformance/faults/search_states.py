"""Faults of searches for what workspaces are at the moment: status, use, dormancy, agents."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.conformance.faults.pieces.answers import says
from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.places import LIST
from tests.conformance.faults.pieces.searches import BAD_QUERY, gone, kept, refused, unseen
from tests.conformance.faulty import Answer, Fault, Json, on_success


def _refused(pattern: str) -> Callable[[Answer], None]:
    """Refuse searches that look like this."""
    return says(
        400,
        BAD_QUERY,
        lambda a: bool(
            a.status == 200 and a.call and re.search(pattern, a.call.get("q"), re.IGNORECASE)
        ),
    )


def _dormant(workspace: Json, _value: str) -> bool:
    return bool(workspace["dormant_at"])


FAULTS: list[Fault] = [
    at(
        LIST,
        "short-booleans-are-refused",
        "Booleans of searches have to be true or false.",
        "list/q-booleans",
        refuse=refused(r"(dormant|outdated|has-ai-task):(1|0|t|f)\b"),
    ),
    at(
        LIST,
        "any-boolean-is-true",
        "A boolean of a search that is none is taken for true.",
        "list/q-booleans",
        rewrite=gone(
            r"(dormant|outdated|has-ai-task):(?!true|false|1\b|0\b|t\b|f\b|\")\S+", r"\1:true"
        ),
    ),
    named(LIST, "dormancy-is-ignored", "list/q-dormant", rewrite=unseen("dormant")),
    named(
        LIST,
        "dormant-false-hides",
        "list/q-dormant",
        alter=lambda a: on_success(
            lambda v: v.update(
                workspaces=[
                    w
                    for w in v["workspaces"]
                    if "dormant:false" not in (a.call.get("q") if a.call else "")
                    or not w["dormant_at"]
                ]
            )
        )(a),
    ),
    at(
        LIST,
        "dormant-true-is-everything",
        "The filter dormant:true lets all pass.",
        "list/q-dormant",
        rewrite=gone(r"dormant:(true|1|t)\b"),
    ),
    at(
        LIST,
        "agent-states-are-checked",
        "An agent state that there is not is refused.",
        "list/q-has-agent",
        alter=_refused(r"has-agent:\"?(?!connecting|connected|disconnected|timeout|\")\w"),
    ),
    at(
        LIST,
        "agents-are-ignored",
        "The key has-agent is ignored.",
        "list/q-has-agent",
        rewrite=gone(r"has-agent:\S+"),
    ),
    at(
        LIST,
        "unknown-agent-states-are-refused",
        "A state of agents that is unknown is refused.",
        "list/q-has-agent",
        refuse=refused(r"has-agent:(?!connecting|connected|disconnected|timeout)\S+"),
    ),
    at(
        LIST,
        "tasks-are-ignored",
        "The key has-ai-task is ignored.",
        "list/q-has-ai-task",
        rewrite=gone(r"has-ai-task:\S+"),
    ),
    named(
        LIST,
        "times-exclude-the-moment",
        "list/q-last-used",
        alter=lambda a: on_success(
            lambda v: v.update(
                workspaces=[
                    w
                    for w in v["workspaces"]
                    if w["last_used_at"].rstrip("Z") not in (a.call.get("q") if a.call else "")
                ]
            )
        )(a),
    ),
    at(
        LIST,
        "before-is-ignored",
        "The key last_used_before is ignored.",
        "list/q-last-used",
        rewrite=gone(r'last_used_before:("[^"]*"|\S+)'),
    ),
    at(
        LIST,
        "after-is-before",
        "The key last_used_after means before.",
        "list/q-last-used",
        rewrite=gone("last_used_after:", "last_used_before:"),
    ),
    at(
        LIST,
        "times-are-dates",
        "The time of day of last_used_after is ignored.",
        "list/q-last-used",
        rewrite=gone(r'(last_used_after:"[^T"]*)T[\d:.]*', r"\1T00:00:00"),
    ),
    at(
        LIST,
        "zones-of-searched-times-are-ignored",
        "The zone of a searched time is taken as UTC.",
        "list/q-last-used",
        rewrite=gone(r'(last_used_(?:after|before):"[^"+Z]*)[+-]\d\d:\d\d"', r'\1Z"'),
    ),
    at(
        LIST,
        "outdated-is-ignored",
        "The key outdated is ignored.",
        "list/q-outdated",
        rewrite=gone(r"outdated:\S+"),
    ),
    named(LIST, "statuses-are-ignored", "list/q-status", rewrite=unseen("status")),
    at(
        LIST,
        "canceled-is-refused",
        "The status canceled is not known.",
        "list/q-status",
        refuse=refused("status:cancell?ed"),
    ),
    at(
        LIST,
        "stopped-finds-dormant-ones-only",
        "Workspaces that are not dormant are not found by status:stopped.",
        "list/q-status",
        alter=kept("status:(stopped)", _dormant),
    ),
]
