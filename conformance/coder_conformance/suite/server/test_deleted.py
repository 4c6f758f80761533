"""Deleted workspaces, which most operations still find: for their owner, and for nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from coder_conformance.results import Mismatch
from coder_conformance.shared import Shared
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.usual import attempt, still, telling, usual
from coder_conformance.wire import Wire
from coder_spec import Operation

Json = dict[str, Any]
MARK = pytest.mark.requirement
DORMANT = "updateWorkspaceDormancyStatusById"
GET = "getWorkspaceMetadataById"
BY_NAME = "getWorkspaceMetadataByUserAndWorkspaceName"


def variants(operation: Operation) -> Iterator[dict[str, Any]]:
    """Ways to send a request: with deleted ones asked for, and with several bodies."""
    yield {}
    if operation.id == GET:
        yield from ({"query": {"include_deleted": text}} for text in ("true", "1", "false"))
    elif operation.method != "GET":
        yield from ({"content": content} for content in (b"{", b"{}", b""))


@MARK("isolation/unknown-and-hidden-alike")
def test_alike(scenario: Scenario, operation: Operation, shared: Shared, member: Wire) -> None:
    """That one of another user was deleted is nobody else's business."""
    if shared.readonly:
        return  # in such a run there is none
    hidden = usual(scenario, operation, shared.deleted())
    unknown = hidden.on(str(uuid4()))
    for options in variants(operation):
        one, other = (attempt(scenario, r, wire=member, **options) for r in (hidden, unknown))
        if (one.status, one.body) != (other.status, other.body):
            raise Mismatch(f"as for an unknown one: {other.answer()}", one.answer(), one)


@MARK("get-by-name/hides-what-cannot-be-read")
def test_hidden_by_name(scenario: Scenario, shared: Shared, member: Wire) -> None:
    """Also where deleted ones are asked for, by a live one's name and by a deleted one's."""
    if shared.readonly:
        return
    me = scenario.world.me["username"]
    for flag in ("true", "false"):
        names = (shared.deleted()["name"], shared.stopped()["name"], scenario.world.name())
        *seen, unknown = (
            scenario.call(
                BY_NAME,
                {"user": me, "workspacename": name},
                400,
                404,
                wire=member,
                query={"include_deleted": flag},
            )
            for name in names
        )
        for answer in seen:
            if (answer.status, answer.json()) != (unknown.status, unknown.json()):
                raise Mismatch(unknown.answer(), answer.answer(), answer)


@MARK("isolation/writes-leave-no-trace")
def test_no_trace(scenario: Scenario, operation: Operation, shared: Shared, member: Wire) -> None:
    """Of a deleted one neither, whose settings can still be changed by its owner."""
    if "{workspace}" not in operation.path:
        return  # creating is about no workspace
    deleted = shared.deleted()
    marked = operation.id == "unfavoriteWorkspaceById"
    scenario.on(deleted, f"{'' if marked else 'un'}favoriteWorkspaceById", 204)
    before = scenario.world.read(deleted["id"], include_deleted=True)
    answer = attempt(scenario, telling(scenario, operation, before), wire=member)
    scenario.context.expect(operation.id, answer, 404)
    after = scenario.world.read(deleted["id"], include_deleted=True)
    if still(after) != still(before):
        moved = [name for name in before if still(before)[name] != still(after).get(name)]
        raise Mismatch("nothing to change", f"{', '.join(moved)} changed", scenario.wire.last)


@MARK("dormancy/of-a-deleted-one")
def test_dormancy(scenario: Scenario, shared: Shared) -> None:
    """There and back, from whatever it is, and nothing when it is so already."""
    deleted = shared.deleted()
    was = deleted["dormant_at"] is not None
    for dormant, status in ((was, 304), (not was, 200), (not was, 304), (was, 200), (was, 304)):
        scenario.on(deleted, DORMANT, status, body={"dormant": dormant})
        if _is_dormant(scenario, deleted) != dormant:
            expected = f"dormant_at {'with a time' if dormant else 'null'}"
            raise Mismatch(expected, "the other way round", scenario.wire.last)


def _is_dormant(scenario: Scenario, workspace: Json) -> bool:
    read = scenario.world.read(workspace["id"], include_deleted=True)
    return read["dormant_at"] is not None
