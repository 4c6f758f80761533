"""All records of a deployment, in memory, with the indexes that the operations need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol
from uuid import UUID

from coder_conformance.reference.domain.model import (
    ApiKey,
    Build,
    Membership,
    Organization,
    Template,
    TemplateVersion,
    User,
    Workspace,
)

Record = Organization | User | Membership | ApiKey | Template | TemplateVersion | Workspace | Build


class Journal(Protocol):
    """Something that remembers records which were saved."""

    def note(self, record: Record) -> None:
        """Remember that ``record`` was saved."""
        ...


class Store:
    """Tables and indexes. Records are changed in place and then handed to :meth:`save`."""

    def __init__(self) -> None:
        """Start with empty tables."""
        self.journal: Journal | None = None
        self.catalog_revision = 0
        self.organizations: dict[UUID, Organization] = {}
        self.users: dict[UUID, User] = {}
        self.memberships: dict[tuple[UUID, UUID], Membership] = {}
        self.keys: dict[str, ApiKey] = {}
        self.templates: dict[UUID, Template] = {}
        self.versions: dict[UUID, TemplateVersion] = {}
        self.workspaces: dict[UUID, Workspace] = {}
        self.builds: dict[UUID, Build] = {}
        self.latest: dict[UUID, Build] = {}
        self.active_jobs: dict[UUID, Build] = {}
        self._builds_of: dict[UUID, list[Build]] = {}
        self._usernames: dict[str, UUID] = {}
        self._emails: dict[str, UUID] = {}
        self._organization_names: dict[str, UUID] = {}
        self._memberships_of: dict[UUID, dict[UUID, Membership]] = {}
        self._live_names: dict[tuple[UUID, str], UUID] = {}
        self._name_keys: dict[UUID, tuple[UUID, str]] = {}
        self._owned: dict[UUID, list[Workspace]] = {}
        self._order: list[Workspace] | None = None

    def save(self, record: Record) -> None:
        """Put ``record`` into its table, refresh the indexes and tell the journal."""
        match record:
            case Workspace():
                self._save_workspace(record)
            case Build():
                self._save_build(record)
            case User():
                self._save_user(record)
            case Organization():
                self.organizations[record.id] = record
                self._organization_names[record.name.lower()] = record.id
            case Membership():
                self.memberships[record.organization_id, record.user_id] = record
                self._memberships_of.setdefault(record.user_id, {})[record.organization_id] = record
            case Template():
                self.templates[record.id] = record
            case TemplateVersion():
                self.versions[record.id] = record
            case ApiKey():
                self.keys[record.id] = record
        if not isinstance(record, Workspace | Build | ApiKey):
            self.catalog_revision += 1
        self.note(record)

    def note(self, record: Record) -> None:
        """Have ``record`` remembered although nothing that clients see in lists changed."""
        if self.journal is not None:
            self.journal.note(record)

    def _save_user(self, user: User) -> None:
        self.users[user.id] = user
        if not user.deleted:
            self._usernames[user.username.lower()] = user.id
            self._emails[user.email.lower()] = user.id
        self._order = None

    def _save_workspace(self, workspace: Workspace) -> None:
        workspace.revision += 1
        if workspace.id not in self.workspaces:
            self.workspaces[workspace.id] = workspace
            self._owned.setdefault(workspace.owner_id, []).append(workspace)
        key = (workspace.owner_id, workspace.name.lower())
        old = self._name_keys.get(workspace.id)
        wanted = None if workspace.deleted else key
        if old == wanted:
            return
        self._order = None
        if old is not None:
            del self._live_names[old], self._name_keys[workspace.id]
        if wanted is not None:
            self._live_names[wanted] = workspace.id
            self._name_keys[workspace.id] = wanted

    def _save_build(self, build: Build) -> None:
        if build.id not in self.builds:
            self.builds[build.id] = build
            self._builds_of.setdefault(build.workspace_id, []).append(build)
            newest = self.latest.get(build.workspace_id)
            if newest is None or newest.number < build.number:
                self.latest[build.workspace_id] = build
        if build.job.completed_at is None:
            self.active_jobs[build.id] = build
        else:
            self.active_jobs.pop(build.id, None)
        workspace = self.workspaces.get(build.workspace_id)
        if workspace is not None:
            workspace.revision += 1

    def user_named(self, name: str) -> User | None:
        """Return the user who is not deleted and has this name, in any letter case."""
        user = self.users.get(self._usernames.get(name.lower(), UUID(int=0)))
        return None if user is None or user.deleted else user

    def user_with_email(self, email: str) -> User | None:
        """Return the user who is not deleted and has this address, in any letter case."""
        user = self.users.get(self._emails.get(email.lower(), UUID(int=0)))
        return None if user is None or user.deleted else user

    def organization_named(self, name: str) -> Organization | None:
        """Return the organization of this name, in any letter case."""
        found = self._organization_names.get(name.lower())
        return None if found is None else self.organizations[found]

    def default_organization(self) -> Organization | None:
        """Return the default organization; every deployment with a user has one."""
        return next((o for o in self.organizations.values() if o.is_default), None)

    def memberships_of(self, user_id: UUID) -> dict[UUID, Membership]:
        """Return the memberships of a user by organization."""
        return self._memberships_of.get(user_id, {})

    def live_workspace(self, owner_id: UUID, name: str) -> Workspace | None:
        """Return the workspace that is not deleted and has this owner and name (any case)."""
        found = self._live_names.get((owner_id, name.lower()))
        return None if found is None else self.workspaces[found]

    def deleted_workspace(self, owner_id: UUID, name: str) -> Workspace | None:
        """Return the most recently created deleted workspace of this owner and name."""
        wanted = name.lower()
        gone = [w for w in self._owned.get(owner_id, []) if w.deleted and w.name.lower() == wanted]
        return max(gone, key=lambda w: w.created_at, default=None)

    def builds_of(self, workspace_id: UUID) -> list[Build]:
        """Return the builds of a workspace, oldest first."""
        return self._builds_of.get(workspace_id, [])

    def versions_of(self, template_id: UUID) -> Iterator[TemplateVersion]:
        """Yield the versions of a template."""
        return (v for v in self.versions.values() if v.template_id == template_id)

    def live_workspaces(self) -> list[Workspace]:
        """Return what is not deleted, by username of the owner and by name, ignoring case."""
        if self._order is None:
            names = {user.id: user.username.lower() for user in self.users.values()}
            self._order = sorted(
                (w for w in self.workspaces.values() if not w.deleted),
                key=lambda w: (names[w.owner_id], w.name.lower()),
            )
        return self._order

    def dangling(self) -> str:
        """Return a description of a record that refers to one which is not there, empty if none."""
        return next((what for what, is_there in self._references() if not is_there), "")

    def _references(self) -> Iterator[tuple[str, bool]]:
        """Yield what refers to other records, and whether all of those are there."""
        users, homes = self.users.keys(), self.organizations.keys()
        templates, versions = self.templates.keys(), self.versions.keys()
        for home, user in self.memberships:
            yield "a membership without its user or organization", user in users and home in homes
        for key in self.keys.values():
            yield "a token without its user", key.user_id in users
        for t in self.templates.values():
            is_there = t.created_by in users and t.organization_id in homes
            yield f"the template {t.name} without its author or organization", is_there
            yield f"the template {t.name} without its version", t.active_version_id in versions
        for v in self.versions.values():
            is_there = v.created_by in users and {v.template_id} <= templates | {None}
            yield f"the version {v.name} without its author or template", is_there
        for w in self.workspaces.values():
            yield f"the workspace {w.name} without its owner", w.owner_id in users
            is_there = w.organization_id in homes and w.template_id in templates
            yield f"the workspace {w.name} without its organization or template", is_there
            yield f"the workspace {w.name} without a build", w.id in self.latest
        for build in self.builds.values():
            is_there = build.workspace_id in self.workspaces and build.version_id in versions
            yield "a build without its workspace or version", is_there

    def records(self) -> Iterator[Record]:
        """Yield every record, parents before what refers to them."""
        yield from self.organizations.values()
        yield from self.users.values()
        yield from self.memberships.values()
        yield from self.keys.values()
        yield from self.templates.values()
        yield from self.versions.values()
        yield from self.workspaces.values()
        yield from self.builds.values()
