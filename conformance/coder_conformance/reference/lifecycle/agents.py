"""Agents: how they come up after a start build."""

from __future__ import annotations

from datetime import datetime, timedelta

from coder_conformance.reference.domain.model import (
    Agent,
    AgentPlan,
    App,
    Build,
    Resource,
    ResourcePlan,
    Script,
)
from coder_conformance.reference.ids import Ids
from coder_conformance.reference.lifecycle.core import Core
from coder_conformance.reference.scheduler import Action

AGENT_VERSION = "v2.25.0-reference"
AGENT_API_VERSION = "2.6"


def make_resource(ids: Ids, plan: ResourcePlan, now: datetime) -> Resource:
    """Make the resource of ``plan`` with its agents, none of which is connected yet."""
    agents = [_make_agent(ids, agent, now) for agent in plan.agents]
    return Resource(id=ids.uuid(), created_at=now, plan=plan, agents=agents)


def _make_agent(ids: Ids, plan: AgentPlan, now: datetime) -> Agent:
    return Agent(
        id=ids.uuid(),
        plan=plan,
        created_at=now,
        updated_at=now,
        apps=[
            App(
                id=ids.uuid(),
                plan=app,
                health="initializing" if app.healthcheck_url else "disabled",
            )
            for app in plan.apps
        ],
        scripts=[
            Script(id=ids.uuid(), log_source_id=ids.uuid(), plan=script) for script in plan.scripts
        ],
    )


def health_problem(agent: Agent) -> str:
    """Return why ``agent`` is not healthy, empty if it is."""
    if agent.status != "connected" and agent.lifecycle_state == "off":
        return "agent is not running"
    if agent.status == "timeout":
        return "agent is taking too long to connect"
    if agent.status == "disconnected":
        return "agent has lost connection"
    if agent.lifecycle_state == "start_error":
        return "agent startup script exited with an error"
    if agent.lifecycle_state in ("shutting_down", "shutdown_timeout", "shutdown_error", "off"):
        return "agent is shutting down"
    return ""


class Agents:
    """Lets agents connect, run their scripts and become ready, or time out."""

    def __init__(self, core: Core) -> None:
        """Work on ``core``."""
        self._core = core

    def bring_up(self, build: Build) -> None:
        """Schedule what the agents of a finished start build still have ahead of them."""
        for agent in build.agents():
            if agent.status == "connecting":
                self._schedule_connection(build, agent)
            elif agent.status == "connected" and agent.lifecycle_state == "starting":
                self._schedule_ready(build, agent)

    def bring_up_now(self, build: Build) -> None:
        """Take the agents of ``build`` to their final state at the present instant."""
        for agent in build.agents():
            if agent.plan.connects:
                self._connect(build, agent)
                self._become_ready(build, agent)
            else:
                self._time_out(build, agent)

    def disconnect(self, build: Build) -> None:
        """Take the agents of a build that is not the latest any more off the network."""
        now = self._core.clock.now()
        for agent in build.agents():
            if agent.status != "disconnected" and agent.first_connected_at is not None:
                agent.status, agent.lifecycle_state = "disconnected", "off"
                agent.disconnected_at = agent.updated_at = now
        self._core.store.save(build)

    def _schedule_connection(self, build: Build, agent: Agent) -> None:
        if agent.plan.connects:
            wait = self._core.settings.connect_seconds / 2
            self._later(agent.created_at, wait, lambda: self._connect(build, agent))
        else:
            wait = agent.plan.connection_timeout
            self._later(agent.created_at, wait, lambda: self._time_out(build, agent))

    def _schedule_ready(self, build: Build, agent: Agent) -> None:
        since = agent.started_at or agent.created_at
        wait = self._core.settings.connect_seconds / 2
        self._later(since, wait, lambda: self._become_ready(build, agent))

    def _later(self, since: datetime, seconds: float, action: Action) -> None:
        self._core.scheduler.at(since + timedelta(seconds=seconds), action)

    def _connect(self, build: Build, agent: Agent) -> None:
        if agent.status != "connecting" or not self._core.is_current(build):
            return
        now = self._core.clock.now()
        agent.status, agent.lifecycle_state = "connected", "starting"
        agent.first_connected_at = agent.last_connected_at = agent.started_at = now
        agent.updated_at = now
        agent.version, agent.api_version = AGENT_VERSION, AGENT_API_VERSION
        agent.expanded_directory = agent.plan.directory.replace("~", "/home/coder", 1)
        for script in agent.scripts:
            if script.plan.run_on_start:
                script.started_at = now
        self._core.save_and_tell(build)
        self._schedule_ready(build, agent)

    def _become_ready(self, build: Build, agent: Agent) -> None:
        if agent.lifecycle_state != "starting" or not self._core.is_current(build):
            return
        now = self._core.clock.now()
        failed = False
        for script in agent.scripts:
            if script.started_at is not None:
                script.ended_at = now
                failed = failed or script.plan.exit_code != 0
                agent.logs_length += len(script.plan.script.encode())
        for app in agent.apps:
            if app.plan.healthcheck_url:
                app.health = "healthy"
        agent.lifecycle_state = "start_error" if failed else "ready"
        agent.ready_at = agent.last_connected_at = agent.updated_at = now
        self._core.save_and_tell(build)

    def _time_out(self, build: Build, agent: Agent) -> None:
        if agent.status != "connecting" or not self._core.is_current(build):
            return
        agent.status = "timeout"
        agent.updated_at = self._core.clock.now()
        self._core.save_and_tell(build)
