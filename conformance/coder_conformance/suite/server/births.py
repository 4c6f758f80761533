"""Judging workspaces by how they came about."""

from __future__ import annotations

from typing import Any

from ...evidence import Birth
from ...exchange import Exchange, shorten
from ...results import CannotJudgeError, Mismatch
from ...shared import CREATE, MADE_BY, PAIR, ROOM, Shared
from .scenario import Scenario

Json = dict[str, Any]


def born(scenario: Scenario, shared: Shared, role: str, *fields: str) -> Birth:
    """The creation of a shared workspace, which was accepted and fits the contract.

    If what was asked for at once was refused, the fields that a requirement is about are asked
    for alone, so that it is not blamed for the others.
    """
    birth = shared.birth(role)
    if not birth.accepted and fields:
        alone: Json = {name: birth.fields[name] for name in fields}
        if "template_version_id" in fields:
            alone["template_id"] = None
        birth = scenario.world.bear(birth.operation, **alone)
    accepted(scenario, birth)
    return birth


def well(build: Json) -> None:
    """See to it that a build did not fail, which is a matter of the template and its machines.

    Raises:
        CannotJudgeError: It did.
    """
    job = build["job"]
    if job["status"] == "failed":
        reason = job.get("error", "no reason given")
        raise CannotJudgeError(f"a {build['transition']} failed: {reason}")


def accepted(scenario: Scenario, birth: Birth) -> None:
    """Check that a creation was accepted and that everything about it fits the contract."""
    scenario.context.expect(birth.operation, birth.answer, 201)


def looks(
    scenario: Scenario, identifier: str, reads: list[Exchange]
) -> list[tuple[Json, Exchange]]:
    """The workspace in each of these reads: by identifier, by name, and in a list."""
    by_id, by_name, listed = reads[:3]
    context = scenario.context
    context.expect("getWorkspaceMetadataById", by_id, 200)
    context.expect("getWorkspaceMetadataByUserAndWorkspaceName", by_name, 200)
    context.expect("listWorkspaces", listed, 200)
    found = [item for item in listed.json()["workspaces"] if item["id"] == identifier]
    if not found:
        raise Mismatch(f"a list that holds {identifier}", "a list without it", listed)
    return [(by_id.json(), by_id), (by_name.json(), by_name), (found[0], listed)]


def shows(view: Json, answer: Exchange, **fields: Any) -> None:
    """Check that a view shows these values; None means absent or null."""
    for name, expected in fields.items():
        if view.get(name) != expected:
            actual = shorten(repr(view.get(name, "absent")))
            raise Mismatch(f"{name} = {expected!r}", f"{name} = {actual}", answer)


def showed(scenario: Scenario, birth: Birth, *, at_once: bool = False, **fields: Any) -> Json:
    """The new workspace, once it is known that every view showed these values.

    Args:
        scenario: Knows the contract.
        birth: How it came about.
        at_once: Whether the first views count, or those after its build.
        **fields: The values; None means absent or null.
    """
    reads = birth.at_once if at_once else birth.settled
    seen = looks(scenario, birth.workspace["id"], reads)
    for view, answer in seen:
        shows(view, answer, **fields)
    return seen[0][0]


def birth_of(scenario: Scenario, shared: Shared, operation_id: str) -> Birth:
    """A creation by either operation."""
    role = MADE_BY[operation_id]
    fields = sorted(ROOM) if role == "room" else list[str]()
    return born(scenario, shared, role, *fields)


def plain_birth_of(scenario: Scenario, shared: Shared, operation_id: str) -> Birth:
    """A creation by either operation, of a workspace without settings."""
    return born(scenario, shared, "stopped" if operation_id == CREATE else PAIR[1])


def furnished_birth_of(
    scenario: Scenario, shared: Shared, operation_id: str, *fields: str
) -> Birth:
    """A creation by either operation, of a workspace with all settings; see `born`."""
    return born(scenario, shared, "running" if operation_id == CREATE else "room", *fields)


def births_of(scenario: Scenario, shared: Shared, operation_id: str) -> list[Birth]:
    """All creations of this run by an operation; one at least."""
    birth_of(scenario, shared, operation_id)
    made = [b for b in scenario.world.births if b.accepted and b.operation == operation_id]
    for birth in made:
        accepted(scenario, birth)
    return made


def answer_of(scenario: Scenario, shared: Shared, operation_id: str) -> Exchange:
    """The answer to a request of either kind that created something."""
    return birth_of(scenario, shared, operation_id).answer
