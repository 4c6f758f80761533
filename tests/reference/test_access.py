from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from coder_conformance.reference.domain.model import Workspace
from coder_conformance.reference.rules import access
from coder_conformance.reference.rules.access import Actor, can

NOW = datetime(2025, 9, 1, tzinfo=UTC)
HOME, AWAY = UUID(int=1), UUID(int=2)
ME, OTHER = UUID(int=11), UUID(int=12)
ALL = ("read", "update", "delete", "start", "stop")


def actor(*roles: str, org: tuple[str, ...] = (), home: UUID = HOME, scope: str = "all") -> Actor:
    """Return somebody who is a member of one organization."""
    return Actor(ME, "me", frozenset(roles), {home: frozenset(org)}, scope)


def workspace(
    owner: UUID = OTHER,
    *,
    dormant: bool = False,
    users: dict[UUID, str] | None = None,
    groups: dict[UUID, str] | None = None,
) -> Workspace:
    """Return a workspace in the home organization."""
    return Workspace(
        id=UUID(int=99),
        owner_id=owner,
        organization_id=HOME,
        template_id=UUID(int=5),
        name="w",
        created_at=NOW,
        updated_at=NOW,
        last_used_at=NOW,
        dormant_at=NOW if dormant else None,
        user_roles=users or {},
        group_roles=groups or {},
    )


@pytest.mark.parametrize(
    ("who", "what", "awake", "dormant"),
    [
        (actor("owner"), workspace, ALL, ("read", "update", "delete", "stop")),
        (actor(), workspace, (), ()),
        (actor("template-admin"), workspace, ("read",), ()),
        (actor("auditor"), workspace, (), ()),
        (actor("user-admin"), workspace, (), ()),
        (actor(org=(access.ORG_ADMIN,)), workspace, ALL, ("read", "update", "delete", "stop")),
        (actor(org=(access.ORG_ADMIN,), home=AWAY), workspace, (), ()),
        (actor(org=(access.ORG_TEMPLATE_ADMIN,)), workspace, ("read",), ()),
        (actor("owner", scope="application_connect"), workspace, (), ()),
    ],
)
def test_roles_on_the_workspace_of_another(
    who: Actor, what: object, awake: tuple[str, ...], dormant: tuple[str, ...]
) -> None:
    """Each role allows exactly its actions, fewer while the workspace is dormant."""
    assert what is workspace
    assert tuple(action for action in ALL if can(who, action, workspace())) == awake
    asleep = workspace(dormant=True)
    assert tuple(action for action in ALL if can(who, action, asleep)) == dormant


def test_ones_own_workspace() -> None:
    """Everything, but no start while dormant and no deletion under a creation ban."""
    mine, asleep = workspace(ME), workspace(ME, dormant=True)
    assert all(can(actor(), action, mine) for action in ALL)
    assert [action for action in ALL if not can(actor(), action, asleep)] == ["start"]
    banned = actor(org=(access.ORG_CREATION_BAN,))
    assert [action for action in ALL if not can(banned, action, mine)] == ["delete"]
    assert not access.can_create_workspace(banned, HOME, ME)
    assert access.can_create_workspace(actor(), HOME, ME)
    assert not access.can_create_workspace(actor(home=AWAY), HOME, ME)
    assert not access.can_create_workspace(actor(), HOME, OTHER)


@pytest.mark.parametrize(
    ("role", "allowed"),
    [("use", ("read", "start", "stop")), ("admin", ("read", "update", "start", "stop"))],
)
def test_shared_workspaces(role: str, allowed: tuple[str, ...]) -> None:
    """Users and members of a group get the role's actions, nobody while dormant."""
    for users, groups in (({ME: role}, {}), ({}, {HOME: role})):
        shared = workspace(users=users, groups=groups)
        assert tuple(action for action in ALL if can(actor(), action, shared)) == allowed
        asleep = workspace(dormant=True, users=users, groups=groups)
        assert not any(can(actor(), action, asleep) for action in ALL)
    assert not can(actor(home=AWAY), "read", workspace(groups={HOME: role}))
