"""Creating, reading, renaming and deleting workspaces, and what happens in them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder_conformance.agents import agents_of
from coder_conformance.results import Mismatch
from coder_conformance.shared import PAIR, ROOM, SETTINGS, Shared
from coder_conformance.suite.server.births import born, showed
from coder_conformance.suite.server.furnished import furnish
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.wire import Wire

Json = dict[str, Any]
ME = {"user": "me"}
GET = "getWorkspaceMetadataById"


def create(scenario: Scenario, *statuses: int, **fields: Any) -> Any:
    """Try to create a workspace with just these fields; the answer."""
    answer = scenario.call("createUserWorkspace", ME, *statuses, body=fields)
    if answer.status == 201:
        scenario.world.own(answer.json()["id"])
    return answer


@pytest.mark.requirement("create/reads-back")
def test_create_reads_back(scenario: Scenario, shared: Shared) -> None:
    """Name, template, schedule, time to stop and updates are as they were given."""
    template = scenario.world.template
    birth = born(scenario, shared, "running", *SETTINGS)
    shown = showed(
        scenario,
        birth,
        **{**SETTINGS, "ttl_ms": SETTINGS["ttl_ms"] // 60_000 * 60_000},
        name=birth.fields["name"],
        owner_id=scenario.world.me["id"],
        owner_name=scenario.world.me["username"],
        organization_id=template["organization_id"],
        organization_name=template["organization_name"],
        template_id=template["id"],
        template_name=template["name"],
        template_active_version_id=template["active_version_id"],
        created_at=birth.workspace["created_at"],
        favorite=False,
        dormant_at=None,
    )
    if shown["next_start_at"] is None:
        raise Mismatch("a next_start_at for a workspace with a schedule", "null", birth.settled[0])


@pytest.mark.requirement("create/name-is-unique")
def test_create_name_is_unique(scenario: Scenario, running: Json) -> None:
    """The name of another live workspace is refused by name, in any case."""
    template = scenario.world.template["id"]
    for name in (running["name"], running["name"].upper()):
        answer = create(scenario, 409, name=name, template_id=template)
        scenario.refused(answer, "name")


@pytest.mark.requirement("create/template-or-version")
def test_create_template_or_version(scenario: Scenario, shared: Shared) -> None:
    """Neither and both are refused by name; the version alone works as the template does."""
    template = scenario.world.template
    both = {"template_id": template["id"], "template_version_id": template["active_version_id"]}
    for fields in ({}, both):
        answer = create(scenario, 400, name=scenario.world.name(), **fields)
        scenario.refused(answer, "template_id", "template_version_id")
    birth = born(scenario, shared, "grave", "template_version_id")
    showed(scenario, birth, at_once=True, template_id=template["id"])


@pytest.mark.requirement("create/name-rules")
def test_create_name_rules(scenario: Scenario, shared: Shared) -> None:
    """The shortest and the longest name work; everything outside the rule is refused by name."""
    template = scenario.world.template["id"]
    birth = born(scenario, shared, PAIR[0])
    showed(scenario, birth, name=birth.fields["name"])
    bad = [
        "",
        "x" * 33,
        "-x",
        "x-",
        "x--y",
        "x_y",
        "x y",
        "x.y",
        "ü",
        "x\n",
        "x\u0000",
        "new",
        "create",
    ]
    for name in bad:
        scenario.refused(create(scenario, 400, name=name, template_id=template), "name")
    for fields in ({}, {"name": None}):
        scenario.refused(create(scenario, 400, template_id=template, **fields), "name")


@pytest.mark.requirement("create/by-organization")
def test_create_by_organization(scenario: Scenario, shared: Shared) -> None:
    """The deprecated operation makes the same workspace, with all settings that it was given."""
    template = scenario.world.template
    birth = born(scenario, shared, "room", *ROOM)
    showed(
        scenario,
        birth,
        name=birth.fields["name"],
        **ROOM,
        organization_id=template["organization_id"],
        owner_id=scenario.world.me["id"],
    )
    path = {"organization": template["organization_id"], "user": "me"}
    scenario.call("createUserWorkspaceByOrganization", path, 409, body=birth.fields)


@pytest.mark.requirement("create/not-for-others")
def test_create_not_for_others(scenario: Scenario, member: Wire) -> None:
    """A plain user is refused and nothing is created."""
    name = scenario.world.name()
    body = {"name": name, "template_id": scenario.world.template["id"]}
    path = {"user": scenario.world.me["username"]}
    scenario.call("createUserWorkspace", path, 400, 403, 404, wire=member, body=body)
    where = {"user": "me", "workspacename": name}
    scenario.call("getWorkspaceMetadataByUserAndWorkspaceName", where, 404)


@pytest.mark.requirement("get/returns-the-one-asked-for")
def test_get_returns_the_one_asked_for(scenario: Scenario, some: Json, spare: Json) -> None:
    """Each identifier leads to its own workspace, in every spelling."""
    for workspace in (some, spare, *scenario.world.mine()[:5]):
        for same in spellings(workspace["id"]):
            answer = scenario.call("getWorkspaceMetadataById", {"workspace": same}, 200)
            seen = answer.json()
            if (seen["id"], seen["name"]) != (workspace["id"], workspace["name"]):
                raise Mismatch(workspace["id"], f"{seen['id']} for the spelling {same}", answer)
    for text in ("true", "false", ""):
        query = {"include_deleted": text}
        answer = scenario.on(some, "getWorkspaceMetadataById", 200, query=query)
        if answer.json()["id"] != some["id"]:
            raise Mismatch("the live workspace", answer.json()["id"], answer)


def spellings(identifier: str) -> list[str]:
    """The accepted ways to write a UUID."""
    bare = UUID(identifier).hex
    return [identifier, identifier.upper(), bare, f"urn:uuid:{identifier}", "{" + identifier + "}"]


@pytest.mark.requirement("get/deleted")
def test_get_deleted(scenario: Scenario, deleted: Json) -> None:
    """Gone, unless deleted ones are asked for; a bad flag is refused."""
    scenario.on(deleted, "getWorkspaceMetadataById", 410)
    scenario.on(deleted, "getWorkspaceMetadataById", 410, query={"include_deleted": "false"})
    query = {"include_deleted": "true"}
    answer = scenario.on(deleted, "getWorkspaceMetadataById", 200, query=query)
    seen = answer.json()
    if (seen["id"], seen["latest_build"]["status"]) != (deleted["id"], "deleted"):
        raise Mismatch("the deleted workspace", repr(seen["latest_build"]["status"]), answer)
    scenario.on(deleted, "getWorkspaceMetadataById", 400, query={"include_deleted": "maybe"})


@pytest.mark.requirement("get-by-name/returns-the-one-asked-for")
def test_get_by_name(scenario: Scenario, some: Json) -> None:
    """Owner and name lead to the same workspace, however they are written."""
    me = scenario.world.me
    for user in ("me", me["id"], me["username"], me["username"].upper()):
        for name in (some["name"], some["name"].upper()):
            path = {"user": user, "workspacename": name}
            answer = scenario.call("getWorkspaceMetadataByUserAndWorkspaceName", path, 200)
            if answer.json()["id"] != some["id"]:
                raise Mismatch(some["id"], answer.json()["id"], answer)
    unknown = {"user": "me", "workspacename": scenario.world.name()}
    scenario.call("getWorkspaceMetadataByUserAndWorkspaceName", unknown, 404)
    nobody = {"user": "no-such-user-at-all", "workspacename": some["name"]}
    scenario.call("getWorkspaceMetadataByUserAndWorkspaceName", nobody, 400)


@pytest.mark.requirement("get-by-name/deleted")
def test_get_by_name_deleted(scenario: Scenario, deleted: Json) -> None:
    """Not found, unless deleted ones are asked for."""
    path = {"user": "me", "workspacename": deleted["name"]}
    scenario.call("getWorkspaceMetadataByUserAndWorkspaceName", path, 404)
    query = {"include_deleted": "true"}
    answer = scenario.call("getWorkspaceMetadataByUserAndWorkspaceName", path, 200, query=query)
    if answer.json()["id"] != deleted["id"]:
        raise Mismatch(deleted["id"], answer.json()["id"], answer)


@pytest.mark.requirement("get-by-name/hides-what-cannot-be-read")
def test_get_by_name_hides(scenario: Scenario, some: Json, member: Wire) -> None:
    """A stranger cannot tell the workspace from one that does not exist."""
    me = scenario.world.me["username"]
    answers = [
        scenario.call(
            "getWorkspaceMetadataByUserAndWorkspaceName",
            {"user": me, "workspacename": name},
            400,
            404,
            wire=member,
        )
        for name in (some["name"], scenario.world.name())
    ]
    if answers[0].status != answers[1].status or answers[0].json() != answers[1].json():
        raise Mismatch(answers[1].answer(), answers[0].answer(), answers[0])


@pytest.mark.requirement("rename/takes-effect")
def test_rename_takes_effect(scenario: Scenario, stopped: Json, running: Json) -> None:
    """Renames work and free the old name, or are refused without a trace."""
    operation = "updateWorkspaceMetadataById"
    fresh, old = scenario.world.name(), stopped["name"]
    if "renames" not in scenario.context.features:
        scenario.on(stopped, operation, 400, body={"name": fresh})
        scenario.shows(stopped, name=old)
        return
    for name in (fresh, fresh.upper(), old):
        before = scenario.world.read(stopped["id"])
        scenario.on(stopped, operation, 204, body={"name": name})
        scenario.shows(stopped, name=name)
        scenario.unchanged(before, stopped, "name")
    gone = {"user": "me", "workspacename": fresh}
    scenario.call("getWorkspaceMetadataByUserAndWorkspaceName", gone, 404)
    scenario.on(stopped, operation, 409, body={"name": running["name"].upper()})
    scenario.shows(stopped, name=old)


@pytest.mark.requirement("rename/same-name")
def test_rename_same_name(scenario: Scenario, stopped: Json) -> None:
    """The present name is accepted; a bad one is refused by name; nothing moves."""
    operation, before = "updateWorkspaceMetadataById", furnish(scenario, stopped)
    scenario.on(stopped, operation, 204, body={"name": stopped["name"]})
    for body in ({"name": "-x"}, {"name": "x" * 33}, {"name": ""}, {"name": None}, {}):
        scenario.refused(scenario.on(stopped, operation, 400, body=body), "name")
    scenario.unchanged(before, stopped)


@pytest.mark.requirement("usage/accepted")
def test_usage_accepted(scenario: Scenario, running: Json) -> None:
    """Use is noted with and without a body, again and again."""
    before = datetime.fromisoformat(running["last_used_at"])
    for content in (None, b"{}", b'{"agent_id": null}'):
        scenario.on(running, "postWorkspaceUsageById", 204, content=content)
    after = scenario.unchanged(running, running, "deadline")
    if datetime.fromisoformat(after["last_used_at"]) < before:
        raise Mismatch("last_used_at not to go back", after["last_used_at"], scenario.wire.last)


@pytest.mark.requirement("timings/of-the-latest-build")
def test_timings(scenario: Scenario, running: Json) -> None:
    """After a build every timing is of its job and its agents."""
    answer = scenario.on(running, "getWorkspaceTimingsById", 200)
    timings = answer.json()
    job = running["latest_build"]["job"]["id"]
    for timing in timings["provisioner_timings"]:
        if timing["job_id"] != job:
            raise Mismatch(f"timings of the job {job}", timing["job_id"], answer)
    agents = {agent["id"]: agent["name"] for agent in agents_of(running)}
    for timing in [*timings["agent_script_timings"], *timings["agent_connection_timings"]]:
        if agents.get(timing["workspace_agent_id"]) != timing["workspace_agent_name"]:
            raise Mismatch(f"timings of the agents {agents}", repr(timing), answer)


@pytest.mark.requirement("resolve-autostart/no-mismatch-without-updates")
def test_resolve_autostart(scenario: Scenario, stopped: Json) -> None:
    """Nothing to resolve on the active version, whichever way updates are set."""
    for value in ("always", "never"):
        body = {"automatic_updates": value}
        scenario.on(stopped, "updateWorkspaceAutomaticUpdatesById", 204, body=body)
        answer = scenario.on(stopped, "resolveWorkspaceAutostartById", 200)
        if answer.json()["parameter_mismatch"] is not False:
            raise Mismatch("parameter_mismatch = false", answer.answer(), answer)


@pytest.mark.requirement("list/refuses-bad-queries")
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"q": "nonsense:1"}, "nonsense"),
        ({"q": "status:started"}, "status"),
        ({"q": "dormant:maybe"}, "dormant"),
        ({"q": "outdated:2"}, "outdated"),
        ({"q": 'last_used_after:"yesterday"'}, "last_used_after"),
        ({"q": "id:not-a-uuid"}, "id"),
        ({"q": "name:"}, "q"),
        ({"q": ":x"}, "q"),
        ({"q": "a:b:c"}, "q"),
        ({"q": "a/b/c"}, "q"),
        ({"q": "owner:me owner:me"}, "owner"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "2147483648"}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"limit": "1.5"}, "limit"),
        ({"offset": "-1"}, "offset"),
        ({"offset": "2147483648"}, "offset"),
    ],
)
def test_list_refuses(scenario: Scenario, query: dict[str, str], field: str) -> None:
    """What is wrong is named."""
    scenario.refused(scenario.call("listWorkspaces", {}, 400, query=query), field)


@pytest.mark.requirement("list/hides-what-cannot-be-read")
def test_list_hides(scenario: Scenario, some: Json, member: Wire) -> None:
    """No query brings a stranger's workspace into the list or the count."""
    me = scenario.world.me["username"]
    name = some["name"]
    found = [f"id:{some['id']}", f"owner:{me}", f"owner:{me} name:{name}", f"{me}/{name}"]

    @given(st.sampled_from(found), st.sampled_from(["", " status:running", " dormant:false"]))
    def check(query: str, more: str) -> None:
        answer = scenario.call("listWorkspaces", {}, 200, wire=member, query={"q": query + more})
        if answer.json() != {"workspaces": [], "count": 0}:
            raise Mismatch("an empty list", answer.answer(), answer)

    check()
    everything = scenario.call("listWorkspaces", {}, 200, wire=member)
    if any(item["owner_id"] == scenario.world.me["id"] for item in everything.json()["workspaces"]):
        raise Mismatch("no workspace of the caller's", "one of them", everything)
