"""The access list of a workspace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from coder_conformance.reference.http.context import Context
from coder_conformance.reference.http.decode import Body
from coder_conformance.reference.http.reply import Problem, Reply, empty, forbidden
from coder_conformance.reference.rules import access
from coder_conformance.reference.rules.uuids import UUIDSyntaxError, parse_uuid

ROLES = ("admin", "use", "")
_Changes = dict[UUID, str]


def update_workspace_acl(context: Context) -> Reply:
    """Give roles to users and groups, or take them away."""
    body = Body.parse(context.body, "UpdateWorkspaceACL")
    users, groups = body.roles("user_roles"), body.roles("group_roles")
    body.finish()
    store, workspace = context.world.store, context.workspace
    problems: list[tuple[str, str]] = []

    def user_exists(user_id: UUID) -> bool:
        user = store.users.get(user_id)
        return user is not None and not user.deleted

    # The only groups there are without a licence: everybody in an organization.
    group_changes = _read(
        groups, "group", lambda group_id: group_id in store.organizations, problems
    )
    user_changes = _read(users, "user", user_exists, problems)
    if problems:
        raise Problem(400, "Invalid request to update workspace ACL", validations=problems)
    if not access.can_share(context.actor, workspace):
        raise forbidden()
    _merge(workspace.user_roles, user_changes)
    _merge(workspace.group_roles, group_changes)
    if user_changes or group_changes:
        store.save(workspace)
    return empty(204)


def _read(
    roles: Mapping[str, str],
    kind: str,
    exists: Callable[[UUID], bool],
    problems: list[tuple[str, str]],
) -> _Changes:
    changes: _Changes = {}
    field = f"{kind}_roles"
    for key, role in roles.items():
        if role not in ROLES:
            problems.append((field, f'role "{role}" is not a valid workspace role'))
            continue
        try:
            wanted = parse_uuid(key)
        except UUIDSyntaxError:
            problems.append((field, f"{key} is not a valid UUID."))
            continue
        if role and not exists(wanted):
            problems.append((field, f"{kind} with ID {wanted} does not exist"))
            continue
        changes[wanted] = role
    return changes


def _merge(stored: dict[UUID, str], changes: _Changes) -> None:
    for key, role in changes.items():
        if role:
            stored[key] = role
        else:
            stored.pop(key, None)
