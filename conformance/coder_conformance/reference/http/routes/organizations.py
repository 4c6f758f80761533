"""Organizations."""

from __future__ import annotations

from coder_conformance.reference.domain.model import Organization
from coder_conformance.reference.http.context import Context
from coder_conformance.reference.http.render import Object
from coder_conformance.reference.http.reply import Reply, json_reply
from coder_conformance.reference.rules.access import can_read_organization
from coder_conformance.reference.rules.go import format_time


def list_organizations(context: Context) -> Reply:
    """List the organizations that the caller may see."""
    found = [
        organization_json(organization)
        for organization in context.world.store.organizations.values()
        if can_read_organization(context.actor, organization.id)
    ]
    return json_reply(200, found)


def list_user_organizations(context: Context) -> Reply:
    """List the organizations of a user that the caller may see."""
    store = context.world.store
    found = [
        organization_json(store.organizations[organization_id])
        for organization_id in store.memberships_of(context.user.id)
        if can_read_organization(context.actor, organization_id)
    ]
    return json_reply(200, found)


def organization_json(organization: Organization) -> Object:
    """Return an organization as clients see it."""
    return {
        "id": str(organization.id),
        "name": organization.name,
        "display_name": organization.display_name,
        "icon": organization.icon,
        "description": organization.description,
        "created_at": format_time(organization.created_at),
        "updated_at": format_time(organization.updated_at),
        "is_default": organization.is_default,
    }
