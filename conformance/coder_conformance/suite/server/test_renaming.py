"""Renaming."""

from __future__ import annotations

from typing import Any

import pytest

from coder_conformance.results import Mismatch
from coder_conformance.shared import Shared
from coder_conformance.suite.server.furnished import furnish
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.several import Several
from coder_conformance.wire import Wire

Json = dict[str, Any]
MARK = pytest.mark.requirement
RENAME = "updateWorkspaceMetadataById"
BY_NAME = "getWorkspaceMetadataByUserAndWorkspaceName"


def renamed(scenario: Scenario, workspace: Json, name: str) -> None:
    """The workspace has the name, in every view and for its build."""
    scenario.on(workspace, RENAME, 204, body={"name": name})
    scenario.shows(workspace, name=name)


@MARK("rename/limits")
def test_rename_limits(scenario: Scenario, stopped: Json) -> None:
    """The longest, and one more."""
    longest = scenario.world.name().ljust(32, "x")
    renamed(scenario, stopped, longest)
    for length in (33, 34, 64, 1000):
        answer = scenario.on(stopped, RENAME, 400, body={"name": longest.ljust(length, "x")})
        scenario.refused(answer, "name")
    scenario.shows(stopped, name=longest)
    renamed(scenario, stopped, stopped["name"])


@MARK("rename/refuses-bad-names")
def test_rename_bad_names(scenario: Scenario, stopped: Json) -> None:
    """Everything outside the rule, and no name at all."""
    bad = ("", "-", "-x", "x-", "x--y", "x_y", "x y", "x.y", "ü", "x\n", "x/y", "new", "create")
    for body in (*({"name": name} for name in bad), {}, {"name": None}, None):
        scenario.refused(scenario.on(stopped, RENAME, 400, body=body), "name")
    scenario.unchanged(stopped, stopped)


@MARK("rename/case-only")
def test_rename_case(scenario: Scenario, stopped: Json) -> None:
    """Stored as it is written."""
    for name in (stopped["name"].upper(), stopped["name"].title(), stopped["name"]):
        renamed(scenario, stopped, name)


@MARK("rename/taken-name")
def test_rename_taken(scenario: Scenario, stopped: Json, running: Json, several: Several) -> None:
    """Whose it is keeps it, in whatever state it is."""
    others = [w["name"] for w in several.workspaces if w["id"] != stopped["id"]]
    for name in (*others, running["name"].upper()):
        scenario.refused(scenario.on(stopped, RENAME, 409, body={"name": name}), "name")
    scenario.shows(stopped, name=stopped["name"])
    scenario.shows(running, name=running["name"])


@MARK("rename/frees-the-old-name")
def test_rename_frees(scenario: Scenario, stopped: Json, running: Json) -> None:
    """Another workspace can have it, and cannot have the new one."""
    fresh = scenario.world.name()
    renamed(scenario, stopped, fresh)
    for name in (fresh, fresh.upper()):
        scenario.refused(scenario.on(running, RENAME, 409, body={"name": name}), "name")
    renamed(scenario, running, stopped["name"])
    scenario.shows(stopped, name=fresh)
    renamed(scenario, running, running["name"])
    renamed(scenario, stopped, stopped["name"])


@MARK("rename/names-of-others")
def test_rename_others(scenario: Scenario, shared: Shared, stopped: Json, member: Wire) -> None:
    """Theirs has the name as well, and keeps it."""
    theirs = scenario.context.theirs()
    assert member is theirs.wire
    other = shared.theirs(theirs)
    renamed(scenario, stopped, scenario.world.name())
    renamed(scenario, stopped, other["name"])
    Scenario(scenario.context, theirs.wire, theirs).shows(other, name=other["name"])
    renamed(scenario, stopped, stopped["name"])


@MARK("rename/name-of-a-deleted-one")
def test_rename_freed(scenario: Scenario, stopped: Json, deleted: Json) -> None:
    """And back again."""
    renamed(scenario, stopped, deleted["name"])
    renamed(scenario, stopped, stopped["name"])


@MARK("rename/deleted")
def test_rename_deleted(scenario: Scenario, deleted: Json) -> None:
    """Too late."""
    answer = scenario.on(deleted, RENAME, 405, body={"name": scenario.world.name()})
    if deleted["name"] not in answer.json()["message"]:
        raise Mismatch(f"a message with {deleted['name']}", answer.answer(), answer)


@MARK("rename/deleted-same-name")
def test_rename_deleted_same(scenario: Scenario, deleted: Json) -> None:
    """Nothing to do, nothing to refuse."""
    scenario.on(deleted, RENAME, 204, body={"name": deleted["name"]})


@MARK("rename/not-allowed")
def test_rename_not_allowed(scenario: Scenario, stopped: Json) -> None:
    """Also a change of case."""
    for name in (scenario.world.name(), stopped["name"].upper()):
        answer = scenario.on(stopped, RENAME, 400, body={"name": name})
        if "rename" not in answer.json()["message"].lower():
            raise Mismatch("a message about renames", answer.answer(), answer)
    scenario.unchanged(stopped, stopped)


@MARK("rename/same-identity")
def test_rename_identity(scenario: Scenario, stopped: Json) -> None:
    """The name changes and nothing else; its build knows it too."""
    fresh, before = scenario.world.name(), furnish(scenario, stopped)
    scenario.on(stopped, RENAME, 204, body={"name": fresh})
    after = scenario.unchanged(before, stopped, "name")
    if after["latest_build"]["workspace_name"] != fresh:
        raise Mismatch(fresh, after["latest_build"]["workspace_name"], scenario.wire.last)
    old = {"user": "me", "workspacename": stopped["name"]}
    scenario.call(BY_NAME, old, 404)
    renamed(scenario, stopped, stopped["name"])
