"""Workspaces, one at a time."""

from __future__ import annotations

from coder_conformance.reference.domain.model import Workspace
from coder_conformance.reference.http.build_json import timings_json
from coder_conformance.reference.http.context import Context
from coder_conformance.reference.http.decode import Body
from coder_conformance.reference.http.guards import template_readable
from coder_conformance.reference.http.params import read_include_deleted
from coder_conformance.reference.http.reply import (
    Problem,
    Reply,
    empty,
    forbidden,
    invalid,
    json_reply,
    not_found,
    raw_json_reply,
)
from coder_conformance.reference.rules import access
from coder_conformance.reference.rules.names import is_valid_name
from coder_conformance.reference.rules.parameters import resolve


def get_workspace_metadata_by_id(context: Context) -> Reply:
    """Return a workspace; 410 for a deleted one unless asked for."""
    include_deleted = read_include_deleted(context.request.query, "deleted")
    workspace = context.workspace
    if workspace.deleted and not include_deleted:
        raise Problem(
            410,
            f'Workspace "{workspace.id}" was deleted, you can view this workspace by specifying '
            "'?deleted=true' and trying again.",
        )
    return workspace_reply(context, workspace)


def get_workspace_metadata_by_user_and_workspace_name(context: Context) -> Reply:
    """Return the workspace of a user by name; 404 for a deleted one unless asked for."""
    include_deleted = read_include_deleted(context.request.query, "include_deleted")
    store, name = context.world.store, context.names["workspacename"]
    workspace = store.live_workspace(context.user.id, name)
    if workspace is None and include_deleted:
        workspace = store.deleted_workspace(context.user.id, name)
    if workspace is None or not access.can(context.actor, access.READ, workspace):
        raise not_found()
    if not template_readable(context, workspace):
        raise not_found()
    return raw_json_reply(200, context.workspace_json.write(workspace, context.actor.user_id))


def workspace_reply(context: Context, workspace: Workspace) -> Reply:
    """Return ``workspace``; the answer is 403 if the caller may not see its template."""
    if not template_readable(context, workspace):
        raise forbidden()
    return raw_json_reply(200, context.workspace_json.write(workspace, context.actor.user_id))


def update_workspace_metadata_by_id(context: Context) -> Reply:
    """Rename a workspace."""
    body = Body.parse(context.body, "UpdateWorkspaceRequest")
    name = body.text("name")
    body.finish()
    if not is_valid_name(name):
        raise invalid(("name", "username", name))
    workspace, world = context.workspace, context.world
    if name == workspace.name:
        return empty(204)
    if not world.settings.allow_renames:
        raise Problem(400, "Workspace renames are not allowed.")
    if workspace.deleted:
        raise Problem(405, f'Workspace "{workspace.name}" is deleted and cannot be updated.')
    if not access.can(context.actor, access.UPDATE, workspace):
        raise forbidden()
    other = world.store.live_workspace(workspace.owner_id, name)
    if other is not None and other is not workspace:
        raise name_taken(name)
    workspace.name = name
    world.store.save(workspace)
    world.events.publish(workspace.id)
    return empty(204)


def name_taken(name: str) -> Problem:
    """Return the answer for a name that another workspace of the owner has."""
    return Problem(
        409,
        f'Workspace "{name}" already exists.',
        validations=[("name", "This value is already in use and should be unique.")],
    )


def resolve_workspace_autostart_by_id(context: Context) -> Reply:
    """Tell whether an automatic update would lack a parameter."""
    workspace, store = context.workspace, context.world.store
    template = store.templates[workspace.template_id]
    if not template_readable(context, workspace):
        raise forbidden()
    build = store.latest[workspace.id]
    wanted = workspace.automatic_updates == "always" or template.require_active_version
    mismatch = False
    if wanted and build.version_id != template.active_version_id:
        active = store.versions[template.active_version_id]
        mismatch = bool(resolve(active, {}, previous=build.parameters).problems)
    return json_reply(200, {"parameter_mismatch": mismatch})


def get_workspace_timings_by_id(context: Context) -> Reply:
    """Tell how long the steps of the latest build took."""
    return json_reply(200, timings_json(context.latest_build(context.workspace.id)))
