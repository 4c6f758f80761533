"""Creating workspaces."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from coder_conformance.reference.domain.model import (
    ZERO_UUID,
    Build,
    Preset,
    Template,
    TemplateVersion,
    User,
    Workspace,
)
from coder_conformance.reference.http.context import Context
from coder_conformance.reference.http.decode import Body
from coder_conformance.reference.http.reply import (
    FORBIDDEN_DETAIL,
    Problem,
    Reply,
    invalid,
    json_reply,
    not_found,
)
from coder_conformance.reference.http.routes.workspaces import name_taken
from coder_conformance.reference.http.workspace_json import workspace_json
from coder_conformance.reference.lifecycle.builds import BuildOrder
from coder_conformance.reference.rules import access
from coder_conformance.reference.rules.names import is_valid_name
from coder_conformance.reference.rules.parameters import resolve
from coder_conformance.reference.rules.schedule import ScheduleError, parse_schedule
from coder_conformance.reference.rules.ttl import TTLError, check_ttl


@dataclass(frozen=True, slots=True)
class _Wish:
    """The body of the request."""

    name: str
    template_id: UUID
    version_id: UUID
    schedule: str
    ttl_ms: int
    automatic_updates: str
    parameters: dict[str, str]
    preset_id: UUID


def create_user_workspace(context: Context) -> Reply:
    """Create a workspace for a user and queue its first build."""
    wish = _read(context)
    template, version = _find_template(context, wish)
    owner = context.user
    _check_rights(context, owner, template)
    if template.deprecation_message:
        raise Problem(
            400,
            f'Template "{template.name}" has been deprecated, and cannot be used to create a new '
            "workspace.",
            detail=template.deprecation_message,
        )
    ttl = _check_settings(wish, template)
    world = context.world
    if world.store.live_workspace(owner.id, wish.name) is not None:
        raise name_taken(wish.name)
    check_version_job(version)
    preset = find_preset(version, wish.preset_id)
    values = choose_parameters(template, version, wish.parameters, preset, None)
    now = world.clock.now()
    workspace = Workspace(
        id=world.ids.uuid(),
        owner_id=owner.id,
        organization_id=template.organization_id,
        template_id=template.id,
        name=wish.name,
        created_at=now,
        updated_at=now,
        last_used_at=now,
        autostart_schedule=wish.schedule,
        ttl_ms=ttl,
        automatic_updates=wish.automatic_updates,
    )
    world.core.plan_next_start(workspace)
    world.store.save(workspace)
    order = BuildOrder(
        transition="start",
        version=version,
        initiator_id=context.actor.user_id,
        parameters=values,
        preset=preset,
    )
    world.builds.create(workspace, order)
    return json_reply(201, workspace_json(world, workspace, context.actor.user_id, fresh=True))


def create_user_workspace_by_organization(context: Context) -> Reply:
    """Create a workspace for a member of an organization (deprecated).

    The organization of the path is not compared with that of the template.
    """
    return create_user_workspace(context)


def check_version_job(version: TemplateVersion) -> None:
    """Raise the answer if ``version`` was not imported successfully."""
    status = version.job.status
    if status in ("pending", "running"):
        text = f"The provided template version is {status}. Wait for it to complete importing!"
        raise Problem(406, text, detail=text)
    if status != "succeeded":
        outcome = "was canceled during import" if status == "canceled" else "failed to import"
        text = (
            f'The provided template version "{version.name}" {outcome}: "{version.job.error}". '
            "You cannot create workspaces using it!"
        )
        raise Problem(400, text, detail=text)


def find_preset(version: TemplateVersion, preset_id: UUID) -> Preset | None:
    """Return the wanted preset of ``version``; the UUID of zeros means none."""
    if preset_id == ZERO_UUID:
        return None
    preset = next((p for p in version.presets if p.id == preset_id), None)
    if preset is None:
        raise Problem(
            400,
            f'Preset "{preset_id}" doesn\'t exist.',
            validations=[("template_version_preset_id", "preset not found")],
        )
    return preset


def choose_parameters(
    template: Template,
    version: TemplateVersion,
    given: dict[str, str],
    preset: Preset | None,
    previous: Build | None,
) -> dict[str, str]:
    """Return the parameters of a build; raise the answer if some are missing or wrong."""
    before = None if previous is None else previous.parameters
    chosen = resolve(version, given, preset=preset, previous=before)
    if chosen.problems and template.classic_parameter_flow:
        name, text = next(iter(chosen.problems.items()))
        raise Problem(400, f'Unable to validate parameter "{name}"', detail=text)
    if chosen.problems:
        problems = list(chosen.problems.items())
        raise Problem(400, "Unable to validate parameters", validations=problems)
    return dict(chosen.values)


def _read(context: Context) -> _Wish:
    body = Body.parse(context.body, "CreateWorkspaceRequest")
    wish = _Wish(
        name=body.text("name"),
        template_id=body.uuid("template_id"),
        version_id=body.uuid("template_version_id"),
        schedule=body.text("autostart_schedule"),
        ttl_ms=body.integer("ttl_ms"),
        automatic_updates=body.text("automatic_updates", "codersdk.AutomaticUpdates") or "never",
        parameters=dict(body.named_values("rich_parameter_values")),
        preset_id=body.uuid("template_version_preset_id"),
    )
    body.finish()
    faults: list[tuple[str, str, str]] = []
    given = (wish.template_id != ZERO_UUID, wish.version_id != ZERO_UUID)
    if given[0] == given[1]:
        tag = "excluded_with" if given[0] else "required_without"
        faults.append(("template_id", tag, str(wish.template_id)))
        faults.append(("template_version_id", tag, str(wish.version_id)))
    if not is_valid_name(wish.name):
        faults.append(("name", "workspace_name", wish.name))
    if faults:
        raise invalid(*faults)
    return wish


def _find_template(context: Context, wish: _Wish) -> tuple[Template, TemplateVersion]:
    store, actor = context.world.store, context.actor
    template_id = wish.template_id
    version: TemplateVersion | None = None
    if wish.version_id != ZERO_UUID:
        version = store.versions.get(wish.version_id)
        home = None if version is None else store.templates.get(version.template_id or ZERO_UUID)
        if version is None or (home is not None and not access.can_read_template(actor, home)):
            raise Problem(
                400,
                f'Template version "{wish.version_id}" doesn\'t exist.',
                validations=[("template_version_id", "template not found")],
            )
        if version.archived:
            raise Problem(
                400,
                "Archived template versions cannot be used to make a workspace.",
                validations=[("template_version_id", "template version archived")],
            )
        template_id = version.template_id or ZERO_UUID
    template = store.templates.get(template_id)
    if template is None or not access.can_read_template(actor, template):
        raise Problem(
            400,
            f'Template "{template_id}" doesn\'t exist.',
            validations=[("template_id", "template not found")],
        )
    if template.deleted:
        raise Problem(404, f'Template "{template.name}" has been deleted!')
    return template, version or store.versions[template.active_version_id]


def _check_rights(context: Context, owner: User, template: Template) -> None:
    actor, home = context.actor, template.organization_id
    if not access.can_read_user(actor, owner):
        is_member = home in context.world.store.memberships_of(owner.id)
        if not is_member or not access.can_read_membership(actor, owner.id, home):
            raise not_found()
    if not access.can_create_workspace(actor, home, owner.id):
        raise Problem(403, "Unauthorized to create workspace.", detail=FORBIDDEN_DETAIL)
    if not access.can_use_template(actor, template):
        raise Problem(
            403,
            f'Unauthorized access to use the template "{template.name}".',
            detail=FORBIDDEN_DETAIL,
        )


def _check_settings(wish: _Wish, template: Template) -> int | None:
    """Check schedule, TTL and automatic updates; return the TTL in milliseconds."""
    if wish.schedule:
        try:
            parse_schedule(wish.schedule)
        except ScheduleError as error:
            raise Problem(
                400, "Invalid Autostart Schedule.", validations=[("schedule", str(error))]
            ) from None
    ttl = template.default_ttl_ms or None
    if wish.ttl_ms:
        try:
            ttl = check_ttl(wish.ttl_ms)
        except TTLError as error:
            raise Problem(
                400, "Invalid Workspace Time to Shutdown.", validations=[("ttl_ms", str(error))]
            ) from None
    if wish.automatic_updates not in ("always", "never"):
        raise Problem(
            400,
            "Invalid Workspace Automatic Updates setting.",
            validations=[("automatic_updates", "Automatic updates must be always or never")],
        )
    return ttl
