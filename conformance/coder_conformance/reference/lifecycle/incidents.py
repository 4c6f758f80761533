"""What may befall a deployment from outside of its API, for tests to bring about.

In the original these come from agents, apps and template administrators. Every method tells the
watchers, as the original does, and raises :class:`LookupError` for what does not exist.
"""

from __future__ import annotations

from uuid import UUID

from coder_conformance.reference.domain.model import Agent, App, AppStatus, Build
from coder_conformance.reference.lifecycle.core import Core

APP_STATES = ("working", "idle", "complete", "failure")
APP_HEALTHS = ("disabled", "initializing", "healthy", "unhealthy")


class Incidents:
    """Lets agents, apps and templates change without a request."""

    def __init__(self, core: Core) -> None:
        """Work on ``core``."""
        self._core = core

    def disconnect_agent(self, agent_id: UUID) -> None:
        """Cut the connection of an agent that runs."""
        build, agent = self._agent(agent_id)
        agent.status = "disconnected"
        agent.disconnected_at = agent.updated_at = self._core.clock.now()
        self._core.save_and_tell(build)

    def reconnect_agent(self, agent_id: UUID) -> None:
        """Let an agent that lost its connection come back."""
        build, agent = self._agent(agent_id)
        now = self._core.clock.now()
        agent.status = "connected"
        agent.first_connected_at = agent.first_connected_at or now
        agent.last_connected_at = agent.updated_at = now
        self._core.save_and_tell(build)

    def overflow_logs(self, agent_id: UUID) -> None:
        """Let the log of an agent become too long to be kept."""
        build, agent = self._agent(agent_id)
        agent.logs_overflowed = True
        agent.updated_at = self._core.clock.now()
        self._core.save_and_tell(build)

    def set_app_health(self, agent_id: UUID, slug: str, health: str) -> None:
        """Let the health check of an app come to a result, one of :data:`APP_HEALTHS`."""
        if health not in APP_HEALTHS:
            raise LookupError(f"there is no health {health!r}; use one of {APP_HEALTHS}")
        build, agent = self._agent(agent_id)
        _app(agent, slug).health = health
        self._core.save_and_tell(build)

    def report_app_status(
        self, agent_id: UUID, slug: str, state: str, message: str, uri: str = ""
    ) -> AppStatus:
        """Let an app report about its work; ``state`` is one of :data:`APP_STATES`."""
        if state not in APP_STATES:
            raise LookupError(f"there is no state {state!r}; use one of {APP_STATES}")
        core = self._core
        build, agent = self._agent(agent_id)
        app = _app(agent, slug)
        status = AppStatus(
            id=core.ids.uuid(),
            created_at=core.clock.now(),
            workspace_id=build.workspace_id,
            agent_id=agent.id,
            app_id=app.id,
            state=state,
            message=message,
            uri=uri,
        )
        app.statuses.append(status)
        workspace = core.workspace_of(build)
        workspace.app_status = status
        core.store.save(workspace)
        core.save_and_tell(build)
        return status

    def activate_version(self, template_id: UUID, version_id: UUID) -> None:
        """Make another version the active one of a template."""
        core = self._core
        template = core.store.templates.get(template_id)
        version = core.store.versions.get(version_id)
        if template is None or version is None or version.template_id != template_id:
            raise LookupError("there is no such template with such a version")
        template.active_version_id = version_id
        template.updated_at = core.clock.now()
        core.store.save(template)
        for workspace in core.store.live_workspaces():
            if workspace.template_id == template_id:
                core.events.publish(workspace.id)

    def _agent(self, agent_id: UUID) -> tuple[Build, Agent]:
        for build in self._core.store.latest.values():
            for agent in build.agents():
                if agent.id == agent_id:
                    return build, agent
        raise LookupError(f"no workspace has an agent {agent_id} now")


def _app(agent: Agent, slug: str) -> App:
    found = next((app for app in agent.apps if app.plan.slug == slug), None)
    if found is None:
        raise LookupError(f"the agent {agent.plan.name} has no app {slug!r}")
    return found
