"""Who may do what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from coder_conformance.reference.domain.model import Template, User, Workspace

OWNER = "owner"
TEMPLATE_ADMIN = "template-admin"
USER_ADMIN = "user-admin"
AUDITOR = "auditor"
ORG_ADMIN = "organization-admin"
ORG_TEMPLATE_ADMIN = "organization-template-admin"
ORG_USER_ADMIN = "organization-user-admin"
ORG_AUDITOR = "organization-auditor"
ORG_CREATION_BAN = "organization-workspace-creation-ban"

SITE_ROLES: Mapping[str, str] = {
    OWNER: "Owner",
    TEMPLATE_ADMIN: "Template Admin",
    USER_ADMIN: "User Admin",
    AUDITOR: "Auditor",
}
ORG_ROLES = (ORG_ADMIN, ORG_TEMPLATE_ADMIN, ORG_USER_ADMIN, ORG_AUDITOR, ORG_CREATION_BAN)

READ, UPDATE, DELETE, START, STOP = "read", "update", "delete", "start", "stop"
_SHARED: Mapping[str, frozenset[str]] = {
    "use": frozenset((READ, START, STOP)),
    "admin": frozenset((READ, UPDATE, START, STOP)),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who asks, with the rights of the moment in which they were looked up."""

    user_id: UUID
    username: str
    roles: frozenset[str]
    organizations: Mapping[UUID, frozenset[str]]
    scope: str = "all"

    @property
    def is_owner(self) -> bool:
        """Whether the actor may do everything."""
        return OWNER in self.roles

    def has(self, organization_id: UUID, *roles: str) -> bool:
        """Tell whether the actor has one of ``roles`` in an organization."""
        return not self.organizations.get(organization_id, frozenset()).isdisjoint(roles)


def can(actor: Actor, action: str, workspace: Workspace) -> bool:
    """Tell whether ``actor`` may do ``action`` with ``workspace``."""
    if actor.scope != "all":
        return False
    organization = workspace.organization_id
    mine = workspace.owner_id == actor.user_id and organization in actor.organizations
    if actor.is_owner or mine or actor.has(organization, ORG_ADMIN):
        if action == START and workspace.dormant_at is not None:
            return False
        banned = actor.has(organization, ORG_CREATION_BAN) and not actor.is_owner
        return not (banned and action == DELETE)
    if workspace.dormant_at is not None:
        return False
    reads_all = TEMPLATE_ADMIN in actor.roles or actor.has(organization, ORG_TEMPLATE_ADMIN)
    if action == READ and reads_all:
        return True
    return _shared(actor, action, workspace)


def _shared(actor: Actor, action: str, workspace: Workspace) -> bool:
    if action in _SHARED.get(workspace.user_roles.get(actor.user_id, ""), ()):
        return True
    return any(
        group in actor.organizations and action in _SHARED.get(role, ())
        for group, role in workspace.group_roles.items()
    )


def reader(actor: Actor) -> Callable[[Workspace], bool]:
    """Return the fastest test of whether ``actor`` may read a workspace."""
    if actor.is_owner and actor.scope == "all":
        return lambda _workspace: True
    return lambda workspace: can(actor, READ, workspace)


def can_create_workspace(actor: Actor, organization_id: UUID, owner_id: UUID) -> bool:
    """Tell whether ``actor`` may create a workspace there for ``owner_id``."""
    if actor.scope != "all":
        return False
    if actor.is_owner:
        return True
    if actor.has(organization_id, ORG_CREATION_BAN):
        return False
    mine = owner_id == actor.user_id and organization_id in actor.organizations
    return mine or actor.has(organization_id, ORG_ADMIN)


def can_share(actor: Actor, workspace: Workspace) -> bool:
    """Tell whether ``actor`` may change the access list of ``workspace``."""
    if can_create_workspace(actor, workspace.organization_id, workspace.owner_id):
        return True
    if workspace.dormant_at is not None or actor.scope != "all":
        return False
    return _shared(actor, UPDATE, workspace)


def can_read_template(actor: Actor, template: Template) -> bool:
    """Tell whether ``actor`` may see ``template``."""
    organization = template.organization_id
    if not actor.roles.isdisjoint((OWNER, TEMPLATE_ADMIN, AUDITOR)):
        return True
    if actor.has(organization, ORG_ADMIN, ORG_TEMPLATE_ADMIN, ORG_AUDITOR):
        return True
    return can_use_template(actor, template)


def can_use_template(actor: Actor, template: Template) -> bool:
    """Tell whether ``actor`` may create workspaces from ``template``."""
    if actor.scope != "all":
        return False
    if can_manage_template(actor, template):
        return True
    member = template.organization_id in actor.organizations
    return member and (template.everyone == "use" or actor.user_id in template.users)


def can_manage_template(actor: Actor, template: Template) -> bool:
    """Tell whether ``actor`` may change ``template``."""
    if not actor.roles.isdisjoint((OWNER, TEMPLATE_ADMIN)):
        return True
    return actor.has(template.organization_id, ORG_ADMIN, ORG_TEMPLATE_ADMIN)


def can_read_user(actor: Actor, user: User) -> bool:
    """Tell whether ``actor`` may see the record of ``user``."""
    if actor.user_id == user.id:
        return True
    return not actor.roles.isdisjoint((OWNER, USER_ADMIN, TEMPLATE_ADMIN, AUDITOR))


def can_read_membership(actor: Actor, user_id: UUID, organization_id: UUID) -> bool:
    """Tell whether ``actor`` may see that ``user_id`` belongs to an organization."""
    if actor.user_id == user_id:
        return True
    if not actor.roles.isdisjoint((OWNER, USER_ADMIN, TEMPLATE_ADMIN, AUDITOR)):
        return True
    return actor.has(organization_id, ORG_ADMIN, ORG_USER_ADMIN, ORG_TEMPLATE_ADMIN, ORG_AUDITOR)


def can_read_organization(actor: Actor, organization_id: UUID) -> bool:
    """Tell whether ``actor`` may see an organization."""
    if organization_id in actor.organizations:
        return True
    return not actor.roles.isdisjoint((OWNER, USER_ADMIN, TEMPLATE_ADMIN, AUDITOR))


def can_create_users(actor: Actor) -> bool:
    """Tell whether ``actor`` may create users."""
    return not actor.roles.isdisjoint((OWNER, USER_ADMIN)) and actor.scope == "all"


def can_delete_users(actor: Actor) -> bool:
    """Tell whether ``actor`` may delete users; those who may create them may."""
    return can_create_users(actor)
