from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import pytest

from coder_conformance.reference.domain.model import AgentPlan, ResourcePlan
from coder_conformance.reference.seed.default import default_seed
from coder_conformance.reference.seed.model import State, TemplateSeed, VersionSeed, WorkspaceSeed

from .support import ABSENT_ID, Api, fields_of


def test_a_build_is_answered_with_201(api: Api) -> None:
    """The new build is pending, next in number, without version name and resources."""
    workspace = api.running()["id"]
    build = api.build(workspace, "stop")
    assert (build["build_number"], build["transition"], build["status"]) == (2, "stop", "pending")
    assert (build["template_version_name"], build["resources"]) == ("", [])
    api.clock.advance(5)
    latest = api.get(f"/workspaces/{workspace}")["latest_build"]
    assert latest["status"] == "stopped"
    assert [resource["name"] for resource in latest["resources"]] == ["home"]


def test_agents_of_an_old_build_are_gone(api: Api) -> None:
    """Once another build follows, the agents of the one before show as disconnected."""
    workspace = api.running()
    assert workspace["latest_build"]["resources"][0]["agents"][0]["status"] == "connected"
    api.build(workspace["id"], "stop")
    old = api.get(f"/workspacebuilds/{workspace['latest_build']['id']}")
    agent = old["resources"][0]["agents"][0]
    assert (agent["status"], agent["lifecycle_state"]) == ("disconnected", "off")
    assert agent["health"] == {"healthy": False, "reason": "agent is not running"}
    assert agent["disconnected_at"] == "2025-09-01T12:00:10Z"


def test_reasons_hold_for_starts_only(api: Api) -> None:
    """A given reason is kept for a start and replaced for other transitions."""
    workspace = api.running()["id"]
    path = f"/workspaces/{workspace}/builds"
    stop = api.send("POST", path, {"transition": "stop", "reason": "cli"}).json()
    api.clock.advance(5)
    start = api.send("POST", path, {"transition": "start", "reason": "cli"}).json()
    assert (stop["reason"], start["reason"]) == ("initiator", "cli")


def test_one_build_at_a_time(api: Api) -> None:
    """While a build is active another one is a conflict."""
    path = f"/workspaces/{api.create()['id']}/builds"
    response = api.send("POST", path, {"transition": "stop"})
    assert response.status_code == 409
    assert response.json()["message"] == "A workspace build is already active."


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "transition"),
        ({"transition": "restart"}, "transition"),
        ({"transition": "start", "reason": "whim"}, "reason"),
        ({"transition": "start", "log_level": "trace"}, "log_level"),
    ],
)
def test_choices_of_a_build(api: Api, body: dict[str, str], field: str) -> None:
    """Transition, reason and log level have to be known words."""
    response = api.send("POST", f"/workspaces/{api.create()['id']}/builds", body)
    assert 'for tag "oneof"' in fields_of(response)[field]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"transition": "start", "template_version_id": ABSENT_ID}, 400),
        ({"transition": "start", "orphan": True}, 400),
        ({"transition": "delete", "orphan": True, "state": "YWJj"}, 400),
        ({"transition": "delete", "state": "not base 64"}, 400),
        ({"transition": "start", "log_level": "debug"}, 400),
        ({"transition": "start", "template_version_preset_id": ABSENT_ID}, 400),
        ({"transition": "start", "rich_parameter_values": [{"name": "cpu", "value": "x"}]}, 400),
    ],
)
def test_refused_builds(api: Api, body: dict[str, object], status: int) -> None:
    """A refused build leaves the latest one in place and answers with one JSON document."""
    workspace = api.running()["id"]
    response = api.send("POST", f"/workspaces/{workspace}/builds", body)
    assert response.status_code == status
    assert response.json()["message"]
    assert api.get(f"/workspaces/{workspace}")["latest_build"]["build_number"] == 1


def test_orphans_are_for_template_managers(api: Api) -> None:
    """An owner of the workspace alone may not leave its resources behind."""
    workspace = api.running(token=api.member)["id"]
    path, body = f"/workspaces/{workspace}/builds", {"transition": "delete", "orphan": True}
    assert api.send("POST", path, body, token=api.member).status_code == 403
    assert api.send("POST", path, body).status_code == 201


def test_parameters_stay_until_changed(api: Api) -> None:
    """A later build takes over the values of the one before."""
    values = [{"name": "cpu", "value": "4"}]
    workspace = api.running(rich_parameter_values=values)["id"]
    api.build(workspace, "stop")
    api.clock.advance(5)
    assert api.get("/workspaces?q=param:cpu=4")["count"] == 1
    path = f"/workspaces/{workspace}/builds"
    body = {"transition": "start", "rich_parameter_values": [{"name": "cpu", "value": "6"}]}
    assert api.send("POST", path, body).status_code == 201
    assert api.get("/workspaces?q=param:cpu=6")["count"] == 1


def test_history(api: Api) -> None:
    """Builds are listed newest first and can be cut by page, id and time."""
    workspace = api.running()["id"]
    for transition in ("stop", "start"):
        api.build(workspace, transition)
        api.clock.advance(5)
    path = f"/workspaces/{workspace}/builds"
    builds = api.get(path)
    assert [build["build_number"] for build in builds] == [3, 2, 1]
    assert api.get(f"{path}?limit=1&offset=1") == builds[1:2]
    assert api.get(f"{path}?after_id={builds[0]['id']}") == builds[1:]
    assert api.get(f"{path}?since=2025-09-01T12:00:10Z") == builds[:1]
    for bad in ("since=today", f"after_id={ABSENT_ID}", "limit=x"):
        assert api.send("GET", f"{path}?{bad}").status_code == 400
    assert api.get(f"/workspacebuilds/{builds[0]['id']}") == builds[0]


def test_cancel(api: Api) -> None:
    """A pending job ends at once, a running one after a moment, an ended one is refused."""
    workspace = api.create()
    path = f"/workspacebuilds/{workspace['latest_build']['id']}"
    cancel = f"{path}/cancel"
    assert api.send("PATCH", f"{cancel}?expect_status=done").status_code == 400
    assert api.send("PATCH", f"{cancel}?expect_status=running").status_code == 412
    response = api.send("PATCH", f"{cancel}?expect_status=pending")
    assert response.status_code == 200
    assert response.json() == {"message": "Job has been marked as canceled..."}
    assert api.get(path)["status"] == "canceled"
    response = api.send("PATCH", cancel)
    assert (response.status_code, response.json()["message"]) == (
        400,
        "Job has already completed!",
    )
    second = api.build(workspace["id"], "start")["id"]
    api.clock.advance(2)
    assert api.send("PATCH", f"/workspacebuilds/{second}/cancel").status_code == 200
    assert api.get(f"/workspacebuilds/{second}")["status"] == "canceling"
    response = api.send("PATCH", f"/workspacebuilds/{second}/cancel")
    assert response.json()["message"] == "Job has already been marked as canceled!"
    api.clock.advance(2)
    assert api.get(f"/workspacebuilds/{second}")["status"] == "canceled"


def test_cancel_may_be_forbidden_by_the_template(make_api: Callable[..., Api]) -> None:
    """Then only owners cancel, except for pending jobs."""
    seed = default_seed()
    seed.templates[0].allow_user_cancel_workspace_jobs = False
    api = make_api(seed)
    build = api.create(token=api.member)["latest_build"]["id"]
    path = f"/workspacebuilds/{build}/cancel"
    assert api.send("PATCH", path, token=api.member).status_code == 403
    pending = f"{path}?expect_status=pending"
    assert api.send("PATCH", pending, token=api.member).status_code == 200


def test_failing_builds_and_agents_that_never_connect(make_api: Callable[..., Api]) -> None:
    """A failing job shows its error; a failed delete leaves the workspace; agents time out."""
    lost = ResourcePlan(type="vm", name="lost", agents=[AgentPlan(name="lost", connects=False)])
    seed = default_seed()
    seed.templates += [
        TemplateSeed(
            name="broken", versions=[VersionSeed(name="b", build_errors={"start": "no luck"})]
        ),
        TemplateSeed(
            name="sticky",
            versions=[VersionSeed(name="s", build_errors={"delete": "stuck"}, resources=[lost])],
        ),
    ]
    api = make_api(seed)
    failed = api.running("a", template_id=api.template("broken")["id"])["latest_build"]
    assert (failed["status"], failed["job"]["error"]) == ("failed", "no luck")
    sticky = api.running("b", template_id=api.template("sticky")["id"])
    api.clock.advance(120)
    path = f"/workspaces/{sticky['id']}"
    workspace = api.get(path)
    agent = workspace["latest_build"]["resources"][0]["agents"][0]
    assert agent["health"]["reason"] == "agent is taking too long to connect"
    assert workspace["health"] == {"healthy": False, "failing_agents": [agent["id"]]}
    assert api.get(f"{path}/timings")["agent_connection_timings"] == []
    assert api.get("/workspaces?q=has-agent:timeout")["count"] == 1
    api.build(sticky["id"], "delete")
    api.clock.advance(5)
    assert api.get(path)["latest_build"]["status"] == "failed"


@pytest.mark.parametrize(("job", "status"), [("pending", 406), ("running", 406), ("failed", 400)])
def test_versions_have_to_be_imported(make_api: Callable[..., Api], job: str, status: int) -> None:
    """A version that is not imported yet is 406, one that failed 400; archived ones are 400."""
    seed = default_seed()
    seed.templates[0].versions += [
        VersionSeed(name="unready", job=job),  # type: ignore[arg-type]  # one of its words
        VersionSeed(name="old", archived=True),
    ]
    seed.templates[0].active = "v2"
    api = make_api(seed)
    by_name = {v.name: str(v.id) for v in api.world.store.versions.values()}
    body = {"name": "dev", "template_version_id": by_name["unready"]}
    assert api.send("POST", "/users/me/workspaces", body).status_code == status
    body["template_version_id"] = by_name["old"]
    response = api.send("POST", "/users/me/workspaces", body)
    assert response.status_code == 400
    assert fields_of(response) == {"template_version_id": "template version archived"}


def test_seeded_states(make_api: Callable[..., Api]) -> None:
    """Workspaces of a seed are in the state that was asked for."""
    states: tuple[State, ...] = get_args(State)
    seed = default_seed()
    seed.workspaces = [
        WorkspaceSeed(name=state, owner="member", template="docker", state=state)
        for state in states
    ]
    api = make_api(seed)
    found = {w["name"]: w["latest_build"]["status"] for w in api.get("/workspaces")["workspaces"]}
    assert found == {state: state for state in states if state != "deleted"}
    path = "/users/member/workspace/deleted?include_deleted=true"
    assert api.get(path)["latest_build"]["status"] == "deleted"
    running = api.get("/users/member/workspace/running")
    agent = running["latest_build"]["resources"][0]["agents"][0]
    assert agent["lifecycle_state"] == "ready"


def test_sharing(make_api: Callable[..., Api]) -> None:
    """Roles open a workspace to others, merge, and are taken away by an empty role or null."""
    api = make_api(experiments=frozenset({"workspace-sharing"}))
    workspace = api.running()["id"]
    path = f"/workspaces/{workspace}"
    member = api.get("/users/member")["id"]
    everyone = api.get("/organizations")[0]["id"]

    def share(body: object) -> int:
        return api.send("PATCH", f"{path}/acl", body).status_code

    assert api.send("GET", path, token=api.member).status_code == 404
    assert share({}) == 204
    assert share({"user_roles": {member: "use"}}) == 204
    assert api.get("/workspaces", token=api.member)["count"] == 1
    builds = f"{path}/builds"
    stop = {"transition": "stop"}
    assert api.send("POST", builds, stop, token=api.member).status_code == 403
    assert share({"user_roles": {member: "admin"}}) == 204
    delete = {"transition": "delete"}
    assert api.send("POST", builds, delete, token=api.member).status_code == 403
    assert api.send("POST", builds, stop, token=api.member).status_code == 201
    assert share({"user_roles": {member: None}, "group_roles": {everyone: "use"}}) == 204
    api.get(path, token=api.member)
    assert share({"group_roles": {everyone: ""}}) == 204
    assert api.send("GET", path, token=api.member).status_code == 404
    bad = {
        "user_roles": {"zzz": "use", ABSENT_ID: "use", member: "boss"},
        "group_roles": {ABSENT_ID: "use"},
    }
    response = api.send("PATCH", f"{path}/acl", bad)
    assert [(e["field"], e["detail"]) for e in response.json()["validations"]] == [
        ("group_roles", f"group with ID {ABSENT_ID} does not exist"),
        ("user_roles", "zzz is not a valid UUID."),
        ("user_roles", f"user with ID {ABSENT_ID} does not exist"),
        ("user_roles", 'role "boss" is not a valid workspace role'),
    ]
    assert share({"user_roles": {ABSENT_ID: ""}}) == 204
