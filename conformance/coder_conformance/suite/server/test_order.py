"""The order in which a request is looked at: of two things that are wrong the first one is told."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any
from uuid import uuid4

import pytest

from coder_conformance.exchange import Exchange
from coder_conformance.results import Mismatch
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.usual import Usual, attempt, usual
from coder_spec import Operation

Json = dict[str, Any]
MARK = pytest.mark.requirement
BROKEN = (b"", b"{", b"[]", b"nonsense", b'{"name": 1, "schedule": 1, "ttl_ms": "x"}')


def astray(scenario: Scenario, operation: Operation, some: Json) -> list[Usual]:
    """The usual request about what is not there, and about what cannot be."""
    request = usual(scenario, operation, some)
    wrong: dict[str, tuple[str, ...]] = {
        "workspace": (str(uuid4()), "nonsense"),
        "organization": (str(uuid4()),),
        "user": ("no-such-user-at-all",),
    }
    return [
        replace(request, path={**request.path, name: value})
        for name, values in wrong.items()
        if name in request.path
        for value in values
    ]


def same(one: Exchange, other: Exchange, what: str) -> None:
    """Both answers cannot be told apart."""
    if (one.status, one.body) != (other.status, other.body):
        raise Mismatch(f"{one.answer()}, {what}", other.answer(), other)


@MARK("paths/before-bodies")
def test_before_bodies(scenario: Scenario, operation: Operation, some: Json) -> None:
    """Whatever the body, it is not what matters."""
    for request in astray(scenario, operation, some):
        good = attempt(scenario, request)
        if not 400 <= good.status < 500:
            raise Mismatch("a refusal", good.answer(), good)
        for content in BROKEN:
            answer = attempt(scenario, request, content=content)
            same(good, answer, "as to a body that could be read")


@MARK("paths/before-queries")
def test_before_queries(scenario: Scenario, operation: Operation, some: Json) -> None:
    """A flag that is none is not looked at."""
    for request in astray(scenario, operation, some):
        good = attempt(scenario, request)
        for text in ("maybe", "2"):
            answer = attempt(scenario, request, query={"include_deleted": text})
            same(good, answer, "as without a query")


# What can be wrong with a creation, in the order in which it is found out.
CHECKS: tuple[tuple[str, Json], ...] = (
    ("a bad name", {"name": "-x"}),
    ("no template", {"template_id": None}),
    ("an unknown template", {"template_id": "7d0ad3c8-6c57-43a5-a3f0-2a35ad1a2d6e"}),
    ("a bad schedule", {"autostart_schedule": "x"}),
    ("a bad time to stop", {"ttl_ms": 1}),
    ("a bad update mode", {"automatic_updates": "x"}),
    ("a taken name", {"name": ""}),
    ("an unknown preset", {"template_version_preset_id": "7d0ad3c8-6c57-43a5-a3f0-2a35ad1a2d6e"}),
)
TAKEN, PRESET = "a taken name", "an unknown preset"


@MARK("create/order-of-checks")
def test_order_of_checks(scenario: Scenario, operation: Operation, running: Json) -> None:
    """Each pair of mistakes is answered as the first of them alone."""
    template, name = scenario.world.template, scenario.world.name()
    path = {"user": "me", "organization": template["organization_id"]}
    checks = {**dict(CHECKS), TAKEN: {"name": running["name"]}}

    def ask(*wrong: str) -> Exchange:
        body: Json = {"name": name, "template_id": template["id"]}
        for mistake in wrong:
            body |= checks[mistake]
        answer = scenario.world.ask(operation.id, path, body=body)
        scenario.context.checked += 1
        if answer.status == 201:
            scenario.world.own(answer.json()["id"])
        if answer.status < 400:
            raise Mismatch(f"a refusal of {' and '.join(wrong)}", answer.answer(), answer)
        return answer

    alone = {what: ask(what) for what, _ in CHECKS if what != PRESET}
    for first, second in combinations(checks, 2):
        if not checks[first].keys() & checks[second].keys():
            answer = ask(first, second)
            told = alone[first]
            if first == "a bad name" and second == "no template":
                continue  # all that is wrong in itself is told at once
            if (answer.status, answer.json()) != (told.status, told.json()):
                expected = f"{told.answer()}, as to {first} without {second}"
                raise Mismatch(expected, answer.answer(), answer)


@MARK("create/refusal-touches-nothing")
def test_refusal_touches_nothing(
    scenario: Scenario, operation: Operation, stopped: Json, running: Json
) -> None:
    """With other settings than it has, and once only in the list."""
    for workspace in (stopped, running):
        before = scenario.world.read(workspace["id"])
        settings: Json = {
            "ttl_ms": 4_200_000,
            "autostart_schedule": "9 8 * * 6",
            "automatic_updates": "always",
            "template_id": scenario.world.template["id"],
        }
        path = {"user": "me", "organization": scenario.world.template["organization_id"]}
        for name in (workspace["name"], workspace["name"].upper()):
            scenario.call(operation.id, path, 409, body={**settings, "name": name})
        scenario.unchanged(before, workspace)
        query = {"q": f"owner:me name:{workspace['name']}"}
        answer = scenario.call("listWorkspaces", {}, 200, query=query)
        named = [w["id"] for w in answer.json()["workspaces"] if w["name"] == workspace["name"]]
        if named != [workspace["id"]]:
            raise Mismatch(f"just {workspace['id']}", repr(named), answer)
