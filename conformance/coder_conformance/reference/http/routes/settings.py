"""The settings of a workspace."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from coder_conformance.reference.domain.model import ZERO_TIME, ZERO_UUID, Workspace
from coder_conformance.reference.http.context import Context
from coder_conformance.reference.http.decode import Body
from coder_conformance.reference.http.reply import (
    Problem,
    Reply,
    empty,
    envelope,
    forbidden,
    invalid,
    json_reply,
    not_found,
)
from coder_conformance.reference.http.routes.workspaces import workspace_reply
from coder_conformance.reference.rules import access
from coder_conformance.reference.rules.go import format_time, format_time_plain
from coder_conformance.reference.rules.schedule import ScheduleError, parse_schedule
from coder_conformance.reference.rules.ttl import (
    EXTEND_MARGIN,
    TTLError,
    bumped_deadline,
    check_ttl,
)

USAGE_APPS = ("vscode", "jetbrains", "reconnecting-pty", "ssh")
NO_AUTOSTART = "Autostart is not allowed for workspaces using this template."
NO_AUTOSTOP = "Custom autostop TTL is not allowed for workspaces using this template."


def update_workspace_autostart_schedule_by_id(context: Context) -> Reply:
    """Set or clear the weekly schedule."""
    body = Body.parse(context.body, "UpdateWorkspaceAutostartRequest")
    text = body.text("schedule")
    body.finish()
    workspace, world = context.workspace, context.world
    _refuse_prebuilt(workspace, "Autostart")
    if text:
        try:
            parse_schedule(text)
        except ScheduleError as error:
            raise Problem(
                400, "Invalid autostart schedule.", validations=[("schedule", str(error))]
            ) from None
    if not world.store.templates[workspace.template_id].allow_user_autostart:
        raise Problem(400, NO_AUTOSTART, validations=[("schedule", NO_AUTOSTART)])
    _need_update(context)
    workspace.autostart_schedule = text
    world.core.plan_next_start(workspace)
    world.store.save(workspace)
    return empty(204)


def update_workspace_ttl_by_id(context: Context) -> Reply:
    """Set or clear the time after which the workspace is stopped."""
    body = Body.parse(context.body, "UpdateWorkspaceTTLRequest")
    milliseconds = body.integer("ttl_ms")
    body.finish()
    workspace, store = context.workspace, context.world.store
    _refuse_prebuilt(workspace, "Autostop")
    problem = ""
    ttl: int | None = None
    if not store.templates[workspace.template_id].allow_user_autostop:
        problem = NO_AUTOSTOP
    elif milliseconds:
        try:
            ttl = check_ttl(milliseconds)
        except TTLError as error:
            problem = str(error)
    if problem:
        raise Problem(
            400,
            "Error updating workspace time until shutdown.",
            validations=[("ttl_ms", problem)],
        )
    _need_update(context)
    workspace.ttl_ms = ttl
    store.save(workspace)
    build = store.latest[workspace.id]
    if ttl is None and build.transition == "start" and build.deadline is not None:
        build.deadline = build.max_deadline
        build.updated_at = context.world.clock.now()
        store.save(build)
    return empty(204)


def extend_workspace_deadline_by_id(context: Context) -> Reply:
    """Move the instant at which the running workspace is stopped."""
    body = Body.parse(context.body, "PutExtendWorkspaceRequest")
    deadline = body.time("deadline")
    body.finish()
    if deadline == ZERO_TIME:
        raise invalid(("deadline", "required", format_time_plain(deadline)))
    workspace, world = context.workspace, context.world
    _refuse_prebuilt(workspace, "Extending the deadline")
    build, now = context.latest_build(workspace.id), world.clock.now()
    problem: tuple[int, str] | None = None
    if build.transition != "start":
        problem = 409, f"Workspace must be started, current status: {build.transition}"
    elif build.job.completed_at is None:
        problem = 409, "Workspace is still building!"
    elif build.deadline is None:
        problem = 409, "Workspace shutdown is manual."
    elif deadline < now + EXTEND_MARGIN:
        problem = (
            400,
            "Cannot extend workspace: new deadline must be at least 30 minutes in the future",
        )
    elif deadline < build.job.completed_at:
        problem = 400, "Cannot extend workspace: new deadline must be before workspace start time"
    elif build.max_deadline is not None and deadline > build.max_deadline:
        problem = 400, "Cannot extend workspace beyond max deadline."
    if problem is not None:
        # The original tells the watchers even when nothing changed.
        world.events.publish(workspace.id)
        raise Problem(*problem)
    _need_update(context)
    build.deadline = deadline
    build.updated_at = now
    world.core.save_and_tell(build)
    shown = format_time(deadline.replace(microsecond=0))
    return json_reply(200, envelope(f"Deadline updated to {shown}."))


def update_workspace_dormancy_status_by_id(context: Context) -> Reply:
    """Make the workspace dormant, or wake it up."""
    body = Body.parse(context.body, "UpdateWorkspaceDormancy")
    dormant = body.boolean("dormant")
    body.finish()
    workspace, world = context.workspace, context.world
    _refuse_prebuilt(workspace, "Dormancy")
    if dormant == (workspace.dormant_at is not None):
        return empty(304)
    _need_update(context)
    now = world.clock.now()
    workspace.next_start_at = None
    if dormant:
        wait = world.store.templates[workspace.template_id].time_til_dormant_autodelete_ms
        workspace.dormant_at = now
        workspace.deleting_at = now + timedelta(milliseconds=wait) if wait else None
    else:
        workspace.dormant_at = workspace.deleting_at = None
        workspace.last_used_at = now
    world.store.save(workspace)
    return workspace_reply(context, workspace)


def update_workspace_automatic_updates_by_id(context: Context) -> Reply:
    """Choose whether starts use the template's active version."""
    body = Body.parse(context.body, "UpdateWorkspaceAutomaticUpdatesRequest")
    choice = body.text("automatic_updates", "codersdk.AutomaticUpdates")
    body.finish()
    if choice not in ("always", "never"):
        raise Problem(
            400,
            "Invalid request",
            validations=[("automatic_updates", "must be always or never")],
        )
    if not access.can(context.actor, access.UPDATE, context.workspace):
        raise not_found()
    context.workspace.automatic_updates = choice
    context.world.store.save(context.workspace)
    return empty(204)


def favorite_workspace_by_id(context: Context) -> Reply:
    """Mark a workspace of one's own as favourite."""
    return _set_favorite(context, "You can only favorite workspaces that you own.", value=True)


def unfavorite_workspace_by_id(context: Context) -> Reply:
    """Take the mark of a favourite away."""
    return _set_favorite(context, "You can only un-favorite workspaces that you own.", value=False)


def _set_favorite(context: Context, refusal: str, *, value: bool) -> Reply:
    workspace = context.workspace
    if workspace.owner_id != context.actor.user_id:
        raise Problem(403, refusal)
    workspace.favorite = value
    context.world.store.save(workspace)
    return empty(204)


def post_workspace_usage_by_id(context: Context) -> Reply:
    """Note that the workspace is used."""
    _need_update(context)
    world, workspace = context.world, context.workspace
    agent_id, app_name = ZERO_UUID, ""
    if "workspace-usage" in world.settings.experiments and context.body:
        body = Body.parse(context.body, "PostWorkspaceUsageRequest")
        agent_id = body.uuid("agent_id")
        app_name = body.text("app_name", "codersdk.UsageAppName")
        body.finish()
        _check_usage(context, agent_id, app_name)
    workspace.usage_pending = True
    world.store.note(workspace)
    if app_name:
        _bump(context, workspace)
    return empty(204)


def _check_usage(context: Context, agent_id: UUID, app_name: str) -> None:
    problem: tuple[str, str] | None = None
    if app_name and agent_id == ZERO_UUID:
        problem = "agent_id", "must be set when app_name is set"
    elif agent_id != ZERO_UUID and not app_name:
        problem = "app_name", "must be set when agent_id is set"
    elif app_name and app_name not in USAGE_APPS:
        problem = "app_name", f"must be one of [{' '.join(USAGE_APPS)}]"
    if problem is not None:
        raise Problem(400, "Invalid request", validations=[problem])
    if app_name and not _agent_exists(context, agent_id):
        raise not_found()


def _agent_exists(context: Context, agent_id: UUID) -> bool:
    """Tell whether the caller may see an agent with this id, in whatever workspace."""
    store, may_read = context.world.store, access.reader(context.actor)
    return any(
        agent.id == agent_id and may_read(store.workspaces[workspace_id])
        for workspace_id, build in store.latest.items()
        for agent in build.agents()
    )


def _bump(context: Context, workspace: Workspace) -> None:
    world = context.world
    build = context.latest_build(workspace.id)
    if build.is_running:
        moved = bumped_deadline(
            world.clock.now(),
            build.deadline,
            build.max_deadline,
            ttl_ms=world.core.ttl_of(workspace),
            bump_ms=world.store.templates[workspace.template_id].activity_bump_ms,
        )
        if moved is not None:
            build.deadline = moved
            build.updated_at = world.clock.now()
            world.store.save(build)
    world.events.publish(workspace.id)


def _need_update(context: Context) -> None:
    if not access.can(context.actor, access.UPDATE, context.workspace):
        raise forbidden()


def _refuse_prebuilt(workspace: Workspace, setting: str) -> None:
    if workspace.is_prebuild:
        raise Problem(
            409,
            f"{setting} is not supported for prebuilt workspaces",
            detail="Prebuilt workspaces have to be claimed before this can be changed.",
        )
