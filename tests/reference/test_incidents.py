from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from coder_conformance.reference.seed.default import default_seed
from coder_conformance.reference.seed.model import Hang, Seed, TemplateSeed, Transition, VersionSeed

from .support import ABSENT_ID, Api


def agent_of(workspace: Any) -> Any:
    """Return the only agent of a workspace."""
    return workspace["latest_build"]["resources"][0]["agents"][0]


def told(api: Api, workspace_id: str, action: Callable[[], object]) -> int:
    """Return how many times the watchers of a workspace are told while ``action`` runs."""
    times: list[None] = []
    end = api.world.events.subscribe(UUID(workspace_id), lambda: times.append(None))
    action()
    end()
    return len(times)


def test_an_agent_is_lost_and_found(api: Api) -> None:
    """A lost agent makes the workspace unhealthy until it is back; both are told."""
    workspace = api.running()
    path, agent = f"/workspaces/{workspace['id']}", UUID(agent_of(workspace)["id"])
    incidents = api.world.incidents
    assert told(api, workspace["id"], lambda: incidents.disconnect_agent(agent)) == 1
    lost = api.get(path)
    assert agent_of(lost)["status"] == "disconnected"
    assert agent_of(lost)["disconnected_at"] == "2025-09-01T12:00:10Z"
    assert agent_of(lost)["health"] == {"healthy": False, "reason": "agent has lost connection"}
    assert lost["health"] == {"healthy": False, "failing_agents": [str(agent)]}
    assert api.get("/workspaces?q=has-agent:disconnected")["count"] == 1
    api.clock.advance(5)
    assert told(api, workspace["id"], lambda: incidents.reconnect_agent(agent)) == 1
    found = api.get(path)
    assert agent_of(found)["status"] == "connected"
    assert agent_of(found)["last_connected_at"] == "2025-09-01T12:00:15Z"
    assert found["health"]["healthy"] is True


def test_logs_and_health_of_apps(api: Api) -> None:
    """A log that overflows and an app that turns unhealthy are shown and told."""
    workspace = api.running()
    path, agent = f"/workspaces/{workspace['id']}", UUID(agent_of(workspace)["id"])
    incidents = api.world.incidents
    assert told(api, workspace["id"], lambda: incidents.overflow_logs(agent)) == 1
    ill = lambda: incidents.set_app_health(agent, "code-server", "unhealthy")  # noqa: E731
    assert told(api, workspace["id"], ill) == 1
    shown = agent_of(api.get(path))
    assert shown["logs_overflowed"] is True
    assert shown["apps"][0]["health"] == "unhealthy"


def test_what_apps_report(api: Api) -> None:
    """Reports are listed with the app, newest first, and the newest with the workspace."""
    workspace = api.running()
    path, agent = f"/workspaces/{workspace['id']}", UUID(agent_of(workspace)["id"])
    for state, message in (("working", "reading"), ("complete", "done")):

        def report(state: str = state, message: str = message) -> None:
            api.world.incidents.report_app_status(agent, "code-server", state, message, "http://x")

        assert told(api, workspace["id"], report) >= 1
        api.clock.advance(1)
    shown = api.get(path)
    statuses = agent_of(shown)["apps"][0]["statuses"]
    assert [status["message"] for status in statuses] == ["done", "reading"]
    assert shown["latest_app_status"] == statuses[0]
    assert statuses[0]["state"] == "complete"
    api.build(workspace["id"], "stop")
    api.clock.advance(5)
    assert api.get(path)["latest_app_status"] == statuses[0]


def test_another_active_version(api: Api) -> None:
    """All workspaces of the template become outdated, and their watchers are told."""
    workspace = api.running()
    template = UUID(workspace["template_id"])
    older = next(v.id for v in api.world.store.versions.values() if v.name == "v1")
    switch = lambda: api.world.incidents.activate_version(template, older)  # noqa: E731
    assert told(api, workspace["id"], switch) == 1
    shown = api.get(f"/workspaces/{workspace['id']}")
    assert shown["outdated"] is True
    assert shown["template_active_version_id"] == str(older)
    assert api.get("/workspaces?q=outdated:true")["count"] == 1
    assert api.template()["active_version_id"] == str(older)


def test_incidents_need_something_to_befall(api: Api) -> None:
    """Unknown agents, apps, states and versions are errors of the test that asks for them."""
    incidents, absent = api.world.incidents, UUID(ABSENT_ID)
    agent = UUID(agent_of(api.running())["id"])
    mistakes: list[Callable[[], object]] = [
        lambda: incidents.disconnect_agent(absent),
        lambda: incidents.set_app_health(agent, "no-app", "healthy"),
        lambda: incidents.set_app_health(agent, "code-server", "fine"),
        lambda: incidents.report_app_status(agent, "code-server", "bored", ""),
        lambda: incidents.activate_version(absent, absent),
    ]
    for mistake in mistakes:
        with pytest.raises(LookupError):
            mistake()


def stuck(state: Hang, transition: Transition = "start") -> Seed:
    """Return contents whose template has builds that get stuck."""
    seed = default_seed()
    version = VersionSeed(name="v", hangs={transition: state})
    seed.templates = [TemplateSeed(name="docker", versions=[version])]
    return seed


@pytest.mark.parametrize(("state", "status", "minutes"),
                         [("pending", "pending", 30), ("running", "starting", 5)])  # fmt: skip
def test_stuck_jobs_are_ended(
    make_api: Callable[..., Api], state: Hang, status: str, minutes: int
) -> None:
    """A job without a provisioner fails after 30 minutes, one without progress after 5."""
    api = make_api(stuck(state))
    path = f"/workspaces/{api.create()['id']}"
    api.clock.advance(timedelta(minutes=minutes, seconds=-1))
    assert api.get(path)["latest_build"]["status"] == status
    api.clock.advance(3)
    build = api.get(path)["latest_build"]
    assert build["status"] == "failed"
    assert f"stuck for {minutes} minutes" in build["job"]["error"]


@pytest.mark.parametrize("state", ["pending", "running"])
def test_stuck_jobs_can_be_canceled(make_api: Callable[..., Api], state: Hang) -> None:
    """A job that is stuck ends when it is canceled, and is not ended again."""
    api = make_api(stuck(state))
    workspace = api.create()
    api.clock.advance(10)
    build = f"/workspacebuilds/{workspace['latest_build']['id']}"
    assert api.send("PATCH", f"{build}/cancel").status_code == 200
    api.clock.advance(3600)
    assert api.get(build)["status"] == "canceled"


def test_an_orphan_needs_no_provisioner(make_api: Callable[..., Api]) -> None:
    """A deletion that leaves the resources behind succeeds although nobody takes its job."""
    api = make_api(stuck("pending", "delete"))
    workspace = api.running()["id"]
    path, body = f"/workspaces/{workspace}/builds", {"transition": "delete", "orphan": True}
    assert api.send("POST", path, body).status_code == 201
    api.clock.advance(0.1)
    assert api.send("GET", f"/workspaces/{workspace}").status_code == 410
