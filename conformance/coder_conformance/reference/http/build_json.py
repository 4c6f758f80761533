"""Builds, jobs, resources, agents and apps as clients see them."""

from __future__ import annotations

from coder_conformance.reference.domain.model import (
    ZERO_UUID,
    Agent,
    App,
    AppStatus,
    Build,
    Job,
    Resource,
    Script,
    Workspace,
)
from coder_conformance.reference.http.render import Json, Object, present, time_or_null
from coder_conformance.reference.lifecycle.agents import health_problem
from coder_conformance.reference.rules.go import format_time
from coder_conformance.reference.world import World

NO_PROVISIONERS: Object = {"count": 0, "available": 0, "most_recently_seen": None}
NO_METADATA: Object = {
    "template_version_name": "",
    "template_id": str(ZERO_UUID),
    "template_name": "",
    "template_display_name": "",
    "template_icon": "",
}
DISPLAY_APPS = (
    "vscode",
    "vscode_insiders",
    "web_terminal",
    "port_forwarding_helper",
    "ssh_helper",
)
NANOSECONDS = 1_000_000_000


def job_json(job: Job, source: Object, queue: tuple[int, int] = (0, 0)) -> Object:
    """Return a job; ``source`` names what it works on."""
    return {
        "id": str(job.id),
        "created_at": format_time(job.created_at),
        **present(
            started_at=time_or_null(job.started_at),
            completed_at=time_or_null(job.completed_at),
            canceled_at=time_or_null(job.canceled_at),
            error=job.error,
            error_code=job.error_code,
        ),
        "status": job.status,
        **present(worker_id=None if job.worker_id is None else str(job.worker_id)),
        "file_id": str(job.file_id),
        "tags": job.tags,
        "queue_position": queue[0],
        "queue_size": queue[1],
        "organization_id": str(job.organization_id),
        "input": source,
        "type": job.kind,
        "metadata": NO_METADATA,
        "logs_overflowed": False,
    }


def build_json(world: World, workspace: Workspace, build: Build, *, fresh: bool = False) -> Object:
    """Return a build. A ``fresh`` one was made by this request and shows less."""
    store = world.store
    owner = store.users[workspace.owner_id]
    initiator = store.users.get(build.initiator_id)
    resources = sorted(build.resources, key=lambda resource: resource.plan.name)
    resources.sort(key=lambda resource: not resource.agents)
    queue = (0, 0) if fresh else world.builds.queue_position(build)
    result: Object = {
        "id": str(build.id),
        "created_at": format_time(build.created_at),
        "updated_at": format_time(build.updated_at),
        "workspace_id": str(workspace.id),
        "workspace_name": workspace.name,
        "workspace_owner_id": str(owner.id),
        "workspace_owner_name": owner.username,
        **present(workspace_owner_avatar_url=owner.avatar_url),
        "template_version_id": str(build.version_id),
        "template_version_name": "" if fresh else store.versions[build.version_id].name,
        "build_number": build.number,
        "transition": build.transition,
        "initiator_id": str(build.initiator_id),
        "initiator_name": "" if initiator is None else initiator.username,
        "job": job_json(build.job, {"workspace_build_id": str(build.id)}, queue),
        "reason": build.reason,
        "resources": [_resource_json(build, resource) for resource in resources],
        "deadline": time_or_null(build.deadline),
        "max_deadline": time_or_null(build.max_deadline),
        "status": build.status,
        "daily_cost": sum(resource.plan.daily_cost for resource in build.resources),
        "matched_provisioners": NO_PROVISIONERS,
        "template_version_preset_id": None if build.preset_id is None else str(build.preset_id),
    }
    if build.has_ai_task is not None:
        result["has_ai_task"] = build.has_ai_task
    return result


def _resource_json(build: Build, resource: Resource) -> Object:
    plan = resource.plan
    result: Object = {
        "id": str(resource.id),
        "created_at": format_time(resource.created_at),
        "job_id": str(build.job.id),
        "workspace_transition": build.transition,
        "type": plan.type,
        "name": plan.name,
        "hide": plan.hide,
        "icon": plan.icon,
        "daily_cost": plan.daily_cost,
    }
    if resource.agents:
        agents = sorted(resource.agents, key=lambda agent: agent.plan.name)
        result["agents"] = [_agent_json(resource, agent) for agent in agents]
    if plan.metadata:
        result["metadata"] = [
            {"key": key, "value": value, "sensitive": False} for key, value in plan.metadata.items()
        ]
    return result


def _agent_json(resource: Resource, agent: Agent) -> Object:
    plan = agent.plan
    problem = health_problem(agent)
    blocking = any(s.plan.run_on_start and s.plan.start_blocks_login for s in agent.scripts)
    environment: Json = plan.environment
    return {
        "id": str(agent.id),
        "parent_id": None,
        "created_at": format_time(agent.created_at),
        "updated_at": format_time(agent.updated_at),
        **present(
            first_connected_at=time_or_null(agent.first_connected_at),
            last_connected_at=time_or_null(agent.last_connected_at),
            disconnected_at=time_or_null(agent.disconnected_at),
            started_at=time_or_null(agent.started_at),
            ready_at=time_or_null(agent.ready_at),
        ),
        "status": agent.status,
        "lifecycle_state": agent.lifecycle_state,
        "name": plan.name,
        "resource_id": str(resource.id),
        "architecture": plan.architecture,
        "environment_variables": environment,
        "operating_system": plan.operating_system,
        "logs_length": agent.logs_length,
        "logs_overflowed": agent.logs_overflowed,
        **present(directory=plan.directory, expanded_directory=agent.expanded_directory),
        "version": agent.version,
        "api_version": agent.api_version,
        "apps": [_app_json(app) for app in agent.apps],
        "connection_timeout_seconds": plan.connection_timeout,
        "troubleshooting_url": "",
        "subsystems": [],
        "health": {"healthy": not problem, **present(reason=problem)},
        "display_apps": DISPLAY_APPS,
        "log_sources": [_log_source_json(agent, script) for script in agent.scripts],
        "scripts": [_script_json(script) for script in agent.scripts],
        "startup_script_behavior": "blocking" if blocking else "non-blocking",
    }


def _app_json(app: App) -> Object:
    plan = app.plan
    checked = bool(plan.healthcheck_url)
    return {
        "id": str(app.id),
        **present(url=plan.url),
        "external": plan.external,
        "slug": plan.slug,
        **present(display_name=plan.display_name, command=plan.command, icon=plan.icon),
        "subdomain": plan.subdomain,
        "sharing_level": plan.sharing_level,
        "healthcheck": {
            "url": plan.healthcheck_url,
            "interval": 5 if checked else 0,
            "threshold": 6 if checked else 0,
        },
        "health": app.health,
        "hidden": False,
        "open_in": "slim-window",
        "statuses": [app_status_json(status) for status in reversed(app.statuses)],
    }


def app_status_json(status: AppStatus) -> Object:
    """Return what an app reported about its work."""
    return {
        "id": str(status.id),
        "created_at": format_time(status.created_at),
        "workspace_id": str(status.workspace_id),
        "agent_id": str(status.agent_id),
        "app_id": str(status.app_id),
        "state": status.state,
        "message": status.message,
        "uri": status.uri,
        "icon": "",
        "needs_user_attention": False,
    }


def _log_source_json(agent: Agent, script: Script) -> Object:
    return {
        "workspace_agent_id": str(agent.id),
        "id": str(script.log_source_id),
        "created_at": format_time(agent.created_at),
        "display_name": script.plan.display_name,
        "icon": "",
    }


def _script_json(script: Script) -> Object:
    plan = script.plan
    return {
        "id": str(script.id),
        "log_source_id": str(script.log_source_id),
        "log_path": "",
        "script": plan.script,
        "cron": plan.cron,
        "run_on_start": plan.run_on_start,
        "run_on_stop": plan.run_on_stop,
        "start_blocks_login": plan.start_blocks_login,
        "timeout": plan.timeout * NANOSECONDS,
        "display_name": plan.display_name,
    }


def timings_json(build: Build) -> Object:
    """Return how long the steps of a finished build took, empty lists before its end."""
    stages: list[Json] = []
    scripts: list[Json] = []
    connections: list[Json] = []
    if build.job.completed_at is not None:
        stages = [
            {
                "job_id": str(build.job.id),
                "started_at": format_time(stage.started_at),
                "ended_at": format_time(stage.ended_at),
                "stage": stage.name,
                "source": stage.source,
                "action": stage.action,
                "resource": stage.resource,
            }
            for stage in build.stages
        ]
        for agent in build.agents():
            scripts.extend(_script_timings(agent))
            if agent.first_connected_at is not None:
                connections.append(
                    {
                        "started_at": format_time(agent.created_at),
                        "ended_at": format_time(agent.first_connected_at),
                        "stage": "connect",
                        "workspace_agent_id": str(agent.id),
                        "workspace_agent_name": agent.plan.name,
                    }
                )
    return {
        "provisioner_timings": stages,
        "agent_script_timings": scripts,
        "agent_connection_timings": connections,
    }


def _script_timings(agent: Agent) -> list[Object]:
    return [
        {
            "started_at": format_time(script.started_at),
            "ended_at": format_time(script.ended_at),
            "exit_code": script.plan.exit_code,
            "stage": "start",
            "status": "ok" if script.plan.exit_code == 0 else "exit_failure",
            "display_name": script.plan.display_name,
            "workspace_agent_id": str(agent.id),
            "workspace_agent_name": agent.plan.name,
        }
        for script in agent.scripts
        if script.started_at is not None and script.ended_at is not None
    ]
