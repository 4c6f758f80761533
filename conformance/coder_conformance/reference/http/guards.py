"""Finds the records that a path names, for those who may see them."""

from __future__ import annotations

from uuid import UUID

from coder_conformance.reference.domain.model import ZERO_UUID, Organization, User, Workspace
from coder_conformance.reference.http.context import Context
from coder_conformance.reference.http.reply import Problem, not_found
from coder_conformance.reference.rules import access
from coder_conformance.reference.rules.go import quote
from coder_conformance.reference.rules.uuids import UUIDSyntaxError, parse_uuid


def find_workspace(context: Context) -> None:
    """Find ``{workspace}``, deleted ones included."""
    workspace = context.world.store.workspaces.get(path_uuid(context, "workspace"))
    if workspace is None or not access.can(context.actor, access.READ, workspace):
        raise not_found()
    context.put("workspace", workspace)


def find_build(context: Context) -> None:
    """Find ``{workspacebuild}`` and its workspace."""
    build = context.world.store.builds.get(path_uuid(context, "workspacebuild"))
    if build is None:
        raise not_found()
    workspace = context.world.store.workspaces[build.workspace_id]
    if not access.can(context.actor, access.READ, workspace):
        raise not_found()
    context.put("build", build)
    context.put("workspace", workspace)


def find_template(context: Context) -> None:
    """Find ``{template}``."""
    template = context.world.store.templates.get(path_uuid(context, "template"))
    if template is None or template.deleted:
        raise not_found()
    if not access.can_read_template(context.actor, template):
        raise not_found()
    context.put("template", template)


def find_version(context: Context) -> None:
    """Find ``{templateversion}``."""
    store = context.world.store
    version = store.versions.get(path_uuid(context, "templateversion"))
    if version is None or version.template_id is None:
        raise not_found()
    if not access.can_read_template(context.actor, store.templates[version.template_id]):
        raise not_found()
    context.put("version", version)


def find_organization(context: Context) -> None:
    """Find ``{organization}``: a UUID, a name or ``default``."""
    organization = organization_named(context, context.names["organization"])
    if organization is None:
        raise not_found()
    if not access.can_read_organization(context.actor, organization.id):
        raise not_found()
    context.put("organization", organization)


def find_user(context: Context) -> None:
    """Find ``{user}``, who has to be visible to the caller."""
    user = user_named(context)
    if user is None or not access.can_read_user(context.actor, user):
        raise unknown_user(context)
    context.put("user", user)


def find_user_for_workspaces(context: Context) -> None:
    """Find ``{user}`` as owner of workspaces.

    Existing users are told from others first; then the record or a membership has to be visible.
    """
    user = user_named(context)
    if user is None:
        raise unknown_user(context)
    memberships = context.world.store.memberships_of(user.id)
    visible = access.can_read_user(context.actor, user) or any(
        access.can_read_membership(context.actor, user.id, organization_id)
        for organization_id in memberships
    )
    if not visible:
        raise not_found()
    context.put("user", user)


def find_member(context: Context) -> None:
    """Find ``{user}`` as member of ``{organization}``."""
    user = user_named(context)
    if user is None:
        raise unknown_user(context)
    organization_id = context.organization.id
    if organization_id not in context.world.store.memberships_of(user.id):
        raise not_found()
    if not access.can_read_membership(context.actor, user.id, organization_id):
        raise not_found()
    context.put("user", user)


def sharing_gate(context: Context) -> None:
    """Let nobody through while workspaces cannot be shared."""
    if "workspace-sharing" not in context.world.settings.experiments:
        raise Problem(
            403,
            "Workspace Sharing functionality requires enabling the 'workspace-sharing' experiment.",
        )


def path_uuid(context: Context, name: str) -> UUID:
    """Return the UUID of a variable segment; raise the answer if it is none."""
    raw = context.names[name]
    try:
        return parse_uuid(raw)
    except UUIDSyntaxError as error:
        raise Problem(400, f"Invalid UUID {quote(raw)}.", detail=str(error)) from None


def user_named(context: Context) -> User | None:
    """Return the user that ``{user}`` stands for: ``me``, a UUID or a username."""
    raw = context.names["user"]
    store = context.world.store
    if raw == "me":
        return store.users[context.actor.user_id]
    try:
        return store.users.get(parse_uuid(raw))
    except UUIDSyntaxError:
        return store.user_named(raw)


def unknown_user(context: Context) -> Problem:
    """Return the answer for a ``{user}`` that stands for nobody."""
    return Problem(
        400,
        '"user" must be an existing uuid or username.',
        detail=f"queried user={quote(context.names['user'])}",
    )


def organization_named(context: Context, raw: str) -> Organization | None:
    """Return the organization with this UUID or name, or the default one."""
    store = context.world.store
    try:
        wanted = parse_uuid(raw)
    except UUIDSyntaxError:
        found = store.organization_named(raw)
        return store.default_organization() if found is None and raw == "default" else found
    return store.default_organization() if wanted == ZERO_UUID else store.organizations.get(wanted)


def template_readable(context: Context, workspace: Workspace) -> bool:
    """Tell whether the caller may see the template of ``workspace`` and it still exists."""
    template = context.world.store.templates[workspace.template_id]
    return not template.deleted and access.can_read_template(context.actor, template)
