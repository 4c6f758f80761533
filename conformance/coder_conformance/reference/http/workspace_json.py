"""Workspaces as clients see them, kept in written form until they change."""

from __future__ import annotations

from uuid import UUID

from coder_conformance.reference.domain.model import Workspace
from coder_conformance.reference.http.build_json import app_status_json, build_json
from coder_conformance.reference.http.render import Json, Object, present, time_or_null, to_json
from coder_conformance.reference.lifecycle.agents import health_problem
from coder_conformance.reference.rules.go import format_time
from coder_conformance.reference.world import World


def workspace_json(
    world: World, workspace: Workspace, viewer: UUID, *, fresh: bool = False
) -> Object:
    """Return a workspace for ``viewer``. A ``fresh`` one was made by this request."""
    store = world.store
    build = store.latest[workspace.id]
    template = store.templates[workspace.template_id]
    owner = store.users[workspace.owner_id]
    failing: list[Json] = [str(agent.id) for agent in build.agents() if health_problem(agent)]
    status = workspace.app_status
    ttl = workspace.ttl_ms if template.allow_user_autostop else template.default_ttl_ms
    result: Object = {
        "id": str(workspace.id),
        "created_at": format_time(workspace.created_at),
        "updated_at": format_time(workspace.updated_at),
        "owner_id": str(owner.id),
        "owner_name": owner.username,
        "owner_avatar_url": owner.avatar_url,
        "organization_id": str(workspace.organization_id),
        "organization_name": store.organizations[workspace.organization_id].name,
        "template_id": str(template.id),
        "template_name": template.name,
        "template_display_name": template.display_name,
        "template_icon": template.icon,
        "template_allow_user_cancel_workspace_jobs": template.allow_user_cancel_workspace_jobs,
        "template_active_version_id": str(template.active_version_id),
        "template_require_active_version": template.require_active_version,
        "template_use_classic_parameter_flow": template.classic_parameter_flow,
        "latest_build": build_json(world, workspace, build, fresh=fresh),
        "latest_app_status": None if status is None else app_status_json(status),
        "outdated": build.version_id != template.active_version_id,
        "name": workspace.name,
        **present(autostart_schedule=workspace.autostart_schedule, ttl_ms=ttl),
        "last_used_at": format_time(workspace.last_used_at),
        "deleting_at": time_or_null(workspace.deleting_at),
        "dormant_at": time_or_null(workspace.dormant_at),
        "health": {"healthy": not failing, "failing_agents": failing},
        "automatic_updates": workspace.automatic_updates,
        "allow_renames": world.settings.allow_renames,
        "favorite": workspace.favorite and workspace.owner_id == viewer,
        "next_start_at": time_or_null(workspace.next_start_at),
        "is_prebuild": workspace.is_prebuild,
    }
    return result


class WorkspaceJson:
    """Writes workspaces, remembering what was written for as long as it stays true.

    What clients see depends on the workspace and its latest build (``revision``), on users,
    organizations and templates (``catalog_revision``) and on whether the viewer is the owner. Only
    the place in the queue depends on others too, so pending builds are written anew each time.
    """

    def __init__(self, world: World) -> None:
        """Remember nothing yet."""
        self._world = world
        self._written: dict[tuple[UUID, bool], tuple[int, int, bytes]] = {}

    def write(self, workspace: Workspace, viewer: UUID) -> bytes:
        """Return ``workspace`` as JSON without a line end."""
        store = self._world.store
        if store.latest[workspace.id].job.status == "pending":
            return to_json(workspace_json(self._world, workspace, viewer))
        key = (workspace.id, workspace.favorite and workspace.owner_id == viewer)
        state = (workspace.revision, store.catalog_revision)
        known = self._written.get(key)
        if known is not None and known[:2] == state:
            return known[2]
        text = to_json(workspace_json(self._world, workspace, viewer))
        self._written[key] = (*state, text)
        return text
