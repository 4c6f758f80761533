"""What becomes of a workspace: builds, their states, numbers, times and deadlines."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

import pytest

from coder_conformance import formats
from coder_conformance.evidence import Turn
from coder_conformance.exchange import Exchange
from coder_conformance.results import CannotJudgeError, Mismatch
from coder_conformance.shared import EIGHT_HOURS, Shared
from coder_conformance.suite.server.births import looks, shows, well
from coder_conformance.suite.server.scenario import Scenario, has_deadline

Json = dict[str, Any]
MARK = pytest.mark.requirement
BUILD = "createWorkspaceBuild"
GET = "getWorkspaceMetadataById"
AUTOSTART = "updateWorkspaceAutostartScheduleById"
TTL = "updateWorkspaceTtlById"
EXTEND = "extendWorkspaceDeadlineById"
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


def turns(scenario: Scenario, shared: Shared) -> list[Turn]:
    """How the stopped workspace was started and stopped, each of which was accepted."""
    cycle = shared.cycle()
    for name, answer in cycle.given.items():
        scenario.context.expect(name, answer, 204)
    for turn in cycle.turns:
        scenario.context.expect(BUILD, turn.said, 201)
    return cycle.turns


def builds_of(scenario: Scenario, turn: Turn) -> list[Json]:
    """The build as each read showed it, until it had ended."""
    return [scenario.context.expect(GET, r, 200).json()["latest_build"] for r in turn.steps]


@MARK("lifecycle/build-numbers")
def test_build_numbers(scenario: Scenario, shared: Shared) -> None:
    """One by one, whatever the transition."""
    last = shared.cycle().before["latest_build"]
    for turn in turns(scenario, shared):
        said = turn.said.json()
        if said["build_number"] != last["build_number"] + 1 or said["id"] == last["id"]:
            expected = f"a new build {last['build_number'] + 1}"
            raise Mismatch(expected, f"{said['id']} {said['build_number']}", turn.said)
        shown = builds_of(scenario, turn)[-1]
        if (shown["id"], shown["build_number"]) != (said["id"], said["build_number"]):
            raise Mismatch(f"build {said['id']}", shown["id"], turn.steps[-1])
        if (shown["transition"], said["transition"]) != (turn.transition, turn.transition):
            raise Mismatch(f"the transition {turn.transition}", shown["transition"], turn.said)
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
        well(builds[-1])
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
    first = ask(scenario, workspace, "start", 201)
    number, path = first["build_number"], {"workspace": workspace["id"]}
    for transition in ("stop", "start"):
        answer = scenario.world.ask(BUILD, path, body={"transition": transition})
        if _is_over(scenario, first, answer):
            raise CannotJudgeError("the build was over before another one was asked for")
        scenario.context.expect(BUILD, answer, 409)
    for _ in range(4):
        settled = scenario.world.settled(workspace["id"])
        if settled["latest_build"]["build_number"] != number:
            seen = str(settled["latest_build"]["build_number"])
            raise Mismatch(f"build {number} still", seen, scenario.wire.last)
        time.sleep(0.1)


def _is_over(scenario: Scenario, first: Json, answer: Exchange) -> bool:
    """Whether a build had ended when another one was asked for, or may have."""
    path = {"workspacebuild": first["id"]}
    job = scenario.call("getWorkspaceBuild", path, 200).json()["job"]
    if job["status"] in {"pending", "running"}:
        return False
    if answer.status != 201 or "completed_at" not in job:
        return True
    asked = datetime.fromisoformat(answer.json()["created_at"])
    return datetime.fromisoformat(job["completed_at"]) <= asked


@MARK("lifecycle/deadline")
def test_deadline(scenario: Scenario, shared: Shared) -> None:
    """With a time to stop and without one; after a stop nobody needs one."""
    for turn in turns(scenario, shared):
        build, read = builds_of(scenario, turn)[-1], turn.steps[-1]
        if turn.ttl is None:
            if build["deadline"] != build["max_deadline"]:
                raise Mismatch("no deadline", repr(build["deadline"]), read)
        elif turn.transition == "start" or build["deadline"] is not None:
            has_deadline(build, timedelta(milliseconds=turn.ttl), read)


@MARK("lifecycle/next-start")
def test_next_start(scenario: Scenario, shared: Shared) -> None:
    """Days away, from the first build on, before which the workspace was dormant for a moment."""
    cycle = shared.cycle()
    schedule = cycle.settings["autostart_schedule"]
    for turn in turns(scenario, shared):
        for view, answer in looks(scenario, cycle.before["id"], turn.views):
            done = datetime.fromisoformat(view["latest_build"]["job"]["completed_at"])
            expected, shown = formats.next_start(schedule, done), view["next_start_at"]
            if shown is None or datetime.fromisoformat(shown) != expected:
                raise Mismatch(f"next_start_at = {expected}", str(shown), answer)


@MARK("lifecycle/initiator")
def test_initiator(scenario: Scenario, shared: Shared) -> None:
    """In the answer, and later."""
    me = scenario.world.me
    expected = (me["id"], me["username"], "initiator")
    for turn in turns(scenario, shared):
        for build, answer in (
            (turn.said.json(), turn.said),
            (builds_of(scenario, turn)[-1], turn.steps[-1]),
        ):
            seen = (build["initiator_id"], build["initiator_name"], build["reason"])
            if seen != expected:
                raise Mismatch(repr(expected), repr(seen), answer)


@MARK("lifecycle/answer")
def test_answer(scenario: Scenario, shared: Shared) -> None:
    """What only later answers know is empty."""
    for turn in turns(scenario, shared):
        build = turn.said.json()
        seen = build["template_version_name"], build["resources"]
        if seen != ("", []):
            raise Mismatch("no version name and no resources", repr(seen), turn.said)


@MARK("lifecycle/while-building")
def test_while_building(scenario: Scenario, shared: Shared) -> None:
    """Nothing is there before it is there, and has_ai_task at the end."""
    for turn in turns(scenario, shared):
        *builds, last = builds_of(scenario, turn)
        if "has_ai_task" not in last:
            raise Mismatch("has_ai_task of a build that has ended", "none", turn.steps[-1])
        for build in builds:
            if build["deadline"] is not None or build["resources"]:
                seen = f"deadline {build['deadline']}, {len(build['resources'])} resources"
                raise Mismatch("no deadline and no resources", seen, turn.steps[-1])


@MARK("lifecycle/stop")
def test_stop(scenario: Scenario, shared: Shared) -> None:
    """And started again; what a template leaves there when it is stopped is its own affair."""
    for turn in turns(scenario, shared):
        build, read = builds_of(scenario, turn)[-1], turn.steps[-1]
        well(build)
        status = "running" if turn.transition == "start" else "stopped"
        if build["status"] != status:
            raise Mismatch(status, build["status"], read)


@MARK("lifecycle/restart")
def test_restart(scenario: Scenario, running: Json) -> None:
    """A new build with new agents, and with a deadline of its own."""
    scenario.on(running, AUTOSTART, 204, body={})
    scenario.on(running, TTL, 204, body={"ttl_ms": EIGHT_HOURS})
    nine = scenario.world.later(hours=9, minutes=7)
    scenario.on(running, EXTEND, 200, 400, body={"deadline": nine.isoformat()})
    ask(scenario, running, "start", 201)
    after = scenario.world.settled(running["id"])
    was, is_now = running["latest_build"], after["latest_build"]
    well(is_now)
    if is_now["build_number"] != was["build_number"] + 1 or is_now["status"] != "running":
        seen = f"{is_now['build_number']} {is_now['status']}"
        raise Mismatch(f"build {was['build_number'] + 1}, running", seen, scenario.wire.last)
    has_deadline(is_now, timedelta(milliseconds=EIGHT_HOURS), scenario.wire.last)


@MARK("lifecycle/deadline-beyond-the-next-start")
def test_deadline_beyond(scenario: Scenario, running: Json) -> None:
    """Whoever comes in the morning has all of the time until the stop."""
    morning = scenario.world.now() + timedelta(hours=3)
    schedule = f"{morning.minute} {morning.hour} * * {morning.isoweekday() % 7}"
    scenario.on(running, TTL, 204, body={"ttl_ms": EIGHT_HOURS})
    scenario.on(running, AUTOSTART, 204, body={"schedule": schedule})
    ask(scenario, running, "start", 201)
    build = scenario.world.settled(running["id"])["latest_build"]
    answer = scenario.wire.last
    scenario.on(running, AUTOSTART, 204, body={})
    start = formats.next_start(schedule, datetime.fromisoformat(build["job"]["completed_at"]))
    has_deadline(build, timedelta(milliseconds=EIGHT_HOURS), answer, start)


@MARK("lifecycle/same-version")
def test_same_version(scenario: Scenario, shared: Shared) -> None:
    """Also with updates switched on, since they are for automatic starts."""
    version = shared.cycle().before["latest_build"]["template_version_id"]
    for turn in turns(scenario, shared):
        build = builds_of(scenario, turn)[-1]
        if build["template_version_id"] != version:
            seen = build["template_version_id"]
            raise Mismatch(f"the version {version}", seen, turn.steps[-1])


@MARK("lifecycle/times")
def test_times(scenario: Scenario, shared: Shared) -> None:
    """Each moment after the one before."""
    before = shared.cycle().before["latest_build"]["job"]
    last = datetime.fromisoformat(before["started_at"])
    for turn in turns(scenario, shared):
        job = builds_of(scenario, turn)[-1]["job"]
        names = ("created_at", "started_at", "completed_at")
        moments = [last, *(datetime.fromisoformat(job[name]) for name in names)]
        if moments != sorted(moments):
            seen = repr([str(m) for m in moments])
            raise Mismatch("times in their order", seen, turn.steps[-1])
        last = moments[2]


@MARK("lifecycle/cancel")
def test_cancel(scenario: Scenario, stopped: Json) -> None:
    """Where the template lets users do that."""
    build = ask(scenario, stopped, "start", 201)
    path = {"workspacebuild": build["id"]}
    answer = scenario.call("cancelWorkspaceBuild", path, 200, 400, 403)
    settled = scenario.world.settled(stopped["id"])["latest_build"]
    if answer.status != 200:
        well(settled)
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
def test_settings_survive(scenario: Scenario, shared: Shared) -> None:
    """All of them."""
    cycle = shared.cycle()
    fields = {name: cycle.before[name] for name in ("name", "created_at")} | cycle.settings
    for turn in turns(scenario, shared):
        fields["ttl_ms"] = turn.ttl
        for view, answer in looks(scenario, cycle.before["id"], turn.views):
            shows(view, answer, **fields)
