"""What becomes of a workspace: builds, their states, numbers, times and deadlines."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from coder_conformance.results import CannotJudgeError, Mismatch
from coder_conformance.shared import Shared
from coder_conformance.suite.server.scenario import Scenario

Json = dict[str, Any]
MARK = pytest.mark.requirement
BUILD = "createWorkspaceBuild"
GET = "getWorkspaceMetadataById"
BY_NAME = "getWorkspaceMetadataByUserAndWorkspaceName"
STATES = {
    "start": ["pending", "starting", "running"],
    "stop": ["pending", "stopping", "stopped"],
    "delete": ["pending", "deleting", "deleted"],
}


def ask(scenario: Scenario, workspace: Json, transition: str, *statuses: int) -> Json:
    """Ask for a build; what was answered."""
    body = {"transition": transition}
    answer: Json = scenario.on(workspace, BUILD, *statuses, body=body).json()
    return answer


def follow(scenario: Scenario, workspace: Json) -> list[Json]:
    """The latest build as each read shows it, until it has ended."""
    seen: list[Json] = []
    for _ in range(100_000):
        query = {"include_deleted": "true"}
        answer = scenario.on(workspace, GET, 200, query=query)
        seen.append(answer.json()["latest_build"])
        if seen[-1]["job"]["status"] in {"succeeded", "failed", "canceled"}:
            return seen
    raise CannotJudgeError("the build did not end")


@MARK("lifecycle/build-numbers")
def test_build_numbers(scenario: Scenario, stopped: Json) -> None:
    """One by one, whatever the transition."""
    last = stopped["latest_build"]
    for transition in ("start", "stop", "stop"):
        said = ask(scenario, stopped, transition, 201)
        if said["build_number"] != last["build_number"] + 1 or said["id"] == last["id"]:
            expected = f"a new build {last['build_number'] + 1}"
            raise Mismatch(expected, f"{said['id']} {said['build_number']}", scenario.wire.last)
        shown = scenario.world.settled(stopped["id"])["latest_build"]
        if (shown["id"], shown["build_number"]) != (said["id"], said["build_number"]):
            raise Mismatch(f"build {said['id']}", shown["id"], scenario.wire.last)
        last = shown


@MARK("lifecycle/statuses")
def test_statuses(scenario: Scenario, shared: Shared) -> None:
    """As every read in between shows them."""
    burial = shared.burial()
    for transition, reads in (
        ("start", shared.birth("grave").steps),
        ("stop", burial.stop_steps),
        ("delete", burial.steps),
    ):
        if not reads:
            continue
        builds = [scenario.context.expect(GET, read, 200).json()["latest_build"] for read in reads]
        steps = [build["status"] for build in builds]
        order = STATES[transition]
        ranks = [order.index(step) if step in order else -1 for step in steps]
        if -1 in ranks or ranks != sorted(ranks) or ranks[-1] != 2:
            seen = list(dict.fromkeys(steps))
            raise Mismatch(f"{order}, in this order", repr(seen), reads[-1])
        if any(build["transition"] != transition for build in builds):
            odd = [build["transition"] for build in builds]
            raise Mismatch(f"the transition {transition}", repr(odd), reads[-1])


@MARK("lifecycle/one-build-at-a-time")
def test_one_at_a_time(scenario: Scenario, stopped: Json) -> None:
    """The second one is refused at once and forgotten."""
    workspace = stopped
    number = ask(scenario, workspace, "start", 201)["build_number"]
    operation = scenario.context.contract.operation(BUILD)
    path = {"workspace": workspace["id"]}
    answers = [
        scenario.wire.call(operation, path, body={"transition": transition})
        for transition in ("stop", "start", "delete")
    ]
    after = scenario.world.read(workspace["id"])
    if after["latest_build"]["job"]["status"] not in {"pending", "running"}:
        raise CannotJudgeError("the build was over before it could be judged")
    for answer in answers:
        scenario.context.expect(BUILD, answer, 409)
    settled = scenario.world.settled(workspace["id"])
    if settled["latest_build"]["build_number"] != number:
        seen = str(settled["latest_build"]["build_number"])
        raise Mismatch(f"build {number} still", seen, scenario.wire.last)


@MARK("lifecycle/deadline")
def test_deadline(scenario: Scenario, stopped: Json) -> None:
    """With a time to stop and without one."""
    scenario.on(stopped, "updateWorkspaceAutostartScheduleById", 204, body={})
    for ttl in (3_600_000, None):
        scenario.on(stopped, "updateWorkspaceTtlById", 204, body={"ttl_ms": ttl})
        build = scenario.world.build(stopped["id"], "start")["latest_build"]
        if ttl is None:
            if build["deadline"] != build["max_deadline"]:
                raise Mismatch("no deadline", repr(build["deadline"]), scenario.wire.last)
            continue
        expected = datetime.fromisoformat(build["job"]["completed_at"]) + timedelta(
            milliseconds=ttl
        )
        shown = build["deadline"] and datetime.fromisoformat(build["deadline"])
        if not shown or abs((shown - expected).total_seconds()) > 30:
            raise Mismatch(f"the deadline {expected}", str(build["deadline"]), scenario.wire.last)
        scenario.world.build(stopped["id"], "stop")
    scenario.world.build(stopped["id"], "stop")


@MARK("lifecycle/while-building")
def test_while_building(scenario: Scenario, stopped: Json) -> None:
    """Nothing is there before it is there."""
    scenario.on(stopped, "updateWorkspaceTtlById", 204, body={"ttl_ms": 3_600_000})
    for transition in ("start", "stop"):
        ask(scenario, stopped, transition, 201)
        for build in follow(scenario, stopped)[:-1]:
            if build["deadline"] is not None or build["resources"]:
                seen = f"deadline {build['deadline']}, {len(build['resources'])} resources"
                raise Mismatch("no deadline and no resources", seen, scenario.wire.last)


@MARK("lifecycle/stop")
def test_stop(scenario: Scenario, stopped: Json) -> None:
    """No agents, until it is started again."""
    for transition, running in (("start", True), ("stop", False)):
        build = scenario.world.build(stopped["id"], transition)["latest_build"]
        status = "running" if running else "stopped"
        if build["status"] != status:
            raise Mismatch(status, build["status"], scenario.wire.last)
        agents = [a for resource in build["resources"] for a in resource.get("agents", [])]
        if agents and not running:
            raise Mismatch("no agents", f"{len(agents)}", scenario.wire.last)


@MARK("lifecycle/restart")
def test_restart(scenario: Scenario, running: Json) -> None:
    """A new build with new agents."""
    after = scenario.world.build(running["id"], "start")
    was, is_now = running["latest_build"], after["latest_build"]
    if is_now["build_number"] != was["build_number"] + 1 or is_now["status"] != "running":
        seen = f"{is_now['build_number']} {is_now['status']}"
        raise Mismatch(f"build {was['build_number'] + 1}, running", seen, scenario.wire.last)


@MARK("lifecycle/same-version")
def test_same_version(scenario: Scenario, stopped: Json) -> None:
    """Also with updates switched on, since they are for automatic starts."""
    version = stopped["latest_build"]["template_version_id"]
    for transition in ("start", "stop"):
        build = scenario.world.build(stopped["id"], transition)["latest_build"]
        if build["template_version_id"] != version:
            raise Mismatch(f"the version {version}", build["template_version_id"])


@MARK("lifecycle/times")
def test_times(scenario: Scenario, stopped: Json) -> None:
    """Each moment after the one before."""
    last = datetime.fromisoformat(stopped["latest_build"]["created_at"])
    for transition in ("start", "stop"):
        build = scenario.world.build(stopped["id"], transition)["latest_build"]
        job = build["job"]
        names = ("created_at", "started_at", "completed_at")
        moments = [last, *(datetime.fromisoformat(job[name]) for name in names)]
        if moments != sorted(moments) or moments[0] == moments[1]:
            raise Mismatch("times in their order", repr([str(m) for m in moments]))
        last = moments[1]


@MARK("lifecycle/cancel")
def test_cancel(scenario: Scenario, stopped: Json) -> None:
    """Where the template lets users do that."""
    build = ask(scenario, stopped, "start", 201)
    path = {"workspacebuild": build["id"]}
    answer = scenario.call("cancelWorkspaceBuild", path, 200, 400, 403)
    settled = scenario.world.settled(stopped["id"])["latest_build"]
    allowed = {200: {"canceled", "failed"}, 400: {"succeeded"}, 403: {"succeeded"}}[answer.status]
    if settled["job"]["status"] not in allowed:
        raise Mismatch(" or ".join(sorted(allowed)), settled["job"]["status"], scenario.wire.last)
    scenario.world.build(stopped["id"], "stop")


@MARK("lifecycle/bad-transition")
def test_bad_transition(scenario: Scenario, stopped: Json) -> None:
    """Three words."""
    for body in ({}, *({"transition": t} for t in ("", "Start", "restart", "STOP", None))):
        scenario.on(stopped, BUILD, 400, body=body)
    scenario.unchanged(stopped, stopped)


@MARK("lifecycle/delete")
def test_delete(scenario: Scenario, shared: Shared) -> None:
    """Gone, everywhere at once."""
    burial = shared.burial()
    scenario.context.expect(GET, burial.by_id, 410)
    scenario.context.expect(BY_NAME, burial.by_name, 404)
    for answer in burial.lists:
        scenario.context.expect("listWorkspaces", answer, 200)
        if burial.before["id"] in {w["id"] for w in answer.json()["workspaces"]}:
            raise Mismatch("a list without it", "a list with it", answer)


@MARK("lifecycle/settings-survive-builds")
def test_settings_survive(scenario: Scenario, stopped: Json) -> None:
    """All of them."""
    settings: dict[str, Any] = {
        "ttl_ms": 5_400_000,
        "automatic_updates": "always",
        "autostart_schedule": "CRON_TZ=Asia/Tokyo 7 3 * * 4",
        "favorite": True,
    }
    scenario.on(stopped, "updateWorkspaceTtlById", 204, body={"ttl_ms": settings["ttl_ms"]})
    body = {"schedule": settings["autostart_schedule"]}
    scenario.on(stopped, "updateWorkspaceAutostartScheduleById", 204, body=body)
    body = {"automatic_updates": settings["automatic_updates"]}
    scenario.on(stopped, "updateWorkspaceAutomaticUpdatesById", 204, body=body)
    scenario.on(stopped, "favoriteWorkspaceById", 204)
    for transition in ("start", "stop"):
        scenario.world.build(stopped["id"], transition)
        scenario.shows(stopped, name=stopped["name"], created_at=stopped["created_at"], **settings)
    body = {"automatic_updates": "never"}
    scenario.on(stopped, "updateWorkspaceAutomaticUpdatesById", 204, body=body)
    scenario.on(stopped, "updateWorkspaceAutostartScheduleById", 204, body={})
