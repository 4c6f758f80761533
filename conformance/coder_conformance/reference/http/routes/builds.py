"""Builds of workspaces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from coder_conformance.reference.domain.model import (
    ZERO_UUID,
    Build,
    Template,
    TemplateVersion,
    Workspace,
)
from coder_conformance.reference.http.build_json import build_json
from coder_conformance.reference.http.context import Context
from coder_conformance.reference.http.decode import Body
from coder_conformance.reference.http.params import read_page
from coder_conformance.reference.http.reply import (
    FORBIDDEN_DETAIL,
    Problem,
    Reply,
    envelope,
    forbidden,
    invalid,
    json_reply,
)
from coder_conformance.reference.http.routes.creation import (
    check_version_job,
    choose_parameters,
    find_preset,
)
from coder_conformance.reference.lifecycle.builds import BuildOrder
from coder_conformance.reference.rules import access
from coder_conformance.reference.rules.go import ParseError, parse_time
from coder_conformance.reference.rules.uuids import parse_uuid

TRANSITIONS = ("start", "stop", "delete")
REASONS = ("dashboard", "cli", "ssh_connection", "vscode_connection", "jetbrains_connection")


@dataclass(frozen=True, slots=True)
class _Wish:
    """The body of the request for a build."""

    transition: str
    version_id: UUID
    has_state: bool
    orphan: bool
    parameters: dict[str, str]
    log_level: str
    preset_id: UUID
    reason: str


def create_workspace_build(context: Context) -> Reply:
    """Queue a build that starts, stops or deletes the workspace."""
    wish = _read(context)
    workspace, world = context.workspace, context.world
    template = world.store.templates[workspace.template_id]
    _check_rights(context, wish, template)
    previous = context.latest_build(workspace.id)
    version = _find_version(context, wish, workspace, previous)
    check_version_job(version)
    if previous.job.completed_at is None:
        raise Problem(409, "A workspace build is already active.")
    preset = find_preset(version, wish.preset_id)
    values = choose_parameters(template, version, wish.parameters, preset, previous)
    order = BuildOrder(
        transition=wish.transition,
        version=version,
        initiator_id=context.actor.user_id,
        reason=wish.reason if wish.reason and wish.transition == "start" else "initiator",
        parameters=values,
        preset=preset,
        orphan=wish.orphan,
    )
    build = world.builds.create(workspace, order)
    world.events.publish(workspace.id)
    result = build_json(world, workspace, build, fresh=True)
    return json_reply(201, result)


def list_workspace_builds(context: Context) -> Reply:
    """List the builds of a workspace, newest first."""
    query = context.request.query
    page = read_page(query)
    since = _read_since(query.first("since"))
    builds = list(reversed(context.world.store.builds_of(context.workspace.id)))
    if since is not None:
        builds = [build for build in builds if build.created_at > since]
    after = query.first("after_id")
    if after:
        wanted = parse_uuid(after)
        places = [place for place, build in enumerate(builds) if build.id == wanted]
        if not places:
            raise Problem(
                400,
                f'Record at "after_id" ({after!r}) does not exist.',
                detail="The build is not one of this workspace, or was made before since.",
            )
        builds = builds[places[0] + 1 :]
    shown = builds[page.bounds()]
    return json_reply(200, [build_json(context.world, context.workspace, b) for b in shown])


def get_workspace_build(context: Context) -> Reply:
    """Return a build."""
    return json_reply(200, build_json(context.world, context.workspace, context.build))


def cancel_workspace_build(context: Context) -> Reply:
    """Cancel the job of a build."""
    expected = context.request.query.first("expect_status")
    if expected not in ("", "running", "pending"):
        raise Problem(
            400,
            f"Invalid expect_status \"{expected}\". Only 'running' or 'pending' are allowed.",
        )
    build, workspace = context.build, context.workspace
    template = context.world.store.templates[workspace.template_id]
    allowed = template.allow_user_cancel_workspace_jobs or context.actor.is_owner
    if not allowed and expected != "pending":
        raise Problem(
            403, "User is not allowed to cancel workspace builds. Owner role is required."
        )
    if not access.can(context.actor, access.UPDATE, workspace):
        raise forbidden()
    status = build.job.status
    if expected and status != expected:
        raise Problem(
            412,
            "Job is not in the expected state.",
            detail=f'expected "{expected}", but the job is "{status}"',
        )
    if build.job.completed_at is not None:
        raise Problem(400, "Job has already completed!")
    if build.job.canceled_at is not None:
        raise Problem(400, "Job has already been marked as canceled!")
    context.world.builds.cancel(build)
    return json_reply(200, envelope("Job has been marked as canceled..."))


def _read(context: Context) -> _Wish:
    body = Body.parse(context.body, "CreateWorkspaceBuildRequest")
    wish = _Wish(
        transition=body.text("transition", "codersdk.WorkspaceTransition"),
        version_id=body.uuid("template_version_id"),
        has_state=bool(body.octets("state")),
        orphan=body.boolean("orphan"),
        parameters=dict(body.named_values("rich_parameter_values")),
        log_level=body.text("log_level", "codersdk.ProvisionerLogLevel"),
        preset_id=body.uuid("template_version_preset_id"),
        reason=body.text("reason", "codersdk.CreateWorkspaceBuildReason"),
    )
    body.boolean("dry_run")
    body.finish()
    faults: list[tuple[str, str, str]] = []
    if wish.transition not in TRANSITIONS:
        faults.append(("transition", "oneof", wish.transition))
    if wish.log_level not in ("", "debug"):
        faults.append(("log_level", "oneof", wish.log_level))
    if wish.reason and wish.reason not in REASONS:
        faults.append(("reason", "oneof", wish.reason))
    if faults:
        raise invalid(*faults)
    return wish


def _check_rights(context: Context, wish: _Wish, template: Template) -> None:
    actor, workspace = context.actor, context.workspace
    action = access.DELETE if wish.transition == "delete" else access.UPDATE
    if not access.can(actor, action, workspace):
        raise Problem(
            403,
            f"You do not have permission to {action} this workspace.",
        )
    if wish.transition == "start" and workspace.dormant_at is not None:
        raise Problem(403, "insert workspace build", detail=FORBIDDEN_DETAIL)
    if wish.orphan and wish.transition != "delete":
        raise Problem(400, "Orphan is only permitted when deleting a workspace.")
    if wish.orphan and wish.has_state:
        raise Problem(400, "Only one of orphan or state may be set.")
    if (wish.orphan or wish.has_state) and not access.can_manage_template(actor, template):
        raise Problem(403, "Only template managers may provide custom state", detail="")
    if wish.log_level and not (context.world.settings.debug_build_logs and actor.is_owner):
        raise Problem(
            400,
            "Workspace builds with a custom log level are restricted to administrators only "
            "and have to be enabled by the deployment.",
        )


def _find_version(
    context: Context, wish: _Wish, workspace: Workspace, previous: Build
) -> TemplateVersion:
    wanted = previous.version_id if wish.version_id == ZERO_UUID else wish.version_id
    version = context.world.store.versions.get(wanted)
    if version is None:
        raise Problem(400, "template version does not exist")
    if version.template_id != workspace.template_id:
        raise Problem(400, "template version doesn't match template")
    return version


def _read_since(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return parse_time(text)
    except ParseError as error:
        raise Problem(400, "bad `since` format, must be RFC3339", detail=str(error)) from None
