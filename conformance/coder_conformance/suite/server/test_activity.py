"""Reports of use, timings, and what keeps a workspace from starting."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from coder_conformance.agents import agents_of
from coder_conformance.exchange import Exchange
from coder_conformance.results import CannotJudgeError, DoesNotApplyError, Mismatch
from coder_conformance.shared import Shared
from coder_conformance.suite.server.furnished import furnish
from coder_conformance.suite.server.scenario import Scenario, without_agents

Json = dict[str, Any]
MARK = pytest.mark.requirement
USAGE = "postWorkspaceUsageById"
TIMINGS = "getWorkspaceTimingsById"
RESOLVE = "resolveWorkspaceAutostartById"
RENAME = "updateWorkspaceMetadataById"
GET = "getWorkspaceMetadataById"
BY_NAME = "getWorkspaceMetadataByUserAndWorkspaceName"
EXTEND = "extendWorkspaceDeadlineById"
# How far the clocks of server and suite, and the times of a few requests, may lie apart.
CLOSE = timedelta(minutes=2)
# Seconds that a deadline may take to move.
LATEST = 2.0
# How far the clocks of a server and of what builds for it may lie apart.
SKEW = timedelta(minutes=5)
EMPTY: Json = {
    "provisioner_timings": [],
    "agent_script_timings": [],
    "agent_connection_timings": [],
}
APPS = ("vscode", "jetbrains", "reconnecting-pty", "ssh")


def an_agent(workspace: Json) -> str:
    """Identifier of an agent of a running workspace."""
    agents = agents_of(workspace)
    return str(agents[0]["id"]) if agents else without_agents()


@MARK("usage/any-body")
def test_any_body(scenario: Scenario, running: Json) -> None:
    """Rubbish too."""
    for content in (b"", b"{", b"null", b'{"app_name": "nonsense"}', b"\xff", b'{"agent_id": 1}'):
        scenario.on(running, USAGE, 204, content=content)


@MARK("usage/both-or-neither")
def test_both_or_neither(scenario: Scenario, running: Json) -> None:
    """Which field has to be completed by which."""
    halves = (({"app_name": "ssh"}, "agent_id"), ({"agent_id": an_agent(running)}, "app_name"))
    for body, field in halves:
        scenario.refused(scenario.on(running, USAGE, 400, body=body), field)
    zero = "00000000-0000-0000-0000-000000000000"
    nothing: list[Any] = [{}, {"agent_id": zero, "app_name": ""}, {"agent_id": None}, None]
    for none in nothing:
        scenario.on(running, USAGE, 204, body=none)


@MARK("usage/unknown-app")
def test_unknown_app(scenario: Scenario, running: Json) -> None:
    """Four words."""
    for app in ("nonsense", "SSH", "vs code", "ssh "):
        body = {"agent_id": an_agent(running), "app_name": app}
        scenario.refused(scenario.on(running, USAGE, 400, body=body), "app_name")


@MARK("usage/unknown-agent")
def test_unknown_agent(scenario: Scenario, running: Json) -> None:
    """There is none of that identifier."""
    body = {"agent_id": str(uuid4()), "app_name": "ssh"}
    scenario.on(running, USAGE, 404, body=body)


@MARK("usage/each-app")
def test_each_app(scenario: Scenario, running: Json) -> None:
    """Again and again."""
    for app in (*APPS, *APPS):
        scenario.on(running, USAGE, 204, body={"agent_id": an_agent(running), "app_name": app})


@MARK("usage/never-lowers-the-deadline")
def test_never_lowers(scenario: Scenario, running: Json) -> None:
    """At most it moves away."""
    later = scenario.world.later(hours=9)
    body = {"deadline": later.isoformat()}
    scenario.on(running, EXTEND, 200, body=body)
    bodies: list[Json] = [{}]
    if "workspace-usage" in scenario.context.features:
        bodies.append({"agent_id": an_agent(running), "app_name": "ssh"})
    for used in bodies:
        scenario.on(running, USAGE, 204, body=used)
        shown = scenario.world.read(running["id"])["latest_build"]["deadline"]
        if shown is None or datetime.fromisoformat(shown) < later:
            raise Mismatch(f"a deadline not before {later}", str(shown), scenario.wire.last)


@MARK("usage/moves-the-deadline")
def test_moves(scenario: Scenario, running: Json) -> None:
    """The nearest deadline that may be set, and use by an app; use without one moves nothing."""
    agent, bump = an_agent(running), scenario.world.template.get("activity_bump_ms") or 0
    near = scenario.world.later(minutes=32)
    far = timedelta(milliseconds=bump)
    if far - (near - scenario.world.now()) < timedelta(minutes=20):
        raise DoesNotApplyError("the template moves no deadline by use, or by little")
    scenario.on(running, "updateWorkspaceTtlById", 204, body={"ttl_ms": 8 * 3_600_000})
    scenario.on(running, EXTEND, 200, body={"deadline": near.isoformat()})
    for body, moved in (({}, timedelta(0)), ({"agent_id": agent, "app_name": "ssh"}, far)):
        before = scenario.world.now()
        scenario.on(running, USAGE, 204, body=body)
        wanted = before + moved if moved else near
        limit = time.monotonic() + LATEST
        while abs(shown_deadline(scenario, running) - wanted) > CLOSE:
            if time.monotonic() > limit:
                shown = str(shown_deadline(scenario, running))
                raise Mismatch(f"a deadline near {wanted}", shown, scenario.wire.last)
    later = near + timedelta(hours=8)
    scenario.on(running, EXTEND, 200, body={"deadline": later.isoformat()})


def shown_deadline(scenario: Scenario, workspace: Json) -> datetime:
    """When the workspace is to stop."""
    build = scenario.on(workspace, GET, 200).json()["latest_build"]
    return datetime.fromisoformat(build["deadline"])


@MARK("usage/in-any-state")
def test_usage_in_any_state(scenario: Scenario, stopped: Json, deleted: Json) -> None:
    """Nothing else changes."""
    scenario.on(stopped, USAGE, 204, body={})
    scenario.unchanged(stopped, stopped)
    scenario.on(deleted, USAGE, 204, body={})


@MARK("timings/empty-while-building")
def test_empty_while_building(scenario: Scenario, stopped: Json) -> None:
    """Three lists, nothing in them, also when those of the build before were asked for."""
    workspace = stopped
    scenario.on(workspace, TIMINGS, 200)
    scenario.on(workspace, "createWorkspaceBuild", 201, body={"transition": "start"})
    answer = scenario.on(workspace, TIMINGS, 200)
    after = scenario.world.read(workspace["id"])
    if after["latest_build"]["job"]["status"] not in {"pending", "running"}:
        raise CannotJudgeError("the build was over before it could be judged")
    if answer.json() != EMPTY:
        raise Mismatch(repr(EMPTY), answer.answer(), answer)


@MARK("timings/of-a-stop")
def test_of_a_stop(scenario: Scenario, shared: Shared) -> None:
    """The job of the stop, and no agents, also when those of the start were asked for."""
    for turn in shared.cycle().turns:
        answer = turn.timings
        if answer is None:
            continue
        scenario.context.expect(TIMINGS, answer, 200)
        job = turn.steps[-1].json()["latest_build"]["job"]["id"]
        for timing in answer.json()["provisioner_timings"]:
            if timing["job_id"] != job:
                raise Mismatch(f"timings of the job {job}", timing["job_id"], answer)
        if turn.transition == "stop" and answer.json()["agent_connection_timings"]:
            raise Mismatch("no agents of a stopped workspace", answer.answer(), answer)


@MARK("timings/in-order")
def test_in_order(scenario: Scenario, some: Json) -> None:
    """Each begins after the one before and ends by the end of the job."""
    answer = scenario.on(some, TIMINGS, 200)
    timings = answer.json()["provisioner_timings"]
    starts = [datetime.fromisoformat(t["started_at"]) for t in timings]
    if starts != sorted(starts):
        raise Mismatch("timings in the order of their start", repr(starts), answer)
    job = some["latest_build"]["job"]
    first, last = (datetime.fromisoformat(job[n]) for n in ("created_at", "completed_at"))
    ends = [datetime.fromisoformat(t["ended_at"]) for t in timings]
    for begin, end in zip(starts, ends, strict=True):
        # Whoever builds may have a clock of its own.
        if begin < first - SKEW or end > last + SKEW or end < begin:
            raise Mismatch(f"a time between {first} and {last}", f"{begin} to {end}", answer)
    if timings and max(ends) - starts[0] > last - first + timedelta(seconds=5):
        took = f"stages that take {max(ends) - starts[0]}"
        raise Mismatch(f"no longer than the job's {last - first}", took, answer)


@MARK("timings/of-a-deleted-one")
def test_timings_of_a_deleted_one(scenario: Scenario, deleted: Json) -> None:
    """Those of its last build."""
    answer = scenario.on(deleted, TIMINGS, 200)
    job = deleted["latest_build"]["job"]["id"]
    if any(t["job_id"] != job for t in answer.json()["provisioner_timings"]):
        raise Mismatch(f"timings of the job {job}", answer.answer(), answer)


@MARK("timings/agents")
def test_timings_of_agents(scenario: Scenario, some: Json) -> None:
    """Each agent connects for the first time once, and that moment is the one that it shows."""
    answer = scenario.on(some, TIMINGS, 200)
    known = {agent["id"]: agent for agent in agents_of(some)}
    told = {t["workspace_agent_id"]: t for t in answer.json()["agent_connection_timings"]}
    scripts = {t["workspace_agent_id"] for t in answer.json()["agent_script_timings"]}
    if not {*told, *scripts} <= known.keys() or len(told) != len(
        answer.json()["agent_connection_timings"]
    ):
        raise Mismatch(f"agents of {sorted(known)}, each once", answer.answer(), answer)
    for identifier, agent in known.items():
        # One that another agent started may have come after the build, and be told elsewhere.
        if "first_connected_at" in agent and agent["parent_id"] is None:
            connected(agent, told.get(identifier), answer)


def connected(agent: Json, timing: Json | None, answer: Exchange) -> None:
    """The first connection of an agent is told as the agent shows it."""
    expected = [datetime.fromisoformat(agent[n]) for n in ("created_at", "first_connected_at")]
    shown = timing and [datetime.fromisoformat(timing[n]) for n in ("started_at", "ended_at")]
    if shown != expected:
        start, end = expected
        raise Mismatch(
            f"a connection of {agent['name']} from {start} to {end}", repr(shown), answer
        )


@MARK("resolve-autostart/of-a-deleted-one")
def test_resolve_of_a_deleted_one(scenario: Scenario, deleted: Json, stopped: Json) -> None:
    """There is an answer."""
    scenario.on(deleted, RESOLVE, 200)
    scenario.on(stopped, "updateWorkspaceDormancyStatusById", 200, body={"dormant": True})
    scenario.on(stopped, RESOLVE, 200)
    scenario.on(stopped, "updateWorkspaceDormancyStatusById", 200, body={"dormant": False})


@MARK("resolve-autostart/changes-nothing")
def test_resolve_changes_nothing(scenario: Scenario, some: Json) -> None:
    """A question is no order."""
    if not scenario.wire.readonly:
        some = furnish(scenario, some)
    answers = [scenario.on(some, RESOLVE, 200).json() for _ in range(3)]
    if any(answer != answers[0] for answer in answers):
        raise Mismatch("the same answer", repr(answers), scenario.wire.last)
    scenario.unchanged(some, some)
