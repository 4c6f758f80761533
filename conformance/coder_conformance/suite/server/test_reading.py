"""Reading one workspace or a list of them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from coder_conformance.exchange import Exchange
from coder_conformance.formats import days_away
from coder_conformance.results import CannotJudgeError, Mismatch
from coder_conformance.shared import Shared
from coder_conformance.suite.server.births import born
from coder_conformance.suite.server.scenario import Scenario, without_resources
from coder_conformance.suite.server.several import in_order

Json = dict[str, Any]
MARK = pytest.mark.requirement
USAGE = "postWorkspaceUsageById"
GET = "getWorkspaceMetadataById"
BY_NAME = "getWorkspaceMetadataByUserAndWorkspaceName"
MOVED_BY_DELETION = {
    "latest_build",
    "latest_app_status",
    "health",
    "next_start_at",
    "last_used_at",
    "outdated",
}


@MARK("get/deleted-message")
def test_deleted_message(scenario: Scenario, deleted: Json) -> None:
    """How to see it all the same."""
    answer = scenario.on(deleted, GET, 410)
    said = answer.json()["message"]
    told = deleted["id"] in said and "deleted=true" in said
    if not told or set(answer.json()) != {"message"}:
        expected = "a message with the identifier and deleted=true, alone"
        raise Mismatch(expected, answer.answer(), answer)


@MARK("get/deleted-keeps-its-data")
def test_deleted_keeps(scenario: Scenario, shared: Shared) -> None:
    """As it was, but for what a build changes, and what others may change about its template."""
    burial = shared.burial()
    before = burial.before
    given = (before.get("ttl_ms"), before["automatic_updates"], before["favorite"])
    if given != (3_600_000, "always", True) or not before.get("autostart_schedule"):
        raise CannotJudgeError(f"the settings were {given} before the deletion")
    for operation, read in ((GET, burial.steps[-1]), (BY_NAME, burial.found)):
        after = scenario.context.expect(operation, read, 200).json()
        for name in sorted((before.keys() | after.keys()) - MOVED_BY_DELETION):
            was, is_now = (each.get(name, "absent") for each in (before, after))
            if was != is_now and not name.startswith("template_"):
                raise Mismatch(f"{name} = {was!r}", repr(is_now), read)


@MARK("get/deleted-build")
def test_deleted_build(scenario: Scenario, deleted: Json) -> None:
    """A deletion that succeeded."""
    build = deleted["latest_build"]
    seen = (build["transition"], build["status"], build["job"]["status"])
    if seen != ("delete", "deleted", "succeeded"):
        raise Mismatch("delete, deleted, succeeded", repr(seen), scenario.wire.last)


@MARK("get/owner-facts")
def test_owner_facts(scenario: Scenario, some: Json) -> None:
    """What other operations say of the same things."""
    answer = scenario.on(some, GET, 200)
    seen, me = answer.json(), scenario.world.me
    template = scenario.call("getTemplate", {"template": seen["template_id"]}, 200).json()
    facts = {
        "owner_id": me["id"],
        "owner_name": me["username"],
        "owner_avatar_url": me.get("avatar_url", ""),
        "organization_id": template["organization_id"],
        "organization_name": template["organization_name"],
        "template_name": template["name"],
        "template_display_name": template["display_name"],
        "template_icon": template["icon"],
        "template_active_version_id": template["active_version_id"],
        "template_allow_user_cancel_workspace_jobs": template["allow_user_cancel_workspace_jobs"],
    }
    for name, expected in facts.items():
        if seen[name] != expected:
            raise Mismatch(f"{name} = {expected!r}", repr(seen[name]), answer)


@MARK("get/never-updated")
def test_never_updated(scenario: Scenario, stopped: Json) -> None:
    """It keeps the moment of creation."""
    scenario.on(stopped, "updateWorkspaceTtlById", 204, body={"ttl_ms": 600_000})
    schedule = {"schedule": days_away("1 1 * * 1")}
    scenario.on(stopped, "updateWorkspaceAutostartScheduleById", 204, body=schedule)
    scenario.on(stopped, "favoriteWorkspaceById", 204)
    scenario.on(stopped, USAGE, 204, body={})
    for dormant in (True, False):
        body = {"dormant": dormant}
        scenario.on(stopped, "updateWorkspaceDormancyStatusById", 200, body=body)
    scenario.shows(stopped, updated_at=stopped["updated_at"])


@MARK("get/monotonic-reads")
def test_monotonic_reads(scenario: Scenario, stopped: Json) -> None:
    """No read is older than the write before it."""
    for minute in range(1, 31):
        scenario.on(stopped, "updateWorkspaceTtlById", 204, body={"ttl_ms": minute * 60_000})
        for view, answer in scenario.views(stopped):
            if view.get("ttl_ms") != minute * 60_000:
                raise Mismatch(f"ttl_ms = {minute * 60_000}", repr(view.get("ttl_ms")), answer)


@MARK("get/resources")
def test_resources(scenario: Scenario, some: Json) -> None:
    """No identifier stands twice."""
    answer = scenario.on(some, GET, 200)
    resources = answer.json()["latest_build"]["resources"]
    agents = [agent for resource in resources for agent in resource.get("agents", [])]
    apps = [app for agent in agents for app in agent["apps"]]
    ids = [thing["id"] for thing in (*resources, *agents, *apps)]
    if len(set(ids)) != len(ids):
        raise Mismatch("different identifiers", repr(ids), answer)


@MARK("get-by-name/same-as-by-id")
def test_same_as_by_id(scenario: Scenario, some: Json, spare: Json) -> None:
    """Field by field, of workspaces with different settings."""
    for workspace in (some, spare, *scenario.world.mine()[:5]):
        by_id = scenario.on(workspace, GET, 200).json()
        path = {"user": "me", "workspacename": workspace["name"]}
        compare(by_id, scenario.call(BY_NAME, path, 200))


def compare(workspace: Json, answer: Exchange) -> None:
    """The answer shows the workspace, but for what its agents do meanwhile."""
    other = answer.json()
    for name in sorted((workspace.keys() | other.keys()) - {"health", "last_used_at"}):
        one, two = workspace.get(name), other.get(name)
        if name == "latest_build":
            one, two = without_resources(one), without_resources(two)
        if one != two:
            raise Mismatch(f"{name} = {one!r}", repr(two), answer)


@MARK("get-by-name/whole-name")
def test_whole_name(scenario: Scenario, some: Json) -> None:
    """Nothing but the name."""
    name = some["name"]
    taken = {workspace["name"].lower() for workspace in scenario.world.mine()}
    for text in (name[:-1], name[1:], f"{name}x", f"{name} ", f" {name}", name[:-1] + "_", "%"):
        if text.lower() not in taken:
            scenario.call(BY_NAME, {"user": "me", "workspacename": text}, 404)


@MARK("list/shows-pending")
def test_shows_pending(scenario: Scenario, shared: Shared) -> None:
    """At once."""
    for role in ("running", "stopped"):
        birth = born(scenario, shared, role)
        answer = scenario.context.expect("listWorkspaces", birth.at_once[3], 200)
        if [w["id"] for w in answer.json()["workspaces"]] != [birth.workspace["id"]]:
            raise Mismatch("the new workspace", answer.answer(), answer)


@MARK("list/keeps-dormant")
def test_keeps_dormant(scenario: Scenario, stopped: Json) -> None:
    """Without a query, too."""
    scenario.on(stopped, "updateWorkspaceDormancyStatusById", 200, body={"dormant": True})
    for query in ({}, {"q": "owner:me"}, {"q": f"name:{stopped['name']}"}):
        answer = scenario.call("listWorkspaces", {}, 200, query=query)
        if stopped["id"] not in {w["id"] for w in answer.json()["workspaces"]}:
            raise Mismatch("the dormant workspace", answer.answer(), answer)
    scenario.on(stopped, "updateWorkspaceDormancyStatusById", 200, body={"dormant": False})


@MARK("list/no-match")
def test_no_match(scenario: Scenario) -> None:
    """Just that."""
    for query in (f"name:{uuid4().hex}", f"id:{uuid4()}", f"owner:{uuid4().hex[:8]}"):
        answer = scenario.call("listWorkspaces", {}, 200, query={"q": query})
        if answer.json() != {"workspaces": [], "count": 0}:
            raise Mismatch("an empty list with count 0", answer.answer(), answer)


@MARK("list/past-the-end")
def test_past_the_end(scenario: Scenario, several: Any) -> None:
    """Just past it, and far."""
    total = len(several.workspaces)
    for offset in (total, total + 1, 2**31 - 1):
        query = {"q": several.query, "offset": str(offset)}
        answer = scenario.call("listWorkspaces", {}, 200, query=query)
        if answer.json() != {"workspaces": [], "count": total}:
            raise Mismatch(f"an empty list with count {total}", answer.answer(), answer)


@MARK("list/limit-zero")
def test_limit_zero(scenario: Scenario, several: Any) -> None:
    """All of them."""
    whole = [w["id"] for w in several.workspaces]
    for offset in (0, 1, len(whole) - 1):
        query = {"q": several.query, "limit": "0", "offset": str(offset)}
        answer = scenario.call("listWorkspaces", {}, 200, query=query)
        found = [w["id"] for w in answer.json()["workspaces"]]
        if found != whole[offset:]:
            raise Mismatch(repr(whole[offset:]), repr(found), answer)


@MARK("list/names-in-any-case")
def test_names_in_any_case(scenario: Scenario, several: Any) -> None:
    """A before b, whatever their case."""
    in_order(several.workspaces, scenario.wire.last)


@MARK("lifecycle/health")
def test_health(scenario: Scenario, some: Json, shared: Shared) -> None:
    """Healthy means that no agent fails."""
    for workspace in (some, *([] if shared.readonly else [shared.stopped()])):
        health = workspace["health"]
        if health["healthy"] == bool(health["failing_agents"]):
            raise Mismatch("health that goes with its agents", repr(health), scenario.wire.last)
